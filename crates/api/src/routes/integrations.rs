//! `/integrations`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use switchboard_app::integrations::{
    self, IntegrationInput, IntegrationPatch, IntegrationView, ProbeInput,
};
use switchboard_app::{Configuration, Manager, Reader, mcp};
use switchboard_domain::id::IntegrationId;
use switchboard_domain::integration::IntegrationKind;

use crate::extract::{Auth, DryRunQuery, IfMatch, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn show(integration: &IntegrationView) -> Value {
    let row = &integration.row;
    let mut value = json!({"id": row.id, "name": row.name, "description": row.description});
    let definition = serde_json::to_value(&row.definition).unwrap_or_default();
    if let (Value::Object(members), Value::Object(definition)) = (&mut value, definition) {
        members.extend(definition);
    }
    if row.definition.kind() == IntegrationKind::McpServer {
        value["discovery"] = json!(row.discovery);
    }
    value["action_count"] = json!(integration.action_count);
    value["agent_count"] = json!(integration.agent_count);
    value["last_error"] =
        integration
            .last_error
            .as_ref()
            .map_or(Value::Null, |(environment, error)| {
                json!({
                    "code": error.code, "message": error.message, "environment": environment,
                    "at": view::time(error.at),
                })
            });
    view::with_times(value, row.revision, row.created_at, row.updated_at)
}

/// List integrations, with how many actions each has and how many agents use it.
#[utoipa::path(get, path = "/integrations", tag = "integrations", params(ListQuery),
    responses((status = 200, description = "A page of integrations", body = schema::IntegrationList)))]
pub async fn list_integrations(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = integrations::list(&state.app, &reader, &query.listing()?)
        .boxed()
        .await?;
    Ok(view::page(&page, |found| found.row.id.to_string(), show))
}

/// Add an integration.
#[utoipa::path(post, path = "/integrations", tag = "integrations", request_body = schema::IntegrationInput,
    responses((status = 201, description = "The integration", body = schema::Integration)))]
pub async fn create_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Json(input): Json<IntegrationInput>,
) -> Result<Response, Problem> {
    let made = integrations::create(&state.app, &manager, input)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::CREATED,
        made.row.revision,
        &show(&made),
    ))
}

/// Try a connection, saved or not: who answers there, and whether they take the credentials. Nothing is
/// changed.
#[utoipa::path(post, path = "/integrations/test", tag = "integrations", request_body = schema::ConnectionTest,
    responses((status = 200, description = "What came of it", body = schema::ConnectionTestAnswer)))]
pub async fn test_connection(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Json(input): Json<ProbeInput>,
) -> Result<Response, Problem> {
    let probe = integrations::probe(&state.app, &manager, input)
        .boxed()
        .await?;
    let error = probe.error.as_ref().map(|error| {
        json!({
            "code": error.code, "message": error.message, "upstream_status": error.upstream_status,
        })
    });
    let value = json!({
        "status": if error.is_none() { "succeeded" } else { "failed" }, "error": error,
        "http_status": probe.http_status, "tools": probe.tools,
        "duration_ms": u64::try_from(probe.duration.as_millis()).unwrap_or(u64::MAX),
    });
    Ok(view::raw(StatusCode::OK, value.to_string()))
}

/// Read an integration.
#[utoipa::path(get, path = "/integrations/{id}", tag = "integrations",
    params(("id" = String, Path, description = "The integration's id")),
    responses((status = 200, description = "The integration", body = schema::Integration)))]
pub async fn get_integration(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(IntegrationId,)>,
) -> Result<Response, Problem> {
    let found = integrations::get(&state.app, &reader, id).boxed().await?;
    Ok(view::resource(
        StatusCode::OK,
        found.row.revision,
        &show(&found),
    ))
}

/// Change an integration. A slot that is given replaces the one that is there; null empties it.
#[utoipa::path(patch, path = "/integrations/{id}", tag = "integrations",
    params(("id" = String, Path, description = "The integration's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = schema::IntegrationPatch,
    responses((status = 200, description = "The integration", body = schema::Integration)))]
pub async fn update_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<IntegrationPatch>,
) -> Result<Response, Problem> {
    let changed = integrations::update(&state.app, &manager, id, expected, patch)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::OK,
        changed.row.revision,
        &show(&changed),
    ))
}

/// Delete an integration with its actions. Agents that link them are left with broken links; it can
/// be brought back.
#[utoipa::path(delete, path = "/integrations/{id}", tag = "integrations",
    params(("id" = String, Path, description = "The integration's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    responses((status = 204, description = "It is gone"), (status = 200, description = "In a dry run, what that would mean", body = schema::Report)))]
pub async fn delete_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
) -> Result<Response, Problem> {
    let outcome = integrations::delete(&state.app, &manager, id, query.how(expected))
        .boxed()
        .await?;
    Ok(view::deleted(&outcome))
}

/// Bring a deleted integration back as it was, with the actions that were deleted with it.
#[utoipa::path(post, path = "/integrations/{id}/undelete", tag = "integrations",
    params(("id" = String, Path, description = "The integration's id")),
    responses((status = 200, description = "The integration", body = schema::Integration)))]
pub async fn undelete_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
) -> Result<Response, Problem> {
    let found = integrations::undelete(&state.app, &manager, id)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::OK,
        found.row.revision,
        &show(&found),
    ))
}

/// Fetch the tools of an MCP server again. When that fails the old list is kept.
#[utoipa::path(post, path = "/integrations/{id}/refresh", tag = "integrations",
    params(("id" = String, Path, description = "The integration's id")),
    responses((status = 200, description = "What came of it", body = schema::Refreshed)))]
pub async fn refresh_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
) -> Result<Response, Problem> {
    let refreshed = mcp::refresh(&state.app, &manager, id).boxed().await?;
    let value = json!({
        "added": refreshed.added, "removed": refreshed.removed, "changed": refreshed.changed,
        "left_out": refreshed.left_out, "schema_notes": refreshed.schema_notes,
    });
    Ok(view::raw(StatusCode::OK, value.to_string()))
}
