//! Locked versions of agents. They are added and read; nothing here changes one, and the database
//! refuses to.

use chrono::{DateTime, Utc};
use switchboard_domain::agent::{AgentDocument, LockedVersion};
use switchboard_domain::id::{AgentId, WorkspaceId};

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

type Row = (i64, String, String, String, DateTime<Utc>);

fn locked(
    (number, document, notes, locked_by, locked_at): Row,
) -> Result<LockedVersion, StoreError> {
    let number =
        u32::try_from(number).map_err(|error| StoreError::corrupt("version's number", error))?;
    let document: AgentDocument = serde_json::from_str(&document)
        .map_err(|error| StoreError::corrupt("agent's document", error))?;
    Ok(LockedVersion::new(
        number, notes, locked_at, locked_by, document,
    ))
}

/// Adds a locked version.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    version: &LockedVersion,
) -> Result<(), StoreError> {
    let document = serde_json::to_string(version.document())
        .map_err(|error| StoreError::corrupt("agent's document", error))?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO agent_version (workspace_id, agent_id, number, document, revision, created_at, updated_at, notes, locked_by) \
         VALUES ($1, $2, $3, $4, 1, $5, $5, $6, $7)",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(i64::from(version.number())).bind(&document)
    .bind(version.locked_at()).bind(version.notes()).bind(version.locked_by())
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The number that the next locked version gets.
pub async fn next_number(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
) -> Result<u32, StoreError> {
    let last: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT MAX(number) FROM agent_version WHERE workspace_id = $1 AND agent_id = $2",
    )
    .bind(workspace.uuid()).bind(agent.uuid())
    .fetch_one(conn).await)?;
    u32::try_from(last.unwrap_or(0) + 1)
        .map_err(|error| StoreError::corrupt("version's number", error))
}

/// One locked version.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    number: u32,
) -> Result<Option<LockedVersion>, StoreError> {
    if number == 0 {
        return Ok(None);
    }
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT number, document, notes, locked_by, created_at FROM agent_version \
         WHERE workspace_id = $1 AND agent_id = $2 AND number = $3",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(i64::from(number))
    .fetch_optional(conn).await)?;
    row.map(locked).transpose()
}

/// A page of locked versions, the newest first.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    before: Option<u32>,
    limit: u32,
) -> Result<Page<LockedVersion>, StoreError> {
    let before = before.map_or(i64::from(u32::MAX) + 1, i64::from);
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT number, document, notes, locked_by, created_at FROM agent_version \
         WHERE workspace_id = $1 AND agent_id = $2 AND number > 0 AND number < $3 ORDER BY number DESC LIMIT $4",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(before).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(locked)
}
