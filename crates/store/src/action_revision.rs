//! What shared actions were after each of their changes.

use chrono::{DateTime, Utc};
use switchboard_domain::action::{ActionDefinition, Shape};
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};
use switchboard_domain::name::ActionName;
use uuid::Uuid;

use crate::action::ActionRow;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

/// What happened to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionChange {
    /// It was made.
    Created,
    /// Something of it was changed.
    Updated,
    /// It was put under another integration.
    Moved,
    /// It was deleted, by itself or with its integration.
    Deleted,
    /// It was brought back.
    Undeleted,
    /// What its server changed was approved.
    Approved,
}

impl ActionChange {
    /// The name in the API and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Moved => "moved",
            Self::Deleted => "deleted",
            Self::Undeleted => "undeleted",
            Self::Approved => "approved",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [
            Self::Created,
            Self::Updated,
            Self::Moved,
            Self::Deleted,
            Self::Undeleted,
            Self::Approved,
        ]
        .into_iter()
        .find(|change| change.as_str() == text)
        .ok_or_else(|| StoreError::corrupt("change of an action", text))
    }
}

/// An action after one change.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionRow {
    /// The action's revision that the change made.
    pub revision: u64,
    /// What happened.
    pub change: ActionChange,
    /// The integration it was under afterwards.
    pub integration_id: IntegrationId,
    /// Its shape afterwards.
    pub shape: Shape,
    /// The digest of that shape.
    pub shape_digest: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it: an API key's id; empty where it was not recorded yet.
    pub actor: String,
}

type Row = (
    i64,
    String,
    Uuid,
    String,
    String,
    String,
    String,
    DateTime<Utc>,
    String,
);

fn revision(row: Row) -> Result<RevisionRow, StoreError> {
    let (revision, change, integration, name, description, definition, shape_digest, at, actor) =
        row;
    Ok(RevisionRow {
        revision: revision.unsigned_abs(),
        change: ActionChange::parse(&change)?,
        integration_id: IntegrationId::from_uuid(integration),
        shape: shape(&name, description, &definition)?,
        shape_digest,
        at,
        actor,
    })
}

pub(crate) fn shape(
    name: &str,
    description: String,
    definition: &str,
) -> Result<Shape, StoreError> {
    let definition: ActionDefinition =
        serde_json::from_str(definition).map_err(|error| StoreError::corrupt("action", error))?;
    Ok(Shape {
        name: ActionName::parse(name)
            .map_err(|error| StoreError::corrupt("action's name", error))?,
        description,
        definition,
    })
}

/// Records what an action is after a change, in the transaction of the change.
pub async fn record(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: &ActionRow,
    change: ActionChange,
    actor: &str,
) -> Result<(), StoreError> {
    let definition = serde_json::to_string(&row.definition)
        .map_err(|error| StoreError::corrupt("action", error))?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO action_revision (workspace_id, action_id, revision, change, integration_id, name, description, definition, shape_digest, is_deleted, at, actor) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(workspace.uuid()).bind(row.id.uuid()).bind(row.revision.cast_signed()).bind(change.as_str())
    .bind(row.integration_id.uuid()).bind(row.name.as_str()).bind(&row.description).bind(&definition)
    .bind(&row.shape_digest).bind(row.deleted_at.is_some()).bind(row.updated_at).bind(actor)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// A page of an action's revisions, the newest first.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    action: ActionId,
    before: Option<u64>,
    limit: u32,
) -> Result<Page<RevisionRow>, StoreError> {
    let before = before.map_or(i64::MAX, u64::cast_signed);
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT revision, change, integration_id, name, description, definition, shape_digest, at, actor \
         FROM action_revision WHERE workspace_id = $1 AND action_id = $2 AND revision < $3 ORDER BY revision DESC LIMIT $4",
    )
    .bind(workspace.uuid()).bind(action.uuid()).bind(before).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(revision)
}
