//! What happens around every request: an id, a log line, metrics.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::{Details, Principal, RequestInfo, audit};

use tracing::Instrument as _;

use crate::ApiState;
use crate::problem::ProblemCode;
use crate::request_log::Line;

/// Who made a request, once that is known.
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Arc<OnceLock<Principal>>,
    request: Arc<RequestInfo>,
}

impl Caller {
    /// The request.
    pub const fn request(&self) -> &Arc<RequestInfo> {
        &self.request
    }

    /// Notes who it is.
    pub fn set(&self, principal: Principal) {
        let _ = self.principal.set(principal);
    }
}

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// Observes a request of the router.
pub async fn observe(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    observed(&state, request, route, |request| next.run(request)).await
}

/// Gives a request its id, has it answered, and tells of it.
pub async fn observed<A: Future<Output = Response>>(
    state: &ApiState,
    mut request: Request,
    route: Option<&str>,
    answer: impl FnOnce(Request) -> A,
) -> Response {
    let start = Instant::now();
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let id = format!("req_{}{number:08x}", state.request_prefix);
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let caller = Caller {
        principal: Arc::default(),
        request: Arc::new(RequestInfo {
            id: id.clone(),
            address: address.map(|info| state.proxies.client(info.0.ip(), request.headers())),
        }),
    };
    request.extensions_mut().insert(caller.clone());
    let method = request.method().clone();
    // Only made where the log's level is `debug`: a span costs more than all that is noted for the line.
    let span = tracing::debug_span!(
        "request",
        request_id = id,
        method = method.as_str(),
        route = route.unwrap_or("unmatched")
    );
    let (mut response, spent) = switchboard_spent::noted(answer(request).instrument(span)).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    secure(response.headers_mut());
    let route = route.unwrap_or("unmatched");
    let status = response.status().as_u16();
    let problem = response.extensions().get::<ProblemCode>().cloned();
    let problem = problem.as_ref();
    let principal = caller.principal.get();
    if response.status() == StatusCode::FORBIDDEN
        && let (Some(principal), Some(problem)) = (principal, problem)
    {
        note_refusal(state, principal, problem, &format!("{method} {route}"))
            .boxed()
            .await;
    }
    let duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    metrics::counter!("switchboard_http_requests_total", "route" => route.to_owned(), "status" => class(status))
        .increment(1);
    if let Some(cause) = problem.and_then(|problem| problem.cause.as_deref()) {
        tracing::error!(request_id = id, cause, "a request failed inside");
    }
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                request_id = id,
                method = method.as_str(),
                route,
                status,
                code = problem.map(|problem| problem.code),
                workspace = principal.map(|principal| tracing::field::display(principal.workspace)),
                actor = principal.map(|principal| tracing::field::display(principal.actor)),
                duration_us,
                database_ms = milliseconds(spent.database),
                queue_ms = milliseconds(spent.queue),
                upstream_ms = milliseconds(spent.upstream),
                "request"
            )
        };
    }
    match state.request_log.line(route, status, number) {
        Line::Info => tell!(info),
        Line::Debug => tell!(debug),
        Line::None => {}
    }
    response
}

/// What an answer may load that is no page: nothing.
const NOTHING_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Says how a browser has to treat an answer, where its handler did not: take it for what it says it
/// is, keep it nowhere, load nothing for it.
fn secure(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, NOTHING_POLICY),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// Notes in the audit log who was refused what they may not do.
async fn note_refusal(
    state: &ApiState,
    principal: &Principal,
    problem: &ProblemCode,
    request: &str,
) {
    let mut details = Details::default();
    if let Some((secret, origin)) = problem.secret.clone() {
        details.secrets = vec![secret];
        details.destination = Some(origin);
    }
    let noted = audit::refused(
        &state.app.accounts,
        principal,
        problem.code,
        request,
        details,
    )
    .await;
    if let Err(error) = noted {
        tracing::warn!(%error, "a refusal could not be noted in the audit log");
    }
}

/// To the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

const fn class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}
