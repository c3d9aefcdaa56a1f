//! What a person may do in a workspace.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::scope::Scope;

/// A person's role in one workspace. Each one includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything; calls nothing and changes nothing.
    Viewer,
    /// Also changes configuration, and starts conversations and calls actions.
    Editor,
    /// Also handles members, invitations and API keys.
    Admin,
    /// Also makes, changes and removes owners.
    Owner,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Admin, Self::Owner];

    /// The name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// What an API key would need to do as much; none for who only reads.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Viewer => None,
            Self::Editor => Some(Scope::Manage),
            Self::Admin | Self::Owner => Some(Scope::Admin),
        }
    }

    /// The least role that may do what a scope allows.
    pub const fn needed_for(scope: Scope) -> Self {
        match scope {
            Scope::Run | Scope::Manage => Self::Editor,
            Scope::Admin => Self::Admin,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such role; use viewer, editor, admin or owner")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn roles_are_in_order_and_go_with_scopes() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            for scope in [Scope::Run, Scope::Manage, Scope::Admin] {
                let may = role.scope().is_some_and(|own| own.includes(scope));
                assert_eq!(may, role >= Role::needed_for(scope), "{role} {scope}");
            }
        }
        assert!("Owner".parse::<Role>().is_err());
    }
}
