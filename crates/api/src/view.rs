//! Rows as JSON of the contract.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use switchboard_app::Page;

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
