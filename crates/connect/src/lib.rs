//! How each kind of integration is spoken to. Everything leaves through `switchboard-outbound`.

pub mod api_call;
pub mod auth;
mod oauth;
mod redact;
pub mod telnyx;
mod trace;

pub use api_call::{ApiCall, CallError, Connector, Endpoint, HeaderSource, Performed};
pub use auth::PreparedAuth;
pub use oauth::{ClientCredentials, OAuthSource, TokenCache};
pub use redact::Redactor;
pub use trace::kept_text;

use switchboard_domain::name::SecretName;
use switchboard_vault::SecretText;

/// Where a call's secrets come from.
pub trait SecretLookup: Send + Sync {
    /// A secret's value in the environment of the call.
    fn secret(&self, name: &SecretName) -> Option<SecretText>;

    /// Whether it has a value there that cannot be opened.
    fn is_unreadable(&self, name: &SecretName) -> bool {
        let _ = name;
        false
    }
}

/// Where a call's secrets come from.
pub type Secrets<'a> = &'a dyn SecretLookup;
