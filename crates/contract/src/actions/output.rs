//! Variables that are taken from a response.

use serde::{Deserialize, Serialize};
use switchboard_domain::action as domain;
use utoipa::ToSchema;

use crate::wire::{VariableName, Wire};

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
