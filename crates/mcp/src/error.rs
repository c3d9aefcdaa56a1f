//! What can go wrong between Switchboard and an MCP server.

use switchboard_connect::CallError;
use switchboard_domain::conversation::Outcome;
use switchboard_outbound::OutboundError;

use crate::tool::Tool;

/// An error of an MCP server or of the way to it. Its text holds no credentials.
#[derive(Debug, Clone, thiserror::Error)]
pub enum McpError {
    /// The credentials are not to be had. Nothing was sent.
    #[error("{0}")]
    Credentials(CallError),
    /// The server cannot be reached, or the connection to it broke.
    #[error("{0}")]
    Outbound(OutboundError),
    /// The deadline passed.
    #[error(
        "the MCP server did not answer in time; raise the time a call may take, or ask why the server is slow"
    )]
    Timeout {
        /// Whether the request may have reached the server.
        sent: bool,
    },
    /// What answers at the URL does not speak MCP.
    #[error("no MCP server answers at this URL: {detail}; check the integration's URL")]
    NotMcp {
        /// What came instead.
        detail: String,
    },
    /// The server redirects. Credentials do not follow a redirect, so no request does.
    #[error(
        "the MCP server redirects to another place (status {status}), which is not followed; set the final URL"
    )]
    Redirected {
        /// The status.
        status: u16,
    },
    /// The server refused the credentials.
    #[error(
        "the MCP server refused the credentials (status {status}); check the integration's auth and secrets"
    )]
    Unauthorized {
        /// 401 or 403.
        status: u16,
    },
    /// The server forgot the session, and did so again after a new one was opened, or the stream
    /// that the answer was to come on ended.
    #[error("the MCP server ended the session: {detail}; call again")]
    SessionLost {
        /// How it is known.
        detail: String,
        /// Whether the server may have acted on the request.
        sent: bool,
    },
    /// The server answered with a status that says it could not.
    #[error(
        "the MCP server responded with status {status}{}; try again later or ask whoever runs it",
        if .detail.is_empty() { String::new() } else { format!(" ({detail})") }
    )]
    Status {
        /// The status.
        status: u16,
        /// What it said, if it said so as JSON-RPC does.
        detail: String,
    },
    /// The server answered with an error of JSON-RPC.
    #[error("{}", rpc_sentence(*.code, .message))]
    Rpc {
        /// The error's code.
        code: i64,
        /// What it says, shortened.
        message: String,
        /// What it adds, if anything.
        data: Option<Box<serde_json::Value>>,
        /// The HTTP status it came with.
        status: u16,
    },
    /// The answer breaks the protocol.
    #[error("the MCP server broke the protocol: {detail}; report it to whoever runs the server")]
    Protocol {
        /// How.
        detail: String,
    },
    /// A message that is no JSON-RPC.
    #[error(
        "the MCP server sent something that is not a JSON-RPC message: {detail}; check the integration's URL"
    )]
    Garbage {
        /// What is wrong with it.
        detail: String,
    },
    /// The answer is larger than the cap.
    #[error("{what} is larger than {limit} bytes; ask the server for less")]
    TooLarge {
        /// What is.
        what: &'static str,
        /// The cap.
        limit: usize,
    },
    /// The server sends events, and never the answer.
    #[error(
        "the MCP server sent more than {limit} bytes of events and no answer; report it to whoever runs the server"
    )]
    EndlessStream {
        /// The cap.
        limit: usize,
    },
    /// A stream brought more in a time than a server has to say.
    #[error(
        "the MCP server flooded its stream of events, and the stream was dropped; report it to whoever runs the server"
    )]
    Flood,
    /// Nobody waits for the call any more, so its server was told to stop.
    #[error("the caller went away, and the MCP server was told to stop")]
    Cancelled,
    /// The tool asks for something that a person would have to give.
    #[error("the tool asks for input that only a person can give; use one that works without")]
    InputRequired,
}

fn rpc_sentence(code: i64, message: &str) -> String {
    match code {
        -32601 => format!(
            "the MCP server does not know this tool or method ({message}); refresh the integration's tools"
        ),
        -32602 => format!(
            "the MCP server does not know this tool or does not accept these arguments ({message}); refresh the integration's tools and check the arguments"
        ),
        _ => format!("the MCP server responded with error {code} ({message}); ask whoever runs it"),
    }
}

impl From<CallError> for McpError {
    fn from(error: CallError) -> Self {
        Self::Credentials(error)
    }
}

impl From<OutboundError> for McpError {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::Timeout { sent, .. } => Self::Timeout { sent },
            OutboundError::TooLarge { limit, .. } => Self::TooLarge {
                what: "the MCP server's answer",
                limit,
            },
            OutboundError::InvalidResponse { detail, .. } => Self::NotMcp { detail },
            other => Self::Outbound(other),
        }
    }
}

impl McpError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Credentials(error) => error.code,
            Self::Outbound(
                OutboundError::Connect { .. }
                | OutboundError::Dns { .. }
                | OutboundError::Tls { .. },
            ) => "unreachable",
            Self::Outbound(error) => error.code(),
            Self::Timeout { .. } => "timeout",
            Self::NotMcp { .. } => "not_mcp",
            Self::Redirected { .. } => "redirected",
            Self::Unauthorized { .. } => "unauthorized",
            Self::SessionLost { .. } => "session_lost",
            Self::Status { .. } => "upstream_error",
            Self::Rpc { code: -32601, .. } => "tool_missing",
            Self::Rpc { code: -32602, .. } => "tool_refused",
            Self::Rpc { .. } => "server_error",
            Self::Protocol { .. } => "protocol_error",
            Self::Garbage { .. } => "invalid_frame",
            Self::TooLarge { .. } => "response_too_large",
            Self::EndlessStream { .. } | Self::Flood => "endless_stream",
            Self::Cancelled => "cancelled",
            Self::InputRequired => "input_required",
        }
    }

    /// Whether the server may have acted on the request although its answer is not known. An
    /// answer that says it did not, such as an error of JSON-RPC, is known.
    pub const fn may_have_acted(&self) -> bool {
        match self {
            Self::Outbound(error) => error.may_have_reached_upstream(),
            Self::Timeout { sent } | Self::SessionLost { sent, .. } => *sent,
            // The request was read by someone, and what came back does not say what they did.
            Self::Protocol { .. }
            | Self::Garbage { .. }
            | Self::TooLarge { .. }
            | Self::EndlessStream { .. }
            | Self::Flood
            | Self::Cancelled
            | Self::NotMcp { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            Self::Credentials(_)
            | Self::Redirected { .. }
            | Self::Unauthorized { .. }
            | Self::Rpc { .. }
            | Self::InputRequired => false,
        }
    }

    /// The status the server answered with, if one is worth telling.
    pub const fn upstream_status(&self) -> Option<u16> {
        match self {
            Self::Credentials(error) => error.upstream_status,
            Self::Redirected { status }
            | Self::Unauthorized { status }
            | Self::Status { status, .. }
            | Self::Rpc { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What the error means for limits, and how it is told. A tool that may be repeated without
    /// harm has failed; for any other nobody can know, if the request may have had its effect.
    pub fn into_call_error(self, tool: &Tool) -> (Outcome, CallError) {
        let upstream_status = self.upstream_status();
        if let Self::Credentials(error) = self {
            return (Outcome::Failed, error);
        }
        if self.may_have_acted() && !tool.repeatable() {
            let error = CallError {
                code: "outcome_unknown",
                message: format!(
                    "the request was sent, but its outcome is not known: {self}. It is not repeated by itself; check at the service before you repeat it"
                ),
                upstream_status,
            };
            return (Outcome::Unknown, error);
        }
        let error = CallError {
            code: self.code(),
            message: self.to_string(),
            upstream_status,
        };
        (Outcome::Failed, error)
    }
}
