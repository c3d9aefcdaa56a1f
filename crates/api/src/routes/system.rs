//! Health, metrics, and what is not there.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use switchboard_app::health;
use switchboard_contract::health::{Readiness, ReadyWord};
use switchboard_domain::error_code::ErrorCode;

use crate::problem::Problem;
use crate::{ApiState, view};

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The server takes calls: its database answers, what it serves is what the database has, and it is not
/// stopping. What is wrong is named. Asking costs nothing.
pub async fn readyz(State(state): State<ApiState>) -> Response {
    let report = health::report(&state.app);
    let (status, word) = if report.is_ready() {
        (StatusCode::OK, ReadyWord::Ready)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, ReadyWord::NotReady)
    };
    let readiness = Readiness {
        status: word,
        problems: report.ill,
        unreadable_secrets: report.unreadable_secrets,
    };
    view::answer(status, &readiness)
}

/// Metrics, for Prometheus.
pub async fn metrics(State(state): State<ApiState>) -> Response {
    health::measure(&state.app);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], (state.metrics)()).into_response()
}

/// No such path.
pub async fn unknown_path() -> Problem {
    Problem::new(
        ErrorCode::UnknownPath,
        "there is nothing at this path; /api/docs lists what there is",
    )
}

/// The path is there, but not for this method.
pub async fn wrong_method() -> Problem {
    Problem::new(
        ErrorCode::MethodNotAllowed,
        "this path does not take this method; /api/docs lists what it takes",
    )
}
