//! What is asked and what is answered.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};

use crate::breaker::Breaker;
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
    /// Where to. URLs that people wrote go through [`crate::parse_url`] first.
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
