//! `/agents`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::agents::{self, AgentView};
use switchboard_app::rows::AgentRow;
use switchboard_app::{Configuration, Manager, Reader};
use switchboard_contract::agents::{Agent, AgentInput, AgentList, AgentPatch};
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::id::AgentId;

use crate::extract::{Auth, IfMatch, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, view};

/// An agent as it is shown.
pub fn show(row: AgentRow) -> Agent {
    Agent {
        id: Wire(row.id),
        name: row.name,
        description: row.description,
        published_version: row.published_version,
        retain_events_days: row.retain_events.map(Wire),
        revision: row.revision,
        created_at: Time(row.created_at),
        updated_at: Time(row.updated_at),
        drifted_links: None,
    }
}

fn show_with_drift(found: AgentView) -> Agent {
    Agent {
        drifted_links: Some(found.drifted_links),
        ..show(found.row)
    }
}

/// List agents.
#[utoipa::path(get, path = "/agents", tag = "agents", params(ListQuery),
    responses((status = 200, description = "A page of agents", body = AgentList)))]
pub async fn list_agents(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = agents::list(&state.app.manage, &reader, &query.listing()?)
        .boxed()
        .await?;
    let cursor = |one: &AgentView| one.row.id.to_string();
    Ok(view::page::<AgentList, _>(page, cursor, show_with_drift))
}

/// Add an agent, with an empty draft.
#[utoipa::path(post, path = "/agents", tag = "agents", request_body = AgentInput,
    responses((status = 201, description = "The agent", body = Agent)))]
pub async fn create_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Json(input): Json<AgentInput>,
) -> Result<Response, Problem> {
    let row = agents::create(&state.app.manage, &manager, input)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::CREATED,
        row.revision,
        &show(row),
    ))
}

/// Read an agent.
#[utoipa::path(get, path = "/agents/{id}", tag = "agents",
    params(("id" = wire::AgentId, Path, description = "The agent's id")),
    responses((status = 200, description = "The agent", body = Agent)))]
pub async fn get_agent(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(AgentId,)>,
) -> Result<Response, Problem> {
    let found = agents::get(&state.app.manage, &reader, id).boxed().await?;
    let revision = found.row.revision;
    Ok(view::resource(
        StatusCode::OK,
        revision,
        &show_with_drift(found),
    ))
}

/// Change an agent's name or description, or for how long events of its conversations are kept.
#[utoipa::path(patch, path = "/agents/{id}", tag = "agents",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = AgentPatch,
    responses((status = 200, description = "The agent", body = Agent)))]
pub async fn update_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<AgentPatch>,
) -> Result<Response, Problem> {
    let row = agents::update(&state.app.manage, &manager, id, expected, patch)
        .boxed()
        .await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(row)))
}

/// Delete an agent. Its conversations stay readable and accept no more calls.
#[utoipa::path(delete, path = "/agents/{id}", tag = "agents",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete_agent(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    agents::delete(&state.app.manage, &manager, id, expected)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
