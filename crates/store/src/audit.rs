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
    /// More that is told of it.
    pub more: More,
}

/// What an entry tells beyond who did what to which thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct More {
    /// The environment it was done in.
    pub environment: Option<String>,
    /// The names of the secrets that it used or concerned.
    pub secrets: Vec<String>,
    /// Where they went.
    pub destination: Option<String>,
    /// The address the request came from.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// What was different before, as JSON text.
    pub before: Option<String>,
    /// What is different since, as JSON text.
    pub after: Option<String>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    actor: String,
    operation: String,
    entity: String,
    entity_id: String,
    environment: Option<String>,
    secrets: String,
    destination: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    was: Option<String>,
    became: Option<String>,
}

pub(crate) const INSERT: &str = "INSERT INTO audit (workspace_id, id, at, actor, operation, entity, entity_id, environment, secrets, \
     destination, address, request_id, was, became) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// The names of secrets, as they are stored. Writing to a string cannot fail for them.
pub(crate) fn secrets_of(row: &AuditRow) -> String {
    serde_json::to_string(&row.more.secrets).unwrap_or_else(|_| "[]".to_owned())
}

macro_rules! bind_audit {
    ($query:expr, $workspace:expr, $row:expr, $secrets:expr) => {{
        let (row, more) = ($row, &$row.more);
        $query
            .bind($workspace.uuid())
            .bind(row.id.uuid())
            .bind(row.at)
            .bind(&row.actor)
            .bind(&row.operation)
            .bind(&row.entity)
            .bind(&row.entity_id)
            .bind(more.environment.as_deref())
            .bind(&$secrets)
            .bind(more.destination.as_deref())
            .bind(more.address.as_deref())
            .bind(more.request_id.as_deref())
            .bind(more.before.as_deref())
            .bind(more.after.as_deref())
    }};
}
pub(crate) use bind_audit;

/// Adds an entry, in the transaction of what it tells.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &AuditRow,
) -> Result<(), StoreError> {
    let secrets = secrets_of(row);
    on!(engine, conn => bind_audit!(sqlx::query(INSERT), workspace, row, secrets)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Whether an entry is there.
pub async fn exists(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AuditId,
) -> Result<bool, StoreError> {
    let found: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM audit WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(id.uuid())
    .fetch_optional(conn).await)?;
    Ok(found.is_some())
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
        "SELECT id, at, actor, operation, entity, entity_id, environment, secrets, destination, address, request_id, \
         was, became FROM audit WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
    )
    .bind(workspace.uuid()).bind(before).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(|row| {
        let secrets = serde_json::from_str(&row.secrets)
            .map_err(|error| StoreError::corrupt("names of secrets", error))?;
        Ok(AuditRow {
            id: AuditId::from_uuid(row.id),
            at: row.at,
            actor: row.actor,
            operation: row.operation,
            entity: row.entity,
            entity_id: row.entity_id,
            more: More {
                environment: row.environment,
                secrets,
                destination: row.destination,
                address: row.address,
                request_id: row.request_id,
                before: row.was,
                after: row.became,
            },
        })
    })
}
