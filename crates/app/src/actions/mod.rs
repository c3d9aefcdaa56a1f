//! Shared actions of `custom_api` integrations.

mod change;
mod history;
mod try_out;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::action::{ActionDefinition, ApiAction, OutputVariableSpec, Shape};
use switchboard_domain::auth::ValueSource;
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::IntegrationKind;
use switchboard_domain::name::ActionName;
use switchboard_domain::request::Method;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::tool_format::{self, Note, ToolView};
use switchboard_store::Engine;
use switchboard_store::action::{self, ActionRow};
use switchboard_store::action_revision::{self, ActionChange};
use switchboard_store::change::Entity;
use switchboard_store::integration::IntegrationRow;
use switchboard_store::reference::Source;

use crate::change::ConfigChange;
use crate::integrations::{self, MAX_DESCRIPTION_BYTES};
use crate::{App, AppError, Configuration, Manager, Page, Patch, Reader, mcp, prepare, secrets};
pub use change::{delete, move_to, undelete, update};
pub use history::{Revision, revisions, usage};
pub use try_out::{TestInput, test};

pub(crate) use change::{bring_back, taken};

/// What POST takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    /// The name.
    pub name: String,
    /// What the model is told about it.
    #[serde(default)]
    pub description: String,
    /// The request's method.
    pub method: Method,
    /// The path under the base URL.
    pub path: String,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueSource>,
    /// The default schema of the arguments.
    #[serde(default)]
    pub parameters: Option<Value>,
    /// The default template of the body.
    #[serde(default)]
    pub body_template: Option<String>,
    /// What is taken from the answer.
    #[serde(default)]
    pub output_variables: Vec<OutputVariableSpec>,
    /// How long a call may take.
    #[serde(default)]
    pub timeout_ms: Option<u32>,
}

/// What PATCH takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionPatch {
    /// The name.
    pub name: Option<String>,
    /// What the model is told about it.
    pub description: Option<String>,
    /// The request's method.
    pub method: Option<Method>,
    /// The path under the base URL.
    pub path: Option<String>,
    /// Headers.
    pub headers: Option<BTreeMap<String, ValueSource>>,
    /// The default schema of the arguments.
    #[serde(default)]
    pub parameters: Patch<Value>,
    /// The default template of the body.
    #[serde(default)]
    pub body_template: Patch<String>,
    /// What is taken from the answer.
    pub output_variables: Option<Vec<OutputVariableSpec>>,
    /// How long a call may take.
    #[serde(default)]
    pub timeout_ms: Patch<u32>,
}

impl ActionPatch {
    /// Applies what is particular to the kind.
    fn apply(&mut self, definition: &mut ActionDefinition) -> Result<(), AppError> {
        let outputs = self.output_variables.take();
        let timeout = std::mem::take(&mut self.timeout_ms);
        match definition {
            ActionDefinition::Api(api) => {
                if let Some(method) = self.method {
                    api.method = method;
                }
                if let Some(path) = self.path.take() {
                    api.path = path;
                }
                if let Some(headers) = self.headers.take() {
                    api.headers = headers;
                }
                std::mem::take(&mut self.parameters).apply(&mut api.parameters);
                std::mem::take(&mut self.body_template).apply(&mut api.body_template);
                timeout.apply(&mut api.timeout_ms);
                if let Some(outputs) = outputs {
                    api.output_variables = outputs;
                }
            }
            ActionDefinition::Mcp(tool) => {
                if self.sets_the_tool() {
                    return Err(read_only());
                }
                timeout.apply(&mut tool.timeout_ms);
                if let Some(outputs) = outputs {
                    tool.output_variables = outputs;
                }
            }
        }
        Ok(())
    }

    /// Whether it would set something that is its server's.
    const fn sets_the_tool(&self) -> bool {
        self.name.is_some()
            || self.description.is_some()
            || self.method.is_some()
            || self.path.is_some()
            || self.headers.is_some()
            || !matches!(self.parameters, Patch::Keep)
            || !matches!(self.body_template, Patch::Keep)
    }
}

/// A page of an integration's actions.
pub async fn list(
    app: &App,
    reader: &Reader<Configuration>,
    integration: IntegrationId,
    after: Option<ActionId>,
    limit: u32,
) -> Result<Page<ActionRow>, AppError> {
    let workspace = reader.workspace();
    let mut conn = app.db.read().await?;
    let engine = &mut conn.engine();
    integrations::existing(engine, workspace, integration).await?;
    Ok(action::list(engine, workspace, integration, after, limit).await?)
}

/// One action that is not deleted.
pub(crate) async fn existing(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ActionId,
) -> Result<ActionRow, AppError> {
    action::get(engine, workspace, id)
        .await?
        .filter(|row| row.deleted_at.is_none())
        .ok_or(AppError::NotFound("action"))
}

/// One action.
pub async fn get(
    app: &App,
    reader: &Reader<Configuration>,
    id: ActionId,
) -> Result<ActionRow, AppError> {
    let mut conn = app.db.read().await?;
    existing(&mut conn.engine(), reader.workspace(), id).await
}

/// Adds an action to an integration.
pub async fn create(
    app: &App,
    manager: &Manager,
    integration: IntegrationId,
    input: ActionInput,
) -> Result<ActionRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let under = integrations::existing(&mut change.engine(), workspace, integration).await?;
    if under.definition.kind() != IntegrationKind::CustomApi {
        return Err(read_only());
    }
    let new = NewAction {
        name: input.name,
        description: input.description,
        definition: ActionDefinition::Api(ApiAction {
            method: input.method,
            path: input.path,
            headers: input.headers,
            parameters: input.parameters,
            body_template: input.body_template,
            output_variables: input.output_variables,
            timeout_ms: input.timeout_ms,
        }),
    };
    let row = add(app, &mut change, &under, new).await?;
    change.commit().await?;
    Ok(row)
}

/// What providers of models make of an action's schema, where they do not take it as it is.
pub fn schema_notes(row: &ActionRow) -> Vec<Note> {
    let any = ParameterSchema::default();
    let wire = match &row.definition {
        ActionDefinition::Mcp(mcp) => Some(&mcp.tool),
        ActionDefinition::Api(_) => None,
    };
    tool_format::lint(&ToolView {
        name: row.name.as_str(),
        description: &row.description,
        parameters: row.definition.parameters().unwrap_or(any.source()),
        wire,
    })
}

/// Tools are their server's.
pub(crate) fn read_only() -> AppError {
    AppError::conflict(
        "read_only",
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
    app: &App,
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
        id: ActionId::from_uuid(app.context.uuid()),
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
    action_revision::record(engine, workspace, row, what, &actor).await?;
    let secrets = if row.deleted_at.is_none() {
        row.definition.secrets()
    } else {
        vec![]
    };
    let source = Source {
        kind: "action",
        id: row.id.to_string(),
        version: 0,
    };
    secrets::refer(engine, workspace, &source, &secrets).await?;
    let operation = match what {
        ActionChange::Created => "action.create",
        ActionChange::Updated => "action.update",
        ActionChange::Moved => "action.move",
        ActionChange::Deleted => "action.delete",
        ActionChange::Undeleted => "action.undelete",
        ActionChange::Approved => "action.approve",
    };
    change
        .note(Entity::Action, &row.id.to_string(), operation)
        .await
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
    match definition {
        ActionDefinition::Api(api) => drop(prepare::api_action(api, "", &mut errors)),
        ActionDefinition::Mcp(action) => drop(mcp::tool(action, "", &mut errors)),
    }
    let name = name.ok_or(());
    errors
        .finish(name)
        .map_err(AppError::Invalid)?
        .map_err(|()| AppError::NotFound("name"))
}
