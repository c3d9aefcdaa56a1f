//! Shared actions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::action::{ActionDefinition, Shape};
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};
use switchboard_domain::name::ActionName;
use uuid::Uuid;

use crate::dialect::in_chunks;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::{Listing, Page};
use crate::search::{self, Found};

const SELECT: &str = "SELECT id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at, deleted_at \
     FROM action WHERE workspace_id = $1";

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
    keep(engine, workspace, row).await
}

/// Keeps what an action is found by.
async fn keep(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &ActionRow,
) -> Result<(), StoreError> {
    let found = Found::Action(Some(row.integration_id.uuid()));
    let texts = [row.name.as_str(), &row.description];
    let texts = row.deleted_at.is_none().then_some(texts);
    search::keep(engine, workspace, (found, row.id.uuid()), texts).await
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
    keep(engine, workspace, row).await
}

/// One action, deleted or not.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ActionId,
) -> Result<Option<ActionRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        AssertSqlSafe(format!("{SELECT} AND id = $2")),
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
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = search::named::<Row>(engine, SELECT, workspace, &ids).await?;
    rows.into_iter().map(action).collect()
}

/// Every action of an integration, the deleted ones included.
pub async fn all(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integration: IntegrationId,
) -> Result<Vec<ActionRow>, StoreError> {
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        AssertSqlSafe(format!("{SELECT} AND integration_id = $2 ORDER BY id")),
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
        AssertSqlSafe(format!("{SELECT} AND integration_id = $2 AND deleted_at = $3 ORDER BY id")),
    )
    .bind(workspace.uuid()).bind(integration.uuid()).bind(at)
    .fetch_all(conn).await)?;
    rows.into_iter().map(action).collect()
}

/// A page of the actions that are not deleted, of one integration or of all, in the order they were
/// made.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integration: Option<IntegrationId>,
    listing: &Listing<ActionId>,
) -> Result<Page<ActionRow>, StoreError> {
    let found = Found::Action(integration.map(IntegrationId::uuid));
    let page = search::page(engine, SELECT, workspace, found, listing, |row: &Row| {
        integration.is_none_or(|integration| integration.uuid() == row.integration_id)
    });
    page.await?.try_map(action)
}

/// How many actions that are not deleted each of these integrations has.
pub async fn counts(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    integrations: &[IntegrationId],
) -> Result<BTreeMap<IntegrationId, u64>, StoreError> {
    let ids: Vec<Uuid> = integrations.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, i64)> = in_chunks(
        engine,
        "SELECT integration_id, COUNT(*) FROM action WHERE workspace_id = $1 AND deleted_at IS NULL AND integration_id IN",
        " GROUP BY integration_id",
        workspace,
        &ids,
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, count)| (IntegrationId::from_uuid(id), count.unsigned_abs()))
        .collect())
}
