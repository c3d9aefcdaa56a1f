//! Events, for reading. They are written by [`crate::journal`].

use chrono::{DateTime, Utc};
use switchboard_domain::event::Event;
use switchboard_domain::id::{ConversationId, EventId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

#[derive(sqlx::FromRow)]
struct Row {
    sequence: i64,
    id: Uuid,
    at: DateTime<Utc>,
    kind: String,
    data: String,
}

fn event(row: Row) -> Event {
    Event {
        id: EventId::from_uuid(row.id),
        sequence: row.sequence.unsigned_abs(),
        at: row.at,
        kind: row.kind,
        data: row.data,
    }
}

/// A page of a conversation's events after a sequence number, in order.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    after: u64,
    limit: u32,
) -> Result<Page<Event>, StoreError> {
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT sequence, id, at, kind, data FROM event \
         WHERE workspace_id = $1 AND conversation_id = $2 AND sequence > $3 ORDER BY sequence LIMIT $4",
    )
    .bind(workspace.uuid()).bind(conversation.uuid()).bind(after.cast_signed()).bind(i64::from(limit) + 1)
    .fetch_all(conn).await)?;
    Ok(Page::cut(rows.into_iter().map(event).collect(), limit))
}

/// The sequence number of one of a conversation's events.
pub async fn sequence_of(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    id: EventId,
) -> Result<Option<u64>, StoreError> {
    let sequence: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT sequence FROM event WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3",
    )
    .bind(workspace.uuid()).bind(conversation.uuid()).bind(id.uuid())
    .fetch_optional(conn).await)?;
    Ok(sequence.map(i64::unsigned_abs))
}
