//! One request on one connection, and which layer an error of it comes from.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use tokio::time::Instant;

use crate::error::{OutboundError, Phase};
use crate::outgoing::Outgoing;
use crate::pool::{Answer, Failed, Pool};
use crate::stream::host;

/// Sends one request and waits for the head of its answer.
pub async fn exchange(
    pool: &Pool,
    method: Method,
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
    deadline: Instant,
) -> Result<http::Response<Answer>, OutboundError> {
    let (body, marker) = Outgoing::new(body);
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.headers_mut() = headers;
    // The future is gone before the marker is asked, so nothing can be sent after it answered.
    match tokio::time::timeout_at(deadline, pool.request(uri, request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Failed::NotConnected(error))) => Err(error),
        Ok(Err(Failed::Lost(error))) => Err(classify(&error, marker.may_have_been_sent(), uri)),
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

/// Says which layer an error of a connection comes from.
fn classify(error: &hyper::Error, sent: bool, uri: &Uri) -> OutboundError {
    let host = host(uri);
    if !sent {
        let detail = "it was closed before the request went out".to_owned();
        return OutboundError::Connect { host, detail };
    }
    if error.is_parse() {
        let detail = format!("it is not HTTP ({error})");
        return OutboundError::InvalidResponse { host, detail };
    }
    OutboundError::ConnectionLost {
        host,
        in_answer: false,
    }
}
