//! Putting credentials into a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use switchboard_domain::auth::{ApiKeyPlace, Auth, ValueSource};
use switchboard_domain::name::SecretName;
use switchboard_domain::request::{BaseUrl, encode_query, header_name};
use switchboard_domain::rule::RuleError;
use switchboard_vault::SecretText;

use crate::api_call::CallError;
use crate::oauth::OAuthSource;
use crate::redact::{MASK, Redactor};
use crate::{NoSecret, Secrets};

/// Authentication that is ready to be applied.
#[derive(Debug, Clone)]
pub enum PreparedAuth {
    /// None.
    None,
    /// A bearer token.
    Bearer(SecretName),
    /// A key in a header.
    Header(HeaderName, ValueSource),
    /// A key in the query, by its name as it is meant.
    Query(String, ValueSource),
    /// User name and password.
    Basic(ValueSource, SecretName),
    /// A token of an OAuth 2.0 token endpoint.
    OAuth(OAuthSource),
}

impl PreparedAuth {
    /// Checks and prepares. `key` tells the token sources of an installation apart.
    pub fn prepare(auth: &Auth, key: &str) -> Result<Self, RuleError> {
        Ok(match auth {
            Auth::None => Self::None,
            Auth::Bearer { token } => Self::Bearer(token.secret.clone()),
            Auth::ApiKey {
                place: ApiKeyPlace::Header,
                name,
                value,
            } => Self::Header(name_of(&header_name(name)?)?, value.clone()),
            Auth::ApiKey {
                place: ApiKeyPlace::Query,
                name,
                value,
            } => {
                if name.is_empty() {
                    return Err(RuleError::new(
                        "invalid_auth",
                        "the query parameter needs a name",
                    ));
                }
                Self::Query(name.clone(), value.clone())
            }
            Auth::Basic { username, password } => {
                Self::Basic(username.clone(), password.secret.clone())
            }
            Auth::OAuth2ClientCredentials {
                token_url,
                client_id,
                client_secret,
                scope,
                client_auth,
            } => {
                // The same rules as for every URL a user sets; a token URL may have a query.
                let without_query = token_url
                    .split_once('?')
                    .map_or(token_url.as_str(), |(url, _)| url);
                let origin = BaseUrl::parse(without_query)?.origin().into();
                Self::OAuth(OAuthSource {
                    key: key.into(),
                    origin,
                    token_url: token_url.as_str().into(),
                    client_id: client_id.clone(),
                    client_secret: client_secret.secret.clone(),
                    scope: scope.as_deref().map(Into::into),
                    client_auth: *client_auth,
                })
            }
        })
    }
}

fn name_of(text: &str) -> Result<HeaderName, RuleError> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
        RuleError::new(
            "invalid_header",
            format!("`{text}` is not the name of a header"),
        )
    })
}

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
        NoSecret::NotAllowedThere => CallError::new(
            "secret_origin_not_allowed",
            format!(
                "the secret `{name}` may not be sent to {origin}; an admin can add this origin to the secret's allowed origins (nothing was sent)"
            ),
        ),
    }
}

fn unfit(what: &str) -> CallError {
    CallError::new(
        "invalid_secret",
        format!(
            "the value of {what} cannot stand in a header or a URL: it has a line break or another control character; set it again without (nothing was sent)"
        ),
    )
}

/// A header's value that is never printed. Control characters in a credential are an error, and
/// the error does not show it.
pub fn sensitive(what: &str, text: &str) -> Result<HeaderValue, CallError> {
    let text = text.trim();
    let value = HeaderValue::from_bytes(text.as_bytes()).ok();
    let mut value = value
        .filter(|_| !text.contains(char::is_control))
        .ok_or_else(|| unfit(what))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Puts what is not OAuth into the headers or the query. The query goes to the real URL and, masked,
/// to the one that is kept.
pub fn apply(
    auth: &PreparedAuth,
    secrets: SecretsFor<'_>,
    headers: &mut HeaderMap,
    url: &mut String,
    kept_url: &mut String,
    redactor: &mut Redactor,
) -> Result<(), CallError> {
    match auth {
        PreparedAuth::None | PreparedAuth::OAuth(_) => {}
        PreparedAuth::Bearer(name) => {
            bearer(headers, &secrets.secret(name)?)?;
        }
        PreparedAuth::Header(name, source) => {
            let text = secrets.value(source)?;
            headers.insert(name.clone(), sensitive("the API key", &text)?);
        }
        PreparedAuth::Query(name, source) => {
            let text = secrets.value(source)?;
            let separator = if url.contains('?') { '&' } else { '?' };
            let name = encode_query(name);
            for (url, value) in [(url, &*encode_query(&text)), (kept_url, MASK)] {
                url.push(separator);
                url.push_str(&name);
                url.push('=');
                url.push_str(value);
            }
        }
        PreparedAuth::Basic(username, password) => {
            if let Some(name) = username.secret() {
                redactor.spare(name);
            }
            let username = secrets.value(username)?;
            let password = secrets.secret(password)?;
            let credentials = format!("{username}:{}", password.expose().trim());
            let header = format!("Basic {}", STANDARD.encode(&credentials));
            headers.insert(
                header::AUTHORIZATION,
                sensitive("the credentials", &header)?,
            );
        }
    }
    Ok(())
}

/// Sets a bearer token.
pub fn bearer(headers: &mut HeaderMap, token: &SecretText) -> Result<(), CallError> {
    let value = sensitive("the token", &format!("Bearer {}", token.expose().trim()))?;
    headers.insert(header::AUTHORIZATION, value);
    Ok(())
}
