//! What can go wrong with accounts and signing in.

use switchboard_domain::error_code::ErrorCode;

/// An error of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The address has no account, or the password is another one. Nobody is told which.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// Too many attempts to sign in, by one address or for one account.
    #[error("there were too many attempts; try again in {retry_after} seconds")]
    TooManyAttempts {
        /// After how many seconds it is worth trying again.
        retry_after: u64,
    },
    /// The person is no longer a member of any workspace.
    #[error("you are no longer a member of any workspace; ask an admin for an invitation")]
    NoWorkspace,
    /// The token of the first start is not the one that was printed last.
    #[error("this link is not valid; use the one that the server printed at its last start")]
    InvalidSetupToken,
    /// The invitation was used, taken back, or is too old.
    #[error("this invitation was used, was revoked or has expired; ask for another one")]
    InvitationNotFound,
}

impl AccountError {
    /// The stable code of the API.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::InvalidCredentials => ErrorCode::InvalidCredentials,
            Self::TooManyAttempts { .. } => ErrorCode::TooManyAttempts,
            Self::NoWorkspace => ErrorCode::NoWorkspace,
            Self::InvalidSetupToken => ErrorCode::InvalidSetupToken,
            Self::InvitationNotFound => ErrorCode::InvitationNotFound,
        }
    }
}
