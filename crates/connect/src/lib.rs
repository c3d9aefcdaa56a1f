//! How each kind of integration is spoken to. Everything leaves through `switchboard-outbound`.

mod answered;
pub mod api_call;
pub mod auth;
mod error;
mod evaluations;
mod oauth;
mod performed;
mod redact;
mod secrets;
pub mod telnyx;
mod trace;

pub use api_call::{ApiCall, Connector, Endpoint, HeaderSource};
pub use auth::PreparedAuth;
pub use error::CallError;
pub use evaluations::Evaluations;
pub use oauth::{ClientCredentials, OAuthSource, TokenCache};
pub use performed::Performed;
pub use redact::{Masker, Redactor};
pub use secrets::{NoSecret, SecretLookup, Secrets, SecretsFor};
pub use trace::kept_text;
