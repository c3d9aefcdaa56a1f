//! The audit log: who changed what in a workspace.

use chrono::{DateTime, Utc};
use switchboard_domain::id::{AuditId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub id: AuditId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it: an API key's or a person's id, or `command line`.
    pub actor: String,
    /// What was done, such as `integration.create`.
    pub operation: String,
    /// The kind of thing it was done to.
    pub entity: String,
    /// Which one.
    pub entity_id: String,
}

type Row = (Uuid, DateTime<Utc>, String, String, String, String);

/// Adds an entry, in the transaction of what it tells.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &AuditRow,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO audit (workspace_id, id, at, actor, operation, entity, entity_id) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(row.at).bind(&row.actor)
    .bind(&row.operation).bind(&row.entity).bind(&row.entity_id)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// A page of entries, the newest first.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Page<AuditRow>, StoreError> {
    let before = before.map_or(Uuid::max(), AuditId::uuid);
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, at, actor, operation, entity, entity_id FROM audit WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    )
    .bind(workspace.uuid()).bind(before).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(|(id, at, actor, operation, entity, entity_id)| {
        Ok(AuditRow {
            id: AuditId::from_uuid(id),
            at,
            actor,
            operation,
            entity,
            entity_id,
        })
    })
}
