//! Drafts: the one mutable version of an agent, as a whole and binding by binding.

mod check;
mod edit;
mod input;
mod promote;

use std::collections::BTreeSet;

use serde_json::Value;
use switchboard_contract::drafts::{Binding, BindingInput, DraftInput, RelinkInput};
use switchboard_contract::list::all;
use switchboard_contract::wire::Wire;
use switchboard_domain::agent::{AgentDocument, BindingTarget, Link, VersionRef};
use switchboard_domain::drift::{self, LinkChange};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{AgentId, BindingId, WorkspaceId};
use switchboard_domain::strict;
use switchboard_store::agent::VersionRow;
use switchboard_store::change::Entity;
use switchboard_store::{Engine, action, link, reference};

use crate::change::ConfigChange;
use crate::{Manage, existing};
use edit::DraftEdit;
pub use promote::promote;
use switchboard_operation::{AppError, Configuration, Manager, Reader};

pub(crate) use edit::{refer, write};

/// The draft.
pub async fn get(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: AgentId,
) -> Result<VersionRow, AppError> {
    let mut conn = manage.db.read().await?;
    existing::draft(&mut conn.engine(), reader.workspace(), id).await
}

/// Replaces the draft. Bindings whose ids it knows keep them.
pub async fn put(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
    input: DraftInput,
) -> Result<VersionRow, AppError> {
    let mut edit = DraftEdit::begin(manage, manager, id, expected).await?;
    let draft = edit.document();
    draft.instructions = input.instructions;
    draft.strict_states = input.strict_states;
    draft.initial_state = input.initial_state.map(|Wire(name)| name);
    draft.go_to_state = input.go_to_state;
    draft.states = all(input.states);
    let known: BTreeSet<BindingId> = draft.actions.iter().map(|binding| binding.id).collect();
    let places = edit.places(&input.actions).await?;
    let mut bindings = vec![];
    let many = input.actions.len();
    for (index, binding) in input.actions.into_iter().enumerate() {
        let pointer = format!("/actions/{index}");
        let kept = binding
            .id
            .map(|Wire(id)| id)
            .filter(|id| known.contains(id));
        let id = kept.unwrap_or_else(|| BindingId::from_uuid(manage.context.uuid()));
        let read = input::read_binding(id, binding, &pointer, &places, &mut edit.errors);
        bindings.extend(read);
    }
    if bindings.len() < many {
        // Without one of them the others stand elsewhere than where they were sent.
        return Err(AppError::Invalid(edit.errors.into_inner()));
    }
    edit.document().actions = bindings;
    edit.finish("draft.update").await
}

/// Adds a binding to the draft.
pub async fn add_binding(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
    input: BindingInput,
) -> Result<(VersionRow, BindingId), AppError> {
    let mut edit = DraftEdit::begin(manage, manager, id, expected).await?;
    let id = BindingId::from_uuid(manage.context.uuid());
    let places = edit.places(std::slice::from_ref(&input)).await?;
    let binding = input::read_binding(id, input, "", &places, &mut edit.errors);
    edit.document().actions.extend(binding);
    Ok((edit.finish("draft.add_action").await?, id))
}

/// Changes a binding of the draft: what is given replaces what is there.
pub async fn update_binding(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    binding: BindingId,
    expected: Option<u64>,
    patch: serde_json::Map<String, Value>,
) -> Result<VersionRow, AppError> {
    let mut edit = DraftEdit::begin(manage, manager, id, expected).await?;
    let before = Binding::from(edit.binding(binding)?.clone());
    let mut merged =
        serde_json::to_value(before).map_err(|error| AppError::Internal(error.to_string()))?;
    input::merge(&mut merged, Value::Object(patch));
    match strict::from_value::<BindingInput>(merged) {
        Ok(input) => {
            let places = edit.places(std::slice::from_ref(&input)).await?;
            let read = input::read_binding(binding, input, "", &places, &mut edit.errors);
            if let Some(read) = read {
                *edit.binding(binding)? = read;
            }
        }
        Err(error) => edit.errors.push("", error),
    }
    edit.finish("draft.update_action").await
}

/// Removes a binding from the draft.
pub async fn remove_binding(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    binding: BindingId,
    expected: Option<u64>,
) -> Result<(), AppError> {
    let mut edit = DraftEdit::begin(manage, manager, id, expected).await?;
    edit.binding(binding)?;
    edit.document().actions.retain(|known| known.id != binding);
    edit.finish("draft.remove_action").await.map(drop)
}

/// Points a link to another action, or to where its action was moved. Its overrides are kept.
pub async fn relink(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    binding: BindingId,
    expected: Option<u64>,
    input: RelinkInput,
) -> Result<VersionRow, AppError> {
    let mut edit = DraftEdit::begin(manage, manager, id, expected).await?;
    let BindingTarget::Link { link, .. } = &edit.binding(binding)?.target else {
        return Err(AppError::conflict(
            ErrorCode::NotALink,
            "this binding is an action of the agent's own; only a link can be linked again",
        ));
    };
    let action = input.action_id.map_or(link.action_id, |Wire(id)| id);
    let found = action::get(&mut edit.change.engine(), manager.workspace(), action).await?;
    let row = found
        .filter(|row| row.deleted_at.is_none())
        .ok_or_else(|| {
            let advice = if input.action_id.is_some() {
                "there is no such action in this workspace"
            } else {
                "the action it links was deleted; name another one, or bring it back"
            };
            AppError::invalid("/action_id", advice)
        })?;
    if let BindingTarget::Link { link, .. } = &mut edit.binding(binding)?.target {
        *link = Link {
            action_id: row.id,
            integration_id: row.integration_id,
        };
    }
    edit.finish("draft.relink_action").await
}

/// The bindings of a draft that are no longer what the version that was restored into it expects.
pub async fn drift(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: AgentId,
) -> Result<Vec<LinkChange>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let row = existing::draft(engine, workspace, id).await?;
    drift_of(engine, workspace, id, &row.document).await
}

async fn drift_of(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    document: &AgentDocument,
) -> Result<Vec<LinkChange>, AppError> {
    let links = link::of_version(engine, workspace, id, VersionRef::Draft).await?;
    Ok(drift::since_restored(document, &links))
}

/// Marks a binding's difference as reviewed. It is told of again when its action changes again.
/// Answers what is left to review.
pub async fn review(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    binding: BindingId,
) -> Result<Vec<LinkChange>, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let row = existing::draft(engine, workspace, id).await?;
    let links = link::of_version(engine, workspace, id, VersionRef::Draft).await?;
    let link = links
        .iter()
        .find(|link| link.binding == binding)
        .ok_or(AppError::NotFound("binding"))?;
    link::mark_reviewed(engine, workspace, id, binding, &link.state()).await?;
    let left = drift_of(engine, workspace, id, &row.document).await?;
    change
        .note(Entity::Agent, &id.to_string(), "draft.review")
        .await?;
    change.commit().await?;
    Ok(left)
}

/// Forgets what a deleted agent's versions referred to.
pub(crate) async fn forget(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<(), AppError> {
    link::replace_draft(engine, workspace, id, &[]).await?;
    Ok(reference::forget_agent(engine, workspace, id).await?)
}
