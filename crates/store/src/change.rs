//! What changed in a workspace's configuration: how every server's catalog keeps up.

use chrono::{DateTime, Utc};
use switchboard_domain::id::WorkspaceId;
use uuid::Uuid;

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A secret; its id is its name.
    Secret,
    /// A workspace variable; its id is its name.
    Variable,
    /// An integration.
    Integration,
    /// A shared action.
    Action,
    /// An agent: its draft, its versions, or what is published.
    Agent,
    /// An API key.
    ApiKey,
}

impl Entity {
    /// The name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Variable => "variable",
            Self::Integration => "integration",
            Self::Action => "action",
            Self::Agent => "agent",
            Self::ApiKey => "api_key",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [
            Self::Secret,
            Self::Variable,
            Self::Integration,
            Self::Action,
            Self::Agent,
            Self::ApiKey,
        ]
        .into_iter()
        .find(|entity| entity.as_str() == text)
        .ok_or_else(|| StoreError::corrupt("kind of change", text))
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The workspace's revision that it made.
    pub revision: u64,
    /// What kind of thing changed.
    pub entity: Entity,
    /// Which one.
    pub entity_id: String,
}

/// Records a change in the transaction that makes it, and tells other replicas when it commits.
/// Answers the workspace's new revision.
pub async fn record(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    entity: Entity,
    entity_id: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let revision: i64 = on!(engine, conn => sqlx::query_scalar(
        "UPDATE workspace SET config_revision = config_revision + 1, config_changed_at = $2 WHERE id = $1 RETURNING config_revision",
    )
    .bind(workspace.uuid()).bind(now)
    .fetch_one(conn).await)?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO change (workspace_id, revision, entity, entity_id, at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(workspace.uuid()).bind(revision).bind(entity.as_str()).bind(entity_id).bind(now)
    .execute(conn).await.map(drop))?;
    dialect::announce(engine, &workspace.to_string()).await?;
    Ok(revision.unsigned_abs())
}

/// The changes of a workspace after a revision, in order.
pub async fn since(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    revision: u64,
) -> Result<Vec<Change>, StoreError> {
    let rows: Vec<(i64, String, String)> = on!(engine, conn => sqlx::query_as(
        "SELECT revision, entity, entity_id FROM change WHERE workspace_id = $1 AND revision > $2 ORDER BY revision",
    )
    .bind(workspace.uuid()).bind(revision.cast_signed())
    .fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(revision, entity, entity_id)| {
            Ok(Change {
                revision: revision.unsigned_abs(),
                entity: Entity::parse(&entity)?,
                entity_id,
            })
        })
        .collect()
}

/// The workspace's revision now.
pub async fn revision(engine: &mut Engine<'_>, workspace: WorkspaceId) -> Result<u64, StoreError> {
    let revision: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT config_revision FROM workspace WHERE id = $1",
    )
    .bind(workspace.uuid()).fetch_optional(conn).await)?;
    Ok(revision.unwrap_or(0).unsigned_abs())
}

/// The workspaces whose configuration changed at or after a time, with their revisions.
pub async fn changed_since(
    engine: &mut Engine<'_>,
    at: DateTime<Utc>,
) -> Result<Vec<(WorkspaceId, u64)>, StoreError> {
    let rows: Vec<(Uuid, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT id, config_revision FROM workspace WHERE config_changed_at >= $1",
    )
    .bind(at).fetch_all(conn).await)?;
    Ok(rows
        .into_iter()
        .map(|(id, revision)| (WorkspaceId::from_uuid(id), revision.unsigned_abs()))
        .collect())
}
