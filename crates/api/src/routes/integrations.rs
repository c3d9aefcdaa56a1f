//! `/integrations`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::integrations::{self, IntegrationView};
use switchboard_app::{Configuration, Manager, Reader, mcp};
use switchboard_contract::integrations::{
    ConnectionError, ConnectionTest, ConnectionTestAnswer, Integration, IntegrationDefinition,
    IntegrationError, IntegrationInput, IntegrationList, IntegrationPatch, Outcome, Refreshed,
};
use switchboard_contract::versions::Report;
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::id::IntegrationId;

use crate::extract::{Auth, DryRunQuery, IfMatch, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, view};

fn show(found: IntegrationView) -> Integration {
    let row = found.row;
    Integration {
        id: Wire(row.id),
        name: row.name,
        description: row.description,
        definition: IntegrationDefinition::new(row.definition, row.discovery),
        action_count: found.action_count,
        agent_count: found.agent_count,
        last_error: found.last_error.and_then(|(environment, error)| {
            Some(IntegrationError {
                code: error.code,
                message: error.message,
                environment: Wire(environment.parse().ok()?),
                at: Time(error.at),
            })
        }),
        revision: row.revision,
        created_at: Time(row.created_at),
        updated_at: Time(row.updated_at),
    }
}

fn answer(status: StatusCode, found: IntegrationView) -> Response {
    view::resource(status, found.row.revision, &show(found))
}

/// List integrations, with how many actions each has and how many agents use it.
#[utoipa::path(get, path = "/integrations", tag = "integrations", params(ListQuery),
    responses((status = 200, description = "A page of integrations", body = IntegrationList)))]
pub async fn list_integrations(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = integrations::list(&state.app.manage, &reader, &query.listing()?)
        .boxed()
        .await?;
    let cursor = |found: &IntegrationView| found.row.id.to_string();
    Ok(view::page::<IntegrationList, _>(page, cursor, show))
}

/// Add an integration.
#[utoipa::path(post, path = "/integrations", tag = "integrations", request_body = IntegrationInput,
    responses((status = 201, description = "The integration", body = Integration)))]
pub async fn create_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Json(input): Json<IntegrationInput>,
) -> Result<Response, Problem> {
    let made = integrations::create(&state.app.manage, &manager, input)
        .boxed()
        .await?;
    Ok(answer(StatusCode::CREATED, made))
}

/// Try a connection, saved or not: who answers there, and whether they take the credentials. Nothing is
/// changed.
#[utoipa::path(post, path = "/integrations/test", tag = "integrations", request_body = ConnectionTest,
    responses((status = 200, description = "What came of it", body = ConnectionTestAnswer)))]
pub async fn test_connection(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Json(input): Json<ConnectionTest>,
) -> Result<Response, Problem> {
    let (probe, duration) = integrations::probe(&state.app.manage, &manager, input)
        .boxed()
        .await?;
    let error = probe.error.map(|error| ConnectionError {
        code: error.code,
        message: error.message,
        upstream_status: error.upstream_status,
    });
    let answer = ConnectionTestAnswer {
        status: Outcome::of(error.is_none()),
        error,
        http_status: probe.http_status,
        tools: probe.tools,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(view::answer(StatusCode::OK, &answer))
}

/// Read an integration.
#[utoipa::path(get, path = "/integrations/{id}", tag = "integrations",
    params(("id" = wire::IntegrationId, Path, description = "The integration's id")),
    responses((status = 200, description = "The integration", body = Integration)))]
pub async fn get_integration(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(IntegrationId,)>,
) -> Result<Response, Problem> {
    let found = integrations::get(&state.app.manage, &reader, id)
        .boxed()
        .await?;
    Ok(answer(StatusCode::OK, found))
}

/// Change an integration. A slot that is given replaces the one that is there; null empties it.
#[utoipa::path(patch, path = "/integrations/{id}", tag = "integrations",
    params(("id" = wire::IntegrationId, Path, description = "The integration's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = IntegrationPatch,
    responses((status = 200, description = "The integration", body = Integration)))]
pub async fn update_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<IntegrationPatch>,
) -> Result<Response, Problem> {
    let changed = integrations::update(&state.app.manage, &manager, id, expected, patch)
        .boxed()
        .await?;
    Ok(answer(StatusCode::OK, changed))
}

/// Delete an integration with its actions. Agents that link them are left with broken links; it can
/// be brought back.
#[utoipa::path(delete, path = "/integrations/{id}", tag = "integrations",
    params(("id" = wire::IntegrationId, Path, description = "The integration's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    responses((status = 204, description = "It is gone"), (status = 200, description = "In a dry run, what that would mean", body = Report)))]
pub async fn delete_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
) -> Result<Response, Problem> {
    let outcome = integrations::delete(&state.app.manage, &manager, id, query.how(expected))
        .boxed()
        .await?;
    Ok(view::deleted(outcome))
}

/// Bring a deleted integration back as it was, with the actions that were deleted with it.
#[utoipa::path(post, path = "/integrations/{id}/undelete", tag = "integrations",
    params(("id" = wire::IntegrationId, Path, description = "The integration's id")),
    responses((status = 200, description = "The integration", body = Integration)))]
pub async fn undelete_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
) -> Result<Response, Problem> {
    let found = integrations::undelete(&state.app.manage, &manager, id)
        .boxed()
        .await?;
    Ok(answer(StatusCode::OK, found))
}

/// Fetch the tools of an MCP server again. When that fails the old list is kept.
#[utoipa::path(post, path = "/integrations/{id}/refresh", tag = "integrations",
    params(("id" = wire::IntegrationId, Path, description = "The integration's id")),
    responses((status = 200, description = "What came of it", body = Refreshed)))]
pub async fn refresh_integration(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
) -> Result<Response, Problem> {
    let refreshed = mcp::refresh(&state.app.manage, &manager, id)
        .boxed()
        .await?;
    let all = |tools: Vec<_>| tools.into_iter().map(Into::into).collect();
    let answer = Refreshed {
        added: refreshed.added,
        removed: refreshed.removed,
        changed: refreshed.changed,
        left_out: all(refreshed.left_out),
        schema_notes: refreshed.schema_notes.into_iter().map(Into::into).collect(),
    };
    Ok(view::answer(StatusCode::OK, &answer))
}
