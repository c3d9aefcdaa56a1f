//! Putting credentials into a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use switchboard_domain::auth::{ApiKeyPlace, Auth, ValueSource};
use switchboard_domain::name::SecretName;
use switchboard_domain::request::{BaseUrl, header_name};
use switchboard_domain::rule::RuleError;
use switchboard_vault::SecretText;

use crate::Secrets;
use crate::api_call::CallError;
use crate::oauth::OAuthSource;
use crate::redact::{MASK, Redactor};

/// Authentication that is ready to be applied.
#[derive(Debug, Clone)]
pub enum PreparedAuth {
    /// None.
    None,
    /// A bearer token.
    Bearer(SecretName),
    /// A key in a header.
    Header(HeaderName, ValueSource),
    /// A key in the query; its name is percent-encoded.
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
                Self::Query(encode(name), value.clone())
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
                BaseUrl::parse(without_query)?;
                Self::OAuth(OAuthSource {
                    key: key.into(),
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

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A secret's value, or the error that names it: a call is never made without its credential.
pub fn secret(secrets: Secrets<'_>, name: &SecretName) -> Result<SecretText, CallError> {
    secrets.secret(name).ok_or_else(|| no_value(secrets, name))
}

/// Why a secret has no value to send.
fn no_value(secrets: Secrets<'_>, name: &SecretName) -> CallError {
    if secrets.is_unreadable(name) {
        return CallError::new(
            "secret_unreadable",
            format!(
                "the value of the secret `{name}` cannot be opened with the keys of this server; set it again, or put its key back into the key file (nothing was sent)"
            ),
        );
    }
    CallError::new(
        "missing_secret",
        format!(
            "the secret `{name}` has no value in this environment; set it and call again (nothing was sent)"
        ),
    )
}

/// A field's value; a secret is noted for redaction.
pub fn value(
    secrets: Secrets<'_>,
    source: &ValueSource,
    redactor: &mut Redactor,
) -> Result<String, CallError> {
    match source {
        ValueSource::Text(text) => Ok(text.clone()),
        ValueSource::Secret(reference) => {
            let secret = secret(secrets, &reference.secret)?;
            redactor.add(&secret);
            Ok(secret.expose().to_owned())
        }
    }
}

/// A header's value that is never printed. Control characters in a credential are an error, and
/// the error does not show it.
pub fn sensitive(what: &str, text: &str) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(text.trim()).map_err(|_| CallError {
        code: "invalid_secret",
        message: format!("the value of {what} cannot stand in a header; it has a line break or another control character"),
        upstream_status: None,
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Puts what is not OAuth into the headers or the query. The query goes to the real URL and, masked,
/// to the one that is kept.
pub fn apply(
    auth: &PreparedAuth,
    secrets: Secrets<'_>,
    headers: &mut HeaderMap,
    url: &mut String,
    kept_url: &mut String,
    redactor: &mut Redactor,
) -> Result<(), CallError> {
    match auth {
        PreparedAuth::None | PreparedAuth::OAuth(_) => {}
        PreparedAuth::Bearer(name) => {
            let token = secret(secrets, name)?;
            redactor.add(&token);
            bearer(headers, &token)?;
        }
        PreparedAuth::Header(name, source) => {
            let text = value(secrets, source, redactor)?;
            headers.insert(name.clone(), sensitive("the API key", &text)?);
        }
        PreparedAuth::Query(name, source) => {
            let text = value(secrets, source, redactor)?;
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(&encode(&text));
            kept_url.push(separator);
            kept_url.push_str(name);
            kept_url.push('=');
            kept_url.push_str(MASK);
        }
        PreparedAuth::Basic(username, password) => {
            let username = value(secrets, username, redactor)?;
            let password = secret(secrets, password)?;
            redactor.add(&password);
            let credentials = format!("{username}:{}", password.expose());
            redactor.add_basic(&credentials);
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
