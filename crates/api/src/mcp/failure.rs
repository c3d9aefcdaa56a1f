//! Errors, as JSON-RPC writes them.

use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use switchboard_app::{AppError, DATABASE_AWAY};
use switchboard_domain::error_code::ErrorCode;

use super::text::Id;
use crate::hosts::Foreign;
use crate::problem::ProblemCode;

/// What was sent is no JSON.
pub const PARSE_ERROR: i32 = -32700;
/// What was sent is no request of the protocol.
pub const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters are not what the method takes.
pub const INVALID_PARAMS: i32 = -32602;
/// Something went wrong inside.
pub const INTERNAL_ERROR: i32 = -32603;
/// The server cannot do it now; `data.code` says why.
pub const SERVER_ERROR: i32 = -32000;
/// There is no such resource, for clients before 2026-07-28.
pub const RESOURCE_NOT_FOUND: i32 = -32002;
/// A header is not what the body says.
pub const HEADER_MISMATCH: i32 = -32020;
/// The revision is not spoken here.
pub const UNSUPPORTED_VERSION: i32 = -32022;

/// A request that is answered with an error.
#[derive(Debug)]
pub struct Failure(Box<Details>);

#[derive(Debug)]
struct Details {
    status: StatusCode,
    code: i32,
    reason: &'static str,
    message: String,
    data: Map<String, Value>,
    id: Option<Id>,
    cause: Option<String>,
}

impl Failure {
    /// An error. `reason` is the stable code of the API, which goes along.
    pub fn new(
        status: StatusCode,
        code: i32,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self(Box::new(Details {
            status,
            code,
            reason,
            message: message.into(),
            data: Map::new(),
            id: None,
            cause: None,
        }))
        .with("code", json!(reason))
    }

    /// Whether it is the one of this code.
    pub fn is(&self, reason: &str) -> bool {
        self.0.reason == reason
    }

    /// The same, in answer to this request.
    pub fn with_id(mut self, id: Option<Id>) -> Self {
        self.0.id = id;
        self
    }

    /// The same with another status.
    pub fn at(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    /// The same with more to go along.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.0.data.insert(name.to_owned(), value);
        self
    }

    /// The message that is sent.
    pub fn to_json(&self) -> String {
        let Details {
            code,
            message,
            data,
            id,
            ..
        } = &*self.0;
        let id = id
            .as_ref()
            .map_or_else(|| "null".to_owned(), ToString::to_string);
        let error = json!({"code": code, "message": message, "data": data});
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
    }

    /// The caller is told nothing of what went wrong inside; the log is.
    fn hiding(mut self, cause: &dyn fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        "something went wrong in the server; its log says what, under this response's x-request-id"
            .clone_into(&mut self.0.message);
        self
    }
}

/// What was sent is no request of the protocol.
pub fn invalid_request(message: impl Into<String>) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        INVALID_REQUEST,
        "invalid_request",
        message,
    )
}

/// The parameters are not what the method takes.
pub fn invalid_params(message: impl Into<String>) -> Failure {
    Failure::new(StatusCode::OK, INVALID_PARAMS, "invalid_params", message)
}

/// There is no such method.
pub fn unknown_method(method: &str) -> Failure {
    let method: String = method.chars().take(100).collect();
    let message = format!("there is no method `{method}` here");
    Failure::new(StatusCode::OK, METHOD_NOT_FOUND, "unknown_method", message)
}

impl From<Foreign> for Failure {
    fn from(foreign: Foreign) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            INVALID_REQUEST,
            Foreign::CODE,
            foreign.to_string(),
        )
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        let reason = error.code().as_str();
        let is_away = error.is_database_away();
        let message = if is_away {
            DATABASE_AWAY.to_owned()
        } else {
            error.to_string()
        };
        let (status, code) = match &error {
            AppError::Unauthenticated => (StatusCode::UNAUTHORIZED, SERVER_ERROR),
            AppError::Forbidden { .. }
            | AppError::RoleTooSmall { .. }
            | AppError::SecretOrigin { .. }
            | AppError::Account(_) => (StatusCode::FORBIDDEN, SERVER_ERROR),
            AppError::NotFound(_) => (StatusCode::NOT_FOUND, SERVER_ERROR),
            AppError::Invalid(_) | AppError::InvalidArguments(_) => {
                (StatusCode::OK, INVALID_PARAMS)
            }
            AppError::BadRequest { .. }
            | AppError::Conflict { .. }
            | AppError::Refused(_)
            | AppError::CallInProgress
            | AppError::Stale { .. } => (StatusCode::OK, SERVER_ERROR),
            AppError::Upstream { .. } => (StatusCode::BAD_GATEWAY, SERVER_ERROR),
            AppError::Unavailable {
                code: ErrorCode::TooManyCalls,
                ..
            } => (StatusCode::TOO_MANY_REQUESTS, SERVER_ERROR),
            AppError::Stopping | AppError::Unavailable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, SERVER_ERROR)
            }
            error if error.is_database_away() => (StatusCode::SERVICE_UNAVAILABLE, SERVER_ERROR),
            AppError::Store(_) | AppError::Vault(_) | AppError::Internal(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, INTERNAL_ERROR)
            }
        };
        let failure = Self::new(status, code, reason, message);
        match error {
            AppError::Invalid(errors) | AppError::InvalidArguments(errors) => {
                failure.with("errors", json!(errors))
            }
            AppError::Store(_) if is_away => failure,
            AppError::Store(cause) => failure.hiding(&cause),
            AppError::Vault(cause) => failure.hiding(&cause),
            AppError::Internal(cause) => failure.hiding(&cause),
            _ => failure,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let json = self.to_json();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.0.status, kind, json).into_response();
        if matches!(
            self.0.status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            let soon = HeaderValue::from_static("1");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"switchboard\""),
            );
        }
        response.extensions_mut().insert(ProblemCode {
            code: self.0.reason,
            cause: self.0.cause,
            secret: None,
        });
        response
    }
}
