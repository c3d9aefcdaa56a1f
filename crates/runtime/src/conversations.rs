//! Conversations: started, read, changed and ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use switchboard_contract::conversations::{ConversationInput, ConversationPatch};
use switchboard_contract::wire::{RequestedVersion, Wire};
use switchboard_domain::action::BUILT_IN_VARIABLES;
use switchboard_domain::agent::VersionRef;
use switchboard_domain::conversation::{Conversation, ConversationKey, Phase, Status};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{AgentId, ConversationId, EventId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::name::VariableName;
use switchboard_domain::scope::Scope;
use switchboard_domain::variable_caps::{self, VariableCaps};
pub use switchboard_store::conversation::Filter;
use switchboard_store::{agent, conversation};

use crate::Runtime;
use crate::forget;
use crate::journal::{Change, Done, End, Key, Removal, Transition, Work, under_way};
use switchboard_operation::audit::{self, Details};
use switchboard_operation::{AppError, Conversations, Manager, Page, Reader, Runner};

/// Starts a conversation.
pub async fn start(
    runtime: &Runtime,
    runner: &Runner,
    input: ConversationInput,
) -> Result<Arc<Conversation>, AppError> {
    let version = version(runtime, runner, *input.agent_id, input.version)
        .await
        .map_err(|error| match error {
            AppError::NotFound(_) => {
                AppError::invalid("/agent_id", "there is no such agent in this workspace")
            }
            error => error,
        })?;
    start_on(runtime, runner, input, version).await
}

/// Starts a conversation on a version that [`version`] found.
pub async fn start_on(
    runtime: &Runtime,
    runner: &Runner,
    input: ConversationInput,
    version: VersionRef,
) -> Result<Arc<Conversation>, AppError> {
    if runtime.stopping.load(Ordering::Acquire) {
        return Err(AppError::Stopping);
    }
    let workspace = runner.workspace();
    check_variables(&input.variables, true, runtime.settings.variable_caps)?;
    let (_, prepared) = runtime
        .catalog
        .agent(workspace, *input.agent_id, version)
        .await?
        .ok_or_else(|| no_version(version))?;
    let now = runtime.context.now();
    let key = ConversationKey {
        workspace,
        id: ConversationId::from_uuid(runtime.context.uuid()),
        agent: *input.agent_id,
        version,
        environment: *input.environment,
        created_at: now,
    };
    let data = json!({
        "agent_id": key.agent, "version": version, "environment": key.environment,
        "state": prepared.own.states.initial(), "variables": input.variables,
    });
    let conversation = Conversation {
        status: Status::Active,
        phase: Phase::InCall,
        state: prepared.own.states.initial().cloned(),
        variables: input.variables,
        usage: std::collections::BTreeMap::new(),
        last_sequence: 0,
        updated_at: now,
        key,
    };
    let event = NewEvent {
        id: EventId::from_uuid(runtime.context.uuid()),
        at: now,
        kind: EventType::ConversationStarted,
        data: data.to_string(),
    };
    let key = (workspace, conversation.key.id);
    let work = Work::Start(Box::new(conversation), event);
    done(runtime.journal.submit(key, work).await?)
}

/// The version that new conversations get, or the one that is asked for.
pub async fn version(
    runtime: &Runtime,
    runner: &Runner,
    agent: AgentId,
    requested: RequestedVersion,
) -> Result<VersionRef, AppError> {
    // Any other one than the published one is for those who work on the agent: a draft is not meant
    // to be used yet, and a version that was withdrawn not any more.
    if requested != RequestedVersion::Published {
        runner.check(Scope::Manage)?;
    }
    let mut conn = runtime.db.read().await?;
    let agent = agent::get(&mut conn.engine(), runner.workspace(), agent)
        .await?
        .filter(|agent| agent.deleted_at.is_none())
        .ok_or(AppError::NotFound("agent"))?;
    match requested {
        RequestedVersion::Exact(version) => Ok(version),
        RequestedVersion::Published => {
            agent.published_version.map(VersionRef::Number).ok_or_else(|| {
                AppError::conflict(
                    ErrorCode::NotPublished,
                    "this agent has no published version, so it takes no new conversations; publish one, or test with \"version\": \"draft\"",
                )
            })
        }
    }
}

pub(crate) fn no_version(version: VersionRef) -> AppError {
    AppError::invalid("/version", format!("this agent has no version {version}"))
}

fn done(done: Done) -> Result<Arc<Conversation>, AppError> {
    match done {
        Done::Now(conversation) => Ok(conversation),
        _ => Err(other_answer()),
    }
}

fn other_answer() -> AppError {
    AppError::Internal("the journal gave an answer to another question".to_owned())
}

/// `call` may be given at the start; `conversation` is built in.
fn check_variables(
    variables: &Map<String, Value>,
    at_start: bool,
    caps: VariableCaps,
) -> Result<(), AppError> {
    let mut errors = InputErrors::new();
    for (name, value) in variables {
        let pointer = format!(
            "/variables/{}",
            switchboard_domain::input::pointer_token(name)
        );
        let is_call = at_start && name == "call";
        if BUILT_IN_VARIABLES.contains(&name.as_str()) && !is_call {
            errors.push(&pointer, "this variable is built in");
        }
        if variable_caps::value_bytes(value) > caps.value {
            let most = caps.value;
            errors.push(
                &pointer,
                format!("a variable has at most {most} bytes; keep less in it"),
            );
        }
        errors.check(pointer, VariableName::parse(name));
    }
    if variable_caps::total_bytes(variables) > caps.total {
        errors.push(
            "/variables",
            format!(
                "the variables of a conversation have at most {} bytes together; keep less in them",
                caps.total
            ),
        );
    }
    errors.finish(()).map_err(AppError::Invalid)
}

/// One conversation.
pub async fn get(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    id: ConversationId,
) -> Result<Arc<Conversation>, AppError> {
    runtime
        .journal
        .get((reader.workspace(), id))
        .await?
        .ok_or(AppError::NotFound("conversation"))
}

/// A page of conversations, the newest first. Of their variables they have `call` alone.
pub async fn list(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    filter: Filter,
    before: Option<ConversationId>,
    limit: u32,
) -> Result<Page<Conversation>, AppError> {
    let mut conn = runtime.db.read().await?;
    let engine = &mut conn.engine();
    Ok(conversation::list(engine, reader.workspace(), filter, before, limit).await?)
}

/// Changes the state or variables of a conversation.
pub async fn update(
    runtime: &Runtime,
    runner: &Runner,
    id: ConversationId,
    patch: ConversationPatch,
) -> Result<Arc<Conversation>, AppError> {
    check_variables(&patch.variables, false, runtime.settings.variable_caps)?;
    let conversation = get(runtime, runner, id).await?;
    let mut transition = None;
    if let Some(Wire(state)) = patch.state {
        let key = &conversation.key;
        let (_, agent) = runtime
            .catalog
            .agent(key.workspace, key.agent, key.version)
            .await?
            .ok_or(AppError::NotFound("agent"))?;
        if !agent.own.states.contains(&state) {
            return Err(AppError::invalid(
                "/state",
                "this agent's version has no such state",
            ));
        }
        transition = Some(Transition {
            to: state,
            states: agent.own.states.clone(),
        });
    }
    let change = Change {
        state: transition,
        variables: patch.variables,
        end: None,
        caps: runtime.settings.variable_caps,
        ids: std::array::from_fn(|_| runtime.context.uuid()),
    };
    submit(runtime, (runner.workspace(), id), change).await
}

/// Ends the dialogue; a second time, closes the conversation.
pub async fn end(
    runtime: &Runtime,
    runner: &Runner,
    id: ConversationId,
) -> Result<Arc<Conversation>, AppError> {
    submit(
        runtime,
        (runner.workspace(), id),
        ending(runtime, End::Asked),
    )
    .await
}

/// Removes a conversation with everything that belongs to it. Nothing of it may be under way.
pub async fn delete(
    runtime: &Runtime,
    manager: &Manager,
    id: ConversationId,
) -> Result<(), AppError> {
    let key = (manager.workspace(), id);
    runtime
        .journal
        .get(key)
        .await?
        .ok_or(AppError::NotFound("conversation"))?;
    if runtime.under_way.has(id) {
        return Err(under_way());
    }
    let what = ("conversation.deleted", "conversation", &*id.to_string());
    let told = audit::row(&runtime.context, &manager.actor(), what, Details::default());
    let work = Work::Remove(Removal::Asked(Box::new(told)));
    match runtime.journal.submit(key, work).await? {
        Done::Removed => {}
        _ => return Err(other_answer()),
    }
    // It is gone; what is left of it nobody finds any more, and others remove it if this fails.
    if let Err(error) = forget::clear(runtime, key).await {
        tracing::warn!(conversation = %id, %error, "the events of a conversation that was deleted are removed later");
    }
    Ok(())
}

/// Ends a dialogue, or closes a conversation, in which nothing happened since a time.
pub(crate) async fn end_idle(
    runtime: &Runtime,
    key: Key,
    since: DateTime<Utc>,
) -> Result<(), AppError> {
    submit(runtime, key, ending(runtime, End::Idle(since)))
        .await
        .map(drop)
}

fn ending(runtime: &Runtime, end: End) -> Change {
    Change {
        state: None,
        variables: Map::new(),
        end: Some(end),
        caps: runtime.settings.variable_caps,
        ids: std::array::from_fn(|_| runtime.context.uuid()),
    }
}

async fn submit(
    runtime: &Runtime,
    key: Key,
    change: Change,
) -> Result<Arc<Conversation>, AppError> {
    let work = Work::Change(Box::new(change), runtime.context.now());
    done(runtime.journal.submit(key, work).await?)
}
