//! What shared actions take from outside. Which fields there are follows from the kind of the
//! integration an action is under.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::action::{ActionDefinition, ApiAction, OutputVariableSpec};
use switchboard_domain::auth::ValueSource;
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::IntegrationKind;
use switchboard_domain::request::Method;
use switchboard_domain::text_message::MessageAction;

use super::read_only;
use crate::{AppError, Patch};

/// What POST takes.
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
    pub headers: Option<BTreeMap<String, ValueSource>>,
    /// Of a request: the default template of the body.
    #[serde(default)]
    pub body_template: Option<String>,
    /// Of a request: what is taken from the answer.
    #[serde(default)]
    pub output_variables: Option<Vec<OutputVariableSpec>>,
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

/// Notes the fields that an action of this kind does not have.
fn stray(fields: &[(&str, bool)], errors: &mut InputErrors) {
    for (field, _) in fields.iter().filter(|(_, is_there)| *is_there) {
        errors.push(
            format!("/{field}"),
            "an action of this kind of integration has no such field",
        );
    }
}

/// A field that must be there.
fn needed<T>(value: Option<T>, field: &str, errors: &mut InputErrors) -> Option<T> {
    if value.is_none() {
        errors.push(format!("/{field}"), "this field is missing");
    }
    value
}

impl ActionInput {
    /// What is particular to the kind.
    pub(super) fn definition(self, kind: IntegrationKind) -> Result<ActionDefinition, AppError> {
        let mut errors = InputErrors::new();
        let definition = match kind {
            IntegrationKind::McpServer => return Err(read_only()),
            IntegrationKind::CustomApi => {
                let others = [
                    ("recipient", self.recipient.is_some()),
                    ("message_template", self.message_template.is_some()),
                ];
                stray(&others, &mut errors);
                let method = needed(self.method, "method", &mut errors);
                let path = needed(self.path, "path", &mut errors);
                method.zip(path).map(|(method, path)| {
                    ActionDefinition::Api(ApiAction {
                        method,
                        path,
                        headers: self.headers.unwrap_or_default(),
                        parameters: self.parameters,
                        body_template: self.body_template,
                        output_variables: self.output_variables.unwrap_or_default(),
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
                    ActionDefinition::Message(MessageAction {
                        recipient,
                        message_template: self.message_template,
                        parameters: self.parameters,
                    })
                })
            }
        };
        let errors = errors.into_inner();
        match definition {
            Some(definition) if errors.is_empty() => Ok(definition),
            _ => Err(AppError::Invalid(errors)),
        }
    }
}

/// What PATCH takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionPatch {
    /// The name.
    pub name: Option<String>,
    /// What the model is told about it.
    pub description: Option<String>,
    /// The default schema of the arguments.
    #[serde(default)]
    pub parameters: Patch<Value>,
    /// Of a request: its method.
    pub method: Option<Method>,
    /// Of a request: the path under the base URL.
    pub path: Option<String>,
    /// Of a request: headers.
    pub headers: Option<BTreeMap<String, ValueSource>>,
    /// Of a request: the default template of the body.
    #[serde(default)]
    pub body_template: Patch<String>,
    /// Of a request or a tool: what is taken from the answer.
    pub output_variables: Option<Vec<OutputVariableSpec>>,
    /// Of a request or a tool: how long a call may take.
    #[serde(default)]
    pub timeout_ms: Patch<u32>,
    /// Of a text message: who receives it.
    pub recipient: Option<String>,
    /// Of a text message: what it says.
    #[serde(default)]
    pub message_template: Patch<String>,
}

impl ActionPatch {
    /// Applies what is particular to the kind.
    pub(super) fn apply(&mut self, definition: &mut ActionDefinition) -> Result<(), AppError> {
        let mut errors = InputErrors::new();
        let outputs = self.output_variables.take();
        let timeout = std::mem::take(&mut self.timeout_ms);
        let of_message = [
            ("recipient", self.recipient.is_some()),
            ("message_template", self.message_template != Patch::Keep),
        ];
        match definition {
            ActionDefinition::Api(api) => {
                stray(&of_message, &mut errors);
                api.method = self.method.unwrap_or(api.method);
                if let Some(path) = self.path.take() {
                    api.path = path;
                }
                if let Some(headers) = self.headers.take() {
                    api.headers = headers;
                }
                std::mem::take(&mut self.parameters).apply(&mut api.parameters);
                std::mem::take(&mut self.body_template).apply(&mut api.body_template);
                timeout.apply(&mut api.timeout_ms);
                if let Some(outputs) = outputs {
                    api.output_variables = outputs;
                }
            }
            ActionDefinition::Mcp(tool) => {
                if self.sets_the_tool() {
                    return Err(read_only());
                }
                timeout.apply(&mut tool.timeout_ms);
                if let Some(outputs) = outputs {
                    tool.output_variables = outputs;
                }
            }
            ActionDefinition::Message(message) => {
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
        errors.finish(()).map_err(AppError::Invalid)
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
