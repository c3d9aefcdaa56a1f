//! Building snapshots: loading what is asked for, and replacing what changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Map;
use switchboard_connect::Masker;
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::agent::{AgentDocument, Binding, BindingTarget, VersionRef};
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::id::{ActionId, AgentId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::{IntegrationDefinition, OnChange};
use switchboard_domain::link::{self, BrokenReason};
use switchboard_domain::name::SecretName;
use switchboard_domain::request::BodyTemplate;
use switchboard_domain::schema::ParameterSchema;
use switchboard_store::change::{Change, Entity};
use switchboard_store::stat::Called;
use switchboard_store::{Db, Engine, action, agent, change, integration, secret, variable};
use switchboard_vault::{Binding as SealBinding, KeyRing, Sealed, SecretText};

use super::entries::{
    BodyOverride, MCP_TOOL, OwnBinding, OwnCall, OwnParts, OwnTarget, Place, PreparedAction,
    PreparedAgent, PreparedBinding, PreparedIntegration, PreparedTarget, Request, Snapshot,
};
use crate::error::AppError;
use crate::{local, mcp, messages, prepare};

/// A workspace's first snapshot: its secrets and variables, and no agents yet.
pub async fn first(db: &Db, keys: &KeyRing, workspace: WorkspaceId) -> Result<Snapshot, AppError> {
    let mut conn = db.read().await?;
    let engine = &mut conn.engine();
    let mut snapshot = Snapshot {
        // Read first: what changes after it is applied once more, which does no harm.
        revision: change::revision(engine, workspace).await?,
        ..Snapshot::default()
    };
    load_secrets(&mut snapshot, engine, keys, workspace).await?;
    load_variables(&mut snapshot, engine, workspace).await?;
    Ok(snapshot)
}

/// Replaces what changed, and what depends on it.
pub async fn apply(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    keys: &KeyRing,
    workspace: WorkspaceId,
    changes: &[Change],
) -> Result<(), AppError> {
    let distinct: BTreeSet<(&str, &str)> = changes
        .iter()
        .map(|change| (change.entity.as_str(), change.entity_id.as_str()))
        .collect();
    let of = |entity: Entity| {
        distinct
            .iter()
            .filter(move |(kind, _)| *kind == entity.as_str())
            .map(|(_, id)| *id)
    };
    if of(Entity::Secret).next().is_some() {
        load_secrets(snapshot, engine, keys, workspace).await?;
    }
    if of(Entity::Variable).next().is_some() {
        load_variables(snapshot, engine, workspace).await?;
    }
    let (mut touched, mut channels) = (BTreeSet::new(), BTreeSet::new());
    for id in of(Entity::Integration).filter_map(|id| id.parse::<IntegrationId>().ok()) {
        if snapshot.integrations.remove(&id).is_some() {
            load_integration(snapshot, engine, workspace, id).await?;
            let under: Vec<ActionId> = snapshot
                .actions
                .iter()
                .filter(|(_, action)| action.integration_id == id)
                .map(|(id, _)| *id)
                .collect();
            touched.extend(under);
            channels.insert(id);
        }
    }
    for id in of(Entity::Action).filter_map(|id| id.parse::<ActionId>().ok()) {
        if snapshot.actions.remove(&id).is_some() {
            load_action(snapshot, engine, workspace, id).await?;
            touched.insert(id);
        }
    }
    let changed: BTreeSet<AgentId> = of(Entity::Agent).filter_map(|id| id.parse().ok()).collect();
    let loaded: Vec<_> = snapshot.agents.keys().copied().collect();
    for (id, version) in loaded {
        if changed.contains(&id) {
            snapshot.agents.remove(&(id, version));
            load_agent(snapshot, engine, workspace, id, version).await?;
        }
    }
    resolve_dependents(snapshot, &touched, &channels);
    Ok(())
}

/// Resolves again the agents that link one of these actions or send through one of these channels.
/// Nothing is compiled for that but what a link sets of a message.
fn resolve_dependents(
    snapshot: &mut Snapshot,
    touched: &BTreeSet<ActionId>,
    channels: &BTreeSet<IntegrationId>,
) {
    if touched.is_empty() && channels.is_empty() {
        return;
    }
    let dependents: Vec<_> = snapshot
        .agents
        .iter()
        .filter(|(_, agent)| {
            agent
                .own
                .bindings
                .iter()
                .any(|binding| match &binding.target {
                    OwnTarget::Link { action_id, .. } => touched.contains(action_id),
                    OwnTarget::Action {
                        call: OwnCall::Message(channel, _),
                        ..
                    } => channels.contains(channel),
                    OwnTarget::Action { .. } => false,
                })
        })
        .map(|(key, agent)| (*key, agent.own.clone()))
        .collect();
    for (key, own) in dependents {
        let agent = resolve(snapshot, own);
        snapshot.agents.insert(key, Arc::new(agent));
    }
}

async fn load_secrets(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    keys: &KeyRing,
    workspace: WorkspaceId,
) -> Result<(), AppError> {
    let mut secrets: HashMap<SecretName, PerEnvironment<SecretText>> = HashMap::new();
    for (row, _) in secret::values(engine, workspace).await? {
        let binding = SealBinding {
            workspace: workspace.uuid(),
            row: row.name.as_str(),
            environment: row.environment.as_str(),
        };
        let sealed = Sealed {
            key_id: row.key_id,
            bytes: row.sealed,
        };
        let value = keys.open(binding, &sealed)?;
        *secrets.entry(row.name).or_default().slot(row.environment) = Some(value);
    }
    // What calls look for in what comes back is prepared here, so that none of them does it.
    for environment in Environment::ALL {
        let here = secrets
            .iter()
            .filter_map(|(name, values)| Some((name, values.get(environment)?)));
        *snapshot.maskers.slot(environment) = Some(Arc::new(Masker::new(here)));
    }
    snapshot.secrets = Arc::new(secrets);
    let origins = secret::all_origins(engine, workspace).await?;
    snapshot.origins = Arc::new(origins.into_iter().collect());
    Ok(())
}

async fn load_variables(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<(), AppError> {
    let mut values: PerEnvironment<Map<_, _>> = PerEnvironment::default();
    let mut after = String::new();
    loop {
        let page = variable::list(engine, workspace, &after, 1000).await?;
        for row in &page.rows {
            for (environment, value) in row.values.iter() {
                values
                    .slot(environment)
                    .get_or_insert_default()
                    .insert(row.name.to_string(), value.clone());
            }
        }
        match page.rows.last() {
            Some(last) if page.more => after = last.name.to_string(),
            _ => break,
        }
    }
    snapshot.variables = values.try_map(|_, map| Ok::<_, AppError>(Arc::new(map.clone())))?;
    Ok(())
}

/// What was saved was checked then, so an error here means that the rules changed since.
fn check(errors: InputErrors, what: &str) -> Result<(), AppError> {
    errors.finish(()).map_err(|errors| {
        let detail = errors.first().map_or("", |error| error.detail.as_str());
        AppError::Internal(format!(
            "a stored {what} does not compile any more: {detail}"
        ))
    })
}

async fn load_integration(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<(), AppError> {
    let Some(row) = integration::get(engine, workspace, id).await? else {
        return Ok(());
    };
    let mut errors = InputErrors::new();
    let mut places = PerEnvironment::default();
    let mut holds_changes = false;
    match &row.definition {
        IntegrationDefinition::CustomApi { environments } => {
            for (environment, slot) in environments.iter() {
                let key = format!("{workspace}/{id}/{environment}");
                let endpoint = prepare::slot(slot, &key, "", &mut errors);
                *places.slot(environment) = endpoint.map(|found| Place::Http(Arc::new(found)));
            }
        }
        IntegrationDefinition::MessagingChannel(channel) => {
            let prepared = messages::channel(id, channel, "", &mut errors);
            let prepared = prepared.map(Arc::new);
            for environment in Environment::ALL {
                *places.slot(environment) = prepared.clone().map(Place::Message);
            }
        }
        IntegrationDefinition::McpServer(server) => {
            holds_changes = server.on_change == OnChange::Hold;
            for environment in Environment::ALL {
                let target = mcp::target(server, workspace, id, environment, "", &mut errors);
                *places.slot(environment) = target.map(|found| Place::Mcp(Arc::new(found)));
            }
        }
    }
    check(errors, "integration")?;
    let prepared = PreparedIntegration {
        name: row.name,
        deleted: row.deleted_at.is_some(),
        places,
        holds_changes,
    };
    snapshot.integrations.insert(id, Arc::new(prepared));
    Ok(())
}

async fn load_action(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ActionId,
) -> Result<(), AppError> {
    let Some(row) = action::get(engine, workspace, id).await? else {
        return Ok(());
    };
    if !snapshot.integrations.contains_key(&row.integration_id) {
        load_integration(snapshot, engine, workspace, row.integration_id).await?;
    }
    let mut errors = InputErrors::new();
    let (prepared, unapproved) = match &row.definition {
        ActionDefinition::Api(api) => {
            let prepared = prepare::api_action(api, "", &mut errors);
            let request = |(call, schema)| (Request::Http(Arc::new(call)), schema);
            (prepared.map(request), false)
        }
        ActionDefinition::Message(message) => {
            let prepared = prepare::message_action(message, "", &mut errors);
            let request = |(message, schema)| (Request::Message(Arc::new(message)), schema);
            (prepared.map(request), false)
        }
        ActionDefinition::Mcp(action) => {
            let prepared = mcp::tool(action, "", &mut errors);
            let request = |(call, schema)| (Request::Mcp(Arc::new(call)), schema);
            (prepared.map(request), action.is_unapproved)
        }
    };
    check(errors, "action")?;
    let Some((request, schema)) = prepared else {
        return Ok(());
    };
    let prepared = PreparedAction {
        integration_id: row.integration_id,
        name: row.name.to_string(),
        description: row.description,
        deleted: row.deleted_at.is_some(),
        request,
        unapproved,
        schema,
        definition: Arc::new(row.definition),
    };
    snapshot.actions.insert(id, Arc::new(prepared));
    Ok(())
}

/// Loads an agent's version with everything it links. Adds nothing when there is none.
pub async fn load_agent(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    version: VersionRef,
) -> Result<(), AppError> {
    let exists = agent::get(engine, workspace, id)
        .await?
        .is_some_and(|agent| agent.deleted_at.is_none());
    let row = agent::version(engine, workspace, id, version).await?;
    let (true, Some(row)) = (exists, row) else {
        return Ok(());
    };
    for binding in &row.document.actions {
        if let Some(link) = binding.link()
            && !snapshot.actions.contains_key(&link.action_id)
        {
            load_action(snapshot, engine, workspace, link.action_id).await?;
        }
    }
    for channel in row.document.channels() {
        if !snapshot.integrations.contains_key(&channel) {
            load_integration(snapshot, engine, workspace, channel).await?;
        }
    }
    let own = compile(&row.document, id, workspace)?;
    let agent = resolve(snapshot, Arc::new(own));
    snapshot.agents.insert((id, version), Arc::new(agent));
    Ok(())
}

fn compile(
    document: &AgentDocument,
    agent: AgentId,
    workspace: WorkspaceId,
) -> Result<OwnParts, AppError> {
    let mut errors = InputErrors::new();
    let bindings = document
        .actions
        .iter()
        .filter_map(|binding| own_binding(binding, workspace, &mut errors))
        .collect();
    check(errors, "agent")?;
    Ok(OwnParts {
        agent,
        strict_states: document.strict_states,
        initial_state: document.initial_state.clone(),
        states: document
            .states
            .iter()
            .map(|state| state.name.clone())
            .collect(),
        transitions: document
            .states
            .iter()
            .filter_map(|state| Some((state.name.clone(), state.transitions.clone()?)))
            .collect(),
        go_to_state: local::go_to_state(agent, document)?,
        bindings,
    })
}

fn own_binding(
    binding: &Binding,
    workspace: WorkspaceId,
    errors: &mut InputErrors,
) -> Option<OwnBinding> {
    let target = match &binding.target {
        BindingTarget::Link { link, overrides } => OwnTarget::Link {
            action_id: link.action_id,
            integration_id: link.integration_id,
            schema: match &overrides.parameters {
                Some(schema) => Some(errors.check("", ParameterSchema::compile(schema))?),
                None => None,
            },
            body: overrides
                .body_template
                .as_deref()
                .filter(|text| !text.trim().is_empty())
                .map(|text| BodyOverride {
                    source: text.to_owned(),
                    json: BodyTemplate::parse(text).ok(),
                }),
        },
        BindingTarget::Action { action, .. } => {
            let key = format!("{workspace}/{}", binding.id);
            OwnTarget::Action {
                name: action.name.to_string(),
                description: action.description.clone(),
                kind: action.kind.as_str(),
                schema: prepare::schema(action.parameters().as_ref(), "", errors)?,
                call: local::prepare(&action.kind, &key, "", errors)?,
            }
        }
    };
    Some(OwnBinding {
        id: binding.id,
        gate: local::gate(binding),
        target,
    })
}

/// Resolves links to the shapes of the snapshot.
fn resolve(snapshot: &Snapshot, own: Arc<OwnParts>) -> PreparedAgent {
    let bindings: Vec<_> = own
        .bindings
        .iter()
        .map(|binding| Arc::new(resolve_binding(snapshot, own.agent, binding)))
        .collect();
    // The first of two that came to have one name keeps it; both are named where it is reported.
    let mut by_name = HashMap::with_capacity(bindings.len());
    for (index, binding) in bindings.iter().enumerate() {
        by_name.entry(binding.name.clone()).or_insert(index);
    }
    PreparedAgent {
        own,
        bindings,
        by_name,
    }
}

fn resolve_binding(snapshot: &Snapshot, agent: AgentId, binding: &OwnBinding) -> PreparedBinding {
    let prepared = |name: &str,
                    description: &str,
                    kind: &'static str,
                    schema: &ParameterSchema,
                    target: PreparedTarget| PreparedBinding {
        called: Arc::new(called(snapshot, agent, binding, name)),
        id: binding.id,
        name: name.to_owned(),
        description: description.to_owned(),
        kind,
        gate: binding.gate.clone(),
        schema: schema.clone(),
        target,
        formats: std::sync::OnceLock::new(),
    };
    match &binding.target {
        OwnTarget::Action {
            name,
            description,
            kind,
            schema,
            call,
        } => prepared(name, description, kind, schema, own_target(snapshot, call)),
        OwnTarget::Link {
            action_id,
            integration_id,
            schema,
            body,
        } => {
            let Some(action) = snapshot.actions.get(action_id) else {
                let gone = PreparedTarget::Broken(BrokenReason::Deleted.as_words());
                return prepared(
                    &binding.id.to_string(),
                    "",
                    "api_call",
                    &ParameterSchema::default(),
                    gone,
                );
            };
            let integration = snapshot.integrations.get(&action.integration_id);
            let place = link::Place {
                integration: action.integration_id,
                is_deleted: action.deleted,
                is_integration_deleted: integration.is_none_or(|found| found.deleted),
            };
            let target = match (link::broken(*integration_id, place), integration) {
                (None, Some(integration)) if action.unapproved && integration.holds_changes => {
                    PreparedTarget::Held
                }
                (None, Some(integration)) => PreparedTarget::Shared {
                    integration: integration.clone(),
                    request: with_body(&action.request, body.as_ref()),
                },
                (reason, _) => {
                    let reason = reason.unwrap_or(BrokenReason::IntegrationDeleted);
                    PreparedTarget::Broken(reason.as_words())
                }
            };
            let schema = effective_schema(action, schema.as_ref(), body.as_ref());
            let (name, description) = (&action.name, &action.description);
            prepared(name, description, kind_of(&action.request), &schema, target)
        }
    }
}

/// As what the calls of a binding are counted: those of a shared action together, in all agents.
fn called(snapshot: &Snapshot, agent: AgentId, binding: &OwnBinding, name: &str) -> Called {
    let (integration, action) = match &binding.target {
        OwnTarget::Link { action_id, .. } => {
            let under = snapshot.actions.get(action_id);
            (under.map(|action| action.integration_id), Some(*action_id))
        }
        OwnTarget::Action {
            call: OwnCall::Message(channel, _),
            ..
        } => (Some(*channel), None),
        OwnTarget::Action { .. } => (None, None),
    };
    Called {
        source: action.map_or_else(|| format!("{agent}/{name}"), |id| id.to_string()),
        name: name.to_owned(),
        integration,
        action,
    }
}

/// What an action of the agent's own performs.
fn own_target(snapshot: &Snapshot, call: &OwnCall) -> PreparedTarget {
    match call {
        OwnCall::Http(endpoint, call) => PreparedTarget::Own {
            endpoint: endpoint.clone(),
            call: call.clone(),
        },
        OwnCall::Local(action) => PreparedTarget::Local(action.clone()),
        OwnCall::Message(channel, message) => {
            let channel = snapshot.integrations.get(channel);
            match channel.filter(|channel| !channel.deleted) {
                Some(channel) => PreparedTarget::Shared {
                    integration: channel.clone(),
                    request: Request::Message(message.clone()),
                },
                None => PreparedTarget::NoChannel,
            }
        }
    }
}

/// The kind that a runtime is told of a link.
const fn kind_of(request: &Request) -> &'static str {
    match request {
        Request::Mcp(_) => MCP_TOOL,
        Request::Message(_) => "send_text_message",
        Request::Http(_) => "api_call",
    }
}

/// The schema of a link. Whether the model writes a message depends on what the link sets.
fn effective_schema(
    action: &PreparedAction,
    schema: Option<&ParameterSchema>,
    body: Option<&BodyOverride>,
) -> ParameterSchema {
    let own = schema.unwrap_or(&action.schema);
    if !matches!(action.request, Request::Message(_)) || (schema.is_none() && body.is_none()) {
        return own.clone();
    }
    let own_source = schema.map(|schema| &**schema.source());
    let body = body.map(|body| body.source.as_str());
    let parameters = action.definition.effective_parameters(own_source, body);
    parameters.map_or_else(ParameterSchema::default, |parameters| {
        // Both were checked when they were saved.
        ParameterSchema::compile(&parameters).unwrap_or_else(|_| own.clone())
    })
}

fn with_body(request: &Request, body: Option<&BodyOverride>) -> Request {
    match (request, body) {
        (
            Request::Http(call),
            Some(BodyOverride {
                json: Some(body), ..
            }),
        ) => {
            let mut changed = switchboard_connect::ApiCall::clone(call);
            changed.request.body = Some(body.clone());
            Request::Http(Arc::new(changed))
        }
        (Request::Message(message), Some(BodyOverride { source, .. })) => {
            match message.with_text(source) {
                Ok(changed) => Request::Message(Arc::new(changed)),
                // It was checked when it was saved.
                Err(_) => request.clone(),
            }
        }
        _ => request.clone(),
    }
}
