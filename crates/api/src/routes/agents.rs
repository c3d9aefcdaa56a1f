//! `/agents`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use switchboard_app::agents::{self, AgentInput, AgentPatch, AgentView};
use switchboard_app::rows::AgentRow;
use switchboard_app::{Configuration, Manager, Reader};
use switchboard_domain::id::AgentId;

use crate::extract::{Auth, IfMatch, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

/// An agent as it is shown.
pub fn show(row: &AgentRow) -> Value {
    let value = json!({
        "id": row.id, "name": row.name, "description": row.description,
        "published_version": row.published_version,
    });
    view::with_times(value, row.revision, row.created_at, row.updated_at)
}

fn show_with_drift(found: &AgentView) -> Value {
    let mut value = show(&found.row);
    value["drifted_links"] = json!(found.drifted_links);
    value
}

/// List agents.
#[utoipa::path(get, path = "/agents", tag = "agents", params(ListQuery),
    responses((status = 200, description = "A page of agents", body = schema::AgentList)))]
pub async fn list_agents(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = agents::list(&state.app, &reader, &query.listing()?)
        .boxed()
        .await?;
    Ok(view::page(
        &page,
        |one| one.row.id.to_string(),
        show_with_drift,
    ))
}

/// Add an agent, with an empty draft.
#[utoipa::path(post, path = "/agents", tag = "agents", request_body = schema::AgentInput,
    responses((status = 201, description = "The agent", body = schema::Agent)))]
pub async fn create_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Json(input): Json<AgentInput>,
) -> Result<Response, Problem> {
    let row = agents::create(&state.app, &manager, input).boxed().await?;
    Ok(view::resource(
        StatusCode::CREATED,
        row.revision,
        &show(&row),
    ))
}

/// Read an agent.
#[utoipa::path(get, path = "/agents/{id}", tag = "agents",
    params(("id" = String, Path, description = "The agent's id")),
    responses((status = 200, description = "The agent", body = schema::Agent)))]
pub async fn get_agent(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(AgentId,)>,
) -> Result<Response, Problem> {
    let found = agents::get(&state.app, &reader, id).boxed().await?;
    let value = show_with_drift(&found);
    Ok(view::resource(StatusCode::OK, found.row.revision, &value))
}

/// Change an agent's name or description.
#[utoipa::path(patch, path = "/agents/{id}", tag = "agents",
    params(("id" = String, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = schema::AgentPatch,
    responses((status = 200, description = "The agent", body = schema::Agent)))]
pub async fn update_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<AgentPatch>,
) -> Result<Response, Problem> {
    let row = agents::update(&state.app, &manager, id, expected, patch)
        .boxed()
        .await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(&row)))
}

/// Delete an agent. Its conversations stay readable and accept no more calls.
#[utoipa::path(delete, path = "/agents/{id}", tag = "agents",
    params(("id" = String, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    agents::delete(&state.app, &manager, id, expected)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
