//! The client.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;
use tower::ServiceExt as _;
use tower_http::decompression::Decompression;

use crate::body;
use crate::breaker::Breaker;
use crate::connector::{GuardedConnector, Resolve, SystemResolver};
use crate::error::OutboundError;
use crate::guard::NetworkPolicy;
use crate::redirect;
use crate::retry::{self, Attempt};

/// How a client is set up.
pub struct ClientSettings {
    /// What may be reached.
    pub policy: NetworkPolicy,
    /// How names are resolved.
    pub resolver: Arc<dyn Resolve>,
    /// Connections kept open for each host while they are not used.
    pub idle_per_host: usize,
    /// How long a connection that is not used is kept.
    pub idle_timeout: Duration,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            policy: NetworkPolicy::default(),
            resolver: Arc::new(SystemResolver),
            idle_per_host: 128,
            idle_timeout: Duration::from_secs(90),
        }
    }
}

/// A request.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Headers that carry credentials beside the usual ones, dropped when a redirect leaves the
    /// host.
    pub credentials: Vec<HeaderName>,
    /// The largest answer, in bytes after decompression.
    pub max_response_bytes: usize,
    /// The breaker of this upstream.
    pub breaker: Option<Arc<Breaker>>,
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
}

type Inner = legacy::Client<HttpsConnector<GuardedConnector>, Full<Bytes>>;

/// The client. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub struct Client {
    inner: Decompression<Inner>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// A client.
    pub fn new(settings: ClientSettings) -> Result<Self, OutboundError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| OutboundError::Tls {
                host: String::new(),
                detail: error.to_string(),
            })?
            .with_webpki_roots()
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(GuardedConnector {
                policy: Arc::new(settings.policy),
                resolver: settings.resolver,
            });
        // A request that a pooled connection gave back unsent is tried on another one: hyper hands
        // it back only when nothing of it was written.
        let inner = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(settings.idle_timeout)
            .pool_max_idle_per_host(settings.idle_per_host)
            .retry_canceled_requests(true)
            .build(connector);
        Ok(Self {
            inner: Decompression::new(inner),
        })
    }

    /// Sends a request and reads the answer, all before the deadline.
    pub async fn send(
        &self,
        mut request: Request,
        deadline: Instant,
    ) -> Result<Response, OutboundError> {
        request.headers.remove(header::ACCEPT_ENCODING);
        let mut attempts = 0;
        loop {
            if let Some(breaker) = &request.breaker {
                breaker.admit()?;
            }
            attempts += 1;
            let result = self.attempt(&request, deadline).await;
            note(request.breaker.as_deref(), &result);
            let attempt = match &result {
                Ok(response) => Attempt::Answer(response.status, &response.headers),
                Err(error) => Attempt::Failure(error),
            };
            let wait = retry::wait(&request.method, attempts, &attempt)
                .filter(|wait| Instant::now() + *wait < deadline);
            let Some(wait) = wait else {
                return result.map(|response| Response {
                    attempts,
                    ..response
                });
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// One attempt, its redirects included.
    async fn attempt(
        &self,
        request: &Request,
        deadline: Instant,
    ) -> Result<Response, OutboundError> {
        let mut response = self
            .exchange(request, &request.uri, request.headers.clone(), deadline)
            .await?;
        if !redirect::is_redirect(response.status) || request.method != Method::GET {
            return Ok(response);
        }
        let mut uri = request.uri.clone();
        let mut headers = request.headers.clone();
        for _ in 0..redirect::MAX_REDIRECTS {
            if !redirect::is_redirect(response.status) {
                return Ok(response);
            }
            let next = redirect::target(&uri, &response.headers)?;
            if !redirect::same_origin(&uri, &next) {
                redirect::drop_credentials(&mut headers, &request.credentials);
            }
            uri = next;
            response = self
                .exchange(request, &uri, headers.clone(), deadline)
                .await?;
        }
        if redirect::is_redirect(response.status) {
            return Err(OutboundError::TooManyRedirects(redirect::MAX_REDIRECTS));
        }
        Ok(response)
    }

    /// One request and its answer.
    async fn exchange(
        &self,
        request: &Request,
        uri: &Uri,
        headers: HeaderMap,
        deadline: Instant,
    ) -> Result<Response, OutboundError> {
        let mut outgoing = http::Request::new(Full::new(request.body.clone()));
        *outgoing.method_mut() = request.method.clone();
        *outgoing.uri_mut() = uri.clone();
        *outgoing.headers_mut() = headers;
        let limit = request.max_response_bytes;
        // Only where it matters whether a request went out is the connection watched.
        let connection = (!request.method.is_safe()).then(|| capture_connection(&mut outgoing));
        let answer = tokio::time::timeout_at(deadline, self.inner.clone().oneshot(outgoing))
            .await
            .map_err(|_| {
                let sent = connection
                    .as_ref()
                    .is_none_or(|connection| connection.connection_metadata().is_some());
                OutboundError::Timeout {
                    phase: if sent {
                        "waiting for the answer"
                    } else {
                        "connecting"
                    },
                    sent,
                }
            })?
            .map_err(|error| classify(&error, uri))?;
        let (head, body) = answer.into_parts();
        let declared = head
            .headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(OutboundError::TooLarge {
                limit,
                status: head.status.as_u16(),
            });
        }
        let body = tokio::time::timeout_at(deadline, body::read(body, limit, head.status.as_u16()))
            .await
            .map_err(|_| OutboundError::Timeout {
                phase: "reading the answer",
                sent: true,
            })??;
        Ok(Response {
            status: head.status,
            headers: head.headers,
            body,
            attempts: 1,
        })
    }
}

/// Tells the breaker what came of an attempt. An answer that says the client is wrong is no failure
/// of the upstream.
fn note(breaker: Option<&Breaker>, result: &Result<Response, OutboundError>) {
    let Some(breaker) = breaker else { return };
    match result {
        Ok(response) if matches!(response.status.as_u16(), 502..=504) => {
            breaker.failed(&format!("status {}", response.status.as_u16()));
        }
        Ok(_)
        | Err(
            OutboundError::TooLarge { .. }
            | OutboundError::InvalidRedirect(_)
            | OutboundError::TooManyRedirects(_),
        ) => breaker.succeeded(),
        Err(error) => breaker.failed(error.code()),
    }
}

/// Says which layer an error of the client comes from.
fn classify(error: &legacy::Error, uri: &Uri) -> OutboundError {
    let host = || uri.host().unwrap_or_default().to_owned();
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(own) = inner.downcast_ref::<OutboundError>() {
            return own.clone();
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            let wrapped = io.get_ref();
            if let Some(own) = wrapped.and_then(|e| e.downcast_ref::<OutboundError>()) {
                return own.clone();
            }
            if let Some(tls) = wrapped.and_then(|e| e.downcast_ref::<rustls::Error>()) {
                return OutboundError::Tls {
                    host: host(),
                    detail: tls.to_string(),
                };
            }
        }
        if let Some(http) = inner.downcast_ref::<hyper::Error>() {
            if http.is_parse() || http.is_parse_too_large() {
                return OutboundError::InvalidResponse("it is not HTTP".to_owned());
            }
            if !error.is_connect() {
                return OutboundError::ConnectionLost("it ended before an answer came".to_owned());
            }
        }
        source = inner.source();
    }
    if error.is_connect() {
        let detail = error.source().map_or_else(String::new, ToString::to_string);
        return OutboundError::Connect {
            host: host(),
            detail,
        };
    }
    OutboundError::ConnectionLost("it ended before an answer came".to_owned())
}
