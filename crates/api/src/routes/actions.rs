//! Shared actions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_app::Manager;
use switchboard_app::actions::{self, ActionInput, ActionPatch, TestInput};
use switchboard_app::rows::ActionRow;
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::id::{ActionId, IntegrationId};

use crate::extract::{Auth, IfMatch, Json, PageQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn show(row: &ActionRow) -> Value {
    let ActionDefinition::Api(api) = &row.definition;
    let value = json!({
        "id": row.id, "integration_id": row.integration_id, "integration_kind": "custom_api",
        "name": row.name, "description": row.description, "method": api.method, "path": api.path,
        "headers": api.headers, "parameters": api.parameters, "body_template": api.body_template,
        "output_variables": api.output_variables, "timeout_ms": api.timeout_ms,
        "shape_digest": row.shape_digest,
    });
    view::with_times(value, row.revision, row.created_at, row.updated_at)
}

/// List an integration's actions.
#[utoipa::path(get, path = "/integrations/{id}/actions", tag = "actions",
    params(("id" = String, Path, description = "The integration's id"), PageQuery),
    responses((status = 200, description = "A page of actions", body = schema::ActionList)))]
pub async fn list_actions(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = actions::list(&state.app, &manager, id, query.after()?, query.limit()?).await?;
    Ok(view::page(&page, |row| row.id.to_string(), show))
}

/// Add an action to an integration.
#[utoipa::path(post, path = "/integrations/{id}/actions", tag = "actions",
    params(("id" = String, Path, description = "The integration's id")),
    request_body = schema::ActionInput,
    responses((status = 201, description = "The action", body = schema::Action)))]
pub async fn create_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    Json(input): Json<ActionInput>,
) -> Result<Response, Problem> {
    let row = actions::create(&state.app, &manager, id, input).await?;
    Ok(view::resource(
        StatusCode::CREATED,
        row.revision,
        &show(&row),
    ))
}

/// Read an action.
#[utoipa::path(get, path = "/actions/{id}", tag = "actions",
    params(("id" = String, Path, description = "The action's id")),
    responses((status = 200, description = "The action", body = schema::Action)))]
pub async fn get_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let row = actions::get(&state.app, &manager, id).await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(&row)))
}

/// Change an action. Every agent that links it uses the new shape from its next call on.
#[utoipa::path(patch, path = "/actions/{id}", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = schema::ActionPatch,
    responses((status = 200, description = "The action", body = schema::Action)))]
pub async fn update_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<ActionPatch>,
) -> Result<Response, Problem> {
    let row = actions::update(&state.app, &manager, id, expected, patch).await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(&row)))
}

/// Delete an action. Agents that link it are left with a broken link.
#[utoipa::path(delete, path = "/actions/{id}", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    actions::delete(&state.app, &manager, id, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to move an action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    integration_id: IntegrationId,
}

/// Move an action to another integration.
#[utoipa::path(post, path = "/actions/{id}/move", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = schema::MoveInput,
    responses((status = 200, description = "The action", body = schema::Action)))]
pub async fn move_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Json(input): Json<MoveInput>,
) -> Result<Response, Problem> {
    let row = actions::move_to(&state.app, &manager, id, expected, input.integration_id).await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(&row)))
}

/// List the agents' versions that link an action.
#[utoipa::path(get, path = "/actions/{id}/usage", tag = "actions",
    params(("id" = String, Path, description = "The action's id")),
    responses((status = 200, description = "Agents and versions", body = schema::Usage)))]
pub async fn get_action_usage(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let users = actions::usage(&state.app, &manager, id).await?;
    let data: Vec<_> = users
        .into_iter()
        .map(|user| {
            json!({
                "agent_id": user.agent, "version": user.version, "binding_ids": user.bindings,
            })
        })
        .collect();
    Ok(view::raw(
        StatusCode::OK,
        json!({"data": data, "next": null}).to_string(),
    ))
}

/// Perform an action now, outside any agent, and see all that was sent and received.
#[utoipa::path(post, path = "/actions/{id}/test", tag = "actions",
    params(("id" = String, Path, description = "The action's id")),
    request_body = schema::TestInput,
    responses((status = 200, description = "What came of it", body = schema::TestAnswer)))]
pub async fn test_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    Json(input): Json<TestInput>,
) -> Result<Response, Problem> {
    let answer = actions::test(&state.app, &manager, id, input).await?;
    Ok(view::raw(StatusCode::OK, answer))
}
