//! What the answer to a request means, or the lack of one.

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use switchboard_domain::conversation::Outcome;
use switchboard_outbound::{OutboundError, Response};

use crate::error::CallError;
use crate::performed::Performed;
use crate::redact::Redactor;
use crate::trace;

/// What a call without an answer came to.
pub fn unanswered(safe: bool, error: &OutboundError) -> Performed {
    let status = match error {
        OutboundError::TooLarge { status, .. } => Some(*status),
        _ => None,
    };
    let unknown = !safe && error.may_have_reached_upstream();
    // A head that came says that the service acted, so only the place stays taken.
    let (code, message) = if unknown && status.is_none() {
        (
            "outcome_unknown",
            format!(
                "the request was sent, but its outcome is not known: {error}. It is not repeated by itself; check at the service before you repeat it"
            ),
        )
    } else {
        (error.code(), error.to_string())
    };
    Performed {
        outcome: if unknown {
            Outcome::Unknown
        } else {
            Outcome::Failed
        },
        ..Performed::not_sent(CallError {
            code,
            message,
            upstream_status: status,
        })
    }
}

/// What output variables are taken from.
pub struct Found {
    /// What the service answered.
    pub value: Value,
    /// False where it holds a secret.
    pub is_clean: bool,
}

/// What an answer means, and its value where output variables are to be taken from it.
pub fn answered(
    redactor: &Redactor,
    safe: bool,
    response: &Response,
) -> (Performed, Option<Found>) {
    let status = response.status;
    let Ok(text) = std::str::from_utf8(&response.body) else {
        let what = "the response is neither JSON nor text";
        return (unreadable(safe, status, what, "\"(binary)\""), None);
    };
    // What the service said is read first: what is taken out below changes nothing of what it is.
    let parsed: Result<Value, _> = if text.trim().is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_str(text)
    };
    let body = redactor.clean_json(text);
    let is_clean = matches!(body, std::borrow::Cow::Borrowed(_));
    let is_json = parsed.is_ok() && !body.trim().is_empty();
    let kept = trace::response(status, &response.headers, &body, is_json, redactor);
    let value = match parsed {
        Ok(value) => value,
        Err(error) if status.is_success() && claims_json(&response.headers) => {
            let what = format!(
                "the response says that it is JSON, but is not: line {}, column {}",
                error.line(),
                error.column()
            );
            let unreadable = unreadable(safe, status, &what, "null");
            return (
                Performed {
                    response: kept,
                    ..unreadable
                },
                None,
            );
        }
        Err(_) => Value::String(body.as_ref().to_owned()),
    };
    let mut performed = Performed {
        outcome: Outcome::Succeeded,
        // Valid JSON goes on as it came.
        output: if is_json {
            body.trim().to_owned()
        } else {
            value.to_string()
        },
        variables: vec![],
        unmatched: vec![],
        left_out: vec![],
        error: None,
        request: String::new(),
        response: kept,
        tool_result: false,
        held: None,
    };
    if status.is_success() {
        return (performed, Some(Found { value, is_clean }));
    }
    performed.outcome = Outcome::Failed;
    performed.error = Some(upstream_error(status));
    (performed, None)
}

fn unreadable(safe: bool, status: StatusCode, what: &str, kept: &str) -> Performed {
    Performed {
        outcome: if safe || !status.is_success() {
            Outcome::Failed
        } else {
            Outcome::Unknown
        },
        response: format!(r#"{{"status":{},"body":{kept}}}"#, status.as_u16()),
        ..Performed::not_sent(CallError {
            code: "invalid_response",
            message: format!("{what}; check the service and the action's path"),
            upstream_status: Some(status.as_u16()),
        })
    }
}

fn claims_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
                || kind.to_ascii_lowercase().ends_with("+json")
        })
}

fn upstream_error(status: StatusCode) -> CallError {
    let advice = match status.as_u16() {
        300..=399 => "it redirects, which is followed for GET only; set the final URL",
        401 | 403 => "it refused the credentials; check the integration's auth and secrets",
        404 => "it does not know this path; check the action's path and the arguments",
        400..=499 => "it did not accept the request; see `output` for what it says",
        _ => "it failed; try again later or ask whoever runs it",
    };
    CallError {
        code: "upstream_error",
        message: format!(
            "the service responded with status {}: {advice}",
            status.as_u16()
        ),
        upstream_status: Some(status.as_u16()),
    }
}
