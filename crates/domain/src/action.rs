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

    /// What the shared action owns and every link follows live: its shape.
    pub fn shape(&self, name: &ActionName, description: &str) -> Value {
        match self {
            Self::Api(action) => json!({
                "name": name,
                "description": description,
                "path": action.path,
                "method": action.method,
                "headers": action.headers,
                "output_variables": action.output_variables,
            }),
        }
    }

    /// The SHA-256 over the canonical JSON of the shape, in hexadecimal.
    pub fn shape_digest(&self, name: &ActionName, description: &str) -> String {
        canonical::digest(&self.shape(name, description))
    }
}
