//! Actions of an agent's own, by their kind.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::agent as domain;
use utoipa::ToSchema;

use crate::actions::OutputVariable;
use crate::auth::{Auth, ValueSource};
use crate::integrations::{Headers, headers};
use crate::list::all;
use crate::wire::{ActionName, HandoverType, IntegrationId, JsonObject, Method, Wire};

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
