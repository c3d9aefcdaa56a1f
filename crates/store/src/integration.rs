//! Integrations.

use chrono::{DateTime, Utc};
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::integration::IntegrationDefinition;
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

/// An integration as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationRow {
    /// Its id.
    pub id: IntegrationId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What is particular to its kind.
    pub definition: IntegrationDefinition,
    /// How often it was changed, from 1 on.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted; its row stays for what still refers to it.
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    definition: String,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

fn integration(row: Row) -> Result<IntegrationRow, StoreError> {
    Ok(IntegrationRow {
        id: IntegrationId::from_uuid(row.id),
        name: row.name,
        description: row.description,
        definition: serde_json::from_str(&row.definition)
            .map_err(|error| StoreError::corrupt("integration", error))?,
        revision: row.revision.unsigned_abs(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
    })
}

fn text(definition: &IntegrationDefinition) -> Result<String, StoreError> {
    serde_json::to_string(definition).map_err(|error| StoreError::corrupt("integration", error))
}

/// Adds an integration.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<(), StoreError> {
    let definition = text(&row.definition)?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO integration (workspace_id, id, name, description, kind, definition, revision, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(&row.name).bind(&row.description)
    .bind(row.definition.kind().as_str()).bind(&definition).bind(row.revision.cast_signed())
    .bind(row.created_at).bind(row.updated_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Replaces what can change of an integration, the mark of its deletion included.
pub async fn update(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<(), StoreError> {
    let definition = text(&row.definition)?;
    on!(engine, conn => sqlx::query(
        "UPDATE integration SET name = $3, description = $4, definition = $5, revision = $6, updated_at = $7, deleted_at = $8 \
         WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(&row.name).bind(&row.description)
    .bind(&definition).bind(row.revision.cast_signed()).bind(row.updated_at).bind(row.deleted_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// One integration, deleted or not.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<Option<IntegrationRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, name, description, definition, revision, created_at, updated_at, deleted_at \
         FROM integration WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(id.uuid())
    .fetch_optional(conn).await)?;
    row.map(integration).transpose()
}

/// A page of the integrations that are not deleted, in the order they were made.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    after: Option<IntegrationId>,
    limit: u32,
) -> Result<Page<IntegrationRow>, StoreError> {
    let after = after.map_or(Uuid::nil(), IntegrationId::uuid);
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, name, description, definition, revision, created_at, updated_at, deleted_at \
         FROM integration WHERE workspace_id = $1 AND id > $2 AND deleted_at IS NULL ORDER BY id LIMIT $3",
    )
    .bind(workspace.uuid()).bind(after).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(integration)
}
