//! Shared actions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_app::actions::{self, ActionInput, ActionPatch, Revision, TestInput};
use switchboard_app::impact::Outcome;
use switchboard_app::rows::ActionRow;
use switchboard_app::{Configuration, Manager, Reader, mcp};
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::id::{ActionId, IntegrationId};

use crate::extract::{Auth, DryRunQuery, IfMatch, Json, ListQuery, PageQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn show(row: &ActionRow) -> Value {
    let mut value = json!({
        "id": row.id, "integration_id": row.integration_id,
        "name": row.name, "description": row.description,
    });
    let particular = match &row.definition {
        ActionDefinition::Api(api) => json!({
            "integration_kind": "custom_api", "method": api.method, "path": api.path,
            "headers": api.headers, "parameters": api.parameters,
            "body_template": api.body_template, "output_variables": api.output_variables,
            "timeout_ms": api.timeout_ms,
        }),
        ActionDefinition::Mcp(mcp) => json!({
            "integration_kind": "mcp_server", "tool": mcp.tool, "parameters": mcp.parameters(),
            "output_variables": mcp.output_variables, "timeout_ms": mcp.timeout_ms,
            "change_unapproved": mcp.is_unapproved,
        }),
        ActionDefinition::Message(message) => json!({
            "integration_kind": "messaging_channel", "recipient": message.recipient,
            "message_template": message.message_template, "parameters": message.parameters,
        }),
    };
    if let (Value::Object(members), Value::Object(particular)) = (&mut value, particular) {
        members.extend(particular);
    }
    value["shape_digest"] = json!(row.shape_digest);
    view::with_times(value, row.revision, row.created_at, row.updated_at)
}

/// An action that was saved, with what providers of models make of its schema.
fn show_saved(row: &ActionRow) -> Value {
    let mut value = show(row);
    value["schema_notes"] = json!(actions::schema_notes(row));
    value
}

/// List an integration's actions.
#[utoipa::path(get, path = "/integrations/{id}/actions", tag = "actions",
    params(("id" = String, Path, description = "The integration's id"), ListQuery),
    responses((status = 200, description = "A page of actions", body = schema::ActionList)))]
pub async fn list_actions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(IntegrationId,)>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = actions::list(&state.app, &reader, Some(id), &query.listing()?)
        .boxed()
        .await?;
    Ok(view::page(&page, |row| row.id.to_string(), show))
}

/// List the actions of all integrations.
#[utoipa::path(get, path = "/actions", tag = "actions", params(ListQuery),
    responses((status = 200, description = "A page of actions", body = schema::ActionList)))]
pub async fn list_all_actions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = actions::list(&state.app, &reader, None, &query.listing()?)
        .boxed()
        .await?;
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
    let row = actions::create(&state.app, &manager, id, input)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::CREATED,
        row.revision,
        &show_saved(&row),
    ))
}

/// Read an action.
#[utoipa::path(get, path = "/actions/{id}", tag = "actions",
    params(("id" = String, Path, description = "The action's id")),
    responses((status = 200, description = "The action", body = schema::Action)))]
pub async fn get_action(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let row = actions::get(&state.app, &reader, id).boxed().await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(&row)))
}

/// Change an action. Every agent that links it uses the new shape from its next call on.
#[utoipa::path(patch, path = "/actions/{id}", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    request_body = schema::ActionPatch,
    responses((status = 200, description = "The action; in a dry run, what the change would mean", body = schema::ActionOrReport)))]
pub async fn update_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
    Json(patch): Json<ActionPatch>,
) -> Result<Response, Problem> {
    let outcome = actions::update(&state.app, &manager, id, query.how(expected), patch)
        .boxed()
        .await?;
    Ok(answer(outcome))
}

/// The changed action, or what the change would mean.
fn answer(outcome: Outcome<ActionRow>) -> Response {
    match outcome {
        Outcome::Done(row) => view::resource(StatusCode::OK, row.revision, &show_saved(&row)),
        Outcome::WouldBe(report) => view::report(&report),
    }
}

/// Delete an action. Agents that link it are left with a broken link; it can be brought back.
#[utoipa::path(delete, path = "/actions/{id}", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    responses((status = 204, description = "It is gone"), (status = 200, description = "In a dry run, what that would mean", body = schema::Report)))]
pub async fn delete_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
) -> Result<Response, Problem> {
    let outcome = actions::delete(&state.app, &manager, id, query.how(expected))
        .boxed()
        .await?;
    Ok(view::deleted(&outcome))
}

/// Bring a deleted action back as it was.
#[utoipa::path(post, path = "/actions/{id}/undelete", tag = "actions",
    params(("id" = String, Path, description = "The action's id")),
    responses((status = 200, description = "The action", body = schema::Action)))]
pub async fn undelete_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let row = actions::undelete(&state.app, &manager, id).boxed().await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(&row)))
}

/// Approve what an MCP server changed of a tool: agents may call it again.
#[utoipa::path(post, path = "/actions/{id}/approve", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    responses((status = 200, description = "The action", body = schema::Action)))]
pub async fn approve_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let row = mcp::approve(&state.app, &manager, id, expected)
        .boxed()
        .await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(&row)))
}

/// Where to move an action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    integration_id: IntegrationId,
}

/// Move an action to another integration. Links to it are broken until they are linked again.
#[utoipa::path(post, path = "/actions/{id}/move", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    request_body = schema::MoveInput,
    responses((status = 200, description = "The action; in a dry run, what the move would mean", body = schema::ActionOrReport)))]
pub async fn move_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
    Json(input): Json<MoveInput>,
) -> Result<Response, Problem> {
    let (how, target) = (query.how(expected), input.integration_id);
    let outcome = actions::move_to(&state.app, &manager, id, how, target)
        .boxed()
        .await?;
    Ok(answer(outcome))
}

/// List the agents' versions that link an action. A deleted action is known too.
#[utoipa::path(get, path = "/actions/{id}/usage", tag = "actions",
    params(("id" = String, Path, description = "The action's id")),
    responses((status = 200, description = "Agents and versions", body = schema::Usage)))]
pub async fn get_action_usage(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let users = actions::usage(&state.app, &reader, id).boxed().await?;
    let data: Vec<_> = users
        .into_iter()
        .map(|user| {
            json!({
                "agent_id": user.agent, "agent_name": user.agent_name, "version": user.version,
                "published": user.is_published, "binding_ids": user.bindings,
            })
        })
        .collect();
    Ok(view::list(&data))
}

/// List the changes of an action, the newest first. A deleted action is known too.
#[utoipa::path(get, path = "/actions/{id}/revisions", tag = "actions",
    params(("id" = String, Path, description = "The action's id"), PageQuery),
    responses((status = 200, description = "A page of changes", body = schema::RevisionList)))]
pub async fn list_action_revisions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(ActionId,)>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let (before, limit) = (query.after()?, query.limit()?);
    let page = actions::revisions(&state.app, &reader, id, before, limit)
        .boxed()
        .await?;
    Ok(view::page(
        &page,
        |found| found.row.revision.to_string(),
        show_revision,
    ))
}

fn show_revision(found: &Revision) -> Value {
    let row = &found.row;
    let fields: Vec<_> = found
        .fields
        .iter()
        .map(|(field, before, after)| json!({"field": field, "before": before, "after": after}))
        .collect();
    json!({
        "revision": row.revision, "change": row.change.as_str(), "at": view::time(row.at),
        "by": row.actor, "integration_id": row.integration_id,
        "shape_digest": row.shape_digest, "before": found.before, "after": row.shape.value(),
        "fields": fields,
    })
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
    let answer = actions::test(&state.app, &manager, id, input)
        .boxed()
        .await?;
    Ok(view::raw(StatusCode::OK, answer))
}
