//! Shared actions. Which members one has follows from its integration's kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_domain::action as domain;
use switchboard_domain::input::{InputError, InputErrors};
use switchboard_domain::integration::IntegrationKind;
use switchboard_domain::text_message::MessageAction;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::auth::ValueSource;
use crate::calls::CallError;
use crate::integrations::{Headers, Outcome, headers};
use crate::list::list;
use crate::patch::Patch;
use crate::tools::ToolNote;
use crate::versions::Report;
use crate::wire::{
    ActionId, ActionName, AgentId, BindingId, Environment, IntegrationId, JsonObject, Method, Time,
    VariableName, Version, Wire,
};

list!(
    /// A page of actions.
    ActionList, Action);
list!(
    /// The agents' versions that link an action.
    Usage, UsageEntry);
list!(
    /// A page of an action's changes.
    RevisionList, Revision);

/// A variable that is taken from an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct OutputVariable {
    /// The variable's name.
    pub name: VariableName,
    /// Where its value is: a JSONPath (RFC 9535).
    pub path: String,
}

switchboard_domain::strict::strict_objects!(OutputVariable);

impl From<domain::OutputVariableSpec> for OutputVariable {
    fn from(output: domain::OutputVariableSpec) -> Self {
        Self {
            name: Wire(output.name),
            path: output.path,
        }
    }
}

impl From<OutputVariable> for domain::OutputVariableSpec {
    fn from(output: OutputVariable) -> Self {
        Self {
            name: output.name.0,
            path: output.path,
        }
    }
}

/// Each of them on the other side of the wire.
pub fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(Into::into).collect()
}

/// The members of a new action of whatever kind, as they are read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    /// The name.
    pub name: String,
    /// What the model is told about it.
    #[serde(default)]
    pub description: String,
    /// The default schema of the arguments.
    #[serde(default)]
    pub parameters: Option<Value>,
    /// Of a request: its method.
    #[serde(default)]
    pub method: Option<Method>,
    /// Of a request: the path under the base URL.
    #[serde(default)]
    pub path: Option<String>,
    /// Of a request: headers.
    #[serde(default)]
    pub headers: Option<Headers>,
    /// Of a request: the default template of the body.
    #[serde(default)]
    pub body_template: Option<String>,
    /// Of a request: what is taken from the answer.
    #[serde(default)]
    pub output_variables: Option<Vec<OutputVariable>>,
    /// Of a request: how long a call may take.
    #[serde(default)]
    pub timeout_ms: Option<u32>,
    /// Of a text message: who receives it.
    #[serde(default)]
    pub recipient: Option<String>,
    /// Of a text message: what it says.
    #[serde(default)]
    pub message_template: Option<String>,
}

/// What is particular to a new action, by the kind of its integration.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub enum NewAction {
    /// Of an HTTP API.
    Api(CustomApiActionInput),
    /// Of a messaging channel.
    Message(MessagingChannelActionInput),
}

/// A new action of an HTTP API: a request.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomApiActionInput {
    /// The name, unique in the integration.
    #[schema(value_type = ActionName)]
    pub name: String,
    /// What the model is told about it.
    #[serde(default)]
    pub description: String,
    /// The method of the request.
    pub method: Method,
    /// The path under the integration's base URL, with `{placeholders}`.
    pub path: String,
    /// Headers of this action, added to the integration's.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, ValueSource>>)]
    pub headers: Option<Headers>,
    /// A JSON Schema (draft 2020-12) of an object: the arguments.
    #[serde(default)]
    #[schema(value_type = Option<JsonObject>)]
    pub parameters: Option<Value>,
    /// The template of the request body; without one the arguments are sent.
    #[serde(default)]
    pub body_template: Option<String>,
    /// What is taken from the answer.
    #[serde(default)]
    pub output_variables: Option<Vec<OutputVariable>>,
    /// How long a call may take; without it, as long as the server's default.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 600_000)]
    pub timeout_ms: Option<u32>,
}

/// A new action of a messaging channel: a text message.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagingChannelActionInput {
    /// The name, unique in the integration.
    #[schema(value_type = ActionName)]
    pub name: String,
    /// What the model is told about it.
    #[serde(default)]
    pub description: String,
    /// Who receives it: `contact`, a number, or a template.
    pub recipient: String,
    /// What it says; without it, the model writes `message`.
    #[serde(default)]
    pub message_template: Option<String>,
    /// A JSON Schema (draft 2020-12) of an object: the arguments.
    #[serde(default)]
    #[schema(value_type = Option<JsonObject>)]
    pub parameters: Option<Value>,
}

/// Notes the members that an action of this kind does not have.
fn stray(fields: &[(&str, bool)], errors: &mut InputErrors) {
    for (field, _) in fields.iter().filter(|(_, is_there)| *is_there) {
        errors.push(
            format!("/{field}"),
            "an action of this kind of integration has no such field",
        );
    }
}

/// A member that must be there.
fn needed<T>(value: Option<T>, field: &str, errors: &mut InputErrors) -> Option<T> {
    if value.is_none() {
        errors.push(format!("/{field}"), "this field is missing");
    }
    value
}

impl ActionInput {
    /// The action it describes under an integration of a kind; none where nobody adds actions by hand. A
    /// member of another kind is an error.
    pub fn into_new(self, kind: IntegrationKind) -> Result<Option<NewAction>, Vec<InputError>> {
        let mut errors = InputErrors::new();
        let (name, description) = (self.name, self.description);
        let new = match kind {
            IntegrationKind::McpServer => return Ok(None),
            IntegrationKind::CustomApi => {
                let others = [
                    ("recipient", self.recipient.is_some()),
                    ("message_template", self.message_template.is_some()),
                ];
                stray(&others, &mut errors);
                let method = needed(self.method, "method", &mut errors);
                let path = needed(self.path, "path", &mut errors);
                method.zip(path).map(|(method, path)| {
                    NewAction::Api(CustomApiActionInput {
                        name,
                        description,
                        method,
                        path,
                        headers: self.headers,
                        parameters: self.parameters,
                        body_template: self.body_template,
                        output_variables: self.output_variables,
                        timeout_ms: self.timeout_ms,
                    })
                })
            }
            IntegrationKind::MessagingChannel => {
                let others = [
                    ("method", self.method.is_some()),
                    ("path", self.path.is_some()),
                    ("headers", self.headers.is_some()),
                    ("body_template", self.body_template.is_some()),
                    ("output_variables", self.output_variables.is_some()),
                    ("timeout_ms", self.timeout_ms.is_some()),
                ];
                stray(&others, &mut errors);
                let recipient = needed(self.recipient, "recipient", &mut errors);
                recipient.map(|recipient| {
                    NewAction::Message(MessagingChannelActionInput {
                        name,
                        description,
                        recipient,
                        message_template: self.message_template,
                        parameters: self.parameters,
                    })
                })
            }
        };
        errors.finish(new)
    }
}

impl NewAction {
    /// Its name, its description, and what is particular to its kind.
    pub fn into_parts(self) -> (String, String, domain::ActionDefinition) {
        match self {
            Self::Api(api) => {
                let definition = domain::ActionDefinition::Api(domain::ApiAction {
                    method: api.method.0,
                    path: api.path,
                    headers: headers(api.headers.unwrap_or_default()),
                    parameters: api.parameters,
                    body_template: api.body_template,
                    output_variables: all(api.output_variables.unwrap_or_default()),
                    timeout_ms: api.timeout_ms,
                });
                (api.name, api.description, definition)
            }
            Self::Message(message) => {
                let definition = domain::ActionDefinition::Message(MessageAction {
                    recipient: message.recipient,
                    message_template: message.message_template,
                    parameters: message.parameters,
                });
                (message.name, message.description, definition)
            }
        }
    }
}

impl PartialSchema for ActionInput {
    fn schema() -> RefOr<Schema> {
        NewAction::schema()
    }
}

impl ToSchema for ActionInput {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        NewAction::schemas(schemas);
    }
}

impl ActionPatch {
    /// Applies what is particular to the kind. A member of another kind is an error; of a tool, what its
    /// server says is not changed here: that is `None`.
    pub fn apply(
        &mut self,
        definition: &mut domain::ActionDefinition,
    ) -> Option<Result<(), Vec<InputError>>> {
        let mut errors = InputErrors::new();
        let outputs = self.output_variables.take();
        let timeout = std::mem::take(&mut self.timeout_ms);
        let of_message = [
            ("recipient", self.recipient.is_some()),
            ("message_template", self.message_template != Patch::Keep),
        ];
        match definition {
            domain::ActionDefinition::Api(api) => {
                stray(&of_message, &mut errors);
                api.method = self.method.map_or(api.method, |method| method.0);
                if let Some(path) = self.path.take() {
                    api.path = path;
                }
                if let Some(given) = self.headers.take() {
                    api.headers = headers(given);
                }
                std::mem::take(&mut self.parameters).apply(&mut api.parameters);
                std::mem::take(&mut self.body_template).apply(&mut api.body_template);
                timeout.apply(&mut api.timeout_ms);
                if let Some(outputs) = outputs {
                    api.output_variables = all(outputs);
                }
            }
            domain::ActionDefinition::Mcp(tool) => {
                if self.sets_the_tool() {
                    return None;
                }
                timeout.apply(&mut tool.timeout_ms);
                if let Some(outputs) = outputs {
                    tool.output_variables = all(outputs);
                }
            }
            domain::ActionDefinition::Message(message) => {
                let of_request = [
                    ("method", self.method.is_some()),
                    ("path", self.path.is_some()),
                    ("headers", self.headers.is_some()),
                    ("body_template", self.body_template != Patch::Keep),
                    ("output_variables", outputs.is_some()),
                    ("timeout_ms", timeout != Patch::Keep),
                ];
                stray(&of_request, &mut errors);
                if let Some(recipient) = self.recipient.take() {
                    message.recipient = recipient;
                }
                std::mem::take(&mut self.message_template).apply(&mut message.message_template);
                std::mem::take(&mut self.parameters).apply(&mut message.parameters);
            }
        }
        Some(errors.finish(()))
    }

    /// Whether it would set something that is its server's.
    fn sets_the_tool(&self) -> bool {
        self.name.is_some()
            || self.description.is_some()
            || self.method.is_some()
            || self.path.is_some()
            || self.headers.is_some()
            || self.recipient.is_some()
            || self.parameters != Patch::Keep
            || self.body_template != Patch::Keep
            || self.message_template != Patch::Keep
    }
}

/// A change of a shared action. It has the members of its kind; of an MCP server's tool only
/// `output_variables` and `timeout_ms` are ours to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionPatch {
    /// The name.
    #[schema(value_type = Option<ActionName>)]
    pub name: Option<String>,
    /// What the model is told about it.
    pub description: Option<String>,
    /// The default schema of the arguments.
    #[serde(default)]
    #[schema(value_type = Option<JsonObject>)]
    pub parameters: Patch<Value>,
    /// Of a request: its method.
    pub method: Option<Method>,
    /// Of a request: the path under the base URL.
    pub path: Option<String>,
    /// Of a request: headers.
    #[schema(value_type = Option<BTreeMap<String, ValueSource>>)]
    pub headers: Option<Headers>,
    /// Of a request: the default template of the body.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub body_template: Patch<String>,
    /// Of a request or a tool: what is taken from the answer.
    pub output_variables: Option<Vec<OutputVariable>>,
    /// Of a request or a tool: how long a call may take.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 600_000)]
    pub timeout_ms: Patch<u32>,
    /// Of a text message: who receives it.
    pub recipient: Option<String>,
    /// Of a text message: what it says.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub message_template: Patch<String>,
}

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

/// A changed action, or what the change would mean.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ActionOrReport {
    /// It was changed.
    Action(Action),
    /// It was asked for as a dry run.
    Report(Report),
}

/// Where to move an action.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    /// The integration that gets it.
    pub integration_id: IntegrationId,
}

/// What lists of actions can say of each beside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ActionExpansion {
    /// Which versions of agents link it.
    Usage,
}

/// An agent's version that links an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageEntry {
    /// The agent.
    pub agent_id: AgentId,
    /// What it is called.
    pub agent_name: String,
    /// The version.
    pub version: Version,
    /// Whether new conversations get it.
    pub published: bool,
    /// The bindings that link the action.
    pub binding_ids: Vec<BindingId>,
}

/// What a test takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestInput {
    /// Whose slot, secrets and workspace variables are taken.
    pub environment: Environment,
    /// The arguments.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub arguments: Map<String, Value>,
    /// The conversation's variables, for templates.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub variables: Map<String, Value>,
}

/// What came of a test.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TestAnswer {
    /// Whether it was done.
    pub status: Outcome,
    /// What the service answered.
    #[schema(required = true)]
    pub output: Value,
    /// The variables that were taken.
    pub variables: JsonObject,
    /// The names of those whose path matched nothing.
    pub unmatched_variables: Vec<String>,
    /// The names of those that cost too much to take; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_out_variables: Option<Vec<String>>,
    /// Why each of them was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_out_reasons: Option<BTreeMap<String, String>>,
    /// Why it failed.
    #[schema(required = true)]
    pub error: Option<CallError>,
    /// What was sent; null where nothing was.
    #[schema(required = true)]
    pub request: Value,
    /// What came back; null where nothing did.
    #[schema(required = true)]
    pub response: Value,
    /// How long it took.
    pub duration_ms: u64,
}

/// What happened to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionChange {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was moved to another integration.
    Moved,
    /// It was deleted.
    Deleted,
    /// It was brought back.
    Undeleted,
    /// What its server changed was approved.
    Approved,
}

/// A change of an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Revision {
    /// The action's revision since.
    pub revision: u64,
    /// What happened.
    pub change: ActionChange,
    /// When it was made.
    pub at: Time,
    /// Who made it.
    pub by: String,
    /// The integration it is under since.
    pub integration_id: IntegrationId,
    /// The digest of its shape since.
    pub shape_digest: String,
    /// The shape before; null for the first that is known.
    #[schema(required = true, value_type = Option<JsonObject>)]
    pub before: Option<Value>,
    /// The shape after.
    #[schema(value_type = JsonObject)]
    pub after: Value,
    /// The fields that differ.
    pub fields: Vec<RevisionField>,
}

/// A field of an action that a change made different.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RevisionField {
    /// The field.
    pub field: String,
    /// What it was.
    #[schema(required = true)]
    pub before: Value,
    /// What it is.
    #[schema(required = true)]
    pub after: Value,
}
