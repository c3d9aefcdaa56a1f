//! Shapes of the overview.

use utoipa::ToSchema;

use super::User;

/// How a workspace is doing. `calls` are those that were made; `failed` ones are among them, refused
/// ones are not.
#[derive(ToSchema)]
pub struct Overview {
    from: String,
    to: String,
    /// How long a bucket is, in seconds.
    step_s: u64,
    buckets: Vec<OverviewBucket>,
    /// The actions that were called, those with the most calls first, at most 200.
    actions: Vec<OverviewAction>,
    /// Agents whose published version links something that changed since it was locked.
    drift: Vec<OverviewDrift>,
    missing_secrets: Vec<MissingSecret>,
}

/// The calls of a while.
#[derive(ToSchema)]
pub struct OverviewBucket {
    at: String,
    calls: u64,
    failed: u64,
    refused: u64,
    #[schema(required = true, nullable = true)]
    p50_ms: Option<f64>,
    #[schema(required = true, nullable = true)]
    p95_ms: Option<f64>,
}

/// The calls of an action.
#[derive(ToSchema)]
pub struct OverviewAction {
    #[schema(required = true, nullable = true)]
    integration_id: Option<String>,
    /// Null for an action of an agent's own.
    #[schema(required = true, nullable = true)]
    action_id: Option<String>,
    name: String,
    calls: u64,
    failed: u64,
    refused: u64,
    #[schema(required = true, nullable = true)]
    p50_ms: Option<f64>,
    #[schema(required = true, nullable = true)]
    p95_ms: Option<f64>,
    #[schema(required = true, nullable = true)]
    p99_ms: Option<f64>,
}

/// A published version that drifted.
#[derive(ToSchema)]
pub struct OverviewDrift {
    agent_id: String,
    agent_name: String,
    version: u32,
    /// How many of its links changed.
    changed: u64,
}

/// A secret without a value where one is needed.
#[derive(ToSchema)]
pub struct MissingSecret {
    name: String,
    environments: Vec<String>,
    used_by: Vec<User>,
}
