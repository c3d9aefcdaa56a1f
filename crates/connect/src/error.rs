//! Why a call failed, and whose fault that is.

use switchboard_domain::rule::RuleError;

/// Why a call failed: which layer, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// The stable code.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// The status the service answered with, if it answered.
    pub upstream_status: Option<u16>,
}

impl CallError {
    /// An error that no answer of the service stands behind.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            upstream_status: None,
        }
    }

    /// Whether it tells that the integration is broken, and not that somebody asked for what is not
    /// there or cannot be sent: an answer with a status of 4xx is the caller's, but for those that
    /// refuse the credentials.
    pub fn is_of_integration(&self) -> bool {
        match self.upstream_status {
            Some(401 | 403 | 407) => true,
            Some(400..=499) => false,
            _ => !OF_THE_CALLER.contains(&self.code),
        }
    }
}

/// What is wrong with a call before the service has a part in it, or what a working service says of it.
const OF_THE_CALLER: [&str; 11] = [
    "argument_refused",
    "cancelled",
    "input_required",
    "invalid_header",
    "invalid_template",
    "invalid_url",
    "message_rejected",
    "template_failed",
    "tool_missing",
    "tool_error",
    "tool_refused",
];

impl From<RuleError> for CallError {
    fn from(error: RuleError) -> Self {
        Self::new(error.code, error.message)
    }
}
