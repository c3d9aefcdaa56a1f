//! Who links a shared action, and what it was before.

use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_domain::drift;
use switchboard_domain::id::ActionId;
use switchboard_store::action;
use switchboard_store::action_revision::{self, RevisionRow};
use switchboard_store::link::{self, LinkUser, Linking};

use crate::Manage;
use switchboard_operation::{AppError, Configuration, Page, Reader};

/// Which agents' versions link an action, and by which bindings. A deleted action is known too.
pub async fn usage(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: ActionId,
) -> Result<Vec<LinkUser>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    if action::get(engine, workspace, id).await?.is_none() {
        return Err(AppError::NotFound("action"));
    }
    Ok(link::users(engine, workspace, Linking::Action(id)).await?)
}

/// The same for each of these actions that anybody links.
pub async fn usages(
    manage: &Manage,
    reader: &Reader<Configuration>,
    actions: &[ActionId],
) -> Result<BTreeMap<ActionId, Vec<LinkUser>>, AppError> {
    let mut conn = manage.db.read().await?;
    Ok(link::users_of(&mut conn.engine(), reader.workspace(), actions).await?)
}

/// One change of an action.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The action after it.
    pub row: RevisionRow,
    /// Its shape before; none for the first that is known.
    pub before: Option<Value>,
    /// The fields that differ, with both values of each.
    pub fields: Vec<(String, Value, Value)>,
}

/// A page of an action's changes, the newest first. A deleted action is known too.
pub async fn revisions(
    manage: &Manage,
    reader: &Reader<Configuration>,
    id: ActionId,
    before: Option<u64>,
    limit: u32,
) -> Result<Page<Revision>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    if action::get(engine, workspace, id).await?.is_none() {
        return Err(AppError::NotFound("action"));
    }
    // One more than the page holds: what the last of it was before.
    let page = action_revision::list(engine, workspace, id, before, limit + 1).await?;
    let shown = limit as usize;
    let rows = page
        .rows
        .iter()
        .enumerate()
        .take(shown)
        .map(|(at, row)| {
            let older = page.rows.get(at + 1);
            Revision {
                before: older.map(|older| older.shape.value()),
                fields: older.map_or_else(Vec::new, |older| {
                    drift::differences(&older.shape, &row.shape)
                }),
                row: row.clone(),
            }
        })
        .collect();
    Ok(Page {
        rows,
        more: page.rows.len() > shown,
    })
}
