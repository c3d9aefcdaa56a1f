//! Putting credentials into a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use switchboard_domain::auth::{ApiKeyPlace, Auth, ValueSource};
use switchboard_domain::name::SecretName;
use switchboard_domain::request::{BaseUrl, encode_query, header_name};
use switchboard_domain::rule::RuleError;
use switchboard_vault::SecretText;

use crate::error::CallError;
use crate::oauth::OAuthSource;
use crate::redact::{MASK, Redactor};
pub use crate::secrets::refused;
use crate::secrets::{SecretsFor, unfit};

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
