//! Rows of conversations that are behind their events.
//!
//! Where one process writes a database, most calls leave an event and no more: what they change of their
//! conversation follows from it, and the row is written a moment later for many calls at once. So whoever
//! reads a row takes in the events since. After a crash the rows that were not written are found by
//! their events: all those that were written after the mark.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use switchboard_domain::conversation::{Conversation, Later};
use switchboard_domain::event::EventType;
use switchboard_domain::id::{BindingId, ConversationId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Moves the mark to the last event. Written with the rows of all conversations that were behind.
pub(crate) const MARK: &str =
    "UPDATE journal_mark SET event = (SELECT COALESCE(MAX(rowid), 0) FROM event)";

#[derive(sqlx_macros::FromRow)]
struct LaterRow {
    sequence: i64,
    at: DateTime<Utc>,
    kind: String,
    data: String,
}

/// What is read of a call's event.
#[derive(Deserialize)]
struct Called {
    binding_id: Option<BindingId>,
}

fn later(row: &LaterRow) -> Result<Later, StoreError> {
    let succeeded = if row.kind == EventType::ActionSucceeded.as_str() {
        let called: Called =
            serde_json::from_str(&row.data).map_err(|e| StoreError::corrupt("event", e))?;
        called.binding_id
    } else {
        None
    };
    Ok(Later {
        sequence: row.sequence.unsigned_abs(),
        at: row.at,
        succeeded,
    })
}

/// What is read beside a row, as it is at the same moment: the number of the last event, and the bindings
/// of the calls that are under way.
pub(crate) const fn columns(engine: &Engine<'_>) -> &'static str {
    match engine {
        Engine::Sqlite(_) => {
            "COALESCE((SELECT MAX(sequence) FROM event AS e WHERE e.workspace_id = c.workspace_id AND e.conversation_id = c.id), 0) AS newest, \
             (SELECT json_group_array(hex(k.binding_id)) FROM call AS k WHERE k.workspace_id = c.workspace_id AND k.conversation_id = c.id AND k.answer IS NULL) AS under_way"
        }
        // Each server writes rows with their events, since another one may be the next to read them.
        Engine::Postgres(_) => "last_sequence AS newest, '[]' AS under_way",
    }
}

/// Takes in what happened until an event, since the row was written.
pub(crate) async fn catch_up(
    engine: &mut Engine<'_>,
    conversation: &mut Conversation,
    newest: u64,
    under_way: Vec<Uuid>,
) -> Result<(), StoreError> {
    if let Engine::Postgres(_) = engine {
        return Ok(());
    }
    let mut rows: Vec<LaterRow> = vec![];
    if newest > conversation.last_sequence {
        let key = &conversation.key;
        rows = on!(engine, conn => sqlx::query_as(
            "SELECT sequence, at, kind, data FROM event \
             WHERE workspace_id = $1 AND conversation_id = $2 AND sequence > $3 AND sequence <= $4 ORDER BY sequence",
        )
        .bind(key.workspace.uuid()).bind(key.id.uuid())
        .bind(conversation.last_sequence.cast_signed()).bind(newest.cast_signed())
        .fetch_all(conn).await)?;
    }
    let rows: Vec<_> = rows.iter().map(later).collect::<Result<_, _>>()?;
    conversation.catch_up(rows, under_way.into_iter().map(BindingId::from_uuid));
    Ok(())
}

/// Begins to mark. What an earlier release wrote has rows that are not behind.
pub async fn begin(engine: &mut Engine<'_>) -> Result<(), StoreError> {
    if let Engine::Postgres(_) = engine {
        return Ok(());
    }
    on!(engine, conn => sqlx::query(
        "UPDATE journal_mark SET event = (SELECT COALESCE(MAX(rowid), 0) FROM event) WHERE event < 0",
    )
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The conversations whose rows may be behind after a crash.
pub async fn find(
    engine: &mut Engine<'_>,
) -> Result<Vec<(WorkspaceId, ConversationId)>, StoreError> {
    if let Engine::Postgres(_) = engine {
        return Ok(vec![]);
    }
    let rows: Vec<(Uuid, Uuid)> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, conversation_id FROM event WHERE rowid > (SELECT event FROM journal_mark) \
         UNION SELECT workspace_id, conversation_id FROM call WHERE answer IS NULL",
    )
    .fetch_all(conn).await)?;
    let keys = rows.into_iter().map(|(workspace, id)| {
        (
            WorkspaceId::from_uuid(workspace),
            ConversationId::from_uuid(id),
        )
    });
    Ok(keys.collect())
}
