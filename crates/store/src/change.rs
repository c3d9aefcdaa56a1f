//! What changed in a workspace's configuration: how every server's catalog keeps up.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
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

    /// None for a kind that only a newer release knows.
    fn parse(text: &str) -> Option<Self> {
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
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The workspace's revision that it made.
    pub revision: u64,
    /// What kind of thing changed; none where a newer release says something that this one does not
    /// know.
    pub entity: Option<Entity>,
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
    let change = |(revision, entity, entity_id): (i64, String, String)| Change {
        revision: revision.unsigned_abs(),
        entity: Entity::parse(&entity),
        entity_id,
    };
    Ok(rows.into_iter().map(change).collect())
}

/// The workspace's revision now.
pub async fn revision(engine: &mut Engine<'_>, workspace: WorkspaceId) -> Result<u64, StoreError> {
    let revision: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT config_revision FROM workspace WHERE id = $1",
    )
    .bind(workspace.uuid()).fetch_optional(conn).await)?;
    Ok(revision.unwrap_or(0).unsigned_abs())
}

/// The revisions of these workspaces now. One that is gone has none.
pub async fn revisions(
    engine: &mut Engine<'_>,
    workspaces: &[WorkspaceId],
) -> Result<HashMap<WorkspaceId, u64>, StoreError> {
    let mut revisions = HashMap::with_capacity(workspaces.len());
    let mut rest = workspaces;
    // A few sizes, so that a few prepared statements serve any number. None are asked for as well:
    // whoever looks wants to know that the database answers.
    for size in dialect::chunk_sizes(workspaces.len().max(1), 256) {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        let sql = format!(
            "SELECT id, config_revision FROM workspace WHERE id IN ({})",
            dialect::placeholders(1, size)
        );
        let rows: Vec<(Uuid, i64)> = on!(engine, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for at in 0..size {
                query = query.bind(chunk.get(at).map_or(Uuid::nil(), |id| id.uuid()));
            }
            query.fetch_all(conn).await
        })?;
        let revision =
            |(id, revision): (Uuid, i64)| (WorkspaceId::from_uuid(id), revision.unsigned_abs());
        revisions.extend(rows.into_iter().map(revision));
    }
    Ok(revisions)
}

/// Whether something after a revision may have taken away what somebody was allowed: an API key
/// changed, or what this release does not know.
pub async fn takes_away(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    revision: u64,
) -> Result<bool, StoreError> {
    let found: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT revision FROM change WHERE workspace_id = $1 AND revision > $2 \
         AND entity NOT IN ('secret', 'variable', 'integration', 'action', 'agent') LIMIT 1",
    )
    .bind(workspace.uuid()).bind(revision.cast_signed()).fetch_optional(conn).await)?;
    Ok(found.is_some())
}
