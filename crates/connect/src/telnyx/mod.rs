//! Text messages through Telnyx (its messaging API, version 2): sending them so that none goes out
//! twice, asking what became of one, and reading signed webhooks.

mod lookup;
mod message;
mod send;
mod webhook;
mod wire;

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Uri, header};
use switchboard_outbound::{
    Breaker, Client, Options, OutboundError, Request, RetryPolicy, parse_url,
};
use switchboard_vault::SecretText;

use crate::auth;
use crate::error::CallError;

pub use lookup::Lookup;
pub use message::{IdempotencyKey, MessageBody, MessageId, OutgoingMessage};
pub use send::{Accepted, Rejection, SendOutcome, Sent};
pub use webhook::{Event, Reason, Verified, WebhookError, WebhookKey};

/// Where the provider is, where nothing else is said.
pub const DEFAULT_URL: &str = "https://api.telnyx.com";

/// The largest answer of the provider that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// What is wrong with a setting or a value that requests are built from.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TelnyxError {
    /// The provider's URL cannot be requested.
    #[error("the URL of Telnyx is not usable: {0}")]
    Url(#[from] OutboundError),
    /// The provider's URL has a query.
    #[error("the URL of Telnyx has a query; set the part before the `?`")]
    UrlWithQuery,
    /// The key of a request breaks the provider's rule.
    #[error("an idempotency key has 1 to 255 letters, digits, `_`, `:` or `-`")]
    IdempotencyKey,
    /// The id of a message is none that the provider gives.
    #[error("the id of a message has 1 to 64 letters, digits, `_` or `-`")]
    MessageId,
}

/// The provider. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Telnyx {
    client: Client,
    /// The URL of the collection of messages.
    messages: Arc<str>,
    /// Its scheme, host and port.
    origin: Arc<str>,
    breaker: Arc<Breaker>,
    /// One attempt: when to try again is for the outbox to say, which remembers it.
    options: Options,
}

/// The URL of version 2 of the API. The host is not looked at: one may be named `v2`.
fn versioned(base: &Uri) -> String {
    let host = base.authority().map_or("", |authority| authority.as_str());
    let path = base.path().trim_end_matches('/');
    let version = if path.ends_with("/v2") { "" } else { "/v2" };
    let scheme = base.scheme_str().unwrap_or("https");
    format!("{scheme}://{host}{path}{version}")
}

impl Telnyx {
    /// The provider at a URL, [`DEFAULT_URL`] or what stands in for it. A URL whose path ends with `/v2`
    /// is taken as it is; any other is where `/v2` starts.
    pub fn new(client: Client, url: &str) -> Result<Self, TelnyxError> {
        let base = parse_url(url)?;
        if base.query().is_some() {
            return Err(TelnyxError::UrlWithQuery);
        }
        let messages = format!("{}/messages", versioned(&base));
        parse_url(&messages)?;
        let host = base.authority().map_or("", |authority| authority.as_str());
        let breaker = client.breakers().get(host, "telnyx");
        let options = Options {
            retry: RetryPolicy {
                max_attempts: 1,
                ..RetryPolicy::default()
            },
            max_redirects: 0,
        };
        let origin = switchboard_domain::secret_use::origin_of(&messages).unwrap_or_default();
        Ok(Self {
            client,
            origin: origin.into(),
            messages: messages.into(),
            breaker,
            options,
        })
    }

    /// Scheme, host and port that the API key goes to.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A request with the account's API key.
    fn request(
        &self,
        method: http::Method,
        url: &str,
        api_key: &SecretText,
    ) -> Result<Request, CallError> {
        let uri: Uri = url.parse().map_err(|_| CallError {
            code: "invalid_url",
            message: "the URL of Telnyx is too long or not valid".to_owned(),
            upstream_status: None,
        })?;
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        auth::bearer(&mut headers, api_key)?;
        let mut request = Request::new(method, uri);
        request.headers = headers;
        request.max_response_bytes = MAX_BYTES;
        request.breaker = Some(self.breaker.clone());
        Ok(request)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use switchboard_outbound::ClientSettings;

    use super::*;

    #[test]
    fn the_version_is_added_where_it_is_missing() {
        for (url, messages) in [
            (DEFAULT_URL, "https://api.telnyx.com/v2/messages"),
            ("https://a.example/", "https://a.example/v2/messages"),
            ("https://a.example/v2", "https://a.example/v2/messages"),
            ("https://a.example/v2/", "https://a.example/v2/messages"),
            ("https://a.example/v2//", "https://a.example/v2/messages"),
            (
                "https://a.example/v2/v2",
                "https://a.example/v2/v2/messages",
            ),
            ("https://a.example/x/v2/", "https://a.example/x/v2/messages"),
            ("https://a.example/x", "https://a.example/x/v2/messages"),
            ("https://a.example/v22", "https://a.example/v22/v2/messages"),
            ("https://a.example/xv2", "https://a.example/xv2/v2/messages"),
            ("https://a.example/V2", "https://a.example/V2/v2/messages"),
            ("https://v2", "https://v2/v2/messages"),
            ("http://v2:8080/", "http://v2:8080/v2/messages"),
            ("http://127.0.0.1:9", "http://127.0.0.1:9/v2/messages"),
        ] {
            let client = Client::new(ClientSettings::default()).unwrap();
            let telnyx = Telnyx::new(client, url).unwrap();
            assert_eq!(&*telnyx.messages, messages, "{url}");
        }
    }
}
