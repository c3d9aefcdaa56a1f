//! How often API keys and sessions were ended before their time: what a copy outside of the database
//! is compared with, so that a database that was put back is known for one.

use chrono::{DateTime, Utc};
use switchboard_domain::id::{ApiKeyId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Which database it is, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The same in every copy of a database.
    pub database: Uuid,
    /// How often something was ended.
    pub count: u64,
}

/// The mark as it is now.
pub async fn mark(engine: &mut Engine<'_>) -> Result<Mark, StoreError> {
    let (database, count): (Uuid, i64) = on!(engine, conn => sqlx::query_as(
        "SELECT database_id, count FROM ended WHERE id = 1",
    )
    .fetch_one(conn).await)?;
    Ok(Mark {
        database,
        count: count.unsigned_abs(),
    })
}

/// Counts an end, as the last statement of its transaction: nothing is waited for while others wait for
/// this.
pub async fn count(engine: &mut Engine<'_>) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("UPDATE ended SET count = count + 1 WHERE id = 1")
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Counts on from a number, where the database has not come so far.
pub async fn count_from(engine: &mut Engine<'_>, least: u64) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("UPDATE ended SET count = $1 WHERE id = 1 AND count < $1")
        .bind(least.cast_signed()).execute(conn).await.map(drop))?;
    Ok(())
}

fn keys(rows: Vec<(Uuid, Uuid)>) -> Vec<(WorkspaceId, ApiKeyId)> {
    let key = |(workspace, id)| (WorkspaceId::from_uuid(workspace), ApiKeyId::from_uuid(id));
    rows.into_iter().map(key).collect()
}

/// The keys of all workspaces that were revoked, the latest first, as many as that.
pub async fn revoked_keys(
    engine: &mut Engine<'_>,
    most: u32,
) -> Result<Vec<(WorkspaceId, ApiKeyId)>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, id FROM api_key WHERE revoked_at IS NOT NULL ORDER BY revoked_at DESC, id LIMIT $1",
    )
    .bind(i64::from(most)).fetch_all(conn).await)?;
    Ok(keys(rows))
}

/// The keys of all workspaces that are not revoked.
pub async fn active_keys(
    engine: &mut Engine<'_>,
) -> Result<Vec<(WorkspaceId, ApiKeyId)>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, id FROM api_key WHERE revoked_at IS NULL ORDER BY workspace_id, id",
    )
    .fetch_all(conn).await)?;
    Ok(keys(rows))
}

/// Ends all sessions of everybody. Answers how many had not ended by themselves.
pub async fn all_sessions(engine: &mut Engine<'_>, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let live: i64 = on!(engine, conn => sqlx::query_scalar(
        "SELECT count(*) FROM user_session WHERE expires_at > $1",
    )
    .bind(now).fetch_one(conn).await)?;
    on!(engine, conn => sqlx::query("DELETE FROM user_session").execute(conn).await.map(drop))?;
    Ok(live.unsigned_abs())
}
