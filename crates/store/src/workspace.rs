//! Workspaces: the tenants.

use chrono::{DateTime, Utc};
use switchboard_domain::id::WorkspaceId;
use uuid::Uuid;

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// A workspace as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, unique in the installation.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

type Row = (Uuid, String, DateTime<Utc>);

fn workspace((id, name, created_at): Row) -> WorkspaceRow {
    WorkspaceRow {
        id: WorkspaceId::from_uuid(id),
        name,
        created_at,
    }
}

/// Adds a workspace. [`StoreError::Duplicate`] when the name is taken.
pub async fn insert(
    engine: &mut Engine<'_>,
    id: WorkspaceId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO workspace (id, name, config_revision, config_changed_at, created_at) VALUES ($1, $2, 0, $3, $3)",
    )
    .bind(id.uuid()).bind(name).bind(now)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The workspace of this name.
pub async fn by_name(
    engine: &mut Engine<'_>,
    name: &str,
) -> Result<Option<WorkspaceRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, name, created_at FROM workspace WHERE name = $1",
    )
    .bind(name).fetch_optional(conn).await)?;
    Ok(row.map(workspace))
}

/// Every workspace, in the order they were made.
pub async fn list(engine: &mut Engine<'_>) -> Result<Vec<WorkspaceRow>, StoreError> {
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, name, created_at FROM workspace ORDER BY id",
    )
    .fetch_all(conn).await)?;
    Ok(rows.into_iter().map(workspace).collect())
}

/// Waits until no other transaction changes this workspace's configuration, and keeps others
/// waiting until this one ends: changes of one workspace happen one after the other.
pub async fn lock(engine: &mut Engine<'_>, id: WorkspaceId) -> Result<(), StoreError> {
    let sql = match dialect::for_update(engine) {
        "" => "SELECT config_revision FROM workspace WHERE id = $1",
        _ => "SELECT config_revision FROM workspace WHERE id = $1 FOR UPDATE",
    };
    on!(engine, conn => sqlx::query(sql).bind(id.uuid()).execute(conn).await.map(drop))?;
    Ok(())
}
