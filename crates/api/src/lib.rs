//! The doors: REST under `/api/v1` and the document that describes it, each agent as an MCP server
//! under `/mcp`, health and metrics, and the Studio everywhere else.
//!
//! A handler reads its input, calls one operation of `switchboard-app` and writes the answer; it
//! decides nothing.

mod extract;
mod front;
mod hosts;
mod layer;
mod mcp;
mod openapi;
mod problem;
mod proxies;
mod request_log;
mod routes;
mod session;
mod site;
mod view;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};
use switchboard_app::App;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

pub use front::Front;
pub use mcp::Door;
pub use openapi::document;
pub use problem::full;
pub use proxies::Proxies;
pub use request_log::{LogRule, RequestLog};
pub use site::Site;

/// What the handlers need.
pub struct ApiParts {
    /// The application.
    pub app: Arc<App>,
    /// Writes the metrics in the text format of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Cancelled when the server stops: streams end then.
    pub stopping: CancellationToken,
    /// Where the server is reached.
    pub site: Arc<Site>,
    /// The proxies whose word is taken for where a request comes from.
    pub proxies: Arc<Proxies>,
    /// The MCP door.
    pub mcp: Arc<Door>,
    /// Which requests leave a line in the log.
    pub request_log: RequestLog,
    /// What request ids start with; different at each start.
    pub request_prefix: Arc<str>,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
}

/// The same, as each handler has it. What is inside is not part of its type: for each handler, and each of
/// the services around one, the compiler proves that the state may move between threads, and would go
/// through all of the application every time.
#[derive(Clone)]
pub struct ApiState(Arc<dyn Holds>);

trait Holds: Send + Sync {
    fn parts(&self) -> &ApiParts;
}

impl Holds for ApiParts {
    fn parts(&self) -> &ApiParts {
        self
    }
}

impl ApiState {
    /// The state of these parts.
    pub fn new(parts: ApiParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for ApiState {
    type Target = ApiParts;

    fn deref(&self) -> &ApiParts {
        self.0.parts()
    }
}

impl std::fmt::Debug for ApiParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiParts")
    }
}

impl std::fmt::Debug for ApiState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiState")
    }
}

/// Everything that is served.
pub fn front(state: ApiState) -> Front {
    let router = router(state.clone());
    Front::new(state, router)
}

fn router(state: ApiState) -> Router {
    let (api, document) = openapi::parts();
    Router::new()
        .nest("/api/v1", api.fallback(routes::system::unknown_path))
        .route(mcp::ROUTE, any(mcp::serve))
        .route("/api/openapi.json", openapi::served(&document))
        .route("/api/docs", routes::studio::pages())
        .route("/api/docs/", routes::studio::pages())
        .route("/healthz", get(routes::system::healthz))
        .route("/readyz", get(routes::system::readyz))
        .route("/metrics", get(routes::system::metrics))
        .fallback_service(routes::studio::pages())
        .method_not_allowed_fallback(routes::system::wrong_method)
        // Whoever reads a body bounds it.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            layer::observe,
        ))
        .with_state(state)
}
