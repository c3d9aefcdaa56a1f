//! Events, for reading. They are written by [`crate::journal`].

use chrono::{DateTime, Utc};
use switchboard_domain::event::Event;
use switchboard_domain::id::{ConversationId, EventId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

#[derive(sqlx_macros::FromRow)]
struct Row {
    sequence: i64,
    id: Uuid,
    at: DateTime<Utc>,
    kind: String,
    data: String,
    newest: i64,
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

/// A page of a conversation's events after a sequence number, in order. It holds at most `limit`, and
/// ends with the first one that takes it to `bytes` of data or beyond.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    after: u64,
    limit: u32,
    bytes: u64,
) -> Result<Page<Event>, StoreError> {
    // The lengths are added up before any data is read.
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT sequence, id, at, kind, data, (SELECT MAX(sequence) FROM event WHERE workspace_id = $1 AND conversation_id = $2) AS newest \
         FROM event WHERE workspace_id = $1 AND conversation_id = $2 AND sequence > $3 AND sequence <= (SELECT MAX(sequence) FROM \
         (SELECT sequence, SUM(size) OVER (ORDER BY sequence) - size AS bytes_before FROM \
         (SELECT sequence, OCTET_LENGTH(data) AS size FROM event WHERE workspace_id = $1 AND conversation_id = $2 AND sequence > $3 \
         ORDER BY sequence LIMIT $4) AS lengths) AS sums WHERE bytes_before < $5) ORDER BY sequence",
    )
    .bind(workspace.uuid()).bind(conversation.uuid()).bind(after.cast_signed()).bind(i64::from(limit)).bind(bytes.cast_signed())
    .fetch_all(conn).await)?;
    let more = rows.last().is_some_and(|last| last.sequence < last.newest);
    let rows = rows.into_iter().map(event).collect();
    Ok(Page { rows, more })
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
