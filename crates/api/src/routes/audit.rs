//! `/audit`.

use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde_json::Value;
use switchboard_app::{Administration, Reader, audit};
use switchboard_contract::audit::{AuditEntry, AuditList};
use switchboard_contract::wire::{Time, Wire};

use crate::extract::{Auth, PageQuery, Query};
use crate::problem::Problem;
use crate::{ApiState, view};

fn json_of(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// Read the audit log, the newest entry first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(PageQuery),
    responses((status = 200, description = "A page of entries", body = AuditList)))]
pub async fn list_audit(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Administration>>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = audit::list(&state.app.accounts, &reader, query.after()?, query.limit()?)
        .boxed()
        .await?;
    let cursor = |entry: &audit::AuditEntry| entry.row.id.to_string();
    Ok(view::page::<AuditList, _>(page, cursor, show))
}

fn show(entry: audit::AuditEntry) -> AuditEntry {
    let (row, actor) = (entry.row, entry.actor);
    let more = row.more;
    let (actor_name, actor_email) = actor.map(|actor| (actor.name, actor.email)).unzip();
    AuditEntry {
        id: Wire(row.id),
        at: Time(row.at),
        actor: row.actor,
        actor_name,
        actor_email: actor_email.flatten(),
        operation: row.operation,
        entity: row.entity,
        entity_id: row.entity_id,
        environment: more
            .environment
            .and_then(|text| text.parse().ok().map(Wire)),
        secrets: more.secrets,
        destination: more.destination,
        address: more.address,
        request_id: more.request_id,
        before: json_of(more.before.as_deref()),
        after: json_of(more.after.as_deref()),
    }
}
