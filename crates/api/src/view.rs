//! Answers, written from the types of the contract.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use switchboard_app::impact::{self, Outcome};
use switchboard_app::{AppError, Page};
use switchboard_contract::List;
use switchboard_contract::problem::{Details, Refusal};
use switchboard_contract::versions::{Affected, BindingChange, Report};
use switchboard_contract::wire::Wire;

use crate::problem::Problem;

/// JSON text as an answer.
pub fn raw(status: StatusCode, json: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// An answer.
pub fn answer(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(json) => raw(status, json),
        Err(error) => Problem::from(AppError::Internal(error.to_string())).into_response(),
    }
}

/// A resource with its revision as `ETag`.
pub fn resource(status: StatusCode, revision: u64, value: &impl Serialize) -> Response {
    let mut response = answer(status, value);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// A page of a list.
pub fn page<L: List, T>(
    page: Page<T>,
    cursor: impl Fn(&T) -> String,
    view: impl FnMut(T) -> L::Item,
) -> Response {
    let next = page.rows.last().filter(|_| page.more).map(cursor);
    let data = page.rows.into_iter().map(view).collect();
    answer(StatusCode::OK, &L::page(data, next))
}

/// A list that is whole.
pub fn list<L: List>(data: impl IntoIterator<Item = impl Into<L::Item>>) -> Response {
    let data = data.into_iter().map(Into::into).collect();
    answer(StatusCode::OK, &L::page(data, None))
}

/// What a change would mean: the answer of a dry run.
pub fn report(report: impact::Report) -> Report {
    Report {
        dry_run: true,
        affected: report.affected.into_iter().map(affected).collect(),
        refusal: report.refusal.as_ref().map(refusal),
    }
}

/// Why something would be refused, as a member of what it would mean.
pub fn refusal(error: &AppError) -> Refusal {
    let details = match error {
        AppError::Conflict {
            details: Some(details),
            ..
        } => (**details).clone(),
        _ => Details::default(),
    };
    Refusal {
        code: error.code().into(),
        detail: error.to_string(),
        details,
    }
}

/// What came of deleting something.
pub fn deleted<T>(outcome: Outcome<T>) -> Response {
    match outcome {
        Outcome::Done(_) => StatusCode::NO_CONTENT.into_response(),
        Outcome::WouldBe(found) => answer(StatusCode::OK, &report(found)),
    }
}

fn affected(affected: impact::Affected) -> Affected {
    let changes = affected.changes.into_iter();
    let changes = changes.map(|change| BindingChange {
        binding_id: Wire(change.binding),
        action_id: change.action.map(Wire),
        name: change.name.to_string(),
        change: Wire(change.change),
        class: Wire(change.class),
        fields: change.fields.into_iter().map(Into::into).collect(),
    });
    Affected {
        agent_id: Wire(affected.agent),
        agent_name: affected.agent_name,
        version: Wire(affected.version),
        published: affected.is_published,
        changes: changes.collect(),
    }
}
