//! `/audit`.

use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use switchboard_app::{Administration, Reader, audit};

use crate::extract::{Auth, PageQuery, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn json_of(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// Read the audit log, the newest entry first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(PageQuery),
    responses((status = 200, description = "A page of entries", body = schema::AuditList)))]
pub async fn list_audit(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Administration>>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = audit::list(&state.app, &reader, query.after()?, query.limit()?)
        .boxed()
        .await?;
    Ok(view::page(
        &page,
        |entry| entry.row.id.to_string(),
        |entry| {
            let (row, more) = (&entry.row, &entry.row.more);
            let name = entry.actor.as_ref().map(|actor| &actor.name);
            let email = entry.actor.as_ref().and_then(|actor| actor.email.as_ref());
            json!({
                "id": row.id, "at": view::time(row.at), "actor": row.actor,
                "actor_name": name, "actor_email": email,
                "operation": row.operation, "entity": row.entity, "entity_id": row.entity_id,
                "environment": more.environment, "secrets": more.secrets, "destination": more.destination,
                "address": more.address, "request_id": more.request_id,
                "before": json_of(more.before.as_deref()), "after": json_of(more.after.as_deref()),
            })
        },
    ))
}
