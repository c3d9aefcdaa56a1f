//! What an API key may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A key's scope. Each one includes those after it: `admin` may also manage, `manage` may also run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Start conversations and call actions.
    Run,
    /// Also change integrations, actions, agents, secrets and variables.
    Manage,
    /// Also handle API keys and read the audit log.
    Admin,
}

impl Scope {
    /// The name used in the API and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }

    /// True when a key of this scope may do what `needed` allows.
    pub fn includes(self, needed: Self) -> bool {
        self >= needed
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such scope; use admin, manage or run")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        [Self::Run, Self::Manage, Self::Admin]
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}
