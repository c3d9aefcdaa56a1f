//! A workspace's settings.

use serde_json::json;
use switchboard_contract::workspaces::WorkspacePatch;
use switchboard_operation::{Admin, AppError, Configuration, Reader};
use switchboard_store::workspace::{self, SettingsRow};

use crate::Manage;
use crate::change::{ConfigChange, check_revision};

/// The caller's workspace.
pub async fn get(manage: &Manage, reader: &Reader<Configuration>) -> Result<SettingsRow, AppError> {
    let mut conn = manage.db.read().await?;
    let found = workspace::settings(&mut conn.engine(), reader.workspace()).await?;
    found.ok_or(AppError::NotFound("workspace"))
}

/// Changes the settings of the caller's workspace.
pub async fn update(
    manage: &Manage,
    admin: &Admin,
    expected: Option<u64>,
    patch: WorkspacePatch,
) -> Result<SettingsRow, AppError> {
    let id = admin.workspace();
    let mut change = ConfigChange::begin(manage, id, admin.actor()).await?;
    let now = change.now;
    let engine = &mut change.engine();
    let found = workspace::settings(engine, id).await?;
    let mut row = found.ok_or(AppError::NotFound("workspace"))?;
    check_revision(expected, row.revision)?;
    let told = |row: &SettingsRow| Some(json!({"retain_events_days": row.retain_events}));
    let before = told(&row);
    let retention = patch.retain_events_days.map(|given| given.0);
    retention.apply(&mut row.retain_events);
    row.revision += 1;
    row.updated_at = now;
    workspace::save_settings(engine, &row).await?;
    change.details().differs(before, told(&row));
    let what = ("workspace.update", "workspace", &*id.to_string());
    change.note_only(what).await?;
    change.commit().await?;
    Ok(row)
}
