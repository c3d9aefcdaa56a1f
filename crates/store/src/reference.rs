//! Who refers to what, kept beside the documents that say so.

use switchboard_domain::id::WorkspaceId;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// What refers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// `integration`, `action` or `agent`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// An agent's version, the draft being 0; 0 for others.
    pub version: u32,
}

/// What is referred to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// `secret`.
    pub kind: &'static str,
    /// Its id, or its name.
    pub id: String,
}

/// Replaces all that a source refers to.
pub async fn replace(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    source: &Source,
    targets: &[Target],
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM reference WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 AND source_version = $4",
    )
    .bind(workspace.uuid()).bind(source.kind).bind(&source.id).bind(i64::from(source.version))
    .execute(conn).await.map(drop))?;
    for target in targets {
        on!(engine, conn => sqlx::query(
            "INSERT INTO reference (workspace_id, source_kind, source_id, source_version, target_kind, target_id) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(workspace.uuid()).bind(source.kind).bind(&source.id).bind(i64::from(source.version))
        .bind(target.kind).bind(&target.id)
        .execute(conn).await.map(drop))?;
    }
    Ok(())
}

/// Forgets all that something refers to, in each of its versions.
pub async fn forget(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    kind: &str,
    id: &str,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM reference WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3",
    )
    .bind(workspace.uuid()).bind(kind).bind(id)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Everything that refers to a target: kind, id and version of each.
pub async fn sources(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    target: &Target,
) -> Result<Vec<(String, String, u32)>, StoreError> {
    let rows: Vec<(String, String, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT source_kind, source_id, source_version FROM reference \
         WHERE workspace_id = $1 AND target_kind = $2 AND target_id = $3 ORDER BY source_kind, source_id, source_version",
    )
    .bind(workspace.uuid()).bind(target.kind).bind(&target.id)
    .fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(kind, id, version)| {
            let version =
                u32::try_from(version).map_err(|error| StoreError::corrupt("version", error))?;
            Ok((kind, id, version))
        })
        .collect()
}

/// Everything in a workspace that refers to things of one kind: target, then source's kind, id and
/// version.
pub async fn all(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    target_kind: &str,
) -> Result<Vec<(String, String, String, u32)>, StoreError> {
    let rows: Vec<(String, String, String, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT target_id, source_kind, source_id, source_version FROM reference \
         WHERE workspace_id = $1 AND target_kind = $2 ORDER BY target_id, source_kind, source_id, source_version",
    )
    .bind(workspace.uuid()).bind(target_kind)
    .fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(target, kind, id, version)| {
            let version =
                u32::try_from(version).map_err(|error| StoreError::corrupt("version", error))?;
            Ok((target, kind, id, version))
        })
        .collect()
}
