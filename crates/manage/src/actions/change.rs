//! Changing, moving, deleting and bringing back shared actions: what every agent that links one
//! sees from its next call on. Each can be asked what it would mean before it is done.

use switchboard_contract::actions::ActionPatch;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, IntegrationId};
use switchboard_domain::link::{CurrentAction, Place};
use switchboard_domain::name::ActionName;
use switchboard_store::StoreError;
use switchboard_store::action::{self, ActionRow};
use switchboard_store::action_revision::ActionChange;
use switchboard_store::integration::{self, IntegrationRow};

use super::{check, read_only, record};
use crate::change::{ConfigChange, check_revision};
use crate::impact::{self, How, Outcome};
use crate::{Manage, existing};
use switchboard_operation::{AppError, Manager};

/// An action as versions see it.
fn current(row: &ActionRow, integration: &IntegrationRow) -> CurrentAction {
    CurrentAction {
        revision: row.revision,
        place: Place {
            integration: row.integration_id,
            is_deleted: row.deleted_at.is_some(),
            is_integration_deleted: integration.deleted_at.is_some(),
        },
        integration_name: integration.name.clone(),
        shape: row.shape(),
        digest: row.shape_digest.clone(),
    }
}

/// Writes a changed action, and either keeps it or tells what it would mean.
async fn settle(
    mut change: ConfigChange<'_>,
    before: &CurrentAction,
    mut row: ActionRow,
    what: ActionChange,
    dry_run: bool,
) -> Result<Outcome<ActionRow>, AppError> {
    let workspace = change.workspace();
    row.updated_at = change.now;
    row.revision += 1;
    let engine = &mut change.engine();
    action::update(engine, workspace, &row)
        .await
        .map_err(|error| taken(error, &row.name))?;
    let under = integration::get(engine, workspace, row.integration_id)
        .await?
        .ok_or(AppError::NotFound("integration"))?;
    let after = current(&row, &under);
    // Nothing else can give an agent a name that it has already.
    let is_named_anew = before.shape.name != row.name || what == ActionChange::Moved;
    let refusal = if is_named_anew {
        impact::name_collision(engine, workspace, row.id, &row.name).await?
    } else {
        None
    };
    if dry_run {
        let affected = impact::of_action(engine, workspace, row.id, before, &after).await?;
        return Ok(Outcome::WouldBe(impact::Report { affected, refusal }));
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    record(&mut change, &row, what).await?;
    change.commit().await?;
    Ok(Outcome::Done(row))
}

/// Changes an action. Every agent that links it uses the new shape from its next call on.
pub async fn update(
    manage: &Manage,
    manager: &Manager,
    id: ActionId,
    how: How,
    mut patch: ActionPatch,
) -> Result<Outcome<ActionRow>, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let mut row = existing::action(engine, workspace, id).await?;
    check_revision(how.expected, row.revision)?;
    let under = existing::integration(engine, workspace, row.integration_id).await?;
    let before = current(&row, &under);
    let applied = patch.apply(&mut row.definition);
    applied.ok_or_else(read_only)?.map_err(AppError::Invalid)?;
    if let Some(description) = patch.description {
        row.description = description;
    }
    let name = patch.name.unwrap_or_else(|| row.name.to_string());
    row.name = check(&name, &row.description, &row.definition)?;
    row.shape_digest = row.shape().digest();
    settle(change, &before, row, ActionChange::Updated, how.dry_run).await
}

/// Tools come and go with their server.
fn changeable(row: &ActionRow) -> Result<(), AppError> {
    match row.definition.tool() {
        Some(_) => Err(read_only()),
        None => Ok(()),
    }
}

/// Deletes an action. Agents that link it are left with a broken link; it can be brought back.
pub async fn delete(
    manage: &Manage,
    manager: &Manager,
    id: ActionId,
    how: How,
) -> Result<Outcome<ActionRow>, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let mut row = existing::action(engine, workspace, id).await?;
    check_revision(how.expected, row.revision)?;
    changeable(&row)?;
    let under = existing::integration(engine, workspace, row.integration_id).await?;
    let before = current(&row, &under);
    row.deleted_at = Some(change.now);
    settle(change, &before, row, ActionChange::Deleted, how.dry_run).await
}

/// Moves an action to another integration. Links that name the old one are broken until they are
/// linked again.
pub async fn move_to(
    manage: &Manage,
    manager: &Manager,
    id: ActionId,
    how: How,
    integration: IntegrationId,
) -> Result<Outcome<ActionRow>, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let mut row = existing::action(engine, workspace, id).await?;
    check_revision(how.expected, row.revision)?;
    changeable(&row)?;
    let target = existing::integration_in_input(engine, workspace, integration).await?;
    let under = existing::integration(engine, workspace, row.integration_id).await?;
    if target.definition.kind() != under.definition.kind() {
        return Err(AppError::invalid(
            "/integration_id",
            "an action moves between integrations of one kind",
        ));
    }
    if row.integration_id == integration && !how.dry_run {
        return Ok(Outcome::Done(row));
    }
    let before = current(&row, &under);
    row.integration_id = integration;
    settle(change, &before, row, ActionChange::Moved, how.dry_run).await
}

/// Brings a deleted action back as it was. Links to it lead somewhere again.
pub async fn undelete(
    manage: &Manage,
    manager: &Manager,
    id: ActionId,
) -> Result<ActionRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let row = action::get(engine, workspace, id)
        .await?
        .ok_or(AppError::NotFound("action"))?;
    if row.deleted_at.is_none() {
        return Ok(row);
    }
    changeable(&row)?;
    let under = integration::get(engine, workspace, row.integration_id).await?;
    if under.is_none_or(|under| under.deleted_at.is_some()) {
        return Err(AppError::conflict(
            ErrorCode::IntegrationDeleted,
            format!(
                "the integration it was under is deleted; bring that back by POST /integrations/{}/undelete, and its actions come with it",
                row.integration_id
            ),
        ));
    }
    let row = bring_back(&mut change, row).await?;
    change.commit().await?;
    Ok(row)
}

/// Takes the mark of deletion from an action, as a part of a change.
pub(crate) async fn bring_back(
    change: &mut ConfigChange<'_>,
    mut row: ActionRow,
) -> Result<ActionRow, AppError> {
    let workspace = change.workspace();
    row.deleted_at = None;
    row.updated_at = change.now;
    row.revision += 1;
    let engine = &mut change.engine();
    action::update(engine, workspace, &row)
        .await
        .map_err(|error| taken(error, &row.name))?;
    if let Some(refusal) = impact::name_collision(engine, workspace, row.id, &row.name).await? {
        return Err(refusal);
    }
    record(change, &row, ActionChange::Undeleted).await?;
    Ok(row)
}

pub(crate) fn taken(error: StoreError, name: &ActionName) -> AppError {
    match error {
        StoreError::Duplicate => AppError::conflict(
            ErrorCode::NameTaken,
            format!("this integration has an action named `{name}` already; choose another name"),
        ),
        error => error.into(),
    }
}
