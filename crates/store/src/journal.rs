//! What the journal keeps of calls under way, and the rows it writes many at once with
//! [`crate::batch`].

use chrono::{DateTime, Utc};
use switchboard_domain::event::NewEvent;
use switchboard_domain::id::{BindingId, CallId, ConversationId, InstanceId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// An event with its place in its conversation's log.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The place.
    pub sequence: u64,
    /// The event.
    pub event: NewEvent,
}

/// What a call came to, as it is kept for whoever repeats it under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The answer, JSON text.
    pub json: String,
    /// Whether its `output` is the result of an MCP server's tool, as that sent it.
    pub is_tool_result: bool,
}

impl KeptAnswer {
    /// An answer that is no tool's result.
    pub const fn plain(json: String) -> Self {
        Self {
            json,
            is_tool_result: false,
        }
    }
}

/// A call that was reserved: its place under the limit, its idempotency key, its intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The call.
    pub id: CallId,
    /// The binding that was called.
    pub binding: BindingId,
    /// The name it was called by.
    pub name: String,
    /// Its arguments, as JSON text.
    pub arguments: String,
    /// The caller's key, unique in the conversation.
    pub idempotency_key: Option<String>,
    /// The SHA-256 of what was asked for.
    pub fingerprint: Vec<u8>,
    /// The server that performs it.
    pub instance: InstanceId,
    /// When it was reserved.
    pub reserved_at: DateTime<Utc>,
    /// Its answer, once it has one.
    pub answer: Option<KeptAnswer>,
}

/// Which call of which conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallKey {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The conversation.
    pub conversation: ConversationId,
    /// The call.
    pub id: CallId,
}

/// Whether a call is reserved and not settled.
pub async fn is_open(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    call: CallId,
) -> Result<bool, StoreError> {
    let found: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM call WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3 AND answer IS NULL",
    )
    .bind(workspace.uuid()).bind(conversation.uuid()).bind(call.uuid())
    .fetch_optional(conn).await)?;
    Ok(found.is_some())
}

/// Removes a call that is settled and that nobody can ask for again. False when it is gone.
pub async fn remove_call(engine: &mut Engine<'_>, key: CallKey) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "DELETE FROM call WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3 AND answer IS NULL",
    )
    .bind(key.workspace.uuid()).bind(key.conversation.uuid()).bind(key.id.uuid())
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Keeps the answer of a call that is settled. False when it has one, or is gone.
pub async fn answer_call(
    engine: &mut Engine<'_>,
    key: CallKey,
    answer: &KeptAnswer,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "UPDATE call SET answer = $4, is_tool_result = $5 WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3 AND answer IS NULL",
    )
    .bind(key.workspace.uuid()).bind(key.conversation.uuid()).bind(key.id.uuid())
    .bind(&answer.json).bind(answer.is_tool_result)
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// The answer that is kept of a call, where one is.
pub async fn kept_answer(
    engine: &mut Engine<'_>,
    key: CallKey,
) -> Result<Option<KeptAnswer>, StoreError> {
    let found: Option<(Option<String>, bool)> = on!(engine, conn => sqlx::query_as(
        "SELECT answer, is_tool_result FROM call WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3",
    )
    .bind(key.workspace.uuid()).bind(key.conversation.uuid()).bind(key.id.uuid())
    .fetch_optional(conn).await)?;
    Ok(found.and_then(|(json, is_tool_result)| kept(json, is_tool_result)))
}

fn kept(json: Option<String>, is_tool_result: bool) -> Option<KeptAnswer> {
    json.map(|json| KeptAnswer {
        json,
        is_tool_result,
    })
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    workspace_id: Uuid,
    conversation_id: Uuid,
    id: Uuid,
    binding_id: Uuid,
    name: String,
    arguments: String,
    idempotency_key: Option<String>,
    fingerprint: Vec<u8>,
    instance_id: Uuid,
    reserved_at: DateTime<Utc>,
    answer: Option<String>,
    is_tool_result: bool,
}

fn call(row: Row) -> CallRow {
    CallRow {
        workspace: WorkspaceId::from_uuid(row.workspace_id),
        conversation: ConversationId::from_uuid(row.conversation_id),
        id: CallId::from_uuid(row.id),
        binding: BindingId::from_uuid(row.binding_id),
        name: row.name,
        arguments: row.arguments,
        idempotency_key: row.idempotency_key,
        fingerprint: row.fingerprint,
        instance: InstanceId::from_uuid(row.instance_id),
        reserved_at: row.reserved_at,
        answer: kept(row.answer, row.is_tool_result),
    }
}

/// The call that a caller's key stands for.
pub async fn call_by_idempotency_key(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    idempotency_key: &str,
) -> Result<Option<CallRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, conversation_id, id, binding_id, name, arguments, idempotency_key, fingerprint, instance_id, reserved_at, answer, is_tool_result \
         FROM call WHERE workspace_id = $1 AND conversation_id = $2 AND idempotency_key = $3",
    )
    .bind(workspace.uuid()).bind(conversation.uuid()).bind(idempotency_key)
    .fetch_optional(conn).await)?;
    Ok(row.map(call))
}

/// The calls a server had under way.
pub async fn open_calls(
    engine: &mut Engine<'_>,
    instance: InstanceId,
    limit: u32,
) -> Result<Vec<CallRow>, StoreError> {
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, conversation_id, id, binding_id, name, arguments, idempotency_key, fingerprint, instance_id, reserved_at, answer, is_tool_result \
         FROM call WHERE instance_id = $1 AND answer IS NULL ORDER BY reserved_at LIMIT $2",
    )
    .bind(instance.uuid()).bind(i64::from(limit))
    .fetch_all(conn).await)?;
    Ok(rows.into_iter().map(call).collect())
}
