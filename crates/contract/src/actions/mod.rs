//! Shared actions. Which members one has follows from its integration's kind.

mod history;
mod input;
mod output;
mod patch;
mod trial;
mod usage;

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::action as domain;
use switchboard_domain::text_message::MessageAction;
use utoipa::ToSchema;

use crate::auth::ValueSource;
use crate::integrations::{Headers, headers};
use crate::list::{all, list};
use crate::tools::ToolNote;
use crate::wire::{ActionId, ActionName, IntegrationId, JsonObject, Method, Time, Wire};

pub use history::{ActionChange, Revision, RevisionField, RevisionList};
pub use input::{ActionInput, CustomApiActionInput, MessagingChannelActionInput, NewAction};
pub use output::OutputVariable;
pub use patch::ActionPatch;
pub use trial::{TestAnswer, TestInput};
pub use usage::{ActionExpansion, ActionOrReport, MoveInput, Usage, UsageEntry};

list!(
    /// A page of actions.
    ActionList, Action);

/// A shared action.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// The integration it is under.
    pub integration_id: IntegrationId,
    /// The name the model calls.
    pub name: ActionName,
    /// What the model is told about it.
    pub description: String,
    /// What is particular to its kind.
    #[serde(flatten)]
    pub definition: ActionDefinition,
    /// The SHA-256 of the canonical JSON of its shape.
    pub shape_digest: String,
    /// What providers of models make of the schema, in the answer to a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub schema_notes: Option<Vec<ToolNote>>,
    /// Which versions of agents link it, in a list that is asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub usage: Option<Vec<UsageEntry>>,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}

/// What is particular to the kind of an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "integration_kind", rename_all = "snake_case")]
pub enum ActionDefinition {
    /// A request of an HTTP API.
    CustomApi {
        /// Its method.
        method: Method,
        /// The path under the integration's base URL, with `{placeholders}`.
        path: String,
        /// Headers of this action, added to the integration's.
        #[schema(value_type = BTreeMap<String, ValueSource>)]
        headers: Headers,
        /// The default JSON Schema of the arguments; null takes any object.
        #[schema(required = true, value_type = Option<JsonObject>)]
        parameters: Option<Value>,
        /// The default template of the request body; null sends the arguments.
        #[schema(required = true)]
        body_template: Option<String>,
        /// What is taken from the answer.
        output_variables: Vec<OutputVariable>,
        /// How long a call may take; null is the server's default.
        #[schema(required = true)]
        timeout_ms: Option<u32>,
    },
    /// A tool of an MCP server.
    McpServer {
        /// The tool as its server sent it.
        #[schema(value_type = JsonObject)]
        tool: Value,
        /// The JSON Schema of its arguments.
        #[schema(required = true, value_type = Option<JsonObject>)]
        parameters: Option<Value>,
        /// What is taken from the result.
        output_variables: Vec<OutputVariable>,
        /// How long a call may take; null is the server's default.
        #[schema(required = true)]
        timeout_ms: Option<u32>,
        /// True when the server changed the tool and nobody approved that yet.
        change_unapproved: bool,
    },
    /// A text message through a messaging channel.
    MessagingChannel {
        /// Who receives it: `contact`, a number, or a template.
        recipient: String,
        /// What it says; null lets the model write `message`.
        #[schema(required = true)]
        message_template: Option<String>,
        /// The JSON Schema of the arguments; null is what the message needs.
        #[schema(required = true, value_type = Option<JsonObject>)]
        parameters: Option<Value>,
    },
}

impl From<domain::ActionDefinition> for ActionDefinition {
    fn from(definition: domain::ActionDefinition) -> Self {
        match definition {
            domain::ActionDefinition::Api(api) => Self::CustomApi {
                method: Wire(api.method),
                path: api.path,
                headers: headers(api.headers),
                parameters: api.parameters,
                body_template: api.body_template,
                output_variables: all(api.output_variables),
                timeout_ms: api.timeout_ms,
            },
            domain::ActionDefinition::Mcp(mcp) => Self::McpServer {
                parameters: mcp.parameters().cloned(),
                tool: mcp.tool,
                output_variables: all(mcp.output_variables),
                timeout_ms: mcp.timeout_ms,
                change_unapproved: mcp.is_unapproved,
            },
            domain::ActionDefinition::Message(MessageAction {
                recipient,
                message_template,
                parameters,
            }) => Self::MessagingChannel {
                recipient,
                message_template,
                parameters,
            },
        }
    }
}
