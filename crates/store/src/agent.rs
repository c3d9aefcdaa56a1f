//! Agents and the documents of their versions.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::agent::{AgentDocument, VersionRef};
use switchboard_domain::id::{AgentId, WorkspaceId};
use switchboard_domain::retention::Retention;
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::forget;
use crate::page::{Listing, Page};
use crate::search::{self, Found};

const SELECT: &str = "SELECT id, name, description, published_version, retain_events_days, revision, created_at, updated_at, deleted_at \
     FROM agent WHERE workspace_id = $1";

/// An agent as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRow {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The locked version that new conversations get.
    pub published_version: Option<u32>,
    /// For how long events of its conversations are kept; none is as the workspace says.
    pub retain_events: Option<Retention>,
    /// How often it was changed, from 1 on.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// The document of one version.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRow {
    /// Which version.
    pub version: VersionRef,
    /// Its document.
    pub document: AgentDocument,
    /// Of a draft: the version that was restored into it last.
    pub restored_from: Option<u32>,
    /// How often it was changed, from 1 on.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    published_version: Option<i64>,
    retain_events_days: Option<i64>,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

fn number(stored: i64) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|error| StoreError::corrupt("version's number", error))
}

fn agent(row: Row) -> Result<AgentRow, StoreError> {
    Ok(AgentRow {
        id: AgentId::from_uuid(row.id),
        name: row.name,
        description: row.description,
        published_version: row.published_version.map(number).transpose()?,
        retain_events: forget::retention(row.retain_events_days)?,
        revision: row.revision.unsigned_abs(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
    })
}

/// Adds an agent.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &AgentRow,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO agent (workspace_id, id, name, description, published_version, revision, created_at, updated_at, retain_events_days) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(&row.name).bind(&row.description)
    .bind(row.published_version.map(i64::from)).bind(row.revision.cast_signed())
    .bind(row.created_at).bind(row.updated_at).bind(forget::stored(row.retain_events))
    .execute(conn).await.map(drop))?;
    keep(engine, workspace, row).await
}

/// Keeps what an agent is found by.
async fn keep(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &AgentRow,
) -> Result<(), StoreError> {
    let texts = row
        .deleted_at
        .is_none()
        .then_some([&*row.name, &row.description]);
    search::keep(engine, workspace, (Found::Agent, row.id.uuid()), texts).await
}

/// Replaces what can change of an agent, the mark of its deletion included.
pub async fn update(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &AgentRow,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE agent SET name = $3, description = $4, published_version = $5, revision = $6, updated_at = $7, deleted_at = $8, \
         retain_events_days = $9 \
         WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(&row.name).bind(&row.description)
    .bind(row.published_version.map(i64::from)).bind(row.revision.cast_signed())
    .bind(row.updated_at).bind(row.deleted_at).bind(forget::stored(row.retain_events))
    .execute(conn).await.map(drop))?;
    keep(engine, workspace, row).await
}

/// One agent, deleted or not.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
) -> Result<Option<AgentRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        AssertSqlSafe(format!("{SELECT} AND id = $2")),
    )
    .bind(workspace.uuid()).bind(id.uuid())
    .fetch_optional(conn).await)?;
    row.map(agent).transpose()
}

/// A page of the agents that are not deleted, in the order they were made.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    listing: &Listing<AgentId>,
) -> Result<Page<AgentRow>, StoreError> {
    let page = search::page(
        engine,
        SELECT,
        workspace,
        Found::Agent,
        listing,
        |_: &Row| true,
    );
    page.await?.try_map(agent)
}

/// What is written of a draft.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// Its document.
    pub document: &'a AgentDocument,
    /// Its revision.
    pub revision: u64,
    /// The version that was restored into it last.
    pub restored_from: Option<u32>,
}

/// Writes the draft: adds it, or replaces its document and revision.
pub async fn save_draft(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    draft: &Draft<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(draft.document)
        .map_err(|error| StoreError::corrupt("agent's document", error))?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO agent_version (workspace_id, agent_id, number, document, revision, created_at, updated_at, restored_from) \
         VALUES ($1, $2, 0, $3, $4, $5, $5, $6) ON CONFLICT (workspace_id, agent_id, number) \
         DO UPDATE SET document = excluded.document, revision = excluded.revision, updated_at = excluded.updated_at, \
         restored_from = excluded.restored_from",
    )
    .bind(workspace.uuid()).bind(id.uuid()).bind(&text).bind(draft.revision.cast_signed()).bind(now)
    .bind(draft.restored_from.map(i64::from))
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// One version of an agent.
pub async fn version(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    version: VersionRef,
) -> Result<Option<VersionRow>, StoreError> {
    type Row = (String, Option<i64>, i64, DateTime<Utc>, DateTime<Utc>);
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT document, restored_from, revision, created_at, updated_at FROM agent_version \
         WHERE workspace_id = $1 AND agent_id = $2 AND number = $3",
    )
    .bind(workspace.uuid()).bind(id.uuid()).bind(i64::from(version.number()))
    .fetch_optional(conn).await)?;
    row.map(
        |(document, restored_from, revision, created_at, updated_at)| {
            Ok(VersionRow {
                version,
                restored_from: restored_from.map(number).transpose()?,
                document: serde_json::from_str(&document)
                    .map_err(|error| StoreError::corrupt("agent's document", error))?,
                revision: revision.unsigned_abs(),
                created_at,
                updated_at,
            })
        },
    )
    .transpose()
}
