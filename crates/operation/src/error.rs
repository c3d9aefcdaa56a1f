//! What can go wrong in an operation, each with a stable code and a sentence that says what to do.

use switchboard_contract::problem::Details;
use switchboard_domain::account::{Denied, Role};
use switchboard_domain::admission::Refusal;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::input::InputError;
use switchboard_domain::name::SecretName;
use switchboard_domain::scope::Scope;
use switchboard_store::StoreError;
use switchboard_vault::VaultError;

use crate::account_error::AccountError;

/// An error of an operation.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The input is wrong in the listed places.
    #[error("the input is not valid; see `errors` for each place")]
    Invalid(Vec<InputError>),
    /// There is no such thing in this workspace.
    #[error("there is no such {0} in this workspace")]
    NotFound(&'static str),
    /// The request is not one that can be taken.
    #[error("{message}")]
    BadRequest {
        /// The stable code.
        code: ErrorCode,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// What is asked for does not go with what is there.
    #[error("{message}")]
    Conflict {
        /// The stable code.
        code: ErrorCode,
        /// What is in the way and what to do.
        message: String,
        /// The places in the input that are concerned.
        errors: Vec<InputError>,
        /// More that the answer carries, as members of the problem.
        details: Option<Box<Details>>,
    },
    /// The thing changed since the revision that `If-Match` names.
    #[error(
        "it was changed since you read it: it is at revision {current} now; read it again and repeat your change"
    )]
    Stale {
        /// The revision it has now.
        current: u64,
    },
    /// No valid API key was given, and nobody is signed in.
    #[error(
        "send a valid API key as `Authorization: Bearer sb_...`, or sign in; the key or session is missing, unknown, revoked or expired"
    )]
    Unauthenticated,
    /// The API key may not do this.
    #[error("this API key may not do this; use one of scope `{needed}`")]
    Forbidden {
        /// The scope that may.
        needed: Scope,
    },
    /// The person's role may not do this.
    #[error("your role may not do this; it needs the role `{needed}`")]
    RoleTooSmall {
        /// The least role that may.
        needed: Role,
    },
    /// A secret would go where it may not.
    #[error(
        "the secret `{secret}` may not be sent to {origin}, but to {}; ask an admin to do this, which adds the origin to the secret's `allowed_origins`",
        .allowed.join(", ")
    )]
    SecretOrigin {
        /// The secret.
        secret: SecretName,
        /// Where it would go.
        origin: String,
        /// Where it may go.
        allowed: Vec<String>,
    },
    /// Signing in, or an account, did not go as asked.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A call is not admitted.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// A call's arguments do not fit the action's schema.
    #[error("the arguments do not fit the action's parameters; see `errors` for each place")]
    InvalidArguments(Vec<InputError>),
    /// An outside service did not do what was needed of it.
    #[error("{message}")]
    Upstream {
        /// The stable code.
        code: ErrorCode,
        /// What it did and what to do.
        message: String,
    },
    /// It cannot be done now, and can be later: as much is under way as may be, or what it takes is
    /// away.
    #[error("{message}")]
    Unavailable {
        /// The stable code.
        code: ErrorCode,
        /// What is in the way and what to do.
        message: String,
        /// After how many seconds to try again.
        retry_after: u64,
    },
    /// A call with the same key is under way.
    #[error(
        "the first call with this Idempotency-Key is still under way; repeat the request in a moment to get its result"
    )]
    CallInProgress,
    /// The server is stopping.
    #[error("this server is stopping and takes no new calls; try again in a moment")]
    Stopping,
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] StoreError),
    /// A secret could not be sealed or opened.
    #[error("a secret could not be sealed or opened")]
    Vault(#[from] VaultError),
    /// Something that should not happen.
    #[error("{0}")]
    Internal(String),
}

/// What callers are told while the database cannot be used. The log says why.
pub const DATABASE_AWAY: &str =
    "the database cannot be reached or written to now, so nothing was done; try again in a moment";

impl AppError {
    /// Whether the database cannot be used now, and could be used later.
    pub const fn is_database_away(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable(_)))
    }

    /// A conflict without more than its sentence.
    pub fn conflict(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            message: message.into(),
            errors: vec![],
            details: None,
        }
    }

    /// A request that cannot be taken.
    pub fn bad_request(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::BadRequest {
            code,
            message: message.into(),
        }
    }

    /// One wrong place in the input.
    pub fn invalid(pointer: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self::Invalid(vec![InputError {
            pointer: pointer.into(),
            detail: detail.to_string(),
        }])
    }

    /// The stable code of the API.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::InvalidInput,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::BadRequest { code, .. }
            | Self::Conflict { code, .. }
            | Self::Unavailable { code, .. }
            | Self::Upstream { code, .. } => *code,
            Self::CallInProgress => ErrorCode::CallInProgress,
            Self::Stale { .. } => ErrorCode::StaleRevision,
            Self::Unauthenticated => ErrorCode::Unauthenticated,
            Self::Forbidden { .. } | Self::RoleTooSmall { .. } => ErrorCode::Forbidden,
            Self::SecretOrigin { .. } => ErrorCode::SecretOriginNotAllowed,
            Self::Account(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::InvalidArguments(_) => ErrorCode::InvalidArguments,
            Self::Stopping => ErrorCode::Stopping,
            Self::Store(StoreError::Unavailable(_)) => ErrorCode::DatabaseUnavailable,
            Self::Store(_) | Self::Vault(_) | Self::Internal(_) => ErrorCode::InternalError,
        }
    }
}

impl From<Denied> for AppError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Needs(needed) => Self::RoleTooSmall { needed },
            Denied::LastOwner => Self::conflict(ErrorCode::LastOwner, denied.to_string()),
        }
    }
}
