//! What is known of an MCP server.

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::integration as domain;
use utoipa::ToSchema;

use crate::tools::ToolNote;
use crate::wire::Time;

/// What is known of an MCP server from fetching its tools.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Discovery {
    /// When they were fetched last.
    #[schema(required = true)]
    pub fetched_at: Option<Time>,
    /// Why the last try failed; the tools are those of the time before.
    #[schema(required = true)]
    pub error: Option<DiscoveryError>,
    /// The tools that agents cannot link.
    pub left_out: Vec<LeftOutTool>,
    /// What the server says of itself; null where nothing is known.
    #[schema(required = true)]
    pub server: Value,
    /// The protocol's revision that was agreed on.
    #[schema(required = true)]
    pub protocol_version: Option<String>,
}

impl From<domain::Discovery> for Discovery {
    fn from(discovery: domain::Discovery) -> Self {
        Self {
            fetched_at: discovery.fetched_at.map(Time),
            error: discovery.error.map(|error| DiscoveryError {
                code: error.code,
                message: error.message,
                at: Time(error.at),
            }),
            left_out: discovery.left_out.into_iter().map(Into::into).collect(),
            server: discovery.server.unwrap_or_default(),
            protocol_version: discovery.protocol_version,
        }
    }
}

/// Why tools could not be fetched.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiscoveryError {
    /// The stable code.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// When it was tried.
    pub at: Time,
}

/// A tool that agents cannot link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LeftOutTool {
    /// Its name, if it has one.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Why it is left out.
    pub reason: String,
}

impl From<domain::LeftOutTool> for LeftOutTool {
    fn from(tool: domain::LeftOutTool) -> Self {
        Self {
            name: tool.name,
            reason: tool.reason,
        }
    }
}

/// What fetching the tools came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Refreshed {
    /// The names of new tools.
    pub added: Vec<String>,
    /// The names of tools that are gone.
    pub removed: Vec<String>,
    /// The names of tools that are others than before.
    pub changed: Vec<String>,
    /// The tools that agents cannot link.
    pub left_out: Vec<LeftOutTool>,
    /// What providers of models make of the tools that are new or other ones.
    pub schema_notes: Vec<ToolNote>,
}
