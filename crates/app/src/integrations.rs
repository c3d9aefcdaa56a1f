//! Integrations.

use serde::Deserialize;
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::{ApiSlot, IntegrationDefinition, IntegrationKind};
use switchboard_domain::name::Title;
use switchboard_store::action_revision::ActionChange;
use switchboard_store::change::Entity;
use switchboard_store::integration::{self, IntegrationRow};
use switchboard_store::reference::Source;
use switchboard_store::{Engine, action, link};

use crate::change::{ConfigChange, check_revision};
use crate::impact::{self, How, Outcome, Report};
use crate::{App, AppError, Manager, Page, Patch, actions, prepare, secrets};

/// The longest description, in bytes.
pub(crate) const MAX_DESCRIPTION_BYTES: usize = 16 * 1024;

/// What POST takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationInput {
    /// The kind.
    pub kind: IntegrationKind,
    /// The name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The slots.
    pub environments: PerEnvironment<ApiSlot>,
}

/// What PATCH takes. A slot that is given replaces the one that is there, null empties it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationPatch {
    /// The name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The slots.
    pub environments: Option<SlotPatches>,
}

/// Slots of a PATCH.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotPatches {
    #[serde(default)]
    development: Patch<ApiSlot>,
    #[serde(default)]
    staging: Patch<ApiSlot>,
    #[serde(default)]
    production: Patch<ApiSlot>,
}

/// An integration as it is shown.
#[derive(Debug, Clone)]
pub struct IntegrationView {
    /// The integration.
    pub row: IntegrationRow,
    /// How many actions it has.
    pub action_count: u64,
    /// How many agents use it.
    pub agent_count: u64,
}

/// A page of integrations.
pub async fn list(
    app: &App,
    manager: &Manager,
    after: Option<IntegrationId>,
    limit: u32,
) -> Result<Page<IntegrationView>, AppError> {
    let workspace = manager.workspace();
    let mut conn = app.db.read().await?;
    let engine = &mut conn.engine();
    let page = integration::list(engine, workspace, after, limit).await?;
    let actions = action::counts(engine, workspace).await?;
    let agents = link::agents_by_integration(engine, workspace).await?;
    page.try_map(|row| {
        Ok(IntegrationView {
            action_count: actions.get(&row.id).copied().unwrap_or(0),
            agent_count: agents.get(&row.id).map_or(0, |agents| agents.len() as u64),
            row,
        })
    })
}

async fn view(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: IntegrationRow,
) -> Result<IntegrationView, AppError> {
    let actions = action::counts(engine, workspace).await?;
    let agents = link::agents_by_integration(engine, workspace).await?;
    Ok(IntegrationView {
        action_count: actions.get(&row.id).copied().unwrap_or(0),
        agent_count: agents.get(&row.id).map_or(0, |agents| agents.len() as u64),
        row,
    })
}

/// One integration that is not deleted.
pub(crate) async fn existing(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<IntegrationRow, AppError> {
    integration::get(engine, workspace, id)
        .await?
        .filter(|row| row.deleted_at.is_none())
        .ok_or(AppError::NotFound("integration"))
}

/// An integration that an input names as `integration_id`.
pub(crate) async fn named_in_input(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<IntegrationRow, AppError> {
    existing(engine, workspace, id)
        .await
        .map_err(|error| match error {
            AppError::NotFound(_) => AppError::invalid(
                "/integration_id",
                "there is no such integration in this workspace",
            ),
            error => error,
        })
}

/// One integration.
pub async fn get(
    app: &App,
    manager: &Manager,
    id: IntegrationId,
) -> Result<IntegrationView, AppError> {
    let workspace = manager.workspace();
    let mut conn = app.db.read().await?;
    let engine = &mut conn.engine();
    let row = existing(engine, workspace, id).await?;
    view(engine, workspace, row).await
}

/// Adds an integration.
pub async fn create(
    app: &App,
    manager: &Manager,
    input: IntegrationInput,
) -> Result<IntegrationView, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let row = IntegrationRow {
        id: IntegrationId::from_uuid(app.context.uuid()),
        name: input.name,
        description: input.description,
        definition: IntegrationDefinition::CustomApi {
            environments: input.environments,
        },
        revision: 1,
        created_at: change.now,
        updated_at: change.now,
        deleted_at: None,
    };
    check(&row)?;
    let engine = &mut change.engine();
    integration::insert(engine, workspace, &row).await?;
    refer(engine, workspace, &row).await?;
    let view = view(engine, workspace, row).await?;
    let id = view.row.id.to_string();
    change
        .note(Entity::Integration, &id, "integration.create")
        .await?;
    change.commit().await?;
    Ok(view)
}

/// Changes an integration.
pub async fn update(
    app: &App,
    manager: &Manager,
    id: IntegrationId,
    expected: Option<u64>,
    patch: IntegrationPatch,
) -> Result<IntegrationView, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let mut row = existing(engine, workspace, id).await?;
    check_revision(expected, row.revision)?;
    if let Some(name) = patch.name {
        row.name = name;
    }
    if let Some(description) = patch.description {
        row.description = description;
    }
    if let Some(slots) = patch.environments {
        let IntegrationDefinition::CustomApi { environments } = &mut row.definition;
        slots
            .development
            .apply(environments.slot(Environment::Development));
        slots.staging.apply(environments.slot(Environment::Staging));
        slots
            .production
            .apply(environments.slot(Environment::Production));
    }
    check(&row)?;
    save(&mut change, &mut row).await?;
    let engine = &mut change.engine();
    refer(engine, workspace, &row).await?;
    let view = view(engine, workspace, row).await?;
    change
        .note(Entity::Integration, &id.to_string(), "integration.update")
        .await?;
    change.commit().await?;
    Ok(view)
}

/// Deletes an integration and its actions. Agents that link them are left with broken links. It can
/// be brought back, and its actions come with it.
pub async fn delete(
    app: &App,
    manager: &Manager,
    id: IntegrationId,
    how: How,
) -> Result<Outcome<()>, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let now = change.now;
    let mut row = existing(&mut change.engine(), workspace, id).await?;
    check_revision(how.expected, row.revision)?;
    let mut after = None;
    loop {
        let page = action::list(&mut change.engine(), workspace, id, after, 500).await?;
        for mut found in page.rows {
            after = Some(found.id);
            found.deleted_at = Some(now);
            found.updated_at = now;
            found.revision += 1;
            action::update(&mut change.engine(), workspace, &found).await?;
            actions::record(&mut change, &found, ActionChange::Deleted).await?;
        }
        if !page.more {
            break;
        }
    }
    row.deleted_at = Some(now);
    save(&mut change, &mut row).await?;
    if how.dry_run {
        let engine = &mut change.engine();
        let affected = impact::of_deleted_integration(engine, workspace, id).await?;
        return Ok(Outcome::WouldBe(Report {
            affected,
            refusal: None,
        }));
    }
    secrets::refer(&mut change.engine(), workspace, &source(id), &[]).await?;
    change
        .note(Entity::Integration, &id.to_string(), "integration.delete")
        .await?;
    change.commit().await?;
    Ok(Outcome::Done(()))
}

/// Brings a deleted integration back as it was, with the actions that were deleted with it.
pub async fn undelete(
    app: &App,
    manager: &Manager,
    id: IntegrationId,
) -> Result<IntegrationView, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let mut row = integration::get(engine, workspace, id)
        .await?
        .ok_or(AppError::NotFound("integration"))?;
    if let Some(deleted_at) = row.deleted_at.take() {
        save(&mut change, &mut row).await?;
        let engine = &mut change.engine();
        for found in action::deleted_at(engine, workspace, id, deleted_at).await? {
            actions::bring_back(&mut change, found).await?;
        }
        refer(&mut change.engine(), workspace, &row).await?;
        change
            .note(Entity::Integration, &id.to_string(), "integration.undelete")
            .await?;
    }
    let view = view(&mut change.engine(), workspace, row).await?;
    change.commit().await?;
    Ok(view)
}

/// Writes a changed integration.
async fn save(change: &mut ConfigChange<'_>, row: &mut IntegrationRow) -> Result<(), AppError> {
    let workspace = change.workspace();
    row.revision += 1;
    row.updated_at = change.now;
    Ok(integration::update(&mut change.engine(), workspace, row).await?)
}

fn source(id: IntegrationId) -> Source {
    Source {
        kind: "integration",
        id: id.to_string(),
        version: 0,
    }
}

async fn refer(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<(), AppError> {
    let names = row.definition.secrets();
    secrets::refer(engine, workspace, &source(row.id), &names).await
}

/// Checks all of an integration, by preparing it as calls need it.
fn check(row: &IntegrationRow) -> Result<(), AppError> {
    let mut errors = InputErrors::new();
    errors.check("/name", Title::parse(&row.name));
    if row.description.len() > MAX_DESCRIPTION_BYTES {
        errors.push(
            "/description",
            format!("a description has at most {MAX_DESCRIPTION_BYTES} bytes"),
        );
    }
    let IntegrationDefinition::CustomApi { environments } = &row.definition;
    if environments.is_empty() {
        errors.push(
            "/environments",
            "fill at least one of development, staging and production",
        );
    }
    for (environment, slot) in environments.iter() {
        prepare::slot(
            slot,
            "",
            &format!("/environments/{environment}"),
            &mut errors,
        );
    }
    errors.finish(()).map_err(AppError::Invalid)
}
