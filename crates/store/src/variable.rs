//! Workspace variables: settings that are no secret, one value per environment.

use chrono::{DateTime, Utc};
use serde_json::Value;
use switchboard_domain::environment::PerEnvironment;
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::name::VariableName;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::{Listing, Page};
use crate::search;

/// A workspace variable as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct VariableRow {
    /// Its name.
    pub name: VariableName,
    /// Its values.
    pub values: PerEnvironment<Value>,
    /// How often it was changed, from 1 on.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

type Row = (String, String, i64, DateTime<Utc>, DateTime<Utc>);

fn variable(row: Row) -> Result<VariableRow, StoreError> {
    let (name, slots, revision, created_at, updated_at) = row;
    Ok(VariableRow {
        name: VariableName::parse(&name)
            .map_err(|error| StoreError::corrupt("variable's name", error))?,
        values: serde_json::from_str(&slots)
            .map_err(|error| StoreError::corrupt("variable", error))?,
        revision: revision.unsigned_abs(),
        created_at,
        updated_at,
    })
}

/// Adds a variable or replaces its values. Answers it as it is then.
pub async fn upsert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &VariableName,
    values: &PerEnvironment<Value>,
    now: DateTime<Utc>,
) -> Result<VariableRow, StoreError> {
    let slots =
        serde_json::to_string(values).map_err(|error| StoreError::corrupt("variable", error))?;
    let row: Row = on!(engine, conn => sqlx::query_as(
        "INSERT INTO variable (workspace_id, name, slots, revision, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4) \
         ON CONFLICT (workspace_id, name) DO UPDATE SET slots = excluded.slots, revision = variable.revision + 1, updated_at = excluded.updated_at \
         RETURNING name, slots, revision, created_at, updated_at",
    )
    .bind(workspace.uuid()).bind(name.as_str()).bind(&slots).bind(now)
    .fetch_one(conn).await)?;
    variable(row)
}

/// One variable.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &VariableName,
) -> Result<Option<VariableRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT name, slots, revision, created_at, updated_at FROM variable WHERE workspace_id = $1 AND name = $2",
    )
    .bind(workspace.uuid()).bind(name.as_str())
    .fetch_optional(conn).await)?;
    row.map(variable).transpose()
}

/// A page of variables, by name.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    listing: &Listing<VariableName>,
) -> Result<Page<VariableRow>, StoreError> {
    let select = "SELECT name, slots, revision, created_at, updated_at FROM variable";
    let page = search::page_by_name::<Row, _>(engine, select, workspace, listing);
    page.await?.try_map(variable)
}

/// Removes a variable. False when there is none of this name.
pub async fn delete(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &VariableName,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "DELETE FROM variable WHERE workspace_id = $1 AND name = $2",
    )
    .bind(workspace.uuid()).bind(name.as_str())
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}
