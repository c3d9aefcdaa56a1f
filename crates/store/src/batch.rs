//! Writing what a batch of the journal holds: many rows a statement in a transaction of `PostgreSQL`,
//! where each statement is a round trip; row by row on `SQLite`, by statements that are prepared once, in
//! a thread of their own (`sqlite_writer.rs`).

use std::sync::{Arc, LazyLock};

use rusqlite::Connection;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::{CallId, ConversationId, InstanceId};
use switchboard_domain::sms::message::Message;

use crate::audit::{self, bind_audit};
use crate::behind;
use crate::connection::{Step, bounded};
use crate::conversation::COLUMNS;
use crate::db::Db;
use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::forget::{self, Removed};
use crate::journal::{CallKey, CallRow, EventRow, KeptAnswer};
use crate::message::{self, MessageText, bind_message};
use crate::sqlite_writer::run;

/// Rows a statement holds at most: `PostgreSQL` takes 65,535 parameters, `SQLite` 32,766.
const LARGEST: usize = 128;

const SAVE_CONVERSATION: &str = " ON CONFLICT (workspace_id, id) DO UPDATE SET status = excluded.status, phase = excluded.phase, \
     state = excluded.state, variables = excluded.variables, call_usage = excluded.call_usage, \
     last_sequence = excluded.last_sequence, updated_at = excluded.updated_at";
const INSERT_EVENT: &str =
    "INSERT INTO event (workspace_id, conversation_id, sequence, id, at, kind, data)";
/// What the calls of a batch count as.
const COUNT: &str = "INSERT INTO counted_calls (calls) VALUES ($1)";
const REMOVE_CALL: &str =
    "DELETE FROM call WHERE workspace_id = $1 AND conversation_id = $2 AND id = $3";
const ANSWER_CALL: &str = "UPDATE call SET answer = $1, is_tool_result = $2 WHERE workspace_id = $3 AND conversation_id = $4 AND id = $5";
const INSERT_CALL: &str = "INSERT INTO call (workspace_id, conversation_id, id, binding_id, name, arguments, \
     idempotency_key, fingerprint, instance_id, reserved_at)";

/// What one batch of the journal writes.
#[derive(Debug, Default)]
pub struct Batch {
    /// Conversations to add, or to replace what can change of them.
    pub conversations: Vec<Arc<Conversation>>,
    /// Events to add.
    pub events: Vec<EventRow>,
    /// Reserved calls to add.
    pub calls: Vec<CallRow>,
    /// Calls that are settled and that nobody can ask for again.
    pub removed: Vec<CallKey>,
    /// Calls whose answer is kept.
    pub answered: Vec<(CallKey, KeptAnswer)>,
    /// Whether these are the rows of all conversations that were behind ([`crate::behind`]).
    pub catches_up: bool,
    /// Text messages to add, or to replace what can change of them.
    pub messages: Vec<Message>,
    /// What its events count as ([`crate::stat::Counted`]); only beside events.
    pub counted: Option<String>,
    /// Conversations that go, with what was written of them so far.
    pub forgotten: Vec<Removed>,
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
pub async fn write(engine: &mut Engine<'_>, batch: &Batch) -> Result<(), StoreError> {
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
    bulk!(engine, &batch.calls[..], INSERT_CALL, 10, "", bind_call);
    let messages: Vec<_> = batch.messages.iter().map(MessageText::new).collect();
    bulk!(
        engine,
        &messages[..],
        message::INSERT,
        20,
        message::SAVE,
        bind_message
    );
    forget::remove(engine, &batch.forgotten).await
}

/// Writes events, and what they count as: on `PostgreSQL` in the statement of the first ones, since
/// each statement is a round trip.
async fn write_events(engine: &mut Engine<'_>, batch: &Batch) -> Result<(), StoreError> {
    let mut counted = batch.counted.as_deref();
    if let (Engine::Sqlite(_), Some(calls)) = (&engine, counted) {
        counted = None;
        on!(engine, conn => sqlx::query(COUNT)
            .bind(calls).execute(conn).await.map(drop))?;
    }
    let mut rest = &batch.events[..];
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
pub async fn write_alone(db: &Db, batch: Arc<Batch>) -> Result<(), StoreError> {
    let (writer, _turn, mut watch) = db.journal_writer().await?;
    let write = writer.write(move |connection| write_rows(connection, &batch));
    bounded(&mut watch, Step::Commit, write).await
}

/// Writes the rows of a batch in the transaction that is open.
fn write_rows(connection: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    for conversation in &batch.conversations {
        let row = ConversationRow::new(conversation);
        run(connection, &statements().conversation, |query| {
            bind_conversation!(query, row)
        })?;
    }
    for row in &batch.events {
        run(connection, &statements().event, |query| {
            bind_event!(query, row)
        })?;
    }
    if batch.catches_up {
        run(connection, behind::MARK, |query| query)?;
    }
    for row in &batch.calls {
        run(connection, &statements().call, |query| {
            bind_call!(query, row)
        })?;
    }
    for message in &batch.messages {
        let row = MessageText::new(message);
        run(connection, &statements().message, |query| {
            bind_message!(query, row)
        })?;
    }
    if let Some(calls) = &batch.counted {
        run(connection, COUNT, |query| query.bind(calls))?;
    }
    for key in &batch.removed {
        run(connection, REMOVE_CALL, |query| {
            query
                .bind(key.workspace.uuid())
                .bind(key.conversation.uuid())
                .bind(key.id.uuid())
        })?;
    }
    for (key, answer) in &batch.answered {
        run(connection, ANSWER_CALL, |query| {
            query
                .bind(&answer.json)
                .bind(i64::from(answer.is_tool_result))
                .bind(key.workspace.uuid())
                .bind(key.conversation.uuid())
                .bind(key.id.uuid())
        })?;
    }
    for removed in &batch.forgotten {
        for sql in forget::ONE {
            run(connection, sql, |query| {
                query
                    .bind(removed.workspace.uuid())
                    .bind(removed.conversation.uuid())
            })?;
        }
        if let Some(row) = &removed.told {
            let secrets = audit::secrets_of(row);
            run(connection, audit::INSERT, |query| {
                bind_audit!(query, removed.workspace, row, secrets)
            })?;
        }
    }
    Ok(())
}

/// The statements of one row each.
struct Statements {
    conversation: String,
    event: String,
    call: String,
    message: String,
}

fn statements() -> &'static Statements {
    static STATEMENTS: LazyLock<Statements> = LazyLock::new(|| {
        let head = format!("INSERT INTO conversation ({COLUMNS})");
        Statements {
            conversation: dialect::bulk_insert(&head, 13, 1, SAVE_CONVERSATION),
            event: dialect::bulk_insert(INSERT_EVENT, 7, 1, ""),
            call: dialect::bulk_insert(INSERT_CALL, 10, 1, ""),
            message: dialect::bulk_insert(message::INSERT, message::WIDTH, 1, message::SAVE),
        }
    });
    &STATEMENTS
}
