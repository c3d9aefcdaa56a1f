//! An agent's draft and its bindings.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use switchboard_app::drafts;
use switchboard_app::rows::VersionRow;
use switchboard_app::{AppError, Configuration, Manager, Reader};
use switchboard_contract::drafts::{
    Binding, BindingInput, BindingPatch, Draft, DraftInput, PromoteInput, RelinkInput,
};
use switchboard_contract::versions::LinkChangeList;
use switchboard_contract::wire::{self, Time};
use switchboard_domain::id::{AgentId, BindingId};

use crate::extract::{Auth, IfMatch, Json, OptionalJson, Path};
use crate::problem::Problem;
use crate::{ApiState, view};

/// A draft as it is shown.
pub fn show(row: VersionRow) -> Draft {
    Draft {
        document: row.document.into(),
        restored_from: row.restored_from,
        revision: row.revision,
        created_at: Time(row.created_at),
        updated_at: Time(row.updated_at),
    }
}

fn show_binding(row: &VersionRow, id: BindingId) -> Result<Binding, AppError> {
    let mut bindings = row.document.actions.iter();
    let found = bindings.find(|binding| binding.id == id);
    found
        .map(|binding| binding.clone().into())
        .ok_or(AppError::NotFound("binding"))
}

/// Read an agent's draft.
#[utoipa::path(get, path = "/agents/{id}/draft", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id")),
    responses((status = 200, description = "The draft", body = Draft)))]
pub async fn get_draft(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(AgentId,)>,
) -> Result<Response, Problem> {
    let row = drafts::get(&state.app.manage, &reader, id).boxed().await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(row)))
}

/// Replace an agent's draft. Bindings whose ids it knows keep them.
#[utoipa::path(put, path = "/agents/{id}/draft", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = DraftInput,
    responses((status = 200, description = "The draft", body = Draft)))]
pub async fn put_draft(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    Json(input): Json<DraftInput>,
) -> Result<Response, Problem> {
    let row = drafts::put(&state.app.manage, &manager, id, expected, input)
        .boxed()
        .await?;
    Ok(view::resource(StatusCode::OK, row.revision, &show(row)))
}

/// Add a binding to the draft.
#[utoipa::path(post, path = "/agents/{id}/draft/actions", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    request_body = BindingInput,
    responses((status = 201, description = "The binding", body = Binding)))]
pub async fn create_draft_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(AgentId,)>,
    IfMatch(expected): IfMatch,
    Json(input): Json<BindingInput>,
) -> Result<Response, Problem> {
    let (row, binding) = drafts::add_binding(&state.app.manage, &manager, id, expected, input)
        .boxed()
        .await?;
    let value = show_binding(&row, binding)?;
    Ok(view::resource(StatusCode::CREATED, row.revision, &value))
}

/// Change a binding of the draft: members that are given replace those that are there, null removes.
#[utoipa::path(patch, path = "/agents/{id}/draft/actions/{binding_id}", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("binding_id" = wire::BindingId, Path, description = "The binding's id"),
        ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    request_body = BindingPatch,
    responses((status = 200, description = "The binding", body = Binding)))]
pub async fn update_draft_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, binding)): Path<(AgentId, BindingId)>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let row = drafts::update_binding(&state.app.manage, &manager, id, binding, expected, patch)
        .boxed()
        .await?;
    let value = show_binding(&row, binding)?;
    Ok(view::resource(StatusCode::OK, row.revision, &value))
}

/// Remove a binding from the draft.
#[utoipa::path(delete, path = "/agents/{id}/draft/actions/{binding_id}", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("binding_id" = wire::BindingId, Path, description = "The binding's id"),
        ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete_draft_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, binding)): Path<(AgentId, BindingId)>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    drafts::remove_binding(&state.app.manage, &manager, id, binding, expected)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a shared action of an agent's own API call, and link it.
#[utoipa::path(post, path = "/agents/{id}/draft/actions/{binding_id}/promote", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("binding_id" = wire::BindingId, Path, description = "The binding's id"),
        ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    request_body = PromoteInput,
    responses((status = 200, description = "The binding, a link now", body = Binding)))]
pub async fn promote_draft_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, binding)): Path<(AgentId, BindingId)>,
    IfMatch(expected): IfMatch,
    Json(input): Json<PromoteInput>,
) -> Result<Response, Problem> {
    let row = drafts::promote(&state.app.manage, &manager, id, binding, expected, input)
        .boxed()
        .await?;
    let value = show_binding(&row, binding)?;
    Ok(view::resource(StatusCode::OK, row.revision, &value))
}

/// Point a link to another action, or to where its action was moved. Overrides are kept.
#[utoipa::path(post, path = "/agents/{id}/draft/actions/{binding_id}/relink", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("binding_id" = wire::BindingId, Path, description = "The binding's id"),
        ("if-match" = Option<String>, Header, description = "The draft's revision you read")),
    request_body = RelinkInput,
    responses((status = 200, description = "The binding", body = Binding)))]
pub async fn relink_draft_action(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, binding)): Path<(AgentId, BindingId)>,
    IfMatch(expected): IfMatch,
    OptionalJson(input): OptionalJson<RelinkInput>,
) -> Result<Response, Problem> {
    let row = drafts::relink(&state.app.manage, &manager, id, binding, expected, input)
        .boxed()
        .await?;
    let value = show_binding(&row, binding)?;
    Ok(view::resource(StatusCode::OK, row.revision, &value))
}

/// List the bindings that are no longer what the restored version expects.
#[utoipa::path(get, path = "/agents/{id}/draft/drift", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id")),
    responses((status = 200, description = "What is to be reviewed", body = LinkChangeList)))]
pub async fn get_draft_drift(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Path((id,)): Path<(AgentId,)>,
) -> Result<Response, Problem> {
    let changes = drafts::drift(&state.app.manage, &reader, id)
        .boxed()
        .await?;
    Ok(view::list::<LinkChangeList>(changes))
}

/// Mark a binding's difference as reviewed. It comes back when its action changes again.
#[utoipa::path(post, path = "/agents/{id}/draft/drift/{binding_id}/review", tag = "drafts",
    params(("id" = wire::AgentId, Path, description = "The agent's id"), ("binding_id" = wire::BindingId, Path, description = "The binding's id")),
    responses((status = 200, description = "What is left to be reviewed", body = LinkChangeList)))]
pub async fn review_draft_drift(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id, binding)): Path<(AgentId, BindingId)>,
) -> Result<Response, Problem> {
    let left = drafts::review(&state.app.manage, &manager, id, binding)
        .boxed()
        .await?;
    Ok(view::list::<LinkChangeList>(left))
}
