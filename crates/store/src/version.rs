//! Locked versions of agents. They are added and read; nothing here changes one, and the database
//! refuses to.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::agent::{AgentDocument, LockedVersion};
use switchboard_domain::id::{AgentId, WorkspaceId};

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;
use crate::words::Search;

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

/// A page of locked versions, the newest first, optionally only those that are found by their notes.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    search: Option<&Search>,
    before: Option<u32>,
    limit: u32,
) -> Result<Page<LockedVersion>, StoreError> {
    let before = before.map_or(i64::from(u32::MAX) + 1, i64::from);
    if let Some(search) = search {
        let mut numbers = noted(engine, workspace, agent, search, before).await?;
        numbers.truncate(limit as usize + 1);
        return of_numbers(engine, workspace, agent, &numbers, limit).await;
    }
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT number, document, notes, locked_by, created_at FROM agent_version \
         WHERE workspace_id = $1 AND agent_id = $2 AND number > 0 AND number < $3 ORDER BY number DESC LIMIT $4",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(before).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(locked)
}

/// The locked versions whose notes have some words, the newest first. Notes are few and short beside the
/// documents, and no database has all letters in lower case, so they are looked through here.
async fn noted(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    search: &Search,
    before: i64,
) -> Result<Vec<i64>, StoreError> {
    let notes: Vec<(i64, String)> = on!(engine, conn => sqlx::query_as(
        "SELECT number, notes FROM agent_version \
         WHERE workspace_id = $1 AND agent_id = $2 AND number > 0 AND number < $3 ORDER BY number DESC",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(before)
    .fetch_all(conn).await)?;
    let found = notes.into_iter().filter(|(_, notes)| search.finds(notes));
    Ok(found.map(|(number, _)| number).collect())
}

/// A page that is these versions, the newest first; more of them than the page holds say that it is not
/// the last one.
async fn of_numbers(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    agent: AgentId,
    numbers: &[i64],
    limit: u32,
) -> Result<Page<LockedVersion>, StoreError> {
    if numbers.is_empty() {
        return Ok(Page::cut(vec![], limit));
    }
    let list = dialect::placeholders(3, numbers.len());
    let sql = format!(
        "SELECT number, document, notes, locked_by, created_at FROM agent_version \
         WHERE workspace_id = $1 AND agent_id = $2 AND number IN ({list}) ORDER BY number DESC"
    );
    let rows: Vec<Row> = on!(engine, conn => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(workspace.uuid()).bind(agent.uuid());
        for number in numbers {
            query = query.bind(*number);
        }
        query.fetch_all(conn).await
    })?;
    Page::cut(rows, limit).try_map(locked)
}
