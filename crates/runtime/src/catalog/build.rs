//! Building snapshots: loading what is asked for, and replacing what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use switchboard_domain::agent::{AgentDocument, Binding, BindingTarget, VersionRef};
use switchboard_domain::environment::PerEnvironment;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::OnChange;
use switchboard_domain::name::StateName;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::state_graph::StateGraph;
use switchboard_kinds::{
    BodyOverride, OwnCall, Scope, gate, go_to_state, prepare_action, prepare_integration,
    prepare_own, schema,
};
use switchboard_operation::{AppError, WorkspaceSecrets, workspace_variables};
use switchboard_outbound::Breakers;
use switchboard_store::change::{Change, Entity};
use switchboard_store::stat::Called;
use switchboard_store::{Db, Engine, StoreError, action, agent, change, integration};
use switchboard_vault::KeyRing;

use super::entries::{
    OwnBinding, OwnParts, OwnTarget, PreparedAction, PreparedBinding, PreparedIntegration,
    PreparedTarget, Snapshot, Unusable,
};
use super::resolve::resolve;
use super::usage;
use super::used::Used;

/// What a workspace's snapshots are made with.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What opens its secrets.
    pub keys: &'a KeyRing,
    /// The breakers of those it calls, which outlive a change.
    pub breakers: &'a Breakers,
}

/// A workspace's first snapshot: its secrets and variables, and no agents yet.
pub async fn first(db: &Db, of: &Source<'_>) -> Result<Snapshot, AppError> {
    let mut conn = db.read().await?;
    read_first(&mut conn.engine(), of).await
}

async fn read_first(engine: &mut Engine<'_>, of: &Source<'_>) -> Result<Snapshot, AppError> {
    let mut snapshot = Snapshot {
        // Read first: what changes after it is applied once more, which does no harm.
        revision: change::revision(engine, of.workspace).await?,
        ..Snapshot::default()
    };
    load_secrets(&mut snapshot, engine, of).await?;
    load_variables(&mut snapshot, engine, of).await?;
    Ok(snapshot)
}

/// A snapshot of the same things, loaded again: where it is not known what changed.
pub async fn anew(
    before: &Snapshot,
    engine: &mut Engine<'_>,
    of: &Source<'_>,
    now: Duration,
) -> Result<Snapshot, AppError> {
    let mut snapshot = read_first(engine, of).await?;
    for (key, agent) in &before.agents {
        if agent.used.is_recent(now) {
            let used = agent.used.same(now);
            if_readable(load_agent(&mut snapshot, engine, of, *key, used).await)?;
        }
    }
    Ok(snapshot)
}

/// What cannot be read is left out: whoever asks for it is told why.
fn if_readable(loaded: Result<(), AppError>) -> Result<(), AppError> {
    match loaded {
        Err(AppError::Conflict { message, .. }) => {
            tracing::error!(%message, "a version of an agent is not served");
            Ok(())
        }
        loaded => loaded,
    }
}

/// Replaces what changed, and what depends on it.
pub async fn apply(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    of: &Source<'_>,
    changes: &[Change],
    now: Duration,
) -> Result<(), AppError> {
    let distinct: BTreeSet<(&str, &str)> = changes
        .iter()
        .filter_map(|change| Some((change.entity?.as_str(), change.entity_id.as_str())))
        .collect();
    let changed = |entity: Entity| {
        distinct
            .iter()
            .filter(move |(kind, _)| *kind == entity.as_str())
            .map(|(_, id)| *id)
    };
    if changed(Entity::Secret).next().is_some() {
        load_secrets(snapshot, engine, of).await?;
    }
    if changed(Entity::Variable).next().is_some() {
        load_variables(snapshot, engine, of).await?;
    }
    let (mut touched, mut channels) = (BTreeSet::new(), BTreeSet::new());
    for id in changed(Entity::Integration).filter_map(|id| id.parse::<IntegrationId>().ok()) {
        if snapshot.integrations.remove(&id).is_some() {
            load_integration(snapshot, engine, of, id).await?;
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
    for id in changed(Entity::Action).filter_map(|id| id.parse::<ActionId>().ok()) {
        let was_unusable = snapshot.unusable.remove(&id).is_some();
        if snapshot.actions.remove(&id).is_some() || was_unusable {
            load_action(snapshot, engine, of, id).await?;
            touched.insert(id);
        }
    }
    for id in changed(Entity::Agent).filter_map(|id| id.parse().ok()) {
        reload_agent(snapshot, engine, of, id, now).await?;
    }
    resolve_dependents(snapshot, &touched, &channels, now);
    Ok(())
}

/// Takes up a change of an agent. A locked version never changes, so only its draft is loaded again,
/// and that only where it is in use.
async fn reload_agent(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    of: &Source<'_>,
    id: AgentId,
    now: Duration,
) -> Result<(), AppError> {
    let loaded = snapshot.agents.keys().filter(|(agent, _)| *agent == id);
    let loaded: Vec<_> = loaded.copied().collect();
    if loaded.is_empty() {
        return Ok(());
    }
    let is_there = agent::get(engine, of.workspace, id)
        .await?
        .is_some_and(|agent| agent.deleted_at.is_none());
    if !is_there {
        usage::drop_versions(snapshot, &loaded);
        return Ok(());
    }
    let key = (id, VersionRef::Draft);
    let Some(draft) = snapshot.agents.remove(&key) else {
        return Ok(());
    };
    if draft.used.is_recent(now) {
        let used = draft.used.same(now);
        return if_readable(load_agent(snapshot, engine, of, key, used).await);
    }
    Ok(())
}

/// Resolves again the agents that link one of these actions or send through one of these channels,
/// and drops those of them that nobody uses now.
fn resolve_dependents(
    snapshot: &mut Snapshot,
    touched: &BTreeSet<ActionId>,
    channels: &BTreeSet<IntegrationId>,
    now: Duration,
) {
    if touched.is_empty() && channels.is_empty() {
        return;
    }
    let depends = |binding: &OwnBinding| match &binding.target {
        OwnTarget::Link { action_id, .. } => touched.contains(action_id),
        OwnTarget::Action { call, .. } => {
            let through = call.through();
            through.is_some_and(|(channel, _)| channels.contains(&channel))
        }
        OwnTarget::Unusable { .. } => false,
    };
    let dependents = snapshot
        .agents
        .iter()
        .filter(|(_, agent)| agent.own.bindings.iter().any(depends));
    let (used, unused): (Vec<_>, Vec<_>) = dependents
        .map(|(key, agent)| (*key, agent.clone()))
        .partition(|(_, agent)| agent.used.is_recent(now));
    for (key, before) in used {
        let agent = resolve(snapshot, before.own.clone(), before.used.same(now));
        snapshot.agents.insert(key, Arc::new(agent));
    }
    let unused: Vec<_> = unused.into_iter().map(|(key, _)| key).collect();
    usage::drop_versions(snapshot, &unused);
}

async fn load_secrets(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    of: &Source<'_>,
) -> Result<(), AppError> {
    let loaded = WorkspaceSecrets::load(engine, of.workspace, of.keys).await?;
    snapshot.secrets = Arc::new(loaded);
    Ok(())
}

async fn load_variables(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    of: &Source<'_>,
) -> Result<(), AppError> {
    snapshot.variables = workspace_variables(engine, of.workspace).await?;
    Ok(())
}

/// What was saved was checked then, so an error here means that the rules changed since, or that a
/// newer release saved it. Answers why it cannot be used, for whoever asks for it.
fn reason(errors: InputErrors, what: &str, id: &dyn std::fmt::Display) -> Option<Arc<str>> {
    let errors = errors.finish(()).err()?;
    let detail = errors.first().map_or("", |error| error.detail.as_str());
    tracing::error!(%id, detail, "a stored {what} no longer compiles");
    Some(format!("the stored {what} no longer compiles ({detail})").into())
}

/// What is stored, or why it cannot be read.
fn readable<T>(
    found: Result<T, StoreError>,
    id: &dyn std::fmt::Display,
) -> Result<Result<T, Arc<str>>, StoreError> {
    match found {
        Ok(found) => Ok(Ok(found)),
        Err(StoreError::Corrupt { what, detail }) => {
            tracing::error!(%id, detail, "a stored {what} cannot be read");
            let reason = format!("the stored {what} cannot be read by this release");
            Ok(Err(reason.into()))
        }
        Err(error) => Err(error),
    }
}

async fn load_integration(
    snapshot: &mut Snapshot,
    engine: &mut Engine<'_>,
    of: &Source<'_>,
    id: IntegrationId,
) -> Result<(), AppError> {
    let row = match readable(integration::get(engine, of.workspace, id).await, &id)? {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(()),
        Err(reason) => {
            let unusable = PreparedIntegration {
                name: id.to_string(),
                deleted: false,
                places: PerEnvironment::default(),
                holds_changes: false,
                unusable: Some(reason),
            };
            snapshot.integrations.insert(id, Arc::new(unusable));
            return Ok(());
        }
    };
    let mut errors = InputErrors::new();
    let scope = |environment| Scope::integration(of.workspace, id, environment, of.breakers);
    let places = prepare_integration(id, &row.definition, scope, &mut errors);
    let server = row.definition.mcp_server();
    let holds_changes = server.is_some_and(|server| server.on_change == OnChange::Hold);
    let prepared = PreparedIntegration {
        unusable: reason(errors, "integration", &id),
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
    of: &Source<'_>,
    id: ActionId,
) -> Result<(), AppError> {
    let row = match readable(action::get(engine, of.workspace, id).await, &id)? {
        Ok(Some(row)) => row,
        Ok(None) => return Ok(()),
        Err(reason) => {
            let unusable = Unusable { name: None, reason };
            snapshot.unusable.insert(id, Arc::new(unusable));
            return Ok(());
        }
    };
    if !snapshot.integrations.contains_key(&row.integration_id) {
        load_integration(snapshot, engine, of, row.integration_id).await?;
    }
    let mut errors = InputErrors::new();
    let prepared = prepare_action(&row.definition, &mut errors);
    let unapproved = row.definition.tool().is_some_and(|tool| tool.is_unapproved);
    if let Some(reason) = reason(errors, "action", &id) {
        let name = Some(row.name.to_string());
        let unusable = Unusable { name, reason };
        snapshot.unusable.insert(id, Arc::new(unusable));
        return Ok(());
    }
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
    of: &Source<'_>,
    (id, version): (AgentId, VersionRef),
    used: Used,
) -> Result<(), AppError> {
    let exists = agent::get(engine, of.workspace, id)
        .await?
        .is_some_and(|agent| agent.deleted_at.is_none());
    let found = agent::version(engine, of.workspace, id, version).await;
    let row = readable(found, &id)?.map_err(|reason| {
        let message = format!("{reason}; save it again, or use the release that wrote it");
        AppError::conflict(ErrorCode::VersionUnreadable, message)
    })?;
    let (true, Some(row)) = (exists, row) else {
        return Ok(());
    };
    for binding in &row.document.actions {
        if let Some(link) = binding.link()
            && !snapshot.actions.contains_key(&link.action_id)
            && !snapshot.unusable.contains_key(&link.action_id)
        {
            load_action(snapshot, engine, of, link.action_id).await?;
        }
    }
    for channel in row.document.channels() {
        if !snapshot.integrations.contains_key(&channel) {
            load_integration(snapshot, engine, of, channel).await?;
        }
    }
    let own = compile(&row.document, id, of);
    let agent = resolve(snapshot, Arc::new(own), used);
    snapshot.agents.insert((id, version), Arc::new(agent));
    Ok(())
}

fn compile(document: &AgentDocument, agent: AgentId, of: &Source<'_>) -> OwnParts {
    let usable = |binding: &Binding| {
        let mut errors = InputErrors::new();
        let prepared = own_binding(binding, of, &mut errors);
        let unusable = reason(errors, "action", &binding.id);
        match (prepared, unusable) {
            (Some(prepared), None) => prepared,
            (_, reason) => OwnBinding {
                id: binding.id,
                gate: gate(binding),
                target: OwnTarget::Unusable {
                    name: match &binding.target {
                        BindingTarget::Action { action, .. } => action.name.to_string(),
                        BindingTarget::Link { .. } => binding.id.to_string(),
                    },
                    reason: reason.unwrap_or_else(|| "it no longer compiles".into()),
                },
            },
        }
    };
    OwnParts {
        agent,
        strict_states: document.strict_states,
        states: Arc::new(StateGraph::of(document)),
        go_to_state: go_to_state_of(agent, document),
        bindings: document.actions.iter().map(usable).collect(),
    }
}

/// The built-in tool `go_to_state` as it is in each state, where an agent asks for it.
fn go_to_state_of(
    agent: AgentId,
    document: &AgentDocument,
) -> BTreeMap<Option<StateName>, Arc<PreparedBinding>> {
    let called = Arc::new(Called {
        source: format!("{agent}/{}", go_to_state::NAME),
        name: go_to_state::NAME.to_owned(),
        integration: None,
        action: None,
    });
    let binding = |schema| PreparedBinding {
        id: BindingId::from_uuid(uuid::Uuid::nil()),
        name: go_to_state::NAME.to_owned(),
        description: go_to_state::DESCRIPTION.to_owned(),
        kind: go_to_state::NAME,
        gate: go_to_state::gate(),
        schema,
        target: PreparedTarget::Own(OwnCall::go_to_state()),
        called: called.clone(),
        formats: OnceLock::new(),
    };
    go_to_state::schemas(document)
        .into_iter()
        .map(|(state, schema)| (state, Arc::new(binding(schema))))
        .collect()
}

fn own_binding(binding: &Binding, of: &Source<'_>, errors: &mut InputErrors) -> Option<OwnBinding> {
    let target = match &binding.target {
        BindingTarget::Link { link, overrides } => OwnTarget::Link {
            action_id: link.action_id,
            integration_id: link.integration_id,
            schema: match &overrides.parameters {
                Some(schema) => Some(errors.check("", ParameterSchema::compile(schema))?),
                None => None,
            },
            body: BodyOverride::of(overrides),
        },
        BindingTarget::Action { action, .. } => {
            let scope = Scope::binding(of.workspace, binding.id, of.breakers);
            OwnTarget::Action {
                name: action.name.to_string(),
                description: action.description.clone(),
                kind: action.kind.as_str(),
                schema: schema(action.parameters().as_ref(), "", errors)?,
                call: prepare_own(&action.kind, &scope, "", errors)?,
            }
        }
    };
    Some(OwnBinding {
        id: binding.id,
        gate: gate(binding),
        target,
    })
}
