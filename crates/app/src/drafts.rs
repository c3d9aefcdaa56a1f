//! Drafts: the one mutable version of an agent, as a whole and binding by binding.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::agent::{
    AgentAction, AgentActionKind, AgentDocument, Binding, BindingTarget, Gate, Link, Overrides,
    State, VersionRef,
};
use switchboard_domain::conversation::Phase;
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::name::StateName;
use switchboard_store::agent::{self, VersionRow};
use switchboard_store::change::Entity;
use switchboard_store::reference::{Source, Target};
use switchboard_store::{Engine, action};

use crate::change::{ConfigChange, check_revision};
use crate::{App, AppError, Manager, agents, prepare, secrets};

/// The longest instructions, in bytes.
const MAX_INSTRUCTIONS_BYTES: usize = 256 * 1024;
/// How many states and how many bindings a version may have.
const MANY: usize = 500;

/// What PUT takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftInput {
    /// What the model is told.
    #[serde(default)]
    pub instructions: String,
    /// Whether `allowed_states` are applied.
    #[serde(default)]
    pub strict_states: bool,
    /// The state a conversation starts in.
    #[serde(default)]
    pub initial_state: Option<StateName>,
    /// The steps of the dialogue.
    #[serde(default)]
    pub states: Vec<State>,
    /// The actions it may call.
    #[serde(default)]
    pub actions: Vec<BindingInput>,
    /// Ignored, so that what was read can be sent back; `If-Match` is what is checked.
    #[serde(default)]
    #[expect(dead_code, reason = "it is accepted and ignored")]
    revision: Option<u64>,
    /// Ignored in the same way.
    #[serde(default)]
    #[expect(dead_code, reason = "it is accepted and ignored")]
    created_at: Option<serde::de::IgnoredAny>,
    /// Ignored in the same way.
    #[serde(default)]
    #[expect(dead_code, reason = "it is accepted and ignored")]
    updated_at: Option<serde::de::IgnoredAny>,
}

/// A binding as it comes in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingInput {
    /// The id of a binding that is there already; a new one gets its own.
    #[serde(default)]
    pub id: Option<BindingId>,
    /// A link to a shared action.
    #[serde(default)]
    pub link: Option<LinkInput>,
    /// What a link sets differently.
    #[serde(default)]
    pub overrides: Option<OverridesInput>,
    /// An agent-specific action.
    #[serde(default)]
    pub action: Option<Value>,
    /// For an agent-specific action: the phases.
    #[serde(default)]
    pub phases: Option<Vec<Phase>>,
    /// For an agent-specific action: the limit.
    #[serde(default)]
    pub max_successful_calls: Option<u32>,
    /// For an agent-specific action: the states.
    #[serde(default)]
    pub allowed_states: Option<Vec<StateName>>,
}

/// A link as it comes in.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The shared action.
    pub action_id: ActionId,
    /// Its integration; left out, it is the one the action is under.
    #[serde(default)]
    pub integration_id: Option<IntegrationId>,
}

/// Overrides as they come in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverridesInput {
    #[serde(default)]
    parameters: Option<Value>,
    #[serde(default)]
    body_template: Option<String>,
    #[serde(default)]
    phases: Option<Vec<Phase>>,
    #[serde(default)]
    max_successful_calls: Option<u32>,
    #[serde(default)]
    allowed_states: Option<Vec<StateName>>,
}

async fn existing(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<VersionRow, AppError> {
    agents::existing(engine, workspace, id).await?;
    agent::version(engine, workspace, id, VersionRef::Draft)
        .await?
        .ok_or(AppError::NotFound("agent"))
}

/// The draft.
pub async fn get(app: &App, manager: &Manager, id: AgentId) -> Result<VersionRow, AppError> {
    let mut conn = app.db.read().await?;
    existing(&mut conn.engine(), manager.workspace(), id).await
}

/// Replaces the draft. Bindings whose ids it knows keep them.
pub async fn put(
    app: &App,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
    input: DraftInput,
) -> Result<VersionRow, AppError> {
    edit(
        app,
        manager,
        id,
        expected,
        "draft.update",
        |draft, errors| {
            draft.instructions = input.instructions;
            draft.strict_states = input.strict_states;
            draft.initial_state = input.initial_state;
            draft.states = input.states;
            let known: BTreeSet<BindingId> =
                draft.actions.iter().map(|binding| binding.id).collect();
            let mut bindings = vec![];
            for (index, binding) in input.actions.into_iter().enumerate() {
                let pointer = format!("/actions/{index}");
                let kept = binding.id.filter(|id| known.contains(id));
                let id = kept.unwrap_or_else(|| BindingId::from_uuid(app.context.uuid()));
                bindings.extend(read_binding(id, binding, &pointer, errors));
            }
            draft.actions = bindings;
            Ok(())
        },
    )
    .await
    .map(|(row, ())| row)
}

/// Adds a binding to the draft.
pub async fn add_binding(
    app: &App,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
    input: BindingInput,
) -> Result<(VersionRow, BindingId), AppError> {
    edit(
        app,
        manager,
        id,
        expected,
        "draft.add_action",
        |draft, errors| {
            let id = BindingId::from_uuid(app.context.uuid());
            draft.actions.extend(read_binding(id, input, "", errors));
            Ok(id)
        },
    )
    .await
}

/// Changes a binding of the draft: what is given replaces what is there.
pub async fn update_binding(
    app: &App,
    manager: &Manager,
    id: AgentId,
    binding: BindingId,
    expected: Option<u64>,
    patch: serde_json::Map<String, Value>,
) -> Result<VersionRow, AppError> {
    edit(
        app,
        manager,
        id,
        expected,
        "draft.update_action",
        |draft, errors| {
            let slot = draft
                .actions
                .iter_mut()
                .find(|known| known.id == binding)
                .ok_or(AppError::NotFound("binding"))?;
            let mut merged = serde_json::to_value(&*slot)
                .map_err(|error| AppError::Internal(error.to_string()))?;
            merge(&mut merged, Value::Object(patch));
            match serde_json::from_value::<BindingInput>(merged) {
                Ok(input) => {
                    if let Some(read) = read_binding(binding, input, "", errors) {
                        *slot = read;
                    }
                }
                Err(error) => errors.push("", error),
            }
            Ok(())
        },
    )
    .await
    .map(|(row, ())| row)
}

/// Removes a binding from the draft.
pub async fn remove_binding(
    app: &App,
    manager: &Manager,
    id: AgentId,
    binding: BindingId,
    expected: Option<u64>,
) -> Result<(), AppError> {
    edit(
        app,
        manager,
        id,
        expected,
        "draft.remove_action",
        |draft, _| {
            let before = draft.actions.len();
            draft.actions.retain(|known| known.id != binding);
            if draft.actions.len() == before {
                return Err(AppError::NotFound("binding"));
            }
            Ok(())
        },
    )
    .await
    .map(drop)
}

/// A merge of JSON documents (RFC 7396), but for schemas, which are replaced as a whole.
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.shift_remove(&key);
                } else if key == "parameters" {
                    target.insert(key, value);
                } else {
                    merge(target.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

/// Edits the draft in one transaction: reads it, changes it, checks it, writes it.
async fn edit<T>(
    app: &App,
    manager: &Manager,
    id: AgentId,
    expected: Option<u64>,
    operation: &str,
    change_draft: impl FnOnce(&mut AgentDocument, &mut InputErrors) -> Result<T, AppError>,
) -> Result<(VersionRow, T), AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let mut row = existing(engine, workspace, id).await?;
    check_revision(expected, row.revision)?;
    let known: BTreeMap<BindingId, Link> = row
        .document
        .actions
        .iter()
        .filter_map(|binding| Some((binding.id, binding.link()?.clone())))
        .collect();
    let mut errors = InputErrors::new();
    let result = change_draft(&mut row.document, &mut errors)?;
    check(&row.document, &mut errors);
    let names = link_names(engine, workspace, &mut row.document, &known, &mut errors).await?;
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors.into_inner()));
    }
    check_names(&names)?;
    row.revision += 1;
    row.updated_at = now;
    agent::save_draft(engine, workspace, id, &row.document, row.revision, now).await?;
    refer(engine, workspace, id, &row.document).await?;
    change
        .note(Entity::Agent, &id.to_string(), operation)
        .await?;
    change.commit().await?;
    Ok((row, result))
}

fn read_binding(
    id: BindingId,
    input: BindingInput,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<Binding> {
    let gate_of = |phases, max_successful_calls, allowed_states| Gate {
        phases,
        max_successful_calls,
        allowed_states,
    };
    let target = match (input.link, input.action) {
        (Some(link), None) => {
            if input.phases.is_some()
                || input.max_successful_calls.is_some()
                || input.allowed_states.is_some()
            {
                errors.push(
                    pointer,
                    "what a link sets differently stands in its `overrides`",
                );
            }
            let overrides = input.overrides.unwrap_or_default();
            BindingTarget::Link {
                link: Link {
                    action_id: link.action_id,
                    // Filled in with the action's own, where it is left out.
                    integration_id: link
                        .integration_id
                        .unwrap_or(IntegrationId::from_uuid(uuid::Uuid::nil())),
                },
                overrides: Overrides {
                    parameters: overrides.parameters,
                    body_template: overrides.body_template,
                    gate: gate_of(
                        overrides.phases,
                        overrides.max_successful_calls,
                        overrides.allowed_states,
                    ),
                },
            }
        }
        (None, Some(action)) => {
            if input.overrides.is_some() {
                errors.push(format!("{pointer}/overrides"), "only links have overrides");
            }
            BindingTarget::Action {
                action: read_action(action, pointer, errors)?,
                gate: gate_of(
                    input.phases,
                    input.max_successful_calls,
                    input.allowed_states,
                ),
            }
        }
        _ => {
            errors.push(pointer, "a binding has either a `link` or an `action`");
            return None;
        }
    };
    Some(Binding { id, target })
}

/// The members each kind of agent-specific action may have.
const API_CALL_FIELDS: [&str; 11] = [
    "kind",
    "name",
    "description",
    "parameters",
    "method",
    "url",
    "auth",
    "headers",
    "body_template",
    "output_variables",
    "timeout_ms",
];

fn read_action(action: Value, pointer: &str, errors: &mut InputErrors) -> Option<AgentAction> {
    let pointer = format!("{pointer}/action");
    if let Value::Object(members) = &action {
        for key in members
            .keys()
            .filter(|key| !API_CALL_FIELDS.contains(&key.as_str()))
        {
            errors.push(
                format!(
                    "{pointer}/{}",
                    switchboard_domain::input::pointer_token(key)
                ),
                "there is no such field in this kind of action",
            );
        }
    }
    errors.check(pointer, serde_json::from_value(action))
}

/// Checks all of a document that needs nothing from elsewhere, by preparing it as calls need it.
fn check(document: &AgentDocument, errors: &mut InputErrors) {
    if document.instructions.len() > MAX_INSTRUCTIONS_BYTES {
        errors.push(
            "/instructions",
            format!("instructions have at most {MAX_INSTRUCTIONS_BYTES} bytes"),
        );
    }
    if document.states.len() > MANY {
        errors.push("/states", format!("there are at most {MANY} states"));
    }
    if document.actions.len() > MANY {
        errors.push("/actions", format!("there are at most {MANY} actions"));
    }
    let mut states = BTreeSet::new();
    for (index, state) in document.states.iter().enumerate() {
        if !states.insert(&state.name) {
            errors.push(format!("/states/{index}/name"), "two states have this name");
        }
    }
    if let Some(initial) = &document.initial_state
        && !states.contains(initial)
    {
        errors.push("/initial_state", "it is not the name of one of the states");
    }
    let mut ids = BTreeSet::new();
    for (index, binding) in document.actions.iter().enumerate() {
        let pointer = format!("/actions/{index}");
        if !ids.insert(binding.id) {
            errors.push(format!("{pointer}/id"), "two bindings have this id");
        }
        check_binding(binding, &pointer, errors);
    }
}

fn check_binding(binding: &Binding, pointer: &str, errors: &mut InputErrors) {
    let gate_at = match &binding.target {
        BindingTarget::Link { overrides, .. } => {
            let pointer = format!("{pointer}/overrides");
            prepare::schema(
                overrides.parameters.as_ref(),
                &format!("{pointer}/parameters"),
                errors,
            );
            prepare::body(
                overrides.body_template.as_deref(),
                &format!("{pointer}/body_template"),
                errors,
            );
            pointer
        }
        BindingTarget::Action { action, .. } => {
            let at = format!("{pointer}/action");
            prepare::schema(
                action.parameters.as_ref(),
                &format!("{at}/parameters"),
                errors,
            );
            let AgentActionKind::ApiCall(call) = &action.kind;
            prepare::agent_api_call(call, "", &at, errors);
            pointer.to_owned()
        }
    };
    if binding.gate().max_successful_calls == Some(0) {
        errors.push(
            format!("{gate_at}/max_successful_calls"),
            "a limit is at least 1; leave it out for no limit",
        );
    }
    if binding.gate().phases.as_ref().is_some_and(Vec::is_empty) {
        errors.push(
            format!("{gate_at}/phases"),
            "name at least one phase; leave it out for every phase",
        );
    }
}

/// Checks the links and gives the names of all bindings. A link that was there before may be broken
/// by now; a new one may not.
async fn link_names(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    document: &mut AgentDocument,
    known: &BTreeMap<BindingId, Link>,
    errors: &mut InputErrors,
) -> Result<Vec<(usize, String)>, AppError> {
    let mut names = vec![];
    for (index, binding) in document.actions.iter_mut().enumerate() {
        let id = binding.id;
        match &mut binding.target {
            BindingTarget::Action { action, .. } => names.push((index, action.name.to_string())),
            BindingTarget::Link { link, overrides } => {
                let found = action::get(engine, workspace, link.action_id).await?;
                let was_there = known
                    .get(&id)
                    .is_some_and(|old| old.action_id == link.action_id);
                let pointer = format!("/actions/{index}/link");
                match found {
                    Some(row) if row.deleted_at.is_none() || was_there => {
                        if link.integration_id.uuid().is_nil() {
                            link.integration_id = row.integration_id;
                        }
                        let unchanged = known.get(&id) == Some(&*link);
                        if link.integration_id != row.integration_id && !unchanged {
                            errors.push(
                                format!("{pointer}/integration_id"),
                                "the action is not under this integration; leave it out to use the one it is under",
                            );
                        }
                        let ActionDefinition::Api(api) = &row.definition;
                        if api.method == switchboard_domain::request::Method::Get
                            && overrides
                                .body_template
                                .as_ref()
                                .is_some_and(|text| !text.trim().is_empty())
                        {
                            errors.push(
                                format!("/actions/{index}/overrides/body_template"),
                                "a GET request has no body",
                            );
                        }
                        if row.deleted_at.is_none() {
                            names.push((index, row.name.to_string()));
                        }
                    }
                    _ => errors.push(
                        format!("{pointer}/action_id"),
                        "there is no such action in this workspace",
                    ),
                }
            }
        }
    }
    Ok(names)
}

/// Refuses two actions of one name: a model could not tell them apart.
fn check_names(names: &[(usize, String)]) -> Result<(), AppError> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, name) in names {
        if let Some(first) = seen.insert(name, *index) {
            return Err(AppError::Conflict {
                code: "name_taken",
                message: format!(
                    "two actions of this agent are named `{name}`; rename or remove one"
                ),
                errors: [first, *index]
                    .iter()
                    .map(|index| switchboard_domain::input::InputError {
                        pointer: format!("/actions/{index}"),
                        detail: format!("it is named `{name}`"),
                    })
                    .collect(),
                details: None,
            });
        }
    }
    Ok(())
}

fn source(id: AgentId) -> Source {
    Source {
        kind: "agent",
        id: id.to_string(),
        version: VersionRef::Draft.number(),
    }
}

async fn refer(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    document: &AgentDocument,
) -> Result<(), AppError> {
    let links: Vec<Target> = document
        .actions
        .iter()
        .filter_map(Binding::link)
        .flat_map(|link| {
            [
                ("action", link.action_id.to_string()),
                ("integration", link.integration_id.to_string()),
            ]
        })
        .map(|(kind, id)| Target { kind, id })
        .collect();
    secrets::refer(engine, workspace, source(id), &document.secrets(), &links).await
}

/// Forgets what a deleted agent's draft referred to.
pub(crate) async fn forget(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<(), AppError> {
    secrets::refer(engine, workspace, source(id), &[], &[]).await
}
