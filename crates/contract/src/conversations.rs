//! Conversations.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use switchboard_domain::conversation as domain;
use utoipa::ToSchema;

use crate::list::list;
use crate::wire::{
    AgentId, ConversationId, ConversationStatus, Environment, JsonObject, Phase, RequestedVersion,
    StateName, Time, Version, Wire,
};

list!(
    /// A page of conversations.
    ConversationList, Conversation);

/// What came of a call that a conversation is looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
    /// It was not admitted.
    Refused,
}

/// A new conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationInput {
    /// The agent.
    pub agent_id: AgentId,
    /// Where it runs.
    pub environment: Environment,
    /// The published version, when it is left out.
    #[serde(default)]
    pub version: RequestedVersion,
    /// The variables that it starts with.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: Map<String, Value>,
}

/// A change of a conversation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    /// The state to go to.
    #[serde(default)]
    pub state: Option<StateName>,
    /// The variables to set; null removes one.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: Map<String, Value>,
}

/// A conversation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its agent.
    pub agent_id: AgentId,
    /// The version that it runs.
    pub version: Version,
    /// Where it runs.
    pub environment: Environment,
    /// How far it has come.
    pub status: ConversationStatus,
    /// Its phase.
    pub phase: Phase,
    /// Its state; null where the agent has none.
    #[schema(required = true)]
    pub state: Option<StateName>,
    /// In a list only the built-in ones: `call`, where it was given, and `conversation`.
    pub variables: JsonObject,
    /// The sequence number of its last event.
    pub revision: u64,
    /// When it was started.
    pub created_at: Time,
    /// When it changed last.
    pub updated_at: Time,
}

impl From<&domain::Conversation> for Conversation {
    fn from(conversation: &domain::Conversation) -> Self {
        let key = &conversation.key;
        let mut variables = conversation.variables.clone();
        variables.insert("conversation".to_owned(), json!({"id": key.id}));
        Self {
            id: Wire(key.id),
            agent_id: Wire(key.agent),
            version: Wire(key.version),
            environment: Wire(key.environment),
            status: Wire(conversation.status),
            phase: Wire(conversation.phase),
            state: conversation.state.clone().map(Wire),
            variables: JsonObject(variables),
            revision: conversation.last_sequence,
            created_at: Time(key.created_at),
            updated_at: Time(conversation.updated_at),
        }
    }
}
