//! The entries of a conversation's log. They are kept as the text they are answered as; these types say
//! what is in them.

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::input::InputError as DomainInputError;
use utoipa::ToSchema;

use crate::calls::CallResult;
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
    /// Its place in the conversation's log, from 1 on without gaps.
    #[schema(minimum = 1)]
    pub sequence: u64,
    /// When it happened.
    pub at: Time,
    /// What happened.
    #[serde(flatten)]
    pub told: Told,
}

/// What happened. The first sentence of each says when it is written.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type")]
pub enum Told {
    /// The conversation started. It is always the first event.
    #[serde(rename = "conversation.started")]
    ConversationStarted {
        /// The agent.
        agent_id: AgentId,
        /// The version that it runs.
        version: Version,
        /// The environment that it runs in.
        environment: Environment,
        /// The state that it starts in; null where the agent has none.
        #[schema(required = true)]
        state: Option<StateName>,
        /// The variables that it started with.
        variables: JsonObject,
    },
    /// A call succeeded. It is durable before the caller gets the response.
    #[serde(rename = "action.succeeded")]
    ActionSucceeded(Called),
    /// A call failed, or its outcome is unknown (`outcome_unknown`).
    #[serde(rename = "action.failed")]
    ActionFailed(Called),
    /// A call was refused: nothing was sent.
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
    /// The outcome of a call became known after its `action.failed` said `outcome_unknown`: a server that was
    /// cut off from the database has performed it. `error` is null if it succeeded.
    #[serde(rename = "outcome.learned")]
    OutcomeLearned(Called),
    /// The state changed, by the runtime or by the tool `go_to_state`.
    #[serde(rename = "state.changed")]
    StateChanged {
        /// The state before; null where there was none.
        #[schema(required = true)]
        from: Option<StateName>,
        /// The state now.
        to: StateName,
    },
    /// The dialogue ended: the conversation went from `in_call` to `post_call`.
    #[serde(rename = "phase.changed")]
    PhaseChanged {
        /// The phase before.
        from: Phase,
        /// The phase now.
        to: Phase,
        /// What caused it.
        reason: EndReason,
    },
    /// The runtime set or removed variables.
    #[serde(rename = "variables.changed")]
    VariablesChanged {
        /// The variables that were set; null is one that was removed.
        variables: JsonObject,
    },
    /// An action of the kind *client event* tells whoever follows the events something.
    #[serde(rename = "client_event.emitted")]
    ClientEventEmitted {
        /// The call that emits it.
        call_id: CallId,
        /// The name by which the client knows it.
        event: String,
        /// The call's arguments.
        #[schema(required = true)]
        payload: Value,
        /// Until when the call waits for the client's result; null where it does not wait.
        #[schema(required = true)]
        awaits_result_until: Option<Time>,
    },
    /// An action of the kind *handover* asks somebody else to take over.
    #[serde(rename = "handover.requested")]
    HandoverRequested {
        /// What kind of target it is.
        handover_type: HandoverType,
        /// Who takes over.
        target: String,
        /// What is said before; null where nothing is.
        #[schema(required = true)]
        announcement: Option<String>,
    },
    /// The status of a text message changed.
    #[serde(rename = "message.updated")]
    MessageUpdated(MessageUpdate),
    /// The conversation was closed. It takes no calls and no changes after it.
    #[serde(rename = "conversation.ended")]
    ConversationEnded {
        /// What caused it.
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
    /// The names of the output variables whose path matched nothing; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unmatched_variables: Option<Vec<String>>,
    /// What else came of it.
    #[serde(flatten)]
    pub result: CallResult,
    /// How long it took, in milliseconds; null where it is unknown.
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
    /// The call that sent it; null where no call did.
    #[schema(required = true)]
    pub call_id: Option<CallId>,
    /// Who receives it.
    pub to: String,
    /// Its status.
    pub status: MessageStatus,
    /// Whether the provider has accepted it.
    pub accepted: bool,
    /// How many parts it is sent in.
    pub parts: u32,
    /// The provider's id of it; null until it has one.
    #[schema(required = true)]
    pub provider_message_id: Option<String>,
    /// Why it was not sent or not delivered; null otherwise.
    #[schema(required = true)]
    pub error: Option<MessageError>,
}
