//! How calls went: counts in pieces of time, and the last error of each integration.
//!
//! A batch of the journal writes what it counts in its own transaction ([`Counted`]); a moment later
//! that is added to sums by bucket and by hour ([`fold`]), which the overview reads.

mod counted;
mod fold;
mod sums;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::durations::Durations;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{ActionId, AgentId, IntegrationId, WorkspaceId};
use uuid::Uuid;

use crate::dialect::in_chunks;
use crate::engine::{Engine, on};
use crate::error::StoreError;

pub use counted::{BUCKET_SECONDS, Came, Count, Counted, bucket_of, hour_of};
pub use fold::{BUCKETS_KEPT, adopt, fold, forget};
pub use sums::{Of, Parts, Span, busiest, each_of, each_total};

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

/// How many calls there were, and how long they took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Calls that were not admitted.
    pub refused: u64,
    /// How long those that were made took.
    pub durations: Durations,
}

impl Sums {
    /// All of them.
    pub const fn calls(&self) -> u64 {
        self.succeeded + self.failed + self.refused
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.refused += other.refused;
        self.durations.merge(&other.durations);
    }
}

/// The calls of one action in one piece of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatRow {
    /// When it starts.
    pub at: DateTime<Utc>,
    /// What was called.
    pub called: Called,
    /// The calls.
    pub sums: Sums,
}

/// Sums as they are stored.
#[derive(sqlx_macros::FromRow)]
struct SumsRow {
    succeeded: i64,
    failed: i64,
    refused: i64,
    durations: String,
}

impl SumsRow {
    fn sums(self) -> Result<Sums, StoreError> {
        Ok(Sums {
            succeeded: self.succeeded.unsigned_abs(),
            failed: self.failed.unsigned_abs(),
            refused: self.refused.unsigned_abs(),
            durations: serde_json::from_str(&self.durations)
                .map_err(|error| StoreError::corrupt("durations", error))?,
        })
    }
}

/// What was called, as it is stored.
#[derive(sqlx_macros::FromRow)]
struct CalledRow {
    source: String,
    name: String,
    integration_id: Option<Uuid>,
    action_id: Option<Uuid>,
}

impl CalledRow {
    fn called(self) -> Called {
        Called {
            source: self.source,
            name: self.name,
            integration: self.integration_id.map(IntegrationId::from_uuid),
            action: self.action_id.map(ActionId::from_uuid),
        }
    }
}

/// The last error of an integration.
#[derive(Debug, Clone, PartialEq, Eq, sqlx_macros::FromRow)]
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

/// The last errors of these integrations, each with its environment, in the order of time.
pub async fn errors(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integrations: &[IntegrationId],
) -> Result<Vec<(IntegrationId, String, ErrorRow)>, StoreError> {
    #[derive(sqlx_macros::FromRow)]
    struct Found {
        integration_id: Uuid,
        environment: String,
        #[sqlx(flatten)]
        error: ErrorRow,
    }
    let ids: Vec<Uuid> = integrations.iter().map(|id| id.uuid()).collect();
    let mut rows: Vec<Found> = in_chunks(
        engine,
        "SELECT integration_id, environment, code, message, at FROM integration_error WHERE workspace_id = $1 AND integration_id IN",
        "",
        workspace,
        &ids,
    )
    .await?;
    rows.sort_by_key(|found| found.error.at);
    let rows = rows.into_iter();
    Ok(rows
        .map(|found| {
            let id = IntegrationId::from_uuid(found.integration_id);
            (id, found.environment, found.error)
        })
        .collect())
}

// A cross join keeps SQLite from beginning with all actions; PostgreSQL takes whichever order is best.
const MAYBE_DRIFTED: &str = "SELECT DISTINCT g.id FROM agent AS g CROSS JOIN version_link AS l CROSS JOIN action AS a CROSS JOIN integration AS i \
     WHERE g.workspace_id = $1 AND g.deleted_at IS NULL \
     AND l.workspace_id = g.workspace_id AND l.agent_id = g.id AND l.number = g.published_version \
     AND a.workspace_id = l.workspace_id AND a.id = l.action_id AND i.workspace_id = a.workspace_id AND i.id = a.integration_id \
     AND (a.deleted_at IS NOT NULL OR i.deleted_at IS NOT NULL OR a.integration_id <> l.integration_id OR a.revision > l.action_revision)";

/// The agents whose published version links something that changed, moved or went since it was
/// locked. Whether that is a difference to speak of is for whoever compares them.
pub async fn maybe_drifted(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    limit: u32,
) -> Result<Vec<AgentId>, StoreError> {
    let sql = format!("{MAYBE_DRIFTED} ORDER BY g.id LIMIT $2");
    let rows: Vec<Uuid> = on!(engine, conn => sqlx::query_scalar(AssertSqlSafe(sql))
    .bind(workspace.uuid()).bind(i64::from(limit))
    .fetch_all(conn).await)?;
    Ok(rows.into_iter().map(AgentId::from_uuid).collect())
}

/// Those of these agents of which the same is true.
pub async fn maybe_drifted_of(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agents: &[AgentId],
) -> Result<HashSet<AgentId>, StoreError> {
    let ids: Vec<Uuid> = agents.iter().map(|id| id.uuid()).collect();
    let head = format!("{MAYBE_DRIFTED} AND g.id IN");
    let rows: Vec<(Uuid,)> = in_chunks(engine, &head, "", workspace, &ids).await?;
    Ok(rows
        .into_iter()
        .map(|(id,)| AgentId::from_uuid(id))
        .collect())
}
