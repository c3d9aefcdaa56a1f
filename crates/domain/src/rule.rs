//! The error of a rule that a user wrote: a schema, a template, a path.

/// What is wrong with a rule, or why it could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// The stable code of the API.
    pub code: &'static str,
    /// A sentence for the user. It quotes what the rule's author wrote, never a value.
    pub message: String,
}

impl RuleError {
    /// An error of this code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
