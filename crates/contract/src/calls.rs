//! Calling actions.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::integrations::Outcome;
use crate::wire::{CallId, JsonObject};

/// A call's arguments.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallInput {
    /// The arguments, by the action's parameters schema.
    #[serde(default)]
    #[schema(value_type = JsonObject)]
    pub arguments: Map<String, Value>,
}

/// Why a call failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallError {
    /// The stable code.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// The status that the service answered with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upstream_status: Option<u16>,
}

/// What comes of every call, in its response, in its event and in a trial.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallResult {
    /// The variables that this call set.
    pub variables: JsonObject,
    /// The names of those that were too large to be set, or cost too much to take; absent where all
    /// were set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_out_variables: Option<Vec<String>>,
    /// Why each of those that cost too much was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub left_out_reasons: Option<BTreeMap<String, String>>,
    /// Why it failed; null if it succeeded.
    #[schema(required = true)]
    pub error: Option<CallError>,
}

// Its texts are JSON already when they are put together, so that a large answer is not read and written
// again: `call` of `runtime` writes it.
/// What came of a call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallAnswer {
    /// The call.
    pub call_id: CallId,
    /// Whether it was done.
    pub status: Outcome,
    /// What the service answered.
    #[schema(required = true)]
    pub output: Value,
    /// What else came of it.
    #[serde(flatten)]
    pub result: CallResult,
    /// How long it took; null where nobody knows.
    #[schema(required = true)]
    pub duration_ms: Option<u64>,
}

/// What a client answers to an event: one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientEventResult {
    /// What came of it: any JSON.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Value, required = false)]
    pub result: Option<Value>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<String>,
}

/// Null is a result.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
