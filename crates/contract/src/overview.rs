//! How a workspace is doing.

use serde::Serialize;
use utoipa::ToSchema;

use crate::secrets::User;
use crate::wire::{ActionId, AgentId, Environment, IntegrationId, Time};

/// How a workspace is doing. `calls` are those that were made; `failed` ones are among them, refused
/// ones are not.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Overview {
    /// From when on.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// How long a bucket is, in seconds.
    pub step_s: i64,
    /// The calls over time.
    pub buckets: Vec<OverviewBucket>,
    /// The actions that were called, those with the most calls first, at most 200.
    pub actions: Vec<OverviewAction>,
    /// Agents whose published version links something that changed since it was locked.
    pub drift: Vec<OverviewDrift>,
    /// Secrets without a value where one is needed.
    pub missing_secrets: Vec<MissingSecret>,
    /// How much room the database takes, of all workspaces together, as it was at most a minute ago.
    pub database: DatabaseSpace,
}

/// How much room the database takes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DatabaseSpace {
    /// How many bytes it takes.
    pub bytes: u64,
    /// How many of them are free, for what is written next; null where the database does not say (PostgreSQL).
    #[schema(required = true)]
    pub free_bytes: Option<u64>,
}

/// The calls of a while.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverviewBucket {
    /// When it starts.
    pub at: Time,
    /// How many were made.
    pub calls: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many more were refused.
    pub refused: u64,
    /// Half of them took no longer.
    #[schema(required = true)]
    pub p50_ms: Option<f64>,
    /// 95 of 100 took no longer.
    #[schema(required = true)]
    pub p95_ms: Option<f64>,
}

/// The calls of an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverviewAction {
    /// The integration; null for an action of an agent's own.
    #[schema(required = true)]
    pub integration_id: Option<IntegrationId>,
    /// The shared action; null for an action of an agent's own.
    #[schema(required = true)]
    pub action_id: Option<ActionId>,
    /// The name that was called.
    pub name: String,
    /// How many were made.
    pub calls: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many more were refused.
    pub refused: u64,
    /// Half of them took no longer.
    #[schema(required = true)]
    pub p50_ms: Option<f64>,
    /// 95 of 100 took no longer.
    #[schema(required = true)]
    pub p95_ms: Option<f64>,
    /// 99 of 100 took no longer.
    #[schema(required = true)]
    pub p99_ms: Option<f64>,
}

/// A published version that drifted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OverviewDrift {
    /// The agent.
    pub agent_id: AgentId,
    /// What it is called.
    pub agent_name: String,
    /// The version.
    pub version: u32,
    /// How many of its links changed.
    pub changed: usize,
}

/// A secret without a value where one is needed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissingSecret {
    /// Its name.
    pub name: String,
    /// Where it has none.
    pub environments: Vec<Environment>,
    /// What needs it.
    pub used_by: Vec<User>,
}
