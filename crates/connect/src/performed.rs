//! What came of a call, whatever kind of integration it went to.

use serde_json::Value;
use switchboard_domain::conversation::Outcome;
use switchboard_domain::name::VariableName;
use switchboard_domain::output::{LeftOut, Taken};
use switchboard_outbound::Held;

use crate::error::CallError;

/// What came of a call.
#[derive(Debug)]
pub struct Performed {
    /// What it means for limits.
    pub outcome: Outcome,
    /// What the service answered, as JSON text.
    pub output: String,
    /// The variables that were set.
    pub variables: Vec<(VariableName, Value)>,
    /// The output variables that had no match and stay as they were.
    pub unmatched: Vec<VariableName>,
    /// The output variables that cost too much to take and stay as they were.
    pub left_out: Vec<LeftOut>,
    /// Why it failed.
    pub error: Option<CallError>,
    /// The request as it is kept, JSON text.
    pub request: String,
    /// The answer as it is kept, JSON text.
    pub response: String,
    /// True when the output is the whole result of an MCP tool.
    pub tool_result: bool,
    /// The room that a large answer takes, until what was made of it is kept.
    pub held: Option<Held>,
}

impl Performed {
    /// Notes what came of the output variables.
    pub fn take(&mut self, taken: Taken) {
        self.variables = taken.variables;
        self.unmatched = taken.unmatched;
        self.left_out = taken.left_out;
    }

    fn nothing() -> Self {
        Self {
            outcome: Outcome::Failed,
            output: "null".to_owned(),
            variables: vec![],
            unmatched: vec![],
            left_out: vec![],
            error: None,
            request: "null".to_owned(),
            response: "null".to_owned(),
            tool_result: false,
            held: None,
        }
    }

    /// A call that succeeded with this answer, and sent no request of ours.
    pub fn answered(output: String) -> Self {
        Self {
            outcome: Outcome::Succeeded,
            output,
            ..Self::nothing()
        }
    }

    /// A call that failed before anything was sent.
    pub fn not_sent(error: CallError) -> Self {
        Self {
            error: Some(error),
            ..Self::nothing()
        }
    }

    /// A call whose outcome nobody can know.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unknown,
            ..Self::not_sent(CallError::new("outcome_unknown", message))
        }
    }
}
