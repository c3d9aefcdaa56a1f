//! Trying an action.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::calls::CallResult;
use crate::integrations::Outcome;
use crate::wire::{Environment, JsonObject};

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
    /// The names of the output variables whose path matched nothing.
    pub unmatched_variables: Vec<String>,
    /// What else came of it.
    #[serde(flatten)]
    pub result: CallResult,
    /// What was sent; null where nothing was.
    #[schema(required = true)]
    pub request: Value,
    /// What came back; null where nothing did.
    #[schema(required = true)]
    pub response: Value,
    /// How long it took.
    pub duration_ms: u64,
}
