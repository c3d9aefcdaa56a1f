//! Shared actions: what any agent can link.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::ValueSource;
use crate::canonical;
use crate::input::pointer_token;
use crate::name::{ActionName, SecretName, VariableName};
use crate::request::Method;
use crate::strict::strict_objects;
use crate::text_message::{self, MessageAction};

/// The names that no action may set: they are built in.
pub const BUILT_IN_VARIABLES: [&str; 2] = ["call", "conversation"];

/// A conversation variable taken from a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct OutputVariableSpec {
    /// The variable's name.
    pub name: VariableName,
    /// Where its value is: a JSONPath (RFC 9535).
    pub path: String,
}

strict_objects!(OutputVariableSpec);

/// An action that performs one HTTP request of its integration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiAction {
    /// The request's method.
    pub method: Method,
    /// The path under the integration's base URL, with `{placeholders}`.
    pub path: String,
    /// Headers of this action, added to the integration's.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueSource>,
    /// The default JSON Schema of the arguments; none takes any object.
    #[serde(default)]
    pub parameters: Option<Value>,
    /// The default template of the request body; none sends the arguments.
    #[serde(default)]
    pub body_template: Option<String>,
    /// What is taken from the response.
    #[serde(default)]
    pub output_variables: Vec<OutputVariableSpec>,
    /// How long a call may take, in milliseconds; none is the server's default.
    #[serde(default)]
    pub timeout_ms: Option<u32>,
}

/// A tool of an MCP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct McpAction {
    /// The whole wire object, as the server sent it.
    pub tool: Value,
    /// What is taken from the result: from its structured content, or from its text where that is
    /// JSON.
    #[serde(default)]
    pub output_variables: Vec<OutputVariableSpec>,
    /// How long a call may take, in milliseconds; none is the server's default.
    #[serde(default)]
    pub timeout_ms: Option<u32>,
    /// True when its server changed it and nobody approved that yet.
    #[serde(default)]
    pub is_unapproved: bool,
}

impl McpAction {
    /// What the model is told about it: the server's words.
    pub fn description(&self) -> &str {
        let description = self.tool.get("description").and_then(Value::as_str);
        description.unwrap_or_default()
    }

    /// The JSON Schema of its arguments.
    pub fn parameters(&self) -> Option<&Value> {
        self.tool.get("inputSchema")
    }
}

/// What is particular to the kind of a shared action, which follows from its integration's kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ActionDefinition {
    /// A request of a `custom_api`.
    Api(ApiAction),
    /// A tool of an `mcp_server`.
    Mcp(McpAction),
    /// A text message through a `messaging_channel`.
    Message(MessageAction),
}

impl From<ApiAction> for ActionDefinition {
    fn from(action: ApiAction) -> Self {
        Self::Api(action)
    }
}

impl From<McpAction> for ActionDefinition {
    fn from(action: McpAction) -> Self {
        Self::Mcp(action)
    }
}

impl ActionDefinition {
    /// Every secret it refers to, each once.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let mut names: Vec<_> = self
            .headers()
            .filter_map(|(_, value)| value.secret())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Its headers.
    pub fn headers(&self) -> impl Iterator<Item = (&String, &ValueSource)> {
        let headers = match self {
            Self::Api(api) => Some(&api.headers),
            Self::Mcp(_) | Self::Message(_) => None,
        };
        headers.into_iter().flatten()
    }

    /// The schema of its arguments, as it was written.
    pub fn parameters(&self) -> Option<&Value> {
        match self {
            Self::Api(api) => api.parameters.as_ref(),
            Self::Mcp(mcp) => mcp.parameters(),
            Self::Message(message) => message.parameters.as_ref(),
        }
    }

    /// The schema that the model fills when a link sets these; none takes any object.
    pub fn effective_parameters(
        &self,
        parameters: Option<&Value>,
        body_template: Option<&str>,
    ) -> Option<Value> {
        let parameters = parameters.or_else(|| self.parameters());
        match self {
            Self::Message(_) => {
                let template = body_template.or_else(|| self.body_template());
                text_message::parameters(template, parameters)
            }
            Self::Api(_) | Self::Mcp(_) => parameters.cloned(),
        }
    }

    /// The template of its body, which is the text of a message.
    pub fn body_template(&self) -> Option<&str> {
        match self {
            Self::Api(api) => api.body_template.as_deref(),
            Self::Mcp(_) => None,
            Self::Message(message) => message.message_template.as_deref(),
        }
    }

    /// The tool of an MCP server, if it is one.
    pub const fn tool(&self) -> Option<&McpAction> {
        match self {
            Self::Mcp(mcp) => Some(mcp),
            Self::Api(_) | Self::Message(_) => None,
        }
    }

    /// The tool of an MCP server, if it is one.
    pub const fn tool_mut(&mut self) -> Option<&mut McpAction> {
        match self {
            Self::Mcp(mcp) => Some(mcp),
            Self::Api(_) | Self::Message(_) => None,
        }
    }

    /// The wire object, if it is a tool of an MCP server.
    pub const fn wire(&self) -> Option<&Value> {
        match self {
            Self::Mcp(mcp) => Some(&mcp.tool),
            Self::Api(_) | Self::Message(_) => None,
        }
    }

    /// Its templates, each with a JSON Pointer into the action. The text of the body is left out
    /// where a link has its own.
    pub fn templates(&self, with_body: bool) -> Vec<(String, &str)> {
        let mut found = vec![];
        let body = self.body_template().filter(|_| with_body);
        match self {
            Self::Api(api) => {
                for (name, value) in &api.headers {
                    if let ValueSource::Text(text) = value {
                        let name = pointer_token(name);
                        found.push((format!("/headers/{name}"), text.as_str()));
                    }
                }
                found.extend(body.map(|text| ("/body_template".to_owned(), text)));
            }
            Self::Message(message) => {
                found.push(("/recipient".to_owned(), message.recipient.as_str()));
                found.extend(body.map(|text| ("/message_template".to_owned(), text)));
            }
            Self::Mcp(_) => {}
        }
        found
    }

    /// What is taken from what comes back.
    pub fn output_variables(&self) -> &[OutputVariableSpec] {
        match self {
            Self::Api(api) => &api.output_variables,
            Self::Mcp(mcp) => &mcp.output_variables,
            Self::Message(_) => &[],
        }
    }
}

/// What every link of a shared action follows live: what the action owns, and the schema and body
/// template that links inherit. How long a call may take is no part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The name the model calls.
    pub name: ActionName,
    /// What the model is told about it.
    pub description: String,
    /// What is particular to its kind.
    pub definition: ActionDefinition,
}

impl Shape {
    /// Its fields, as the API names them, in the order they are shown. Those of an MCP tool are the
    /// members of its wire object, and our output variables where there are any.
    pub fn fields(&self) -> Vec<(Cow<'_, str>, Value)> {
        match &self.definition {
            ActionDefinition::Api(api) => [
                ("name", json!(self.name)),
                ("description", json!(self.description)),
                ("method", json!(api.method)),
                ("path", json!(api.path)),
                ("headers", json!(api.headers)),
                ("parameters", json!(api.parameters)),
                ("body_template", json!(api.body_template)),
                ("output_variables", json!(api.output_variables)),
            ]
            .map(|(name, value)| (Cow::from(name), value))
            .to_vec(),
            ActionDefinition::Message(message) => [
                ("name", json!(self.name)),
                ("description", json!(self.description)),
                ("recipient", json!(message.recipient)),
                ("message_template", json!(message.message_template)),
                ("parameters", json!(message.parameters)),
            ]
            .map(|(name, value)| (Cow::from(name), value))
            .to_vec(),
            ActionDefinition::Mcp(mcp) => {
                let members = mcp.tool.as_object().into_iter().flatten();
                let mut fields: Vec<_> = members
                    .map(|(name, value)| (Cow::from(name.as_str()), value.clone()))
                    .collect();
                if !mcp.output_variables.is_empty() {
                    fields.push((Cow::from("output_variables"), json!(mcp.output_variables)));
                }
                fields
            }
        }
    }

    /// Its fields as one object.
    pub fn value(&self) -> Value {
        let fields = self.fields().into_iter();
        Value::Object(
            fields
                .map(|(name, value)| (name.into_owned(), value))
                .collect(),
        )
    }

    /// The SHA-256 over the canonical JSON (RFC 8785) of its fields, in lower-case hexadecimal.
    pub fn digest(&self) -> String {
        canonical::digest(&self.value())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn shape(parameters: &str, timeout_ms: Option<u32>) -> Shape {
        let definition = json!({
            "type": "api", "method": "GET", "path": "/x", "timeout_ms": timeout_ms,
            "parameters": serde_json::from_str::<Value>(parameters).unwrap(),
        });
        Shape {
            name: ActionName::parse("look").unwrap(),
            description: String::new(),
            definition: serde_json::from_value(definition).unwrap(),
        }
    }

    #[test]
    fn order_of_keys_and_timeouts_are_no_change_of_shape() {
        let one = shape(r#"{"type": "object", "required": ["a", "b"]}"#, None);
        let same = shape(r#"{"required": ["a", "b"], "type": "object"}"#, Some(5));
        let other = shape(r#"{"type": "object", "required": ["b", "a"]}"#, None);
        assert_eq!(one.digest(), same.digest());
        assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn the_digest_of_a_tool_is_over_its_wire_object() {
        let tool = json!({"name": "look", "inputSchema": {"type": "object"}, "_meta": {"x": 1}});
        let mcp = McpAction {
            tool: tool.clone(),
            output_variables: vec![],
            timeout_ms: None,
            is_unapproved: true,
        };
        let shape = Shape {
            name: ActionName::parse("look").unwrap(),
            description: String::new(),
            definition: ActionDefinition::Mcp(mcp),
        };
        assert_eq!(shape.digest(), canonical::digest(&tool));
    }
}
