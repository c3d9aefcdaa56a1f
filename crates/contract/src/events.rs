//! The entries of a conversation's log. They are kept as the text they are answered as; these types say
//! what is in them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::input::InputError as DomainInputError;
use utoipa::ToSchema;

use crate::calls::CallError;
use crate::list::list;
use crate::messages::MessageError;
use crate::problem::InputError;
use crate::wire::{
    AgentId, BindingId, CallId, Environment, EventId, HandoverType, JsonObject, MessageId,
    MessageStatus, Phase, StateName, Time, Version,
};

list!(
    /// A page of events.
    EventList, Event);

/// An entry of a conversation's log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its place in the log, from 1 on without gaps.
    #[schema(minimum = 1)]
    pub sequence: u64,
    /// When it happened.
    pub at: Time,
    /// What it tells.
    #[serde(flatten)]
    pub told: Told,
}

/// What an event tells.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type")]
pub enum Told {
    /// The conversation began.
    #[serde(rename = "conversation.started")]
    ConversationStarted {
        /// Its agent.
        agent_id: AgentId,
        /// The version that it runs.
        version: Version,
        /// Where it runs.
        environment: Environment,
        /// Its state; null where the agent has none.
        #[schema(required = true)]
        state: Option<StateName>,
        /// The variables that it started with.
        variables: JsonObject,
    },
    /// A call succeeded.
    #[serde(rename = "action.succeeded")]
    ActionSucceeded(Called),
    /// A call failed, or nobody knows what came of it.
    #[serde(rename = "action.failed")]
    ActionFailed(Called),
    /// A call was not admitted.
    #[serde(rename = "action.refused")]
    ActionRefused {
        /// The call.
        call_id: CallId,
        /// The name that was called.
        name: String,
        /// The agent's binding, where there is one.
        #[schema(required = true)]
        binding_id: Option<BindingId>,
        /// The arguments.
        #[schema(required = true)]
        arguments: Value,
        /// Null: nothing was sent.
        #[schema(required = true)]
        request: Value,
        /// Null: nothing came back.
        #[schema(required = true)]
        response: Value,
        /// Empty: nothing was set.
        variables: JsonObject,
        /// Why it was refused.
        error: RefusedCall,
        /// Zero.
        duration_ms: u64,
    },
    /// What came of a call became known after its outcome was noted as unknown.
    #[serde(rename = "outcome.learned")]
    OutcomeLearned(Called),
    /// The state changed.
    #[serde(rename = "state.changed")]
    StateChanged {
        /// The state before.
        #[schema(required = true)]
        from: Option<StateName>,
        /// The state since.
        to: StateName,
    },
    /// The phase changed.
    #[serde(rename = "phase.changed")]
    PhaseChanged {
        /// The phase before.
        from: Phase,
        /// The phase since.
        to: Phase,
        /// What brought it about.
        reason: EndReason,
    },
    /// Variables were set from outside; null is one that was removed.
    #[serde(rename = "variables.changed")]
    VariablesChanged {
        /// The variables that were set.
        variables: JsonObject,
    },
    /// The client is told something.
    #[serde(rename = "client_event.emitted")]
    ClientEventEmitted {
        /// The call that tells it.
        call_id: CallId,
        /// What the client knows it by.
        event: String,
        /// What it carries.
        #[schema(required = true)]
        payload: Value,
        /// Until when the call waits for the client's answer; null where it does not.
        #[schema(required = true)]
        awaits_result_until: Option<Time>,
    },
    /// Somebody else is asked to take over.
    #[serde(rename = "handover.requested")]
    HandoverRequested {
        /// What the target is.
        handover_type: HandoverType,
        /// Who takes over.
        target: String,
        /// What is said before.
        #[schema(required = true)]
        announcement: Option<String>,
    },
    /// A text message came further.
    #[serde(rename = "message.updated")]
    MessageUpdated(MessageUpdate),
    /// The conversation was closed.
    #[serde(rename = "conversation.ended")]
    ConversationEnded {
        /// What brought it about.
        reason: EndReason,
    },
}

/// A call that was performed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Called {
    /// The call.
    pub call_id: CallId,
    /// The name that was called.
    pub name: String,
    /// The agent's binding; null for the built-in tool `go_to_state`.
    #[schema(required = true)]
    pub binding_id: Option<BindingId>,
    /// The arguments.
    #[schema(required = true)]
    pub arguments: Value,
    /// What was sent, without credentials; null where nothing was.
    #[schema(required = true)]
    pub request: Value,
    /// What came back, without credentials; null where nothing did.
    #[schema(required = true)]
    pub response: Value,
    /// The variables that were set.
    pub variables: JsonObject,
    /// The names of those whose path matched nothing; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unmatched_variables: Option<Vec<String>>,
    /// The names of those that were too large, or cost too much to take; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_out_variables: Option<Vec<String>>,
    /// Why each of those that cost too much was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_out_reasons: Option<BTreeMap<String, String>>,
    /// Why it failed.
    #[schema(required = true)]
    pub error: Option<CallError>,
    /// How long it took; null where nobody knows.
    #[schema(required = true)]
    pub duration_ms: Option<u64>,
}

/// Why a call was refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusedCall {
    /// The stable code.
    pub code: String,
    /// What is in the way and what to do.
    pub message: String,
    /// With `invalid_arguments`: the wrong places.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<InputError>>)]
    pub errors: Option<Vec<DomainInputError>>,
}

/// What ends a dialogue or closes a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// An action that ends the call.
    EndCall,
    /// Somebody asked for it.
    Requested,
    /// Nothing happened for too long.
    IdleTimeout,
}

/// How far a text message has come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageUpdate {
    /// The message.
    pub message_id: MessageId,
    /// The call that sent it.
    #[schema(required = true)]
    pub call_id: Option<CallId>,
    /// Who receives it.
    pub to: String,
    /// How far it has come.
    pub status: MessageStatus,
    /// Whether the provider has it for sure.
    pub accepted: bool,
    /// How many parts it takes.
    pub parts: u32,
    /// What the provider knows it by.
    #[schema(required = true)]
    pub provider_message_id: Option<String>,
    /// Why it was not sent or not delivered.
    #[schema(required = true)]
    pub error: Option<MessageError>,
}
