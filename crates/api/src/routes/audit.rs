//! `/audit`.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use switchboard_app::{Admin, audit};

use crate::extract::{Auth, PageQuery, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

/// Read the audit log, the newest entry first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(PageQuery),
    responses((status = 200, description = "A page of entries", body = schema::AuditList)))]
pub async fn list_audit(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = audit::list(&state.app, &admin, query.after()?, query.limit()?).await?;
    Ok(view::page(
        &page,
        |row| row.id.to_string(),
        |row| {
            json!({
                "id": row.id, "at": view::time(row.at), "actor": row.actor,
                "operation": row.operation, "entity": row.entity, "entity_id": row.entity_id,
            })
        },
    ))
}
