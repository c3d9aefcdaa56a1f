//! Text messages: the outbox, and what became of them.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{
    CallId, ConversationId, InstanceId, IntegrationId, MessageId, WorkspaceId,
};
use switchboard_domain::sms::Encoding;
use switchboard_domain::sms::message::{Message, MessageKey};
use switchboard_domain::sms::status::Status;
use uuid::Uuid;

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

const COLUMNS: &str = "workspace_id, id, integration_id, environment, conversation_id, call_id, sender, recipient, body, encoding, \
     parts, status, life, provider_id, error, attempts, due_at, instance_id, created_at, updated_at";

/// How many columns a message has.
pub(crate) const WIDTH: usize = 20;
pub(crate) const INSERT: &str = "INSERT INTO message (workspace_id, id, integration_id, environment, conversation_id, call_id, sender, recipient, \
     body, encoding, parts, status, life, provider_id, error, attempts, due_at, instance_id, created_at, updated_at)";
pub(crate) const SAVE: &str = " ON CONFLICT (workspace_id, id) DO UPDATE SET parts = excluded.parts, status = excluded.status, \
     life = excluded.life, provider_id = excluded.provider_id, error = excluded.error, attempts = excluded.attempts, \
     due_at = excluded.due_at, instance_id = excluded.instance_id, updated_at = excluded.updated_at";

/// A message with its parts that are stored as JSON text.
pub(crate) struct MessageText<'a> {
    pub message: &'a Message,
    pub life: String,
    pub error: Option<String>,
}

impl<'a> MessageText<'a> {
    /// Writing to a string cannot fail for these types, so the text is all there is.
    pub fn new(message: &'a Message) -> Self {
        let text = |error| serde_json::to_string(error).unwrap_or_default();
        Self {
            message,
            life: serde_json::to_string(&message.life).unwrap_or_default(),
            error: message.error.as_ref().map(text),
        }
    }
}

macro_rules! bind_message {
    ($query:expr, $row:expr) => {{
        let message = $row.message;
        let key = &message.key;
        $query
            .bind(key.workspace.uuid())
            .bind(key.id.uuid())
            .bind(key.channel.uuid())
            .bind(key.environment.as_str())
            .bind(key.conversation.map(ConversationId::uuid))
            .bind(key.call.map(CallId::uuid))
            .bind(&message.sender)
            .bind(&message.recipient)
            .bind(&message.body[..])
            .bind(message.encoding.as_str())
            .bind(i64::from(message.parts))
            .bind(message.life.status.as_str())
            .bind(&$row.life)
            .bind(message.provider_id.as_deref())
            .bind($row.error.as_deref())
            .bind(i64::from(message.attempts))
            .bind(message.due_at)
            .bind(message.instance.map(InstanceId::uuid))
            .bind(key.created_at)
            .bind(message.updated_at)
    }};
}
pub(crate) use bind_message;

#[derive(sqlx_macros::FromRow)]
struct Row {
    workspace_id: Uuid,
    id: Uuid,
    integration_id: Uuid,
    environment: String,
    conversation_id: Option<Uuid>,
    call_id: Option<Uuid>,
    sender: String,
    recipient: String,
    body: Vec<u8>,
    encoding: String,
    parts: i64,
    life: String,
    provider_id: Option<String>,
    error: Option<String>,
    attempts: i64,
    due_at: Option<DateTime<Utc>>,
    instance_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

fn message(row: Row) -> Result<Message, StoreError> {
    let encoding = [Encoding::Gsm7, Encoding::Ucs2]
        .into_iter()
        .find(|encoding| encoding.as_str() == row.encoding)
        .ok_or_else(|| StoreError::corrupt("encoding", &row.encoding))?;
    let error = row.error.as_deref().map(serde_json::from_str).transpose();
    let number = |value: i64| u32::try_from(value).map_err(|e| StoreError::corrupt("count", e));
    Ok(Message {
        key: MessageKey {
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            id: MessageId::from_uuid(row.id),
            channel: IntegrationId::from_uuid(row.integration_id),
            environment: row
                .environment
                .parse()
                .map_err(|e| StoreError::corrupt("environment", e))?,
            conversation: row.conversation_id.map(ConversationId::from_uuid),
            call: row.call_id.map(CallId::from_uuid),
            created_at: row.created_at,
        },
        sender: row.sender,
        recipient: row.recipient,
        body: row.body,
        encoding,
        parts: number(row.parts)?,
        life: serde_json::from_str(&row.life)
            .map_err(|error| StoreError::corrupt("life of a message", error))?,
        provider_id: row.provider_id,
        error: error.map_err(|error| StoreError::corrupt("error of a message", error))?,
        attempts: number(row.attempts)?,
        due_at: row.due_at,
        instance: row.instance_id.map(InstanceId::from_uuid),
        updated_at: row.updated_at,
    })
}

/// Adds a message, or replaces what can change of it.
pub async fn save(engine: &mut Engine<'_>, message: &Message) -> Result<(), StoreError> {
    let row = MessageText::new(message);
    let sql = dialect::bulk_insert(INSERT, WIDTH, 1, SAVE);
    on!(engine, conn => bind_message!(sqlx::query(AssertSqlSafe(sql)), row).execute(conn).await.map(drop))?;
    Ok(())
}

/// One message.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: MessageId,
) -> Result<Option<Message>, StoreError> {
    find(engine, workspace, id, "").await
}

/// One message, kept from being changed by others until the transaction ends.
pub async fn lock(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: MessageId,
) -> Result<Option<Message>, StoreError> {
    let locked = dialect::for_update(engine);
    find(engine, workspace, id, locked).await
}

async fn find(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: MessageId,
    locked: &str,
) -> Result<Option<Message>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM message WHERE workspace_id = $1 AND id = $2{locked}");
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(workspace.uuid()).bind(id.uuid())
        .fetch_optional(conn).await)?;
    row.map(message).transpose()
}

/// The message of a channel that its provider gave this id.
pub async fn by_provider_id(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    channel: IntegrationId,
    provider_id: &str,
) -> Result<Option<Message>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM message WHERE workspace_id = $1 AND provider_id = $2 AND integration_id = $3 LIMIT 1"
    );
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(workspace.uuid()).bind(provider_id).bind(channel.uuid())
        .fetch_optional(conn).await)?;
    row.map(message).transpose()
}

/// Which messages to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only this conversation's.
    pub conversation: Option<ConversationId>,
    /// Only this channel's.
    pub channel: Option<IntegrationId>,
    /// Only those that have come this far.
    pub status: Option<Status>,
    /// Only those of this environment.
    pub environment: Option<Environment>,
}

/// A page of messages, the newest first.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    filter: Filter,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Page<Message>, StoreError> {
    let before = before.map_or(Uuid::max(), MessageId::uuid);
    let sql = format!(
        "SELECT {COLUMNS} FROM message WHERE workspace_id = $1 AND id < $2 \
         AND ($3 IS NULL OR conversation_id = $3) AND ($4 IS NULL OR integration_id = $4) \
         AND ($5 IS NULL OR status = $5) AND ($6 IS NULL OR environment = $6) ORDER BY id DESC LIMIT $7"
    );
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(workspace.uuid()).bind(before)
        .bind(filter.conversation.map(ConversationId::uuid))
        .bind(filter.channel.map(IntegrationId::uuid))
        .bind(filter.status.map(Status::as_str))
        .bind(filter.environment.map(Environment::as_str))
        .bind(i64::from(limit) + 1)
        .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(message)
}

/// The messages of all workspaces about which something is to be done, those that wait longest
/// first.
pub async fn due(
    engine: &mut Engine<'_>,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM message WHERE due_at <= $1 ORDER BY due_at LIMIT $2");
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(now).bind(i64::from(limit))
        .fetch_all(conn).await)?;
    rows.into_iter().map(message).collect()
}

/// The messages that a server was handing to their provider.
pub async fn under_way(
    engine: &mut Engine<'_>,
    instance: InstanceId,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM message WHERE instance_id = $1 LIMIT $2");
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(instance.uuid()).bind(i64::from(limit))
        .fetch_all(conn).await)?;
    rows.into_iter().map(message).collect()
}

/// A sender of a channel in one environment.
#[derive(Debug, Clone)]
pub struct SenderKey {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The channel.
    pub channel: IntegrationId,
    /// Where it sends.
    pub environment: Environment,
    /// The sender as the provider knows it.
    pub sender: String,
}

/// When a sender may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Turn {
    /// When the next message that comes may leave.
    pub next_at: DateTime<Utc>,
    /// Until when the provider wants nothing.
    pub blocked_until: DateTime<Utc>,
}

/// When a sender may send. It is kept from others until the transaction ends.
pub async fn turn(
    engine: &mut Engine<'_>,
    key: &SenderKey,
    now: DateTime<Utc>,
) -> Result<Turn, StoreError> {
    // Two that come first at the same time have to wait for each other too.
    on!(engine, conn => sqlx::query(
        "INSERT INTO message_sender (workspace_id, integration_id, environment, sender, next_at, blocked_until) \
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
    )
    .bind(key.workspace.uuid()).bind(key.channel.uuid()).bind(key.environment.as_str()).bind(&key.sender)
    .bind(now)
    .execute(conn).await.map(drop))?;
    let sql = format!(
        "SELECT next_at, blocked_until FROM message_sender \
         WHERE workspace_id = $1 AND integration_id = $2 AND environment = $3 AND sender = $4{}",
        dialect::for_update(engine)
    );
    let found: Turn = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(key.workspace.uuid()).bind(key.channel.uuid()).bind(key.environment.as_str()).bind(&key.sender)
        .fetch_one(conn).await)?;
    Ok(found)
}

/// Until when the provider wants nothing of a sender; none where it never said.
pub async fn blocked_until(
    engine: &mut Engine<'_>,
    key: &SenderKey,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let found: Option<DateTime<Utc>> = on!(engine, conn => sqlx::query_scalar(
        "SELECT blocked_until FROM message_sender \
         WHERE workspace_id = $1 AND integration_id = $2 AND environment = $3 AND sender = $4",
    )
    .bind(key.workspace.uuid()).bind(key.channel.uuid()).bind(key.environment.as_str()).bind(&key.sender)
    .fetch_optional(conn).await)?;
    Ok(found)
}

/// Notes when a sender may send.
pub async fn set_turn(
    engine: &mut Engine<'_>,
    key: &SenderKey,
    turn: Turn,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO message_sender (workspace_id, integration_id, environment, sender, next_at, blocked_until) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, integration_id, environment, sender) \
         DO UPDATE SET next_at = excluded.next_at, blocked_until = excluded.blocked_until",
    )
    .bind(key.workspace.uuid()).bind(key.channel.uuid()).bind(key.environment.as_str()).bind(&key.sender)
    .bind(turn.next_at).bind(turn.blocked_until)
    .execute(conn).await.map(drop))?;
    Ok(())
}
