//! New shared actions.

use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::action as domain;
use switchboard_domain::input::{InputError, InputErrors};
use switchboard_domain::integration::IntegrationKind;
use switchboard_domain::text_message::MessageAction;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::OutputVariable;
use crate::auth::ValueSource;
use crate::integrations::{Headers, headers};
use crate::list::all;
use crate::wire::{ActionName, JsonObject, Method};

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
pub(super) fn stray(fields: &[(&str, bool)], errors: &mut InputErrors) {
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
