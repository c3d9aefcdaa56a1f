//! Shared actions: what any agent can link.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::ValueSource;
use crate::canonical;
use crate::name::{ActionName, SecretName, VariableName};
use crate::request::Method;

/// The names that no action may set: they are built in.
pub const BUILT_IN_VARIABLES: [&str; 2] = ["call", "conversation"];

/// A conversation variable taken from a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputVariableSpec {
    /// The variable's name.
    pub name: VariableName,
    /// Where its value is: a JSONPath (RFC 9535).
    pub path: String,
}

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

/// What is particular to the kind of a shared action, which follows from its integration's kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ActionDefinition {
    /// A request of a `custom_api`.
    Api(ApiAction),
}

impl ActionDefinition {
    /// Every secret it refers to, each once.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let Self::Api(action) = self;
        let mut names: Vec<_> = action
            .headers
            .values()
            .filter_map(ValueSource::secret)
            .collect();
        names.sort();
        names.dedup();
        names
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
    /// Its fields, as the API names them, in the order they are shown.
    pub fn fields(&self) -> Vec<(&'static str, Value)> {
        let ActionDefinition::Api(api) = &self.definition;
        vec![
            ("name", json!(self.name)),
            ("description", json!(self.description)),
            ("method", json!(api.method)),
            ("path", json!(api.path)),
            ("headers", json!(api.headers)),
            ("parameters", json!(api.parameters)),
            ("body_template", json!(api.body_template)),
            ("output_variables", json!(api.output_variables)),
        ]
    }

    /// Its fields as one object.
    pub fn value(&self) -> Value {
        let fields = self.fields().into_iter();
        Value::Object(
            fields
                .map(|(name, value)| (name.to_owned(), value))
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
}
