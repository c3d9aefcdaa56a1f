//! How calls went: counts in buckets of time, and the last error of each integration.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use switchboard_domain::durations::Durations;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{ActionId, AgentId, IntegrationId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// What was called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Called {
    /// What tells it from others: a shared action's id, or an agent's and the action's name.
    pub source: String,
    /// Its name.
    pub name: String,
    /// The integration it is under, or sends through.
    pub integration: Option<IntegrationId>,
    /// The shared action.
    pub action: Option<ActionId>,
}

/// The calls of one action in one bucket of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatRow {
    /// When the bucket starts.
    pub bucket_at: DateTime<Utc>,
    /// What was called.
    pub called: Called,
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Calls that were not admitted.
    pub refused: u64,
    /// How long those that were made took.
    pub durations: Durations,
}

/// Writes what a run of a server counted in a bucket; it replaces what that run wrote before.
pub async fn save(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    run: Uuid,
    environment: Environment,
    row: &StatRow,
) -> Result<(), StoreError> {
    let durations = serde_json::to_string(&row.durations).unwrap_or_default();
    on!(engine, conn => sqlx::query(
        "INSERT INTO call_stat (workspace_id, bucket_at, run_id, environment, source, name, integration_id, action_id, succeeded, failed, refused, durations) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (workspace_id, bucket_at, run_id, environment, source) \
         DO UPDATE SET name = excluded.name, succeeded = excluded.succeeded, failed = excluded.failed, refused = excluded.refused, durations = excluded.durations",
    )
    .bind(workspace.uuid()).bind(row.bucket_at).bind(run).bind(environment.as_str())
    .bind(&row.called.source).bind(&row.called.name)
    .bind(row.called.integration.map(IntegrationId::uuid)).bind(row.called.action.map(ActionId::uuid))
    .bind(row.succeeded.cast_signed()).bind(row.failed.cast_signed()).bind(row.refused.cast_signed()).bind(&durations)
    .execute(conn).await.map(drop))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    bucket_at: DateTime<Utc>,
    source: String,
    name: String,
    integration_id: Option<Uuid>,
    action_id: Option<Uuid>,
    succeeded: i64,
    failed: i64,
    refused: i64,
    durations: String,
}

fn stat(row: Row) -> Result<StatRow, StoreError> {
    Ok(StatRow {
        bucket_at: row.bucket_at,
        called: Called {
            source: row.source,
            name: row.name,
            integration: row.integration_id.map(IntegrationId::from_uuid),
            action: row.action_id.map(ActionId::from_uuid),
        },
        succeeded: row.succeeded.unsigned_abs(),
        failed: row.failed.unsigned_abs(),
        refused: row.refused.unsigned_abs(),
        durations: serde_json::from_str(&row.durations)
            .map_err(|error| StoreError::corrupt("durations", error))?,
    })
}

/// Gives out what was counted from one time to another, row by row in the order of time: a month of
/// many actions is never in memory at once.
pub async fn each_between(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    environment: Option<Environment>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    mut take: impl FnMut(StatRow) + Send,
) -> Result<(), StoreError> {
    on!(engine, conn => {
        let mut rows = sqlx::query_as::<_, Row>(
            "SELECT bucket_at, source, name, integration_id, action_id, succeeded, failed, refused, durations FROM call_stat \
             WHERE workspace_id = $1 AND bucket_at >= $2 AND bucket_at < $3 AND ($4 IS NULL OR environment = $4) ORDER BY bucket_at",
        )
        .bind(workspace.uuid()).bind(from).bind(to).bind(environment.map(Environment::as_str))
        .fetch(conn);
        while let Some(row) = rows.try_next().await? {
            take(stat(row)?);
        }
        Ok::<(), StoreError>(())
    })
}

/// Forgets what was counted before a time.
pub async fn forget(engine: &mut Engine<'_>, before: DateTime<Utc>) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM call_stat WHERE bucket_at < $1")
        .bind(before).execute(conn).await.map(drop))?;
    Ok(())
}

/// The last error of an integration.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ErrorRow {
    /// The stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Notes the last error of an integration in an environment.
pub async fn save_error(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integration: IntegrationId,
    environment: Environment,
    error: &ErrorRow,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO integration_error (workspace_id, integration_id, environment, code, message, at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (workspace_id, integration_id, environment) DO UPDATE SET code = excluded.code, message = excluded.message, at = excluded.at \
         WHERE integration_error.at < excluded.at",
    )
    .bind(workspace.uuid()).bind(integration.uuid()).bind(environment.as_str())
    .bind(&error.code).bind(&error.message).bind(error.at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Forgets the last error of an integration in an environment, if it is from before a call that went
/// well.
pub async fn clear_error(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integration: IntegrationId,
    environment: Environment,
    well_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM integration_error WHERE workspace_id = $1 AND integration_id = $2 AND environment = $3 AND at <= $4",
    )
    .bind(workspace.uuid()).bind(integration.uuid()).bind(environment.as_str()).bind(well_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The last error of each integration, with its environment.
pub async fn errors(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(IntegrationId, String, ErrorRow)>, StoreError> {
    #[derive(sqlx::FromRow)]
    struct Found {
        integration_id: Uuid,
        environment: String,
        #[sqlx(flatten)]
        error: ErrorRow,
    }
    let rows: Vec<Found> = on!(engine, conn => sqlx::query_as(
        "SELECT integration_id, environment, code, message, at FROM integration_error WHERE workspace_id = $1 ORDER BY at",
    )
    .bind(workspace.uuid())
    .fetch_all(conn).await)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|found| {
            let id = IntegrationId::from_uuid(found.integration_id);
            (id, found.environment, found.error)
        })
        .collect())
}

/// The agents whose published version links something that changed, moved or went since it was
/// locked, as far as revisions tell: a change that was taken back is among them.
pub async fn maybe_drifted(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    limit: u32,
) -> Result<Vec<AgentId>, StoreError> {
    let rows: Vec<Uuid> = on!(engine, conn => sqlx::query_scalar(
        "SELECT DISTINCT l.agent_id FROM version_link AS l \
         JOIN agent AS g ON g.workspace_id = l.workspace_id AND g.id = l.agent_id AND g.published_version = l.number \
         JOIN action AS a ON a.workspace_id = l.workspace_id AND a.id = l.action_id \
         JOIN integration AS i ON i.workspace_id = a.workspace_id AND i.id = a.integration_id \
         WHERE l.workspace_id = $1 AND g.deleted_at IS NULL \
         AND (a.deleted_at IS NOT NULL OR i.deleted_at IS NOT NULL OR a.integration_id <> l.integration_id OR a.revision > l.action_revision) \
         ORDER BY l.agent_id LIMIT $2",
    )
    .bind(workspace.uuid()).bind(i64::from(limit))
    .fetch_all(conn).await)?;
    Ok(rows.into_iter().map(AgentId::from_uuid).collect())
}
