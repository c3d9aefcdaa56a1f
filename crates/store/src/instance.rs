//! The servers that share a database.

use sqlx::AssertSqlSafe;
use switchboard_domain::id::InstanceId;
use uuid::Uuid;

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Notes that a server is alive, at the time of the database.
pub async fn seen(engine: &mut Engine<'_>, id: InstanceId) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO instance (id, seen_at) VALUES ($1, {}) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
        dialect::database_time(engine)
    );
    on!(engine, conn => sqlx::query(AssertSqlSafe(sql)).bind(id.uuid()).execute(conn).await.map(drop))?;
    Ok(())
}

/// The servers that said nothing for so long, by the clock of the database: clocks of servers differ.
pub async fn silent_for(
    engine: &mut Engine<'_>,
    seconds: u32,
) -> Result<Vec<InstanceId>, StoreError> {
    let sql = format!(
        "SELECT id FROM instance WHERE seen_at < {}",
        dialect::database_time_before(engine, seconds)
    );
    let ids: Vec<Uuid> =
        on!(engine, conn => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(conn).await)?;
    Ok(ids.into_iter().map(InstanceId::from_uuid).collect())
}

/// How many servers share the database.
pub async fn count(engine: &mut Engine<'_>) -> Result<i64, StoreError> {
    Ok(
        on!(engine, conn => sqlx::query_scalar("SELECT count(*) FROM instance").fetch_one(conn).await)?,
    )
}

/// Forgets a server that stopped and has no calls under way.
pub async fn forget(engine: &mut Engine<'_>, id: InstanceId) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM instance WHERE id = $1")
        .bind(id.uuid()).execute(conn).await.map(drop))?;
    Ok(())
}
