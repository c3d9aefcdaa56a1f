//! Which actions are callable now, and why each other one is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use switchboard_domain::admission::{self, Refusal};
use switchboard_domain::agent::VersionRef;
use switchboard_domain::conversation::{Conversation, ConversationKey, Phase, Status};
use switchboard_domain::environment::Environment;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{AgentId, BindingId, ConversationId};
use switchboard_domain::tool_format::{Note, Provider};
use uuid::Uuid;

use crate::catalog::{PreparedAgent, PreparedBinding};
use crate::conversations::no_version;
use crate::{Runtime, conversations};
use switchboard_operation::{AppError, Conversations, Reader, Runner};

/// An action that is callable now.
#[derive(Debug, Clone)]
pub struct Tool {
    /// The name it is called by.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// The schema of its arguments.
    pub parameters: Arc<Value>,
    /// The binding; none for what is built in.
    pub binding: Option<BindingId>,
    /// The kind of its action.
    pub kind: &'static str,
    /// How many more calls may succeed, calls under way taken off; none without a limit.
    pub remaining_successful_calls: Option<u32>,
    /// What providers' formats say differently, pass over, or leave out.
    pub notes: Vec<Note>,
    prepared: Arc<PreparedBinding>,
}

impl Tool {
    /// The tool as a provider's API takes it; none where the provider would refuse it.
    pub fn format(&self, provider: Provider) -> Option<&Value> {
        let formats = self.prepared.formats().iter();
        formats
            .filter(|(known, _)| *known == provider)
            .find_map(|(_, exported)| exported.tool.as_ref())
    }
}

/// An action that is not callable now.
#[derive(Debug, Clone)]
pub struct Unavailable {
    /// Its name.
    pub name: String,
    /// The binding; none for what is built in.
    pub binding: Option<BindingId>,
    /// The code that a call would be refused with.
    pub code: ErrorCode,
    /// Why, as a sentence.
    pub reason: String,
}

/// Both lists, in the order of the version's document.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// What is callable now.
    pub tools: Vec<Tool>,
    /// What is not.
    pub unavailable: Vec<Unavailable>,
}

/// The tools of a conversation as it is now.
pub async fn list(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    id: ConversationId,
) -> Result<Tools, AppError> {
    of(runtime, conversations::get(runtime, reader, id).await?).await
}

/// The tools of a conversation that was read.
pub async fn of(runtime: &Runtime, conversation: Arc<Conversation>) -> Result<Tools, AppError> {
    Ok(Offer::of(runtime, conversation).await?.tools())
}

/// What a new conversation on this version would be offered. None is started.
pub async fn offered(
    runtime: &Runtime,
    runner: &Runner,
    agent: AgentId,
    version: VersionRef,
    environment: Environment,
) -> Result<Tools, AppError> {
    let offer = Offer::to_new(runtime, runner, agent, version, environment).await?;
    Ok(offer.tools())
}

/// A conversation beside the agent as it is prepared: all that its tools follow from.
#[derive(Debug)]
pub(crate) struct Offer {
    agent: Arc<PreparedAgent>,
    conversation: Arc<Conversation>,
    /// Why each binding is not callable, in the agent's order; none for those that are.
    refusals: Vec<Option<Refusal>>,
}

impl Offer {
    pub(crate) async fn of(
        runtime: &Runtime,
        conversation: Arc<Conversation>,
    ) -> Result<Self, AppError> {
        let key = &conversation.key;
        let (_, agent) = runtime
            .catalog
            .agent(key.workspace, key.agent, key.version)
            .await?
            .ok_or(AppError::NotFound("agent"))?;
        Ok(Self::new(agent, conversation))
    }

    pub(crate) async fn to_new(
        runtime: &Runtime,
        runner: &Runner,
        agent: AgentId,
        version: VersionRef,
        environment: Environment,
    ) -> Result<Self, AppError> {
        let workspace = runner.workspace();
        let (_, prepared) = runtime
            .catalog
            .agent(workspace, agent, version)
            .await?
            .ok_or_else(|| no_version(version))?;
        let now = runtime.context.now();
        let fresh = Conversation {
            key: ConversationKey {
                workspace,
                id: ConversationId::from_uuid(Uuid::nil()),
                agent,
                version,
                environment,
                created_at: now,
            },
            status: Status::Active,
            phase: Phase::InCall,
            state: prepared.own.states.initial().cloned(),
            variables: Map::new(),
            usage: BTreeMap::new(),
            last_sequence: 0,
            updated_at: now,
        };
        Ok(Self::new(prepared, Arc::new(fresh)))
    }

    fn new(agent: Arc<PreparedAgent>, conversation: Arc<Conversation>) -> Self {
        let refusal = |binding: &Arc<PreparedBinding>| {
            binding
                .view(conversation.key.environment)
                .map(drop)
                .and_then(|()| {
                    admission::admit(
                        &binding.name,
                        binding.id,
                        &binding.gate,
                        agent.own.strict_states,
                        &conversation,
                    )
                })
                .err()
        };
        let state = conversation.state.as_ref();
        let refusals = agent.actions(state).map(refusal).collect();
        Self {
            agent,
            conversation,
            refusals,
        }
    }

    /// True when the same actions of the same configuration are callable.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let callable = |offer: &Self| -> Vec<bool> {
            let refusals = offer.refusals.iter();
            refusals.map(Option::is_none).collect()
        };
        let goes_on_alike = self.agent.own.go_to_state.is_empty()
            || self.conversation.state == other.conversation.state;
        Arc::ptr_eq(&self.agent, &other.agent) && goes_on_alike && callable(self) == callable(other)
    }

    pub(crate) fn tools(&self) -> Tools {
        let mut tools = Tools::default();
        let state = self.conversation.state.as_ref();
        for (binding, refusal) in self.agent.actions(state).zip(&self.refusals) {
            match refusal {
                None => tools.tools.push(self.tool(binding)),
                Some(refusal) => tools.unavailable.push(Unavailable {
                    name: binding.name.clone(),
                    binding: binding.shown_id(),
                    code: refusal.code(),
                    reason: refusal.to_string(),
                }),
            }
        }
        tools
    }

    fn tool(&self, binding: &Arc<PreparedBinding>) -> Tool {
        Tool {
            name: binding.name.clone(),
            description: binding.description.clone(),
            parameters: binding.schema.source().clone(),
            binding: binding.shown_id(),
            kind: binding.kind,
            remaining_successful_calls: binding.gate.max_successful_calls.map(|limit| {
                let usage = self.conversation.usage(binding.id);
                limit.saturating_sub(usage.taken.saturating_add(usage.in_flight))
            }),
            notes: notes(binding),
            prepared: binding.clone(),
        }
    }
}

fn notes(binding: &PreparedBinding) -> Vec<Note> {
    let formats = binding.formats().iter();
    formats
        .flat_map(|(_, exported)| exported.notes.iter().cloned())
        .collect()
}

/// The list that a provider's API takes, of the tools that are callable now. A tool that the
/// provider would refuse is not in it; its notes in [`list`] say why.
pub async fn export(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    id: ConversationId,
    provider: Provider,
) -> Result<Vec<Value>, AppError> {
    let found = list(runtime, reader, id).await?;
    let tools = found.tools.iter();
    Ok(tools
        .filter_map(|tool| tool.format(provider).cloned())
        .collect())
}
