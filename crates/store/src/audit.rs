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

/// Adds an entry, in the transaction of what it tells.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &AuditRow,
) -> Result<(), StoreError> {
    let more = &row.more;
    let secrets = serde_json::to_string(&more.secrets)
        .map_err(|error| StoreError::corrupt("names of secrets", error))?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO audit (workspace_id, id, at, actor, operation, entity, entity_id, environment, secrets, \
         destination, address, request_id, was, became) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(row.at).bind(&row.actor)
    .bind(&row.operation).bind(&row.entity).bind(&row.entity_id)
    .bind(&more.environment).bind(&secrets).bind(&more.destination).bind(&more.address)
    .bind(&more.request_id).bind(&more.before).bind(&more.after)
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
