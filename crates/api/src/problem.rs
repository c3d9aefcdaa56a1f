//! Errors as `application/problem+json` (RFC 9457).

use std::any::Any;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use switchboard_app::accounts::AccountError;
use switchboard_app::{AppError, DATABASE_AWAY};
use switchboard_contract::problem::{self as contract, Details};
use switchboard_contract::wire::Wire;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::input::InputError;

/// An error on its way to the caller.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: ErrorCode,
    detail: String,
    errors: Vec<InputError>,
    details: Option<Box<Details>>,
    cause: Option<String>,
    retry_after: Option<u64>,
}

/// The code of a problem, for the log line.
#[derive(Debug, Clone)]
pub struct ProblemCode {
    /// The code.
    pub code: &'static str,
    /// What went wrong inside, for errors whose text says nothing.
    pub cause: Option<String>,
    /// The secret that would have gone elsewhere, and where.
    pub secret: Option<(String, String)>,
}

impl Problem {
    /// A problem without more than its sentence.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST),
            code,
            detail: detail.into(),
            errors: vec![],
            details: None,
            cause: None,
            retry_after: None,
        }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let mut problem = Self::new(error.code(), error.to_string());
        problem.retry_after = (problem.code == ErrorCode::CallInProgress).then_some(1);
        match error {
            // A call's own limit is ours, a service's is an answer of it.
            AppError::Upstream { .. } => problem.status = StatusCode::BAD_GATEWAY,
            AppError::Invalid(errors) | AppError::InvalidArguments(errors) => {
                problem.errors = errors;
            }
            AppError::Conflict {
                errors, details, ..
            } => {
                problem.errors = errors;
                problem.details = details;
            }
            AppError::SecretOrigin {
                secret,
                origin,
                allowed,
            } => {
                problem.details = Some(Box::new(Details {
                    secret: Some(Wire(secret)),
                    origin: Some(origin),
                    allowed_origins: Some(allowed),
                    ..Details::default()
                }));
            }
            AppError::Account(AccountError::TooManyAttempts { retry_after }) => {
                problem.retry_after = Some(retry_after);
            }
            AppError::Unavailable { retry_after, .. } => problem.retry_after = Some(retry_after),
            AppError::Stopping => problem.retry_after = Some(1),
            AppError::Store(cause) if problem.status == StatusCode::SERVICE_UNAVAILABLE => {
                problem.cause = Some(cause.to_string());
                problem.retry_after = Some(1);
                DATABASE_AWAY.clone_into(&mut problem.detail);
            }
            AppError::Store(cause) => problem.hide(&cause),
            AppError::Vault(cause) => problem.hide(&cause),
            AppError::Internal(cause) => problem.hide(&cause),
            _ => {}
        }
        problem
    }
}

impl Problem {
    /// The caller is told nothing of what went wrong inside; the log is.
    fn hide(&mut self, cause: &dyn std::fmt::Display) {
        self.cause = Some(cause.to_string());
        "something went wrong in the server; its log says what, under this response's x-request-id"
            .clone_into(&mut self.detail);
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let details = self.details.map(|details| *details).unwrap_or_default();
        let secret = details.secret.as_ref().map(ToString::to_string);
        let secret = secret.zip(details.origin.clone());
        let body = contract::Problem {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code.into(),
            detail: self.detail,
            errors: self.errors.into_iter().map(Into::into).collect(),
            details,
        };
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            serde_json::to_string(&body).unwrap_or_default(),
        )
            .into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"switchboard\""),
            );
        }
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(ProblemCode {
            code: self.code.as_str(),
            cause: self.cause,
            secret,
        });
        response
    }
}

/// The answer to whoever comes when the door is full.
pub fn full() -> Response {
    let mut problem = Problem::new(
        ErrorCode::Overloaded,
        "this server has as many connections as it can take; try again in a moment",
    );
    problem.retry_after = Some(1);
    problem.into_response()
}

/// The answer of a handler that panicked.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over"
)]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let cause = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Problem::from(AppError::Internal(cause)).into_response()
}
