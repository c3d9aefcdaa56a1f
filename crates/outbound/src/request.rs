//! What is asked and what is answered.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use url::Url;

use crate::breaker::Breaker;
use crate::error::OutboundError;
use crate::redirect;
use crate::retry::RetryPolicy;
use crate::room::Held;

/// The largest answer where nothing else is said.
pub const DEFAULT_MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to. URLs that people wrote go through [`parse_url`] first.
    pub uri: Uri,
    /// The headers. Those that belong to the connection are not sent on.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Headers that carry credentials beside the usual ones, dropped when a redirect leaves the
    /// host.
    pub credentials: Vec<HeaderName>,
    /// Query parameters that carry credentials, by their decoded names, dropped from the place a
    /// redirect leads to when that is another origin.
    pub credential_queries: Vec<String>,
    /// The largest answer, in bytes after decompression.
    pub max_response_bytes: usize,
    /// The breaker of this upstream.
    pub breaker: Option<Arc<Breaker>>,
}

impl Request {
    /// A request without headers, body and breaker.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            credentials: Vec::new(),
            credential_queries: Vec::new(),
            max_response_bytes: DEFAULT_MAX_RESPONSE_BYTES,
            breaker: None,
        }
    }
}

/// How a request is treated on its way.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which attempts are made.
    pub retry: RetryPolicy,
    /// How many redirects of a GET or HEAD are followed; with none, the redirect is the answer.
    pub max_redirects: u8,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            max_redirects: redirect::MAX_REDIRECTS,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body, decompressed.
    pub body: Bytes,
    /// How often the request went out.
    pub attempts: u32,
    /// Where it came from, after redirects.
    pub uri: Uri,
    /// The room it takes, if it is large. Whoever keeps what was made of it keeps this too.
    pub held: Option<Held>,
}

/// Reads a URL as people write it: unusual spellings of addresses become plain ones, a fragment is
/// dropped, and what cannot be requested is refused.
pub fn parse_url(text: &str) -> Result<Uri, OutboundError> {
    let mut url = Url::parse(text).map_err(|_| OutboundError::InvalidUrl("it is not a URL"))?;
    url.set_fragment(None);
    let uri = url
        .as_str()
        .parse()
        .map_err(|_| OutboundError::InvalidUrl("it is too long or not a URL"))?;
    check(&uri)?;
    Ok(uri)
}

/// Whether a URI is one that can be requested.
pub fn check(uri: &Uri) -> Result<(), OutboundError> {
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(OutboundError::InvalidUrl("it is neither http nor https"));
    }
    let Some(authority) = uri.authority() else {
        return Err(OutboundError::InvalidUrl("it has no host"));
    };
    if authority.as_str().contains('@') {
        return Err(OutboundError::InvalidUrl(
            "it holds credentials; keep them in the integration's auth",
        ));
    }
    if authority.host().is_empty() {
        return Err(OutboundError::InvalidUrl("it has no host"));
    }
    Ok(())
}

/// Headers that speak about one connection or about how a body is framed. They are hyper's to set:
/// taken from a caller, they could make two requests out of one.
fn is_of_the_connection(name: &HeaderName) -> bool {
    *name == header::CONTENT_LENGTH
        || *name == header::TRANSFER_ENCODING
        || *name == header::CONNECTION
        || *name == header::TE
        || *name == header::TRAILER
        || *name == header::UPGRADE
        || *name == header::EXPECT
        || name.as_str() == "keep-alive"
        || name.as_str() == "proxy-connection"
}

/// Takes out the headers that are not the caller's to set.
pub fn drop_connection_headers(headers: &mut HeaderMap) {
    // Almost never is there one, so looking comes first.
    if headers.keys().any(is_of_the_connection) {
        let names: Vec<HeaderName> = headers
            .keys()
            .filter(|name| is_of_the_connection(name))
            .cloned()
            .collect();
        for name in names {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_cannot_be_requested_are_refused() {
        for text in [
            "",
            "billing",
            "//host/x",
            "ftp://host/",
            "file:///etc/passwd",
            "gopher://host/",
            "data:text/plain,x",
            "http://",
            "http://user@host/",
            "http://user:word@host/",
            "http://:word@host/",
            "http://300.1.1.1/",
            "http://[::1/",
            "http://host:99999/",
        ] {
            let error = parse_url(text).err();
            assert_eq!(
                error.map(|error| error.code()),
                Some("invalid_url"),
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_are_read_in_every_spelling() {
        for (text, plain) in [
            ("http://2130706433/a?b=c#d", "http://127.0.0.1/a?b=c"),
            ("HTTP://0x7f.1", "http://127.0.0.1/"),
            ("http://0177.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://[0:0::1]", "http://[::1]/"),
            ("https://Billing.Example", "https://billing.example/"),
        ] {
            let uri = parse_url(text).map(|uri| uri.to_string());
            assert_eq!(uri.ok().as_deref(), Some(plain), "{text}");
        }
    }

    #[test]
    fn headers_of_the_connection_are_dropped() {
        let mut headers = HeaderMap::new();
        for name in [
            "content-length",
            "transfer-encoding",
            "keep-alive",
            "x-own",
            "connection",
        ] {
            headers.append(
                HeaderName::from_static(name),
                http::HeaderValue::from_static("1"),
            );
        }
        drop_connection_headers(&mut headers);
        let left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["x-own"]);
    }
}
