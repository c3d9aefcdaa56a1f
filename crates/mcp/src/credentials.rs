//! Whose session it is: the digest of a target's credentials, and the headers that carry them.

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use sha2::{Digest as _, Sha256};
use switchboard_connect::auth::{self, PreparedAuth};
use switchboard_connect::{
    CallError, ClientCredentials, OAuthSource, Redactor, Secrets, SecretsFor,
};
use switchboard_domain::auth::ValueSource;
use switchboard_outbound::parse_url;

use crate::error::McpError;
use crate::target::McpTarget;

/// A digest of everything that a session's requests carry to prove who they are from.
pub type Fingerprint = [u8; 32];

/// The fingerprint of a target with the secrets of now. A missing secret is an error, so no call
/// goes on without its credentials.
pub fn fingerprint(target: &McpTarget, secrets: Secrets<'_>) -> Result<Fingerprint, CallError> {
    let secrets = target.secrets(secrets);
    let mut digest = Parts(Sha256::new());
    digest.add("url", &target.url);
    match &target.auth {
        PreparedAuth::None => digest.add("none", ""),
        PreparedAuth::Bearer(name) => {
            digest.add("bearer", secrets.secret(name)?.expose());
        }
        PreparedAuth::Header(name, source) => {
            digest.add("header", name.as_str());
            digest.value(source, secrets)?;
        }
        PreparedAuth::Query(name, source) => {
            digest.add("query", name);
            digest.value(source, secrets)?;
        }
        PreparedAuth::Basic(user, password) => {
            digest.value(user, secrets)?;
            digest.add("basic", secrets.secret(password)?.expose());
        }
        PreparedAuth::OAuth(source) => {
            digest.add("oauth", &source.token_url);
            digest.add("scope", source.scope.as_deref().unwrap_or_default());
            let secrets = SecretsFor {
                origin: &source.origin,
                ..secrets
            };
            digest.value(&source.client_id, secrets)?;
            digest.add("secret", secrets.secret(&source.client_secret)?.expose());
        }
    }
    for (name, source) in &target.headers {
        digest.add("extra", name.as_str());
        digest.value(source, secrets)?;
    }
    Ok(digest.0.finalize().into())
}

struct Parts(Sha256);

impl Parts {
    /// Each part with its length, so that no two lists of parts look alike.
    fn add(&mut self, label: &str, text: &str) {
        for part in [label, text] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part.as_bytes());
        }
    }

    fn value(&mut self, source: &ValueSource, secrets: SecretsFor<'_>) -> Result<(), CallError> {
        match source {
            ValueSource::Text(text) => self.add("text", text),
            ValueSource::Secret(reference) => {
                self.add("secret", secrets.secret(&reference.secret)?.expose());
            }
        }
        Ok(())
    }
}

/// What every request of a session carries.
pub struct Credentials {
    /// The server's URL, with a key in its query if that is where it goes.
    pub uri: Uri,
    /// The key that goes into the query, as `name=value`, if one does.
    pub query: Option<String>,
    /// The target's own headers and those that authenticate.
    pub headers: HeaderMap,
    /// Which of them hold credentials.
    pub names: Vec<HeaderName>,
    /// Where access tokens come from, if they are needed.
    pub oauth: Option<(OAuthSource, ClientCredentials)>,
    /// Cuts them out of what comes back.
    pub redactor: Redactor,
}

impl Credentials {
    /// Looks them up.
    pub fn resolve(target: &McpTarget, secrets: Secrets<'_>) -> Result<Self, McpError> {
        let mut redactor = secrets.redactor();
        let to = target.secrets(secrets);
        let mut headers = HeaderMap::with_capacity(target.headers.len() + 10);
        let mut names = vec![];
        for (name, source) in &target.headers {
            let text = to.value(source)?;
            let value = if source.secret().is_some() {
                names.push(name.clone());
                auth::sensitive("the secret", &text)?
            } else {
                HeaderValue::from_str(&text).map_err(|_| CallError {
                    code: "invalid_header",
                    message: format!("the header `{name}` cannot be sent with this value"),
                    upstream_status: None,
                })?
            };
            headers.insert(name.clone(), value);
        }
        // The fragment is gone after this, so a key that is appended stands in the query.
        let mut url = parse_url(&target.url)?.to_string();
        let plain = url.len();
        auth::apply(
            &target.auth,
            to,
            &mut headers,
            &mut url,
            &mut String::new(),
            &mut redactor,
        )?;
        let oauth = match &target.auth {
            PreparedAuth::OAuth(source) => {
                let client = ClientCredentials::of(source, secrets, to.origin, &mut redactor)?;
                Some((source.clone(), client))
            }
            PreparedAuth::Header(name, _) => {
                names.push(name.clone());
                None
            }
            _ => None,
        };
        Ok(Self {
            uri: parse_url(&url)?,
            query: url.get(plain + 1..).map(ToOwned::to_owned),
            headers,
            names,
            oauth,
            redactor,
        })
    }
}
