//! Shared actions of `custom_api` integrations.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use switchboard_connect::Performed;
use switchboard_domain::action::{ActionDefinition, ApiAction, OutputVariableSpec};
use switchboard_domain::agent::{Binding, VersionRef};
use switchboard_domain::auth::ValueSource;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::IntegrationDefinition;
use switchboard_domain::name::ActionName;
use switchboard_domain::request::Method;
use switchboard_domain::template::RenderContext;
use switchboard_store::action::{self, ActionRow};
use switchboard_store::agent;
use switchboard_store::change::Entity;
use switchboard_store::reference::{self, Source, Target};
use switchboard_store::{Engine, StoreError};
use tokio::time::Instant;

use crate::change::{ConfigChange, check_revision};
use crate::integrations::{self, MAX_DESCRIPTION_BYTES};
use crate::{App, AppError, Manager, Page, Patch, prepare, secrets};

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

/// A page of an integration's actions.
pub async fn list(
    app: &App,
    manager: &Manager,
    integration: IntegrationId,
    after: Option<ActionId>,
    limit: u32,
) -> Result<Page<ActionRow>, AppError> {
    let workspace = manager.workspace();
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
pub async fn get(app: &App, manager: &Manager, id: ActionId) -> Result<ActionRow, AppError> {
    let mut conn = app.db.read().await?;
    existing(&mut conn.engine(), manager.workspace(), id).await
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
    let now = change.now;
    let engine = &mut change.engine();
    integrations::existing(engine, workspace, integration).await?;
    let definition = ActionDefinition::Api(ApiAction {
        method: input.method,
        path: input.path,
        headers: input.headers,
        parameters: input.parameters,
        body_template: input.body_template,
        output_variables: input.output_variables,
        timeout_ms: input.timeout_ms,
    });
    let name = check(&input.name, &input.description, &definition)?;
    let row = ActionRow {
        id: ActionId::from_uuid(app.context.uuid()),
        integration_id: integration,
        shape_digest: definition.shape_digest(&name, &input.description),
        name,
        description: input.description,
        definition,
        revision: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    action::insert(engine, workspace, &row)
        .await
        .map_err(|error| taken(error, &row.name))?;
    refer(engine, workspace, &row).await?;
    change
        .note(Entity::Action, &row.id.to_string(), "action.create")
        .await?;
    change.commit().await?;
    Ok(row)
}

/// Changes an action. Every agent that links it uses the new shape from its next call on.
pub async fn update(
    app: &App,
    manager: &Manager,
    id: ActionId,
    expected: Option<u64>,
    patch: ActionPatch,
) -> Result<ActionRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let mut row = existing(engine, workspace, id).await?;
    check_revision(expected, row.revision)?;
    let ActionDefinition::Api(api) = &mut row.definition;
    if let Some(method) = patch.method {
        api.method = method;
    }
    if let Some(path) = patch.path {
        api.path = path;
    }
    if let Some(headers) = patch.headers {
        api.headers = headers;
    }
    patch.parameters.apply(&mut api.parameters);
    patch.body_template.apply(&mut api.body_template);
    if let Some(outputs) = patch.output_variables {
        api.output_variables = outputs;
    }
    patch.timeout_ms.apply(&mut api.timeout_ms);
    if let Some(description) = patch.description {
        row.description = description;
    }
    let name = patch.name.unwrap_or_else(|| row.name.to_string());
    row.name = check(&name, &row.description, &row.definition)?;
    row.shape_digest = row.definition.shape_digest(&row.name, &row.description);
    row.revision += 1;
    row.updated_at = now;
    action::update(engine, workspace, &row)
        .await
        .map_err(|error| taken(error, &row.name))?;
    refer(engine, workspace, &row).await?;
    change
        .note(Entity::Action, &id.to_string(), "action.update")
        .await?;
    change.commit().await?;
    Ok(row)
}

/// Deletes an action. Agents that link it are left with a broken link.
pub async fn delete(
    app: &App,
    manager: &Manager,
    id: ActionId,
    expected: Option<u64>,
) -> Result<(), AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let mut row = existing(engine, workspace, id).await?;
    check_revision(expected, row.revision)?;
    row.deleted_at = Some(now);
    row.updated_at = now;
    row.revision += 1;
    action::update(engine, workspace, &row).await?;
    reference::replace(engine, workspace, &source(id), &[]).await?;
    change
        .note(Entity::Action, &id.to_string(), "action.delete")
        .await?;
    change.commit().await
}

/// Moves an action to another integration of the same kind. Links that name the old one are broken
/// until they are linked again.
pub async fn move_to(
    app: &App,
    manager: &Manager,
    id: ActionId,
    expected: Option<u64>,
    integration: IntegrationId,
) -> Result<ActionRow, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let mut row = existing(engine, workspace, id).await?;
    check_revision(expected, row.revision)?;
    integrations::existing(engine, workspace, integration)
        .await
        .map_err(|error| match error {
            AppError::NotFound(_) => AppError::invalid(
                "/integration_id",
                "there is no such integration in this workspace",
            ),
            error => error,
        })?;
    if row.integration_id == integration {
        return Ok(row);
    }
    row.integration_id = integration;
    row.updated_at = now;
    row.revision += 1;
    action::update(engine, workspace, &row)
        .await
        .map_err(|error| taken(error, &row.name))?;
    change
        .note(Entity::Action, &id.to_string(), "action.move")
        .await?;
    change.commit().await?;
    Ok(row)
}

/// A version of an agent that links an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionUser {
    /// The agent.
    pub agent: AgentId,
    /// Its version.
    pub version: VersionRef,
    /// The bindings that link it.
    pub bindings: Vec<BindingId>,
}

/// Which agents' versions link an action, and by which bindings.
pub async fn usage(
    app: &App,
    manager: &Manager,
    id: ActionId,
) -> Result<Vec<ActionUser>, AppError> {
    let workspace = manager.workspace();
    let mut conn = app.db.read().await?;
    let engine = &mut conn.engine();
    existing(engine, workspace, id).await?;
    let target = Target {
        kind: "action",
        id: id.to_string(),
    };
    let mut users = vec![];
    for (_, source, number) in reference::sources(engine, workspace, &target).await? {
        let version = VersionRef::from_number(number);
        let Ok(agent) = source.parse() else { continue };
        let Some(row) = agent::version(engine, workspace, agent, version).await? else {
            continue;
        };
        let links = |binding: &&Binding| binding.link().is_some_and(|link| link.action_id == id);
        let bindings = row
            .document
            .actions
            .iter()
            .filter(links)
            .map(|binding| binding.id);
        users.push(ActionUser {
            agent,
            version,
            bindings: bindings.collect(),
        });
    }
    Ok(users)
}

fn taken(error: StoreError, name: &ActionName) -> AppError {
    match error {
        StoreError::Duplicate => AppError::conflict(
            "name_taken",
            format!("this integration has an action named `{name}` already; take another name"),
        ),
        error => error.into(),
    }
}

fn source(id: ActionId) -> Source {
    Source {
        kind: "action",
        id: id.to_string(),
        version: 0,
    }
}

async fn refer(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &ActionRow,
) -> Result<(), AppError> {
    secrets::refer(
        engine,
        workspace,
        source(row.id),
        &row.definition.secrets(),
        &[],
    )
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
    let ActionDefinition::Api(api) = definition;
    prepare::api_action(api, "", &mut errors);
    let name = name.ok_or(());
    errors
        .finish(name)
        .map_err(AppError::Invalid)?
        .map_err(|()| AppError::NotFound("name"))
}

/// What a test takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestInput {
    /// Where to call.
    pub environment: Environment,
    /// The arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// What templates see as conversation variables.
    #[serde(default)]
    pub variables: Map<String, Value>,
}

/// Performs an action now, outside any agent. Nothing is kept but the audit log's entry.
pub async fn test(
    app: &App,
    manager: &Manager,
    id: ActionId,
    input: TestInput,
) -> Result<String, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let row = existing(engine, workspace, id).await?;
    let integration = integrations::existing(engine, workspace, row.integration_id).await?;
    change
        .note(Entity::Action, &id.to_string(), "action.test")
        .await?;
    change.commit().await?;
    let IntegrationDefinition::CustomApi { environments } = &integration.definition;
    let slot = environments.get(input.environment).ok_or_else(|| {
        AppError::Refused(switchboard_domain::admission::Refusal::EmptySlot {
            integration: integration.name.clone(),
            environment: input.environment,
        })
    })?;
    let mut errors = InputErrors::new();
    let key = format!("{workspace}/{}/{}", integration.id, input.environment);
    let endpoint = prepare::slot(slot, &key, "", &mut errors);
    let ActionDefinition::Api(api) = &row.definition;
    let prepared = prepare::api_action(api, "", &mut errors);
    let (Some(endpoint), Some((call, schema))) = (endpoint, prepared) else {
        return Err(AppError::Invalid(errors.into_inner()));
    };
    let arguments = Value::Object(input.arguments);
    schema.validate(&arguments).map_err(|mut errors| {
        for error in &mut errors {
            error.pointer.insert_str(0, "/arguments");
        }
        AppError::InvalidArguments(errors)
    })?;
    let snapshot = app.catalog.snapshot(workspace).await?;
    let variables = snapshot.workspace_variables(input.environment);
    let empty = Map::new();
    let context = RenderContext::new(
        arguments.as_object().unwrap_or(&empty),
        &input.variables,
        None,
        &variables,
    );
    let start = Instant::now();
    let timeout = call.timeout.unwrap_or(app.settings.call_timeout);
    let secrets = snapshot.secrets_in(input.environment);
    let performed = app
        .connector
        .perform(&endpoint, &call, &context, &secrets, start + timeout)
        .await;
    Ok(trace(&performed, start.elapsed().as_millis()))
}

fn trace(performed: &Performed, duration_ms: u128) -> String {
    let status = if performed.error.is_none() {
        "succeeded"
    } else {
        "failed"
    };
    format!(
        r#"{{"status":"{status}","output":{},"variables":{},"unmatched_variables":{},"error":{},"request":{},"response":{},"duration_ms":{duration_ms}}}"#,
        performed.output,
        crate::call::variables_json(performed),
        serde_json::json!(performed.unmatched),
        crate::call::error_json(performed.error.as_ref()),
        performed.request,
        performed.response,
    )
}
