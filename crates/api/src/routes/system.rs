//! Health, metrics, and what is not there.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use switchboard_app::lifecycle;

use crate::ApiState;
use crate::problem::Problem;

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The server takes calls: its database answers and it is not stopping.
pub async fn readyz(State(state): State<ApiState>) -> Response {
    if lifecycle::is_ready(&state.app).await {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    }
}

/// Metrics, for Prometheus.
pub async fn metrics(State(state): State<ApiState>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], (state.metrics)()).into_response()
}

/// No such path.
pub async fn unknown_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_path",
        "there is nothing at this path; /api/docs lists what there is",
    )
}

/// The path is there, but not for this method.
pub async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path does not take this method; /api/docs lists what it takes",
    )
}
