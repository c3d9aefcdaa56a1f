//! Workspaces: the tenants.

use chrono::{DateTime, Utc};
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::retention::Days;
use uuid::Uuid;

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::forget;

/// A workspace as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRow {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, unique in the installation.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

type Row = (Uuid, String, DateTime<Utc>);

fn workspace((id, name, created_at): Row) -> WorkspaceRow {
    WorkspaceRow {
        id: WorkspaceId::from_uuid(id),
        name,
        created_at,
    }
}

/// Adds a workspace. [`StoreError::Duplicate`] when the name is taken.
pub async fn insert(
    engine: &mut Engine<'_>,
    id: WorkspaceId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO workspace (id, name, config_revision, config_changed_at, created_at) VALUES ($1, $2, 0, $3, $3)",
    )
    .bind(id.uuid()).bind(name).bind(now)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The workspace of this name.
pub async fn by_name(
    engine: &mut Engine<'_>,
    name: &str,
) -> Result<Option<WorkspaceRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, name, created_at FROM workspace WHERE name = $1",
    )
    .bind(name).fetch_optional(conn).await)?;
    Ok(row.map(workspace))
}

/// Every workspace, in the order they were made.
pub async fn list(engine: &mut Engine<'_>) -> Result<Vec<WorkspaceRow>, StoreError> {
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, name, created_at FROM workspace ORDER BY id",
    )
    .fetch_all(conn).await)?;
    Ok(rows.into_iter().map(workspace).collect())
}

/// A workspace with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsRow {
    /// The workspace.
    pub workspace: WorkspaceRow,
    /// For how long events are kept; none is for ever.
    pub retain_events: Option<Days>,
    /// How often the settings were changed, from 1 on.
    pub revision: u64,
    /// When they were changed last.
    pub updated_at: DateTime<Utc>,
}

#[derive(sqlx_macros::FromRow)]
struct Stored {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    retain_events_days: Option<i64>,
    settings_revision: i64,
    settings_changed_at: Option<DateTime<Utc>>,
}

/// A workspace with its settings.
pub async fn settings(
    engine: &mut Engine<'_>,
    id: WorkspaceId,
) -> Result<Option<SettingsRow>, StoreError> {
    let row: Option<Stored> = on!(engine, conn => sqlx::query_as(
        "SELECT id, name, created_at, retain_events_days, settings_revision, settings_changed_at FROM workspace WHERE id = $1",
    )
    .bind(id.uuid()).fetch_optional(conn).await)?;
    let settings = |row: Stored| {
        Ok(SettingsRow {
            workspace: workspace((row.id, row.name, row.created_at)),
            retain_events: forget::days(row.retain_events_days)?,
            revision: row.settings_revision.unsigned_abs(),
            updated_at: row.settings_changed_at.unwrap_or(row.created_at),
        })
    };
    row.map(settings).transpose()
}

/// Replaces a workspace's settings.
pub async fn save_settings(engine: &mut Engine<'_>, row: &SettingsRow) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE workspace SET retain_events_days = $2, settings_revision = $3, settings_changed_at = $4 WHERE id = $1",
    )
    .bind(row.workspace.id.uuid()).bind(row.retain_events.map(|days| i64::from(days.count())))
    .bind(row.revision.cast_signed()).bind(row.updated_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Waits until no other transaction changes this workspace's configuration, and keeps others
/// waiting until this one ends: changes of one workspace happen one after the other.
pub async fn lock(engine: &mut Engine<'_>, id: WorkspaceId) -> Result<(), StoreError> {
    let sql = match dialect::for_update(engine) {
        "" => "SELECT config_revision FROM workspace WHERE id = $1",
        _ => "SELECT config_revision FROM workspace WHERE id = $1 FOR UPDATE",
    };
    on!(engine, conn => sqlx::query(sql).bind(id.uuid()).execute(conn).await.map(drop))?;
    Ok(())
}
