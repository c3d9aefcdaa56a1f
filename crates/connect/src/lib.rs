//! How each kind of integration is spoken to. Everything leaves through `switchboard-outbound`.

pub mod api_call;
pub mod auth;
mod evaluations;
mod oauth;
mod redact;
pub mod telnyx;
mod trace;

pub use api_call::{ApiCall, CallError, Connector, Endpoint, HeaderSource, Performed};
pub use auth::PreparedAuth;
pub use evaluations::Evaluations;
pub use oauth::{ClientCredentials, OAuthSource, TokenCache};
pub use redact::{Masker, Redactor};
pub use trace::kept_text;

use switchboard_domain::name::SecretName;
use switchboard_vault::SecretText;

/// Why a secret is not given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSecret {
    /// It has no value in the environment of the call.
    Missing,
    /// Its value cannot be opened with the keys of this server.
    Unreadable,
    /// It may not go to where the call goes.
    NotAllowedThere,
}

/// Where a call's secrets come from. Nobody gets one without saying where it goes.
pub trait SecretLookup: Send + Sync {
    /// A secret's value in the environment of the call, for requests to an origin.
    fn secret(&self, name: &SecretName, origin: &str) -> Result<SecretText, NoSecret>;

    /// What takes every secret of the environment out of what comes back.
    fn redactor(&self) -> Redactor;
}

/// Where a call's secrets come from.
pub type Secrets<'a> = &'a dyn SecretLookup;
