//! Rows as JSON of the contract.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use switchboard_app::impact::{Affected, Outcome, Report};
use switchboard_app::{AppError, Page};

/// JSON text as an answer.
pub fn raw(status: StatusCode, json: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// A resource with its revision as `ETag`.
pub fn resource(status: StatusCode, revision: u64, value: &Value) -> Response {
    let mut response = raw(status, value.to_string());
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A page of a list.
pub fn page<T>(
    page: &Page<T>,
    cursor: impl Fn(&T) -> String,
    view: impl Fn(&T) -> Value,
) -> Response {
    let next = page.rows.last().filter(|_| page.more).map(cursor);
    let data: Vec<Value> = page.rows.iter().map(view).collect();
    raw(
        StatusCode::OK,
        json!({"data": data, "next": next}).to_string(),
    )
}

/// A list that is whole.
pub fn list(data: &impl Serialize) -> Response {
    let value = json!({"data": data, "next": null});
    raw(StatusCode::OK, value.to_string())
}

/// What a change would mean: the answer of a dry run.
pub fn report(report: &Report) -> Response {
    let affected: Vec<_> = report.affected.iter().map(show_affected).collect();
    let refusal = report.refusal.as_ref().map(refusal);
    let value = json!({"dry_run": true, "affected": affected, "refusal": refusal});
    raw(StatusCode::OK, value.to_string())
}

/// Why something would be refused, as a member of what it would mean.
pub fn refusal(error: &AppError) -> Value {
    let mut value = json!({"code": error.code(), "detail": error.to_string()});
    if let (
        Value::Object(members),
        AppError::Conflict {
            details: Some(details),
            ..
        },
    ) = (&mut value, error)
    {
        members.extend(*details.clone());
    }
    value
}

/// What came of deleting something.
pub fn deleted<T>(outcome: &Outcome<T>) -> Response {
    match outcome {
        Outcome::Done(_) => StatusCode::NO_CONTENT.into_response(),
        Outcome::WouldBe(found) => report(found),
    }
}

fn show_affected(affected: &Affected) -> Value {
    let changes: Vec<_> = affected
        .changes
        .iter()
        .map(|change| {
            json!({
                "binding_id": change.binding, "action_id": change.action, "name": change.name,
                "change": change.change, "class": change.class, "fields": change.fields,
            })
        })
        .collect();
    json!({
        "agent_id": affected.agent, "agent_name": affected.agent_name,
        "version": affected.version, "published": affected.is_published, "changes": changes,
    })
}

/// A time as RFC 3339 in UTC.
pub fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Adds what every resource carries.
pub fn with_times(
    mut value: Value,
    revision: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
) -> Value {
    if let Value::Object(members) = &mut value {
        let common: Map<String, Value> = [
            ("revision".to_owned(), json!(revision)),
            ("created_at".to_owned(), json!(time(created_at))),
            ("updated_at".to_owned(), json!(time(updated_at))),
        ]
        .into_iter()
        .collect();
        members.extend(common);
    }
    value
}
