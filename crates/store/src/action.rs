//! Shared actions.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::action::{ActionDefinition, Shape};
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};
use switchboard_domain::name::ActionName;
use uuid::Uuid;

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

/// A shared action as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionRow {
    /// Its id.
    pub id: ActionId,
    /// The integration it is under now.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: ActionName,
    /// What the model is told about it.
    pub description: String,
    /// What is particular to its kind.
    pub definition: ActionDefinition,
    /// The digest of its shape.
    pub shape_digest: String,
    /// How often it was changed, from 1 on.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted; its row stays for what still refers to it.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl ActionRow {
    /// What every link of it follows.
    pub fn shape(&self) -> Shape {
        Shape {
            name: self.name.clone(),
            description: self.description.clone(),
            definition: self.definition.clone(),
        }
    }
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: Uuid,
    integration_id: Uuid,
    name: String,
    description: String,
    definition: String,
    shape_digest: String,
    revision: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

fn action(row: Row) -> Result<ActionRow, StoreError> {
    Ok(ActionRow {
        id: ActionId::from_uuid(row.id),
        integration_id: IntegrationId::from_uuid(row.integration_id),
        name: ActionName::parse(&row.name)
            .map_err(|error| StoreError::corrupt("action's name", error))?,
        description: row.description,
        definition: serde_json::from_str(&row.definition)
            .map_err(|error| StoreError::corrupt("action", error))?,
        shape_digest: row.shape_digest,
        revision: row.revision.unsigned_abs(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
    })
}

fn text(definition: &ActionDefinition) -> Result<String, StoreError> {
    serde_json::to_string(definition).map_err(|error| StoreError::corrupt("action", error))
}

/// Adds an action. [`StoreError::Duplicate`] when its integration has one of this name.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &ActionRow,
) -> Result<(), StoreError> {
    let definition = text(&row.definition)?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO action (workspace_id, id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(row.integration_id.uuid()).bind(row.name.as_str())
    .bind(&row.description).bind(&definition).bind(&row.shape_digest).bind(row.revision.cast_signed())
    .bind(row.created_at).bind(row.updated_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Replaces what can change of an action, its integration and the mark of its deletion included.
/// [`StoreError::Duplicate`] when its integration has another one of this name.
pub async fn update(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &ActionRow,
) -> Result<(), StoreError> {
    let definition = text(&row.definition)?;
    on!(engine, conn => sqlx::query(
        "UPDATE action SET integration_id = $3, name = $4, description = $5, definition = $6, shape_digest = $7, \
         revision = $8, updated_at = $9, deleted_at = $10 WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(row.integration_id.uuid()).bind(row.name.as_str())
    .bind(&row.description).bind(&definition).bind(&row.shape_digest).bind(row.revision.cast_signed())
    .bind(row.updated_at).bind(row.deleted_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// One action, deleted or not.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ActionId,
) -> Result<Option<ActionRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at, deleted_at \
         FROM action WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(id.uuid())
    .fetch_optional(conn).await)?;
    row.map(action).transpose()
}

/// Several actions, deleted or not, in no order; ids that name none are left out.
pub async fn get_many(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    ids: &[ActionId],
) -> Result<Vec<ActionRow>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    let mut rest = ids;
    for size in dialect::chunk_sizes(ids.len(), 64) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let sql = format!(
            "SELECT id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at, deleted_at \
             FROM action WHERE workspace_id = $1 AND id IN ({})",
            dialect::placeholders(2, size)
        );
        let rows: Vec<Row> = on!(engine, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(workspace.uuid());
            for id in chunk {
                query = query.bind(id.uuid());
            }
            query.fetch_all(conn).await
        })?;
        for row in rows {
            found.push(action(row)?);
        }
    }
    Ok(found)
}

/// Every action of an integration, the deleted ones included.
pub async fn all(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integration: IntegrationId,
) -> Result<Vec<ActionRow>, StoreError> {
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at, deleted_at \
         FROM action WHERE workspace_id = $1 AND integration_id = $2 ORDER BY id",
    )
    .bind(workspace.uuid()).bind(integration.uuid())
    .fetch_all(conn).await)?;
    rows.into_iter().map(action).collect()
}

/// The actions that were deleted at one time, under one integration: those that went with it.
pub async fn deleted_at(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integration: IntegrationId,
    at: DateTime<Utc>,
) -> Result<Vec<ActionRow>, StoreError> {
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at, deleted_at \
         FROM action WHERE workspace_id = $1 AND integration_id = $2 AND deleted_at = $3 ORDER BY id",
    )
    .bind(workspace.uuid()).bind(integration.uuid()).bind(at)
    .fetch_all(conn).await)?;
    rows.into_iter().map(action).collect()
}

/// A page of an integration's actions that are not deleted, in the order they were made.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integration: IntegrationId,
    after: Option<ActionId>,
    limit: u32,
) -> Result<Page<ActionRow>, StoreError> {
    let after = after.map_or(Uuid::nil(), ActionId::uuid);
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at, deleted_at \
         FROM action WHERE workspace_id = $1 AND integration_id = $2 AND id > $3 AND deleted_at IS NULL ORDER BY id LIMIT $4",
    )
    .bind(workspace.uuid()).bind(integration.uuid()).bind(after).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(action)
}

/// How many actions that are not deleted each integration of the workspace has.
pub async fn counts(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<std::collections::BTreeMap<IntegrationId, u64>, StoreError> {
    let rows: Vec<(Uuid, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT integration_id, COUNT(*) FROM action WHERE workspace_id = $1 AND deleted_at IS NULL GROUP BY integration_id",
    )
    .bind(workspace.uuid()).fetch_all(conn).await)?;
    Ok(rows
        .into_iter()
        .map(|(id, count)| (IntegrationId::from_uuid(id), count.unsigned_abs()))
        .collect())
}
