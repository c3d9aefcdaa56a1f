//! Shared actions.

mod change;
mod history;
mod try_out;

use std::collections::BTreeSet;

use serde_json::json;
use switchboard_contract::actions::ActionInput;
use switchboard_domain::action::{ActionDefinition, Shape};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::limits::MAX_DESCRIPTION_BYTES;
use switchboard_domain::name::ActionName;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::secret_use::SecretUse;
use switchboard_domain::tool_format::{self, Note, ToolView};
use switchboard_kinds::prepare_action;
use switchboard_store::Engine;
use switchboard_store::action::{self, ActionRow};
use switchboard_store::action_revision::{self, ActionChange};
use switchboard_store::change::Entity;
use switchboard_store::integration::{self, IntegrationRow};
use switchboard_store::reference::Source;

use crate::change::ConfigChange;
use crate::{Manage, existing, origins, secrets};
pub use change::{delete, move_to, undelete, update};
pub use history::{Revision, revisions, usage, usages};
use switchboard_operation::{AppError, Configuration, Listing, Manager, Page, Reader};
pub use try_out::test;

pub(crate) use change::{bring_back, taken};

/// A page of the actions of one integration, or of all.
pub async fn list(
    manage: &Manage,
    reader: &Reader<Configuration>,
    integration: Option<IntegrationId>,
    listing: &Listing<ActionId>,
) -> Result<Page<ActionRow>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    if let Some(integration) = integration {
        existing::integration(engine, workspace, integration).await?;
    }
    Ok(action::list(engine, workspace, integration, listing).await?)
}

/// One action.
pub async fn get(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: ActionId,
) -> Result<ActionRow, AppError> {
    let mut conn = manage.db.read().await?;
    existing::action(&mut conn.engine(), reader.workspace(), id).await
}

/// Adds an action to an integration.
pub async fn create(
    manage: &Manage,
    manager: &Manager,
    integration: IntegrationId,
    input: ActionInput,
) -> Result<ActionRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let under = existing::integration(&mut change.engine(), workspace, integration).await?;
    let new = input.into_new(under.definition.kind());
    let new = new.map_err(AppError::Invalid)?.ok_or_else(read_only)?;
    let (name, description, definition) = new.into_parts();
    let new = NewAction {
        name,
        description,
        definition,
    };
    let row = add(manage, &mut change, &under, new).await?;
    change.commit().await?;
    Ok(row)
}

/// What providers of models make of an action's schema, where they do not take it as it is.
pub fn schema_notes(row: &ActionRow) -> Vec<Note> {
    let any = ParameterSchema::default();
    let parameters = row.definition.effective_parameters(None, None);
    tool_format::lint(&ToolView {
        name: row.name.as_str(),
        description: &row.description,
        parameters: parameters.as_ref().unwrap_or(any.source()),
        wire: row.definition.wire(),
    })
}

/// Tools are their server's.
pub(crate) fn read_only() -> AppError {
    AppError::conflict(
        ErrorCode::ReadOnly,
        "the tools of an MCP server are what the server says; change them there and refresh. Here only `output_variables` and `timeout_ms` can be set",
    )
}

/// An action that is to be added.
pub(crate) struct NewAction {
    /// Its name.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// What is particular to its kind.
    pub definition: ActionDefinition,
}

/// Adds an action as a part of a change.
pub(crate) async fn add(
    manage: &Manage,
    change: &mut ConfigChange<'_>,
    integration: &IntegrationRow,
    new: NewAction,
) -> Result<ActionRow, AppError> {
    let shape = Shape {
        name: check(&new.name, &new.description, &new.definition)?,
        description: new.description,
        definition: new.definition,
    };
    let row = ActionRow {
        id: ActionId::from_uuid(manage.context.uuid()),
        integration_id: integration.id,
        shape_digest: shape.digest(),
        name: shape.name,
        description: shape.description,
        definition: shape.definition,
        revision: 1,
        created_at: change.now,
        updated_at: change.now,
        deleted_at: None,
    };
    let workspace = change.workspace();
    action::insert(&mut change.engine(), workspace, &row)
        .await
        .map_err(|error| taken(error, &row.name))?;
    record(change, &row, ActionChange::Created).await?;
    Ok(row)
}

/// Records what an action is after a change: its revision, its secrets, the audit log's entry.
pub(crate) async fn record(
    change: &mut ConfigChange<'_>,
    row: &ActionRow,
    what: ActionChange,
) -> Result<(), AppError> {
    let (workspace, actor) = (change.workspace(), change.actor().to_owned());
    let engine = &mut change.engine();
    let before = action_revision::list(engine, workspace, row.id, None, 1).await?;
    action_revision::record(engine, workspace, row, what, &actor).await?;
    let uses = uses(engine, workspace, row).await?;
    if row.deleted_at.is_none() {
        origins::admit(change, uses.clone()).await?;
    }
    let engine = &mut change.engine();
    let secrets = if row.deleted_at.is_none() {
        row.definition.secrets()
    } else {
        vec![]
    };
    let source = Source::Action(row.id);
    secrets::refer(engine, workspace, &source, &secrets, &BTreeSet::new()).await?;
    let operation = match what {
        ActionChange::Created => "action.create",
        ActionChange::Updated => "action.update",
        ActionChange::Moved => "action.move",
        ActionChange::Deleted => "action.delete",
        ActionChange::Undeleted => "action.undelete",
        ActionChange::Approved => "action.approve",
    };
    let details = change.details();
    details.uses(&uses);
    let before = before.rows.into_iter().next();
    let before = before.map(|row| shown(row.integration_id, &row.shape));
    let after = row.deleted_at.is_none();
    details.differs(
        before,
        after.then(|| shown(row.integration_id, &row.shape())),
    );
    change
        .note(Entity::Action, &row.id.to_string(), operation)
        .await
}

/// What the audit log tells of an action.
fn shown(integration: IntegrationId, shape: &Shape) -> serde_json::Value {
    json!({
        "integration_id": integration, "name": shape.name, "description": shape.description,
        "definition": shape.definition,
    })
}

/// Where the secrets of an action's own headers go.
async fn uses(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &ActionRow,
) -> Result<Vec<SecretUse>, AppError> {
    if row.definition.secrets().is_empty() {
        return Ok(vec![]);
    }
    let under = integration::get(engine, workspace, row.integration_id).await?;
    Ok(under.map_or_else(Vec::new, |under| {
        row.definition.secret_uses(&under.definition)
    }))
}

/// Checks all of an action, by preparing it as calls need it.
fn check(
    name: &str,
    description: &str,
    definition: &ActionDefinition,
) -> Result<ActionName, AppError> {
    let mut errors = InputErrors::new();
    let name = errors.check("/name", ActionName::parse(name));
    if description.len() > MAX_DESCRIPTION_BYTES {
        errors.push(
            "/description",
            format!("a description has at most {MAX_DESCRIPTION_BYTES} bytes"),
        );
    }
    prepare_action(definition, &mut errors);
    let name = name.ok_or(());
    errors
        .finish(name)
        .map_err(AppError::Invalid)?
        .map_err(|()| AppError::NotFound("name"))
}
