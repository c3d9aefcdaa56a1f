//! Shared actions.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use switchboard_app::actions;
use switchboard_app::impact::Outcome;
use switchboard_app::rows::{self, ActionRow, LinkUser};
use switchboard_app::{AppError, Configuration, Manager, Reader, mcp};
use switchboard_contract::actions::{
    Action, ActionChange, ActionExpansion, ActionInput, ActionList, ActionOrReport, ActionPatch,
    MoveInput, Revision, RevisionField, RevisionList, TestAnswer, TestInput, Usage, UsageEntry,
};
use switchboard_contract::versions::Report;
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::id::{ActionId, IntegrationId};

use crate::extract::{Auth, DryRunQuery, IfMatch, Json, ListQuery, PageQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, view};

fn show(row: ActionRow) -> Action {
    Action {
        id: Wire(row.id),
        integration_id: Wire(row.integration_id),
        name: Wire(row.name),
        description: row.description,
        definition: row.definition.into(),
        shape_digest: row.shape_digest,
        schema_notes: None,
        usage: None,
        revision: row.revision,
        created_at: Time(row.created_at),
        updated_at: Time(row.updated_at),
    }
}

/// An action that was saved, with what providers of models make of its schema.
fn show_saved(row: ActionRow) -> Action {
    let notes = actions::schema_notes(&row).into_iter();
    Action {
        schema_notes: Some(notes.map(Into::into).collect()),
        ..show(row)
    }
}

/// Which actions, and what is said of each.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActionsQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
    /// Only those that have all these words somewhere in their name or description, in any case.
    #[serde(default)]
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only these: their ids, one after the other with commas between them, at most 200.
    #[serde(default)]
    ids: Option<String>,
    /// `usage` says of each which versions of agents link it, as `GET /actions/{id}/usage` does.
    #[serde(default)]
    #[param(value_type = Option<ActionExpansion>)]
    expand: Option<String>,
}

/// A page of actions, and of each what is asked for.
async fn page_of(
    state: &ApiState,
    reader: &Reader<Configuration>,
    integration: Option<IntegrationId>,
    query: ActionsQuery,
) -> Result<Response, Problem> {
    let with_usage = match query.expand.as_deref() {
        None => false,
        Some("usage") => true,
        Some(_) => return Err(AppError::invalid("/expand", "it is `usage`").into()),
    };
    let list = ListQuery {
        limit: query.limit,
        after: query.after,
        q: query.q,
        ids: query.ids,
    };
    let listing = list.listing()?;
    let page = actions::list(&state.app.manage, reader, integration, &listing)
        .boxed()
        .await?;
    let mut usages = if with_usage {
        let ids: Vec<_> = page.rows.iter().map(|row| row.id).collect();
        actions::usages(&state.app.manage, reader, &ids)
            .boxed()
            .await?
    } else {
        BTreeMap::new()
    };
    let cursor = |row: &ActionRow| row.id.to_string();
    let view = |row: ActionRow| {
        let users = usages.remove(&row.id).unwrap_or_default();
        Action {
            usage: with_usage.then(|| users.into_iter().map(usage_entry).collect()),
            ..show(row)
        }
    };
    Ok(view::page::<ActionList, _>(page, cursor, view))
}

fn usage_entry(user: LinkUser) -> UsageEntry {
    UsageEntry {
        agent_id: Wire(user.agent),
        agent_name: user.agent_name,
        version: Wire(user.version),
        published: user.is_published,
        binding_ids: user.bindings.into_iter().map(Wire).collect(),
    }
}

/// List an integration's actions.
#[utoipa::path(get, path = "/integrations/{id}/actions", tag = "actions",
    params(("id" = wire::IntegrationId, Path, description = "The integration's id"), ActionsQuery),
    responses((status = 200, description = "A page of actions", body = ActionList)))]
pub async fn list_actions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(IntegrationId,)>,
    Query(query): Query<ActionsQuery>,
) -> Result<Response, Problem> {
    page_of(&state, &reader, Some(id), query).await
}

/// List the actions of all integrations.
#[utoipa::path(get, path = "/actions", tag = "actions", params(ActionsQuery),
    responses((status = 200, description = "A page of actions", body = ActionList)))]
pub async fn list_all_actions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ActionsQuery>,
) -> Result<Response, Problem> {
    page_of(&state, &reader, None, query).await
}

/// Add an action to an integration.
#[utoipa::path(post, path = "/integrations/{id}/actions", tag = "actions",
    params(("id" = wire::IntegrationId, Path, description = "The integration's id")),
    request_body = ActionInput,
    responses((status = 201, description = "The action", body = Action)))]
pub async fn create_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    Json(input): Json<ActionInput>,
) -> Result<Response, Problem> {
    let row = actions::create(&state.app.manage, &manager, id, input)
        .boxed()
        .await?;
    Ok(view::resource(
        StatusCode::CREATED,
        row.revision,
        &show_saved(row),
    ))
}

/// Read an action.
#[utoipa::path(get, path = "/actions/{id}", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id")),
    responses((status = 200, description = "The action", body = Action)))]
pub async fn get_action(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let row = actions::get(&state.app.manage, &reader, id).boxed().await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(row)))
}

/// Change an action. Every agent that links it uses the new shape from its next call on.
#[utoipa::path(patch, path = "/actions/{id}", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    request_body = ActionPatch,
    responses((status = 200, description = "The action; in a dry run, what the change would mean", body = ActionOrReport)))]
pub async fn update_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
    Json(patch): Json<ActionPatch>,
) -> Result<Response, Problem> {
    let outcome = actions::update(&state.app.manage, &manager, id, query.how(expected), patch)
        .boxed()
        .await?;
    Ok(answer(outcome))
}

/// The changed action, or what the change would mean.
fn answer(outcome: Outcome<ActionRow>) -> Response {
    match outcome {
        Outcome::Done(row) => view::resource(StatusCode::OK, row.revision, &show_saved(row)),
        Outcome::WouldBe(report) => view::answer(StatusCode::OK, &view::report(report)),
    }
}

/// Delete an action. Agents that link it are left with a broken link; it can be brought back.
#[utoipa::path(delete, path = "/actions/{id}", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    responses((status = 204, description = "It is gone"), (status = 200, description = "In a dry run, what that would mean", body = Report)))]
pub async fn delete_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
) -> Result<Response, Problem> {
    let outcome = actions::delete(&state.app.manage, &manager, id, query.how(expected))
        .boxed()
        .await?;
    Ok(view::deleted(outcome))
}

/// Bring a deleted action back as it was.
#[utoipa::path(post, path = "/actions/{id}/undelete", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id")),
    responses((status = 200, description = "The action", body = Action)))]
pub async fn undelete_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let row = actions::undelete(&state.app.manage, &manager, id)
        .boxed()
        .await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(row)))
}

/// Approve what an MCP server changed of a tool: agents may call it again.
#[utoipa::path(post, path = "/actions/{id}/approve", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    responses((status = 200, description = "The action", body = Action)))]
pub async fn approve_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let row = mcp::approve(&state.app.manage, &manager, id, expected)
        .boxed()
        .await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(row)))
}

/// Move an action to another integration. Links to it are broken until they are linked again.
#[utoipa::path(post, path = "/actions/{id}/move", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id"), ("if-match" = Option<String>, Header, description = "The revision you read"), DryRunQuery),
    request_body = MoveInput,
    responses((status = 200, description = "The action; in a dry run, what the move would mean", body = ActionOrReport)))]
pub async fn move_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    IfMatch(expected): IfMatch,
    Query(query): Query<DryRunQuery>,
    Json(input): Json<MoveInput>,
) -> Result<Response, Problem> {
    let (how, target) = (query.how(expected), *input.integration_id);
    let outcome = actions::move_to(&state.app.manage, &manager, id, how, target)
        .boxed()
        .await?;
    Ok(answer(outcome))
}

/// List the agents' versions that link an action. A deleted action is known too.
#[utoipa::path(get, path = "/actions/{id}/usage", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id")),
    responses((status = 200, description = "Agents and versions", body = Usage)))]
pub async fn get_action_usage(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(ActionId,)>,
) -> Result<Response, Problem> {
    let users = actions::usage(&state.app.manage, &reader, id)
        .boxed()
        .await?;
    Ok(view::list::<Usage>(users.into_iter().map(usage_entry)))
}

/// List the changes of an action, the newest first. A deleted action is known too.
#[utoipa::path(get, path = "/actions/{id}/revisions", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id"), PageQuery),
    responses((status = 200, description = "A page of changes", body = RevisionList)))]
pub async fn list_action_revisions(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(ActionId,)>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let (before, limit) = (query.after()?, query.limit()?);
    let page = actions::revisions(&state.app.manage, &reader, id, before, limit)
        .boxed()
        .await?;
    let cursor = |found: &actions::Revision| found.row.revision.to_string();
    Ok(view::page::<RevisionList, _>(page, cursor, show_revision))
}

fn show_revision(found: actions::Revision) -> Revision {
    let row = found.row;
    let fields = found.fields.into_iter();
    let fields = fields.map(|(field, before, after)| RevisionField {
        field,
        before,
        after,
    });
    Revision {
        revision: row.revision,
        change: match row.change {
            rows::ActionChange::Created => ActionChange::Created,
            rows::ActionChange::Updated => ActionChange::Updated,
            rows::ActionChange::Moved => ActionChange::Moved,
            rows::ActionChange::Deleted => ActionChange::Deleted,
            rows::ActionChange::Undeleted => ActionChange::Undeleted,
            rows::ActionChange::Approved => ActionChange::Approved,
        },
        at: Time(row.at),
        by: row.actor,
        integration_id: Wire(row.integration_id),
        shape_digest: row.shape_digest,
        before: found.before,
        after: row.shape.value(),
        fields: fields.collect(),
    }
}

/// Perform an action now, outside any agent, and see all that was sent and received.
#[utoipa::path(post, path = "/actions/{id}/test", tag = "actions",
    params(("id" = wire::ActionId, Path, description = "The action's id")),
    request_body = TestInput,
    responses((status = 200, description = "What came of it", body = TestAnswer)))]
pub async fn test_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ActionId,)>,
    Json(input): Json<TestInput>,
) -> Result<Response, Problem> {
    let answer = actions::test(&state.app.manage, &manager, id, input)
        .boxed()
        .await?;
    Ok(view::raw(StatusCode::OK, answer))
}
