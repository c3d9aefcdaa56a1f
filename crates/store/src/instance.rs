//! The servers that share a database.

use chrono::{DateTime, Utc};
use switchboard_domain::id::InstanceId;
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Notes that a server is alive.
pub async fn seen(
    engine: &mut Engine<'_>,
    id: InstanceId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO instance (id, seen_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at",
    )
    .bind(id.uuid()).bind(now)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The servers that were last alive before a time.
pub async fn silent_since(
    engine: &mut Engine<'_>,
    time: DateTime<Utc>,
) -> Result<Vec<InstanceId>, StoreError> {
    let ids: Vec<Uuid> = on!(engine, conn => sqlx::query_scalar(
        "SELECT id FROM instance WHERE seen_at < $1",
    )
    .bind(time).fetch_all(conn).await)?;
    Ok(ids.into_iter().map(InstanceId::from_uuid).collect())
}

/// Forgets a server that stopped and has no calls under way.
pub async fn forget(engine: &mut Engine<'_>, id: InstanceId) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM instance WHERE id = $1")
        .bind(id.uuid()).execute(conn).await.map(drop))?;
    Ok(())
}
