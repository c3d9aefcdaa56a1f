//! An agent's draft: its states and its bindings.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::agent as domain;
use utoipa::ToSchema;

use crate::actions::{OutputVariable, all};
use crate::auth::{Auth, ValueSource};
use crate::integrations::{Headers, headers};
use crate::wire::{
    ActionId, ActionName, BindingId, HandoverType, IntegrationId, JsonObject, Method, Phase,
    StateName, Time, Wire,
};

/// A step of the dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentState {
    /// Its name, unique within the agent.
    pub name: StateName,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What the model is told in it.
    #[serde(default)]
    pub instructions: String,
    /// The states that may follow; without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<StateName>>,
}

impl From<domain::State> for AgentState {
    fn from(state: domain::State) -> Self {
        Self {
            name: Wire(state.name),
            description: state.description,
            instructions: state.instructions,
            transitions: state.transitions.map(all),
        }
    }
}

impl From<AgentState> for domain::State {
    fn from(state: AgentState) -> Self {
        let names = |names: Vec<StateName>| names.into_iter().map(|name| name.0).collect();
        Self {
            name: state.name.0,
            description: state.description,
            instructions: state.instructions,
            transitions: state.transitions.map(names),
        }
    }
}

/// A link to a shared action, as it is sent.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The shared action.
    pub action_id: ActionId,
    /// Left out, it is the one the action is under.
    #[serde(default)]
    pub integration_id: Option<IntegrationId>,
}

/// A link to a shared action.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Link {
    /// The shared action.
    pub action_id: ActionId,
    /// Its integration when it was linked; another one now means that it was moved.
    pub integration_id: IntegrationId,
}

/// What a link sets differently; what is absent is inherited.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// The JSON Schema of the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<JsonObject>)]
    pub parameters: Option<Value>,
    /// The template of the request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_template: Option<String>,
    /// The phases it may be called in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<Vec<Phase>>,
    /// How many calls may succeed in one conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub max_successful_calls: Option<u32>,
    /// The states it may be called in while `strict_states` is on; an empty list is every state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_states: Option<Vec<StateName>>,
}

/// An action of the agent's own.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AgentAction {
    /// What is particular to its kind.
    #[serde(flatten)]
    pub kind: AgentActionKind,
    /// The name the model calls.
    pub name: ActionName,
    /// What the model is told about it.
    #[serde(default)]
    pub description: String,
    /// The JSON Schema of the arguments; without one, what its kind takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<JsonObject>)]
    pub parameters: Option<Value>,
}

/// What is particular to the kind of an agent's own action.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AgentActionKind {
    /// Answers what is written down.
    #[schema(title = "StaticResponseAction")]
    StaticResponse {
        /// A template of text or of JSON, or JSON whose texts are templates.
        response: Value,
    },
    /// Ends the dialogue.
    #[schema(title = "EndCallAction")]
    EndCall {},
    /// Gives the conversation to somebody else.
    #[schema(title = "HandoverAction")]
    Handover {
        /// What the target is.
        handover_type: HandoverType,
        /// A number, the name of a queue or a SIP URI, or a template of one.
        #[serde(default)]
        target: String,
        /// A template of what is said before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        announcement: Option<String>,
    },
    /// Tells the client on the event stream.
    #[schema(title = "ClientEventAction")]
    ClientEvent {
        /// What the client knows it by.
        #[schema(pattern = "^[A-Za-z0-9_.:/-]{1,100}$")]
        event: String,
        /// How long the call waits for the client's answer; without it, it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 600_000)]
        await_result_ms: Option<u32>,
    },
    /// Sends a text message.
    #[schema(title = "SendTextMessageAction")]
    SendTextMessage {
        /// The messaging channel.
        channel_id: IntegrationId,
        /// `contact`, a number, or a template.
        recipient: String,
        /// What it says; without it, the model writes `message`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_template: Option<String>,
    },
    /// A request of the agent's own.
    #[schema(title = "ApiCallAction")]
    ApiCall {
        /// Its method.
        method: Method,
        /// The full URL, with `{placeholders}` in its path.
        url: String,
        /// How it is authenticated.
        #[serde(default)]
        auth: Auth,
        /// Its headers.
        #[serde(default)]
        #[schema(value_type = BTreeMap<String, ValueSource>)]
        headers: Headers,
        /// The template of its body; without one, the arguments are sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body_template: Option<String>,
        /// What is taken from the answer.
        #[serde(default)]
        output_variables: Vec<OutputVariable>,
        /// How long a call may take; without it, as long as the server's default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 600_000)]
        timeout_ms: Option<u32>,
    },
}

impl From<domain::AgentActionKind> for AgentActionKind {
    fn from(kind: domain::AgentActionKind) -> Self {
        match kind {
            domain::AgentActionKind::StaticResponse(fixed) => Self::StaticResponse {
                response: fixed.response,
            },
            domain::AgentActionKind::EndCall {} => Self::EndCall {},
            domain::AgentActionKind::Handover(handover) => Self::Handover {
                handover_type: Wire(handover.handover_type),
                target: handover.target,
                announcement: handover.announcement,
            },
            domain::AgentActionKind::ClientEvent(event) => Self::ClientEvent {
                event: event.event,
                await_result_ms: event.await_result_ms,
            },
            domain::AgentActionKind::SendTextMessage(message) => Self::SendTextMessage {
                channel_id: Wire(message.channel_id),
                recipient: message.recipient,
                message_template: message.message_template,
            },
            domain::AgentActionKind::ApiCall(call) => Self::ApiCall {
                method: Wire(call.method),
                url: call.url,
                auth: call.auth.into(),
                headers: headers(call.headers),
                body_template: call.body_template,
                output_variables: all(call.output_variables),
                timeout_ms: call.timeout_ms,
            },
        }
    }
}

impl From<AgentActionKind> for domain::AgentActionKind {
    fn from(kind: AgentActionKind) -> Self {
        match kind {
            AgentActionKind::StaticResponse { response } => {
                Self::StaticResponse(domain::StaticResponse { response })
            }
            AgentActionKind::EndCall {} => Self::EndCall {},
            AgentActionKind::Handover {
                handover_type,
                target,
                announcement,
            } => Self::Handover(domain::Handover {
                handover_type: handover_type.0,
                target,
                announcement,
            }),
            AgentActionKind::ClientEvent {
                event,
                await_result_ms,
            } => Self::ClientEvent(domain::ClientEvent {
                event,
                await_result_ms,
            }),
            AgentActionKind::SendTextMessage {
                channel_id,
                recipient,
                message_template,
            } => Self::SendTextMessage(domain::AgentTextMessage {
                channel_id: channel_id.0,
                recipient,
                message_template,
            }),
            AgentActionKind::ApiCall {
                method,
                url,
                auth,
                headers: sent,
                body_template,
                output_variables,
                timeout_ms,
            } => Self::ApiCall(domain::AgentApiCall {
                method: method.0,
                url,
                auth: auth.into(),
                headers: headers(sent),
                body_template,
                output_variables: all(output_variables),
                timeout_ms,
            }),
        }
    }
}

impl From<domain::AgentAction> for AgentAction {
    fn from(action: domain::AgentAction) -> Self {
        Self {
            kind: action.kind.into(),
            name: Wire(action.name),
            description: action.description,
            parameters: action.parameters,
        }
    }
}

impl From<AgentAction> for domain::AgentAction {
    fn from(action: AgentAction) -> Self {
        Self {
            kind: action.kind.into(),
            name: action.name.0,
            description: action.description,
            parameters: action.parameters,
        }
    }
}

/// A binding as it is sent: a link with overrides, or an action of the agent's own.
#[derive(Debug, Clone, Deserialize, ToSchema)]
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
    pub overrides: Option<Overrides>,
    /// An action of the agent's own.
    #[serde(default)]
    #[schema(value_type = Option<AgentAction>)]
    pub action: Option<Value>,
    /// For an action of its own: the phases it may be called in.
    #[serde(default)]
    pub phases: Option<Vec<Phase>>,
    /// For an action of its own: how many calls may succeed in one conversation.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub max_successful_calls: Option<u32>,
    /// For an action of its own: the states it may be called in while `strict_states` is on.
    #[serde(default)]
    pub allowed_states: Option<Vec<StateName>>,
}

/// A change of a binding (RFC 7396): members replace those that are there, null removes. It is applied to
/// the binding's JSON, and what comes of it is read as a [`BindingInput`].
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingPatch {
    /// A link to a shared action.
    pub link: Option<LinkInput>,
    /// What a link sets differently.
    pub overrides: Option<Overrides>,
    /// Members of an action of the agent's own.
    pub action: Option<JsonObject>,
    /// For an action of its own: the phases it may be called in.
    pub phases: Option<Vec<Phase>>,
    /// For an action of its own: how many calls may succeed in one conversation.
    #[schema(minimum = 1)]
    pub max_successful_calls: Option<u32>,
    /// For an action of its own: the states it may be called in while `strict_states` is on.
    pub allowed_states: Option<Vec<StateName>>,
}

/// An agent's use of an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Binding {
    /// A link to a shared action.
    Linked(LinkBinding),
    /// An action of the agent's own.
    Own(OwnBinding),
}

/// A link to a shared action, with what it sets differently.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkBinding {
    /// The binding's id, kept from version to version.
    pub id: BindingId,
    /// To which action.
    pub link: Link,
    /// What it sets differently.
    pub overrides: Overrides,
}

/// An action of the agent's own, and when and how often it may be called.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnBinding {
    /// The binding's id, kept from version to version.
    pub id: BindingId,
    /// The action.
    pub action: AgentAction,
    /// The phases it may be called in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phases: Option<Vec<Phase>>,
    /// How many calls may succeed in one conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_successful_calls: Option<u32>,
    /// The states it may be called in while `strict_states` is on; an empty list is every state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub allowed_states: Option<Vec<StateName>>,
}

impl From<domain::Binding> for Binding {
    fn from(binding: domain::Binding) -> Self {
        let id = Wire(binding.id);
        match binding.target {
            domain::BindingTarget::Link { link, overrides } => Self::Linked(LinkBinding {
                id,
                link: Link {
                    action_id: Wire(link.action_id),
                    integration_id: Wire(link.integration_id),
                },
                overrides: Overrides {
                    parameters: overrides.parameters,
                    body_template: overrides.body_template,
                    phases: overrides.gate.phases.map(all),
                    max_successful_calls: overrides.gate.max_successful_calls,
                    allowed_states: overrides.gate.allowed_states.map(all),
                },
            }),
            domain::BindingTarget::Action { action, gate } => Self::Own(OwnBinding {
                id,
                action: action.into(),
                phases: gate.phases.map(all),
                max_successful_calls: gate.max_successful_calls,
                allowed_states: gate.allowed_states.map(all),
            }),
        }
    }
}

/// A draft as it is sent. What was read may be sent back; what is not a draft's own is ignored then.
#[derive(Debug, Deserialize, ToSchema)]
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
    /// Whether the model is given the built-in tool `go_to_state`.
    #[serde(default)]
    pub go_to_state: bool,
    /// The steps of the dialogue.
    #[serde(default)]
    pub states: Vec<AgentState>,
    /// The actions it may call.
    #[serde(default)]
    pub actions: Vec<BindingInput>,
    /// Ignored; send `If-Match` to guard against others' changes.
    #[serde(default)]
    pub revision: Option<u64>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    pub restored_from: Option<IgnoredAny>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub created_at: Option<IgnoredAny>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub updated_at: Option<IgnoredAny>,
}

/// What a version holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Document {
    /// What the model is told.
    pub instructions: String,
    /// Whether `allowed_states` are applied.
    pub strict_states: bool,
    /// The state a conversation starts in.
    #[schema(required = true)]
    pub initial_state: Option<StateName>,
    /// Whether the model is given the built-in tool `go_to_state`; absent where it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub go_to_state: bool,
    /// The steps of the dialogue.
    pub states: Vec<AgentState>,
    /// The actions it may call.
    pub actions: Vec<Binding>,
}

impl From<domain::AgentDocument> for Document {
    fn from(document: domain::AgentDocument) -> Self {
        Self {
            instructions: document.instructions,
            strict_states: document.strict_states,
            initial_state: document.initial_state.map(Wire),
            go_to_state: document.go_to_state,
            states: all(document.states),
            actions: all(document.actions),
        }
    }
}

/// A draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Draft {
    /// What it holds.
    #[serde(flatten)]
    pub document: Document,
    /// The version that was restored into it last.
    #[schema(required = true)]
    pub restored_from: Option<u32>,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}

/// What promoting takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteInput {
    /// The integration that gets the action.
    pub integration_id: IntegrationId,
    /// Its path under the integration's base URLs, where the call's URL does not start with one.
    #[serde(default)]
    pub path: Option<String>,
}

/// What relinking takes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelinkInput {
    /// The action to link instead; left out, the same one where it is now.
    #[serde(default)]
    pub action_id: Option<ActionId>,
}
