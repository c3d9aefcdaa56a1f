//! Where the secrets of a call come from, and why one is not given out.

use switchboard_domain::auth::ValueSource;
use switchboard_domain::name::SecretName;
use switchboard_vault::SecretText;

use crate::error::CallError;
use crate::redact::Redactor;

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

/// The secrets of a call, for the place its credentials go to.
#[derive(Clone, Copy)]
pub struct SecretsFor<'a> {
    /// Where they come from.
    pub secrets: Secrets<'a>,
    /// Scheme, host and port of where they go.
    pub origin: &'a str,
}

impl SecretsFor<'_> {
    /// A secret's value, or the error that names it: a call is never made without its credential.
    /// What goes into a header, a URL or a form has no control characters.
    pub fn secret(&self, name: &SecretName) -> Result<SecretText, CallError> {
        let value = self
            .secrets
            .secret(name, self.origin)
            .map_err(|why| refused(why, name, self.origin))?;
        if value.expose().trim().chars().any(char::is_control) {
            return Err(unfit(&format!("the secret `{name}`")));
        }
        Ok(value)
    }

    /// A field's value.
    pub fn value(&self, source: &ValueSource) -> Result<String, CallError> {
        match source {
            ValueSource::Text(text) => Ok(text.clone()),
            ValueSource::Secret(reference) => {
                let secret = self.secret(&reference.secret)?;
                Ok(secret.expose().trim().to_owned())
            }
        }
    }
}

/// Why a secret is not there for a call. Nothing of the call was sent.
pub fn refused(why: NoSecret, name: &SecretName, origin: &str) -> CallError {
    match why {
        NoSecret::Missing => CallError::new(
            "missing_secret",
            format!(
                "the secret `{name}` has no value in this environment; set it and call again (nothing was sent)"
            ),
        ),
        NoSecret::Unreadable => CallError::new(
            "secret_unreadable",
            format!(
                "the value of the secret `{name}` cannot be decrypted with the keys of this server; set it again, or put its key back into the key file (nothing was sent)"
            ),
        ),
        NoSecret::NotAllowedThere => CallError::new(
            "secret_origin_not_allowed",
            format!(
                "the secret `{name}` may not be sent to {origin}; an admin can add this origin to the secret's allowed origins (nothing was sent)"
            ),
        ),
    }
}

/// A value that cannot be sent where a credential goes. The error does not show it.
pub(crate) fn unfit(what: &str) -> CallError {
    CallError::new(
        "invalid_secret",
        format!(
            "the value of {what} cannot be put into a header or a URL: it contains a line break or another control character; set it again without that (nothing was sent)"
        ),
    )
}
