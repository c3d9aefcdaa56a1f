//! Changes of shared actions.

use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::action as domain;
use switchboard_domain::input::{InputError, InputErrors};
use utoipa::ToSchema;

use super::OutputVariable;
use super::input::stray;
use crate::auth::ValueSource;
use crate::integrations::{Headers, headers};
use crate::list::all;
use crate::patch::Patch;
use crate::wire::{ActionName, JsonObject, Method};

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
