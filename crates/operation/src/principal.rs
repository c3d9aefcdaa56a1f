//! Who asks, and what they may do: a role is a type, and an operation takes the one it needs.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use switchboard_domain::account::Role;
use switchboard_domain::id::{ApiKeyId, UserId, WorkspaceId};
use switchboard_domain::scope::Scope;

use crate::error::AppError;

/// Who asks, as the audit log names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A program with an API key.
    Key(ApiKeyId),
    /// A person who signed in.
    Person(UserId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::Person(id) => id.fmt(f),
        }
    }
}

/// What somebody may do in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// What a key of this scope may.
    Key(Scope),
    /// What a member of this role may.
    Member(Role),
}

/// The request by which somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    /// Its id, as the answer and the log name it.
    pub id: String,
    /// The address it came from.
    pub address: Option<IpAddr>,
}

/// Who does something, as the audit log tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    name: String,
    administers: bool,
    request: Option<Arc<RequestInfo>>,
}

impl By {
    /// Whether they may do what takes the scope or the role `admin`.
    pub const fn administers(&self) -> bool {
        self.administers
    }

    /// The request they do it by.
    pub fn request(&self) -> Option<&RequestInfo> {
        self.request.as_deref()
    }

    /// The same, by a request.
    #[must_use]
    pub fn by_request(mut self, request: Option<Arc<RequestInfo>>) -> Self {
        self.request = request;
        self
    }
}

/// Somebody who is not asked for a role, such as the command line.
impl From<String> for By {
    fn from(name: String) -> Self {
        Self {
            name,
            administers: false,
            request: None,
        }
    }
}

impl From<&str> for By {
    fn from(name: &str) -> Self {
        name.to_owned().into()
    }
}

impl From<&String> for By {
    fn from(name: &String) -> Self {
        name.clone().into()
    }
}

impl From<&Self> for By {
    fn from(by: &Self) -> Self {
        by.clone()
    }
}

impl Deref for By {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

/// Who asks, and for which workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The workspace; nothing outside it is seen.
    pub workspace: WorkspaceId,
    /// Who it is.
    pub actor: Actor,
    /// What they may do.
    pub access: Access,
    /// The request they ask by, where there is one.
    pub request: Option<Arc<RequestInfo>>,
}

impl Principal {
    /// Who it is, as the audit log tells of it.
    pub fn by(&self) -> By {
        By {
            name: self.actor.to_string(),
            administers: self.check(Scope::Admin).is_ok(),
            request: self.request.clone(),
        }
    }

    /// Refuses who may not do what `needed` allows.
    fn check(&self, needed: Scope) -> Result<(), AppError> {
        match self.access {
            Access::Key(scope) if scope.includes(needed) => Ok(()),
            Access::Key(_) => Err(AppError::Forbidden { needed }),
            Access::Member(role) if role.scope().is_some_and(|scope| scope.includes(needed)) => {
                Ok(())
            }
            Access::Member(_) => Err(AppError::RoleTooSmall {
                needed: Role::needed_for(needed),
            }),
        }
    }
}

/// A part of what a workspace holds, as far as reading it goes. Every member reads all of them; an
/// API key needs a scope for each.
pub trait Area: fmt::Debug + Clone + Send + Sync + 'static {
    /// The scope that a key needs to read it.
    const SCOPE: Scope;
}

macro_rules! area {
    ($(#[$doc:meta])* $name:ident, $scope:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name;

        impl Area for $name {
            const SCOPE: Scope = $scope;
        }
    };
}

area!(
    /// Conversations, their tools and their events.
    Conversations,
    Scope::Run
);
area!(
    /// Integrations, actions, agents, secrets' names and variables.
    Configuration,
    Scope::Manage
);
area!(
    /// Members, invitations, API keys and the audit log.
    Administration,
    Scope::Admin
);

/// Somebody who may read one area of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader<A> {
    workspace: WorkspaceId,
    area: PhantomData<A>,
}

impl<A> Reader<A> {
    /// The workspace it reads.
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    const fn of(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            area: PhantomData,
        }
    }
}

impl<A: Area> TryFrom<Principal> for Reader<A> {
    type Error = AppError;

    fn try_from(principal: Principal) -> Result<Self, AppError> {
        if matches!(principal.access, Access::Key(_)) {
            principal.check(A::SCOPE)?;
        }
        Ok(Self::of(principal.workspace))
    }
}

macro_rules! role {
    ($(#[$doc:meta])* $name:ident, $area:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            reader: Reader<$area>,
            actor: Actor,
            access: Access,
            by: By,
        }

        impl $name {
            /// Who it is, for the audit log.
            pub fn actor(&self) -> By {
                self.by.clone()
            }
        }

        impl TryFrom<Principal> for $name {
            type Error = AppError;

            fn try_from(principal: Principal) -> Result<Self, AppError> {
                principal.check($area::SCOPE)?;
                Ok(Self {
                    reader: Reader::of(principal.workspace),
                    actor: principal.actor,
                    access: principal.access,
                    by: principal.by(),
                })
            }
        }

        /// Who may change an area may read it.
        impl Deref for $name {
            type Target = Reader<$area>;

            fn deref(&self) -> &Reader<$area> {
                &self.reader
            }
        }
    };
}

role!(
    /// Somebody who may start conversations and call actions.
    Runner,
    Conversations
);
role!(
    /// Somebody who may also change configuration.
    Manager,
    Configuration
);
role!(
    /// Somebody who may also handle members, invitations and API keys.
    Admin,
    Administration
);

impl Runner {
    /// Who it is.
    pub const fn who(&self) -> Actor {
        self.actor
    }

    /// Refuses who may not do what `needed` allows, where a part of an operation takes more.
    pub fn check(&self, needed: Scope) -> Result<(), AppError> {
        let principal = Principal {
            workspace: self.workspace(),
            actor: self.actor,
            access: self.access,
            request: None,
        };
        principal.check(needed)
    }
}

impl Manager {
    /// Whether they may do what takes the scope or the role `admin`.
    pub const fn administers(&self) -> bool {
        self.by.administers
    }

    /// The refusal of what only an admin may do.
    pub const fn needs_admin(&self) -> AppError {
        match self.access {
            Access::Key(_) => AppError::Forbidden {
                needed: Scope::Admin,
            },
            Access::Member(_) => AppError::RoleTooSmall {
                needed: Role::Admin,
            },
        }
    }
}

impl Admin {
    /// Who it is.
    pub const fn who(&self) -> Actor {
        self.actor
    }

    /// The role by which other people's roles are changed. A key stands for no owner.
    pub const fn role(&self) -> Role {
        match self.access {
            Access::Key(_) => Role::Admin,
            Access::Member(role) => role,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(access: Access) -> Principal {
        Principal {
            workspace: WorkspaceId::from_uuid(uuid::Uuid::nil()),
            actor: Actor::Key(ApiKeyId::from_uuid(uuid::Uuid::nil())),
            access,
            request: None,
        }
    }

    /// What somebody may: read the three areas, run, manage, administer.
    fn may(access: Access) -> [bool; 6] {
        let ask = || principal(access);
        [
            Reader::<Conversations>::try_from(ask()).is_ok(),
            Reader::<Configuration>::try_from(ask()).is_ok(),
            Reader::<Administration>::try_from(ask()).is_ok(),
            Runner::try_from(ask()).is_ok(),
            Manager::try_from(ask()).is_ok(),
            Admin::try_from(ask()).is_ok(),
        ]
    }

    #[test]
    fn who_may_what() {
        let (yes, no) = (true, false);
        for (access, expected) in [
            (Access::Key(Scope::Run), [yes, no, no, yes, no, no]),
            (Access::Key(Scope::Manage), [yes, yes, no, yes, yes, no]),
            (Access::Key(Scope::Admin), [yes; 6]),
            (Access::Member(Role::Viewer), [yes, yes, yes, no, no, no]),
            (Access::Member(Role::Editor), [yes, yes, yes, yes, yes, no]),
            (Access::Member(Role::Admin), [yes; 6]),
            (Access::Member(Role::Owner), [yes; 6]),
        ] {
            assert_eq!(may(access), expected, "{access:?}");
        }
    }
}
