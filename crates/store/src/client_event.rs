//! Events that a call waits for its client to answer.

use chrono::{DateTime, Utc};
use switchboard_domain::id::{ConversationId, EventId, WorkspaceId};

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Which event of which conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientEventKey {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The event.
    pub event: EventId,
}

/// What is known of an event that waits, or waited.
#[derive(Debug, Clone, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Awaited {
    /// Until when its call waits.
    pub expires_at: DateTime<Utc>,
    /// What the client answered, JSON text.
    pub result: Option<String>,
}

/// Notes that a call waits for an answer. What expired long ago goes.
pub async fn expect(
    engine: &mut Engine<'_>,
    key: ClientEventKey,
    expires_at: DateTime<Utc>,
    forget_before: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM client_event WHERE expires_at < $1")
        .bind(forget_before).execute(conn).await.map(drop))?;
    on!(engine, conn => sqlx::query(
        "INSERT INTO client_event (workspace_id, conversation_id, event_id, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(key.workspace.uuid()).bind(key.conversation.uuid()).bind(key.event.uuid()).bind(expires_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// What is known of an event.
pub async fn get(
    engine: &mut Engine<'_>,
    key: ClientEventKey,
) -> Result<Option<Awaited>, StoreError> {
    let found: Option<Awaited> = on!(engine, conn => sqlx::query_as(
        "SELECT expires_at, result FROM client_event WHERE workspace_id = $1 AND conversation_id = $2 AND event_id = $3",
    )
    .bind(key.workspace.uuid()).bind(key.conversation.uuid()).bind(key.event.uuid())
    .fetch_optional(conn).await)?;
    Ok(found)
}

/// Keeps the client's answer. False when there is one, or nobody waits any more.
pub async fn answer(
    engine: &mut Engine<'_>,
    key: ClientEventKey,
    result: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "UPDATE client_event SET result = $4 WHERE workspace_id = $1 AND conversation_id = $2 AND event_id = $3 \
         AND result IS NULL AND expires_at >= $5",
    )
    .bind(key.workspace.uuid()).bind(key.conversation.uuid()).bind(key.event.uuid()).bind(result).bind(now)
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Stops waiting. False when the client's answer came first.
pub async fn give_up(
    engine: &mut Engine<'_>,
    key: ClientEventKey,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "UPDATE client_event SET expires_at = $4 WHERE workspace_id = $1 AND conversation_id = $2 AND event_id = $3 \
         AND result IS NULL",
    )
    .bind(key.workspace.uuid()).bind(key.conversation.uuid()).bind(key.event.uuid())
    .bind(now - chrono::TimeDelta::microseconds(1))
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}
