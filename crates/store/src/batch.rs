//! Writing many rows at once: statement by statement in a transaction of `PostgreSQL`, and in one go
//! on `SQLite`, where each statement of its own costs two switches between threads.

use serde::Serialize;
use sqlx::AssertSqlSafe;
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::{CallId, ConversationId, InstanceId};
use switchboard_domain::sms::message::Message;

use crate::connection::{Step, bounded};
use crate::conversation::COLUMNS;
use crate::db::Db;
use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::journal::{CallKey, CallRow, EventRow, KeptAnswer};
use crate::message::{self, MessageText, bind_message};

/// Rows a statement holds at most: `PostgreSQL` takes 65,535 parameters, `SQLite` 32,766.
const LARGEST: usize = 128;

const SAVE_CONVERSATION: &str = " ON CONFLICT (workspace_id, id) DO UPDATE SET status = excluded.status, phase = excluded.phase, \
     state = excluded.state, variables = excluded.variables, call_usage = excluded.call_usage, \
     last_sequence = excluded.last_sequence, updated_at = excluded.updated_at";
const INSERT_EVENT: &str =
    "INSERT INTO event (workspace_id, conversation_id, sequence, id, at, kind, data)";
const INSERT_CALL: &str = "INSERT INTO call (workspace_id, conversation_id, id, binding_id, name, arguments, \
     idempotency_key, fingerprint, instance_id, reserved_at)";

/// What one batch of the journal writes.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Conversations to add, or to replace what can change of them.
    pub conversations: Vec<&'a Conversation>,
    /// Events to add.
    pub events: &'a [EventRow],
    /// Reserved calls to add.
    pub calls: &'a [CallRow],
    /// Calls that are settled and that nobody can ask for again.
    pub removed: &'a [CallKey],
    /// Calls whose answer is kept.
    pub answered: &'a [(CallKey, KeptAnswer)],
    /// Text messages to add, or to replace what can change of them.
    pub messages: Vec<&'a Message>,
    /// What its events count as ([`crate::stat::Counted`]); only beside events.
    pub counted: Option<String>,
}

struct ConversationRow<'a> {
    conversation: &'a Conversation,
    variables: String,
    usage: String,
}

/// Writing to a string cannot fail for these types, so the text is all there is.
fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

impl<'a> ConversationRow<'a> {
    fn new(conversation: &'a Conversation) -> Self {
        Self {
            conversation,
            variables: json(&conversation.variables),
            usage: json(&conversation.usage),
        }
    }
}

macro_rules! bind_conversation {
    ($query:expr, $row:expr) => {{
        let conversation = $row.conversation;
        let key = &conversation.key;
        $query
            .bind(key.workspace.uuid())
            .bind(key.id.uuid())
            .bind(key.agent.uuid())
            .bind(i64::from(key.version.number()))
            .bind(key.environment.as_str())
            .bind(conversation.status.as_str())
            .bind(conversation.phase.as_str())
            .bind(conversation.state.as_ref().map(|state| state.as_str()))
            .bind(&$row.variables)
            .bind(&$row.usage)
            .bind(conversation.last_sequence.cast_signed())
            .bind(key.created_at)
            .bind(conversation.updated_at)
    }};
}

macro_rules! bind_event {
    ($query:expr, $row:expr) => {
        $query
            .bind($row.workspace.uuid())
            .bind($row.conversation.uuid())
            .bind($row.sequence.cast_signed())
            .bind($row.event.id.uuid())
            .bind($row.event.at)
            .bind($row.event.kind.as_str())
            .bind(&$row.event.data)
    };
}

macro_rules! bind_call {
    ($query:expr, $row:expr) => {
        $query
            .bind($row.workspace.uuid())
            .bind($row.conversation.uuid())
            .bind($row.id.uuid())
            .bind($row.binding.uuid())
            .bind(&$row.name)
            .bind(&$row.arguments)
            .bind($row.idempotency_key.as_deref())
            .bind(&$row.fingerprint[..])
            .bind($row.instance.uuid())
            .bind($row.reserved_at)
    };
}

/// Runs one statement for each piece of some rows: the pieces' sizes are powers of two.
macro_rules! bulk {
    ($engine:expr, $rows:expr, $head:expr, $columns:literal, $tail:expr, $bind:ident) => {{
        let mut rest = $rows;
        for size in dialect::chunk_sizes(rest.len(), LARGEST) {
            let (chunk, after) = rest.split_at(size);
            rest = after;
            let sql = dialect::bulk_insert($head, $columns, size, $tail);
            on!($engine, conn => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for row in chunk {
                    query = $bind!(query, row);
                }
                query.execute(conn).await.map(drop)
            })?;
        }
    }};
}

/// Writes a batch in an open transaction. Calls to remove or to answer are not its business: they
/// are settled one by one, because another replica may have done so.
pub async fn write(engine: &mut Engine<'_>, batch: &Batch<'_>) -> Result<(), StoreError> {
    let conversations: Vec<_> = batch
        .conversations
        .iter()
        .map(|c| ConversationRow::new(c))
        .collect();
    let head = format!("INSERT INTO conversation ({COLUMNS})");
    bulk!(
        engine,
        &conversations[..],
        &head,
        13,
        SAVE_CONVERSATION,
        bind_conversation
    );
    write_events(engine, batch).await?;
    bulk!(engine, batch.calls, INSERT_CALL, 10, "", bind_call);
    let messages: Vec<_> = batch
        .messages
        .iter()
        .map(|message| MessageText::new(message))
        .collect();
    bulk!(
        engine,
        &messages[..],
        message::INSERT,
        20,
        message::SAVE,
        bind_message
    );
    Ok(())
}

/// Writes events, and what they count as: on `PostgreSQL` in the statement of the first ones, since
/// each statement is a round trip.
async fn write_events(engine: &mut Engine<'_>, batch: &Batch<'_>) -> Result<(), StoreError> {
    let mut counted = batch.counted.as_deref();
    if let (Engine::Sqlite(_), Some(calls)) = (&engine, counted) {
        counted = None;
        on!(engine, conn => sqlx::query("INSERT INTO counted_calls (calls) VALUES ($1)")
            .bind(calls).execute(conn).await.map(drop))?;
    }
    let mut rest = batch.events;
    for size in dialect::chunk_sizes(rest.len(), LARGEST) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let mut sql = dialect::bulk_insert(INSERT_EVENT, 7, size, "");
        let calls = counted.take();
        if calls.is_some() {
            let place = size * 7 + 1;
            sql = format!(
                "WITH counted AS (INSERT INTO counted_calls (calls) VALUES (${place})) {sql}"
            );
        }
        on!(engine, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for row in chunk {
                query = bind_event!(query, row);
            }
            if let Some(calls) = calls {
                query = query.bind(calls);
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(())
}

/// Writes a whole batch, with a transaction of its own, where this process is the only writer.
pub async fn write_alone(db: &Db, batch: &Batch<'_>) -> Result<(), StoreError> {
    let conversations: Vec<_> = batch
        .conversations
        .iter()
        .map(|c| ConversationRow::new(c))
        .collect();
    let mut sql = String::with_capacity(2048);
    sql.push_str("BEGIN IMMEDIATE;");
    let head = format!("INSERT INTO conversation ({COLUMNS})");
    let mut bulk = |head: &str, columns, rows: usize, tail: &str| {
        for size in dialect::chunk_sizes(rows, LARGEST) {
            dialect::bulk_insert_by_position(&mut sql, head, columns, size, tail);
        }
    };
    bulk(&head, 13, conversations.len(), SAVE_CONVERSATION);
    bulk(INSERT_EVENT, 7, batch.events.len(), "");
    bulk(INSERT_CALL, 10, batch.calls.len(), "");
    let messages: Vec<_> = batch
        .messages
        .iter()
        .map(|message| MessageText::new(message))
        .collect();
    bulk(
        message::INSERT,
        message::WIDTH,
        messages.len(),
        message::SAVE,
    );
    if batch.counted.is_some() {
        sql.push_str("INSERT INTO counted_calls (calls) VALUES (?);");
    }
    for _ in batch.removed {
        sql.push_str("DELETE FROM call WHERE workspace_id = ? AND conversation_id = ? AND id = ?;");
    }
    for _ in batch.answered {
        sql.push_str(
            "UPDATE call SET answer = ?, is_tool_result = ? WHERE workspace_id = ? AND conversation_id = ? AND id = ?;",
        );
    }
    sql.push_str("COMMIT");
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for row in &conversations {
        query = bind_conversation!(query, row);
    }
    for row in batch.events {
        query = bind_event!(query, row);
    }
    for row in batch.calls {
        query = bind_call!(query, row);
    }
    for row in &messages {
        query = bind_message!(query, row);
    }
    if let Some(calls) = &batch.counted {
        query = query.bind(calls);
    }
    for key in batch.removed {
        query = query
            .bind(key.workspace.uuid())
            .bind(key.conversation.uuid())
            .bind(key.id.uuid());
    }
    for (key, answer) in batch.answered {
        query = query
            .bind(&answer.json)
            .bind(answer.is_tool_result)
            .bind(key.workspace.uuid())
            .bind(key.conversation.uuid())
            .bind(key.id.uuid());
    }
    let mut writer = db.sqlite_writer().await?;
    let (connection, watch) = writer.parts();
    let write = async { query.execute(connection).await.map(drop) };
    if let Err(error) = bounded(watch, Step::Commit, write).await {
        // A connection of which nobody knows what it does is closed, which undoes what is open.
        if !watch.is_broken() {
            // Without an open transaction this fails, which is as good.
            let (connection, watch) = writer.parts();
            let undo = async { sqlx::query("ROLLBACK").execute(connection).await };
            let _ = bounded(watch, Step::Statement, undo).await;
        }
        return Err(StoreError::from(error));
    }
    Ok(())
}
