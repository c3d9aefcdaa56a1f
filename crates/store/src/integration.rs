//! Integrations.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::integration::{Discovery, IntegrationDefinition, IntegrationKind};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::{Listing, Page};
use crate::search::{self, Found};

const SELECT: &str = "SELECT id, name, description, definition, discovery, revision, created_at, updated_at, deleted_at \
     FROM integration WHERE workspace_id = $1";

/// An integration as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegrationRow {
    /// Its id.
    pub id: IntegrationId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What is particular to its kind.
    pub definition: IntegrationDefinition,
    /// What is known of an MCP server from fetching its tools.
    pub discovery: Option<Discovery>,
    /// How often it was changed, from 1 on.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// When it was deleted; its row stays for what still refers to it.
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    definition: String,
    discovery: Option<String>,
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
        discovery: row
            .discovery
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| StoreError::corrupt("discovery", error))?,
        revision: row.revision.unsigned_abs(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
    })
}

fn text(definition: &IntegrationDefinition) -> Result<String, StoreError> {
    serde_json::to_string(definition).map_err(|error| StoreError::corrupt("integration", error))
}

fn discovery_text(row: &IntegrationRow) -> Result<Option<String>, StoreError> {
    let text = row.discovery.as_ref().map(serde_json::to_string);
    text.transpose()
        .map_err(|error| StoreError::corrupt("discovery", error))
}

/// Adds an integration.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<(), StoreError> {
    let (definition, discovery) = (text(&row.definition)?, discovery_text(row)?);
    on!(engine, conn => sqlx::query(
        "INSERT INTO integration (workspace_id, id, name, description, kind, definition, discovery, revision, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(&row.name).bind(&row.description)
    .bind(row.definition.kind().as_str()).bind(&definition).bind(&discovery).bind(row.revision.cast_signed())
    .bind(row.created_at).bind(row.updated_at)
    .execute(conn).await.map(drop))?;
    keep(engine, workspace, row).await
}

/// Keeps what an integration is found by.
async fn keep(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<(), StoreError> {
    let texts = row
        .deleted_at
        .is_none()
        .then_some([&*row.name, &row.description]);
    search::keep(
        engine,
        workspace,
        (Found::Integration, row.id.uuid()),
        texts,
    )
    .await
}

/// Replaces what can change of an integration, the mark of its deletion included.
pub async fn update(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &IntegrationRow,
) -> Result<(), StoreError> {
    let (definition, discovery) = (text(&row.definition)?, discovery_text(row)?);
    on!(engine, conn => sqlx::query(
        "UPDATE integration SET name = $3, description = $4, definition = $5, discovery = $6, revision = $7, updated_at = $8, deleted_at = $9 \
         WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(&row.name).bind(&row.description)
    .bind(&definition).bind(&discovery).bind(row.revision.cast_signed()).bind(row.updated_at).bind(row.deleted_at)
    .execute(conn).await.map(drop))?;
    keep(engine, workspace, row).await
}

/// One integration, deleted or not.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<Option<IntegrationRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        AssertSqlSafe(format!("{SELECT} AND id = $2")),
    )
    .bind(workspace.uuid()).bind(id.uuid())
    .fetch_optional(conn).await)?;
    row.map(integration).transpose()
}

/// The kinds of those of these integrations that are not deleted.
pub async fn kinds(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    ids: &BTreeSet<IntegrationId>,
) -> Result<BTreeMap<IntegrationId, IntegrationKind>, StoreError> {
    let ids: Vec<_> = ids.iter().copied().collect();
    let rows = get_many(engine, workspace, &ids).await?.into_iter();
    Ok(rows
        .filter(|row| row.deleted_at.is_none())
        .map(|row| (row.id, row.definition.kind()))
        .collect())
}

/// The integration of this id in whatever workspace it is, and that workspace; none when it is
/// deleted. For webhooks, which name no workspace.
pub async fn anywhere(
    engine: &mut Engine<'_>,
    id: IntegrationId,
) -> Result<Option<(WorkspaceId, IntegrationRow)>, StoreError> {
    let workspace: Option<Uuid> = on!(engine, conn => sqlx::query_scalar(
        "SELECT workspace_id FROM integration WHERE id = $1 AND deleted_at IS NULL",
    )
    .bind(id.uuid())
    .fetch_optional(conn).await)?;
    let Some(workspace) = workspace.map(WorkspaceId::from_uuid) else {
        return Ok(None);
    };
    let row = get(engine, workspace, id).await?;
    Ok(row.map(|row| (workspace, row)))
}

/// A page of the integrations that are not deleted, in the order they were made.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    listing: &Listing<IntegrationId>,
) -> Result<Page<IntegrationRow>, StoreError> {
    let page = search::page(
        engine,
        SELECT,
        workspace,
        Found::Integration,
        listing,
        |_: &Row| true,
    );
    page.await?.try_map(integration)
}

/// Some integrations, deleted or not, in no order; ids that name none are left out.
pub async fn get_many(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    ids: &[IntegrationId],
) -> Result<Vec<IntegrationRow>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = search::named::<Row>(engine, SELECT, workspace, &ids).await?;
    rows.into_iter().map(integration).collect()
}

/// The integrations of one kind in all workspaces that are not deleted.
pub async fn of_kind(
    engine: &mut Engine<'_>,
    kind: IntegrationKind,
) -> Result<Vec<(WorkspaceId, IntegrationRow)>, StoreError> {
    #[derive(sqlx_macros::FromRow)]
    struct Owned {
        workspace_id: Uuid,
        #[sqlx(flatten)]
        row: Row,
    }
    let rows: Vec<Owned> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, id, name, description, definition, discovery, revision, created_at, updated_at, deleted_at \
         FROM integration WHERE kind = $1 AND deleted_at IS NULL ORDER BY workspace_id, id",
    )
    .bind(kind.as_str())
    .fetch_all(conn).await)?;
    rows.into_iter()
        .map(|owned| {
            let workspace = WorkspaceId::from_uuid(owned.workspace_id);
            Ok((workspace, integration(owned.row)?))
        })
        .collect()
}

/// Notes that a server's tools are fetched from now on. False when another replica began to at that
/// time or later.
pub async fn claim_refresh(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
    now: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let claimed = on!(engine, conn => sqlx::query(
        "UPDATE integration SET refreshing_at = $3 WHERE workspace_id = $1 AND id = $2 AND (refreshing_at IS NULL OR refreshing_at < $4)",
    )
    .bind(workspace.uuid()).bind(id.uuid()).bind(now).bind(before)
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(claimed == 1)
}
