//! One request on one connection, and which layer an error of it comes from.

use std::error::Error as _;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use tokio::time::Instant;

use crate::body::Outgoing;
use crate::connector::Dialer;
use crate::error::{OutboundError, Phase};
use crate::stream::host;

/// The pool.
pub type Pool = legacy::Client<Dialer, Outgoing>;

/// Sends one request and waits for the head of its answer.
pub async fn exchange(
    pool: &Pool,
    method: Method,
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
    deadline: Instant,
) -> Result<http::Response<Incoming>, OutboundError> {
    let (body, marker) = Outgoing::new(body);
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = headers;
    // The future is gone before the marker is asked, so nothing can be sent after it answered.
    match tokio::time::timeout_at(deadline, pool.request(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(classify(&error, marker.may_have_been_sent(), uri)),
        Err(_) => {
            let sent = marker.may_have_been_sent();
            Err(OutboundError::Timeout {
                host: host(uri),
                phase: if sent {
                    Phase::Waiting
                } else {
                    Phase::Connecting
                },
                sent,
            })
        }
    }
}

/// Says which layer an error of the pool comes from.
fn classify(error: &legacy::Error, sent: bool, uri: &Uri) -> OutboundError {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(own) = inner.downcast_ref::<OutboundError>() {
            return own.clone();
        }
        if let Some(http) = inner.downcast_ref::<hyper::Error>()
            && sent
            && http.is_parse()
        {
            return OutboundError::InvalidResponse {
                host: host(uri),
                detail: format!("it is not HTTP ({http})"),
            };
        }
        source = inner.source();
    }
    let host = host(uri);
    if sent && !error.is_connect() {
        return OutboundError::ConnectionLost {
            host,
            in_answer: false,
        };
    }
    let detail = match error.source() {
        Some(source) if error.is_connect() => source.to_string(),
        _ => "it was closed before the request went out".to_owned(),
    };
    OutboundError::Connect { host, detail }
}
