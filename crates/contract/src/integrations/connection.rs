//! Trying a connection.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::IntegrationInput;
use crate::wire::Environment;

/// A connection to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionTest {
    /// The environment whose slot and secrets are taken.
    pub environment: Environment,
    /// The integration as it would be saved.
    pub integration: IntegrationInput,
}

/// Whether something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was.
    Succeeded,
    /// It was not, or nobody can know.
    Failed,
}

impl Outcome {
    /// Whether it was.
    pub const fn of(is_done: bool) -> Self {
        if is_done {
            Self::Succeeded
        } else {
            Self::Failed
        }
    }
}

/// Why a connection is not good.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConnectionError {
    /// The stable code.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
    /// The status that the service answered with.
    #[schema(required = true)]
    pub upstream_status: Option<u16>,
}

/// What came of trying a connection.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConnectionTestAnswer {
    /// Whether it is good.
    pub status: Outcome,
    /// Why not.
    #[schema(required = true)]
    pub error: Option<ConnectionError>,
    /// The status that the service answered with.
    #[schema(required = true)]
    pub http_status: Option<u16>,
    /// Of an MCP server: how many tools it offers.
    #[schema(required = true)]
    pub tools: Option<usize>,
    /// How long it took.
    pub duration_ms: u64,
}
