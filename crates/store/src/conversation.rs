//! Conversations, for reading. They are written by [`crate::journal`].

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use sqlx::AssertSqlSafe;
use switchboard_domain::agent::VersionRef;
use switchboard_domain::conversation::{Conversation, ConversationKey, Phase, Status};
use switchboard_domain::environment::Environment;
use switchboard_domain::event::EventType;
use switchboard_domain::id::{AgentId, ConversationId, WorkspaceId};
use switchboard_domain::name::StateName;
use uuid::Uuid;

use crate::behind;
use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;

pub(crate) const COLUMNS: &str = "workspace_id, id, agent_id, version, environment, status, phase, state, variables, call_usage, last_sequence, created_at, updated_at";

#[derive(sqlx_macros::FromRow)]
struct Row {
    workspace_id: Uuid,
    id: Uuid,
    agent_id: Uuid,
    version: i64,
    environment: String,
    status: String,
    phase: String,
    state: Option<String>,
    variables: String,
    call_usage: String,
    last_sequence: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// The number of its last event.
    newest: i64,
    /// The bindings of its calls that are under way, in a JSON array; only where a row may be behind.
    under_way: String,
}

impl Row {
    /// The conversation as it is now.
    async fn caught_up(self, engine: &mut Engine<'_>) -> Result<Conversation, StoreError> {
        let newest = self.newest.unsigned_abs();
        let under_way: Vec<Uuid> = read("calls under way", &self.under_way)?;
        let mut found = conversation(self)?;
        behind::catch_up(engine, &mut found, newest, under_way).await?;
        Ok(found)
    }
}

fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt(what, error))
}

fn conversation(row: Row) -> Result<Conversation, StoreError> {
    let version = u32::try_from(row.version).map_err(|e| StoreError::corrupt("version", e))?;
    let status =
        Status::parse(&row.status).ok_or_else(|| StoreError::corrupt("status", &row.status))?;
    let phase = [Phase::InCall, Phase::PostCall]
        .into_iter()
        .find(|phase| phase.as_str() == row.phase)
        .ok_or_else(|| StoreError::corrupt("phase", &row.phase))?;
    let state = row
        .state
        .map(|state| StateName::parse(&state).map_err(|e| StoreError::corrupt("state", e)))
        .transpose()?;
    Ok(Conversation {
        key: ConversationKey {
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            id: ConversationId::from_uuid(row.id),
            agent: AgentId::from_uuid(row.agent_id),
            version: VersionRef::from_number(version),
            environment: row
                .environment
                .parse()
                .map_err(|e| StoreError::corrupt("environment", e))?,
            created_at: row.created_at,
        },
        status,
        phase,
        state,
        variables: read("conversation's variables", &row.variables)?,
        usage: read("conversation's usage", &row.call_usage)?,
        last_sequence: row.last_sequence.unsigned_abs(),
        updated_at: row.updated_at,
    })
}

/// One conversation as it is now.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ConversationId,
) -> Result<Option<Conversation>, StoreError> {
    let since = behind::columns(engine);
    let sql = format!(
        "SELECT {COLUMNS}, {since} FROM conversation AS c WHERE workspace_id = $1 AND id = $2"
    );
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(workspace.uuid()).bind(id.uuid())
        .fetch_optional(conn).await)?;
    match row {
        Some(row) => row.caught_up(engine).await.map(Some),
        None => Ok(None),
    }
}

/// Several conversations, kept from being changed by others until the transaction ends. They are
/// taken in the order of their ids, so that two replicas cannot wait for each other.
pub async fn lock(
    engine: &mut Engine<'_>,
    keys: &[(WorkspaceId, ConversationId)],
) -> Result<Vec<Conversation>, StoreError> {
    let mut keys = keys.to_vec();
    keys.sort_by_key(|(_, id)| *id);
    keys.dedup();
    let mut found = Vec::with_capacity(keys.len());
    let mut rest = &keys[..];
    for size in dialect::chunk_sizes(keys.len(), 64) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let since = behind::columns(engine);
        let mut sql = format!(
            "SELECT {COLUMNS}, {since} FROM conversation AS c WHERE (workspace_id, id) IN ("
        );
        sql.push_str(dialect::bulk_insert("", 2, size, "").trim_start());
        sql.push_str(") ORDER BY id");
        sql.push_str(dialect::for_update(engine));
        let rows: Vec<Row> = on!(engine, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (workspace, id) in chunk {
                query = query.bind(workspace.uuid()).bind(id.uuid());
            }
            query.fetch_all(conn).await
        })?;
        for row in rows {
            found.push(row.caught_up(engine).await?);
        }
    }
    Ok(found)
}

/// The number of the last event of each of several conversations.
pub async fn sequences(
    engine: &mut Engine<'_>,
    keys: &[(WorkspaceId, ConversationId)],
) -> Result<Vec<(ConversationId, u64)>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    let mut rest = keys;
    for size in dialect::chunk_sizes(keys.len(), 256) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let mut sql =
            "SELECT id, last_sequence FROM conversation WHERE (workspace_id, id) IN (".to_owned();
        sql.push_str(dialect::bulk_insert("", 2, size, "").trim_start());
        sql.push(')');
        let rows: Vec<(Uuid, i64)> = on!(engine, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for (workspace, id) in chunk {
                query = query.bind(workspace.uuid()).bind(id.uuid());
            }
            query.fetch_all(conn).await
        })?;
        let rows = rows.into_iter();
        found.extend(rows.map(|(id, last)| (ConversationId::from_uuid(id), last.unsigned_abs())));
    }
    Ok(found)
}

/// Says something about conversations to the other servers, when the transaction commits.
pub async fn announce(engine: &mut Engine<'_>, text: &str) -> Result<(), StoreError> {
    dialect::announce(engine, text).await
}

/// A page of the conversations of all workspaces that are not closed and did not change since a
/// time, in the order they were made. `made_before` is the largest id they can have.
pub async fn idle(
    engine: &mut Engine<'_>,
    since: DateTime<Utc>,
    made_before: Uuid,
    after: Uuid,
    limit: u32,
) -> Result<Vec<(WorkspaceId, ConversationId)>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, id FROM conversation \
         WHERE status <> 'closed' AND id > $1 AND id < $2 AND updated_at < $3 ORDER BY id LIMIT $4",
    )
    .bind(after).bind(made_before).bind(since).bind(i64::from(limit))
    .fetch_all(conn).await)?;
    let rows = rows.into_iter();
    let keys = rows.map(|(workspace, id)| {
        (
            WorkspaceId::from_uuid(workspace),
            ConversationId::from_uuid(id),
        )
    });
    Ok(keys.collect())
}

/// Which conversations to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only this agent's.
    pub agent: Option<AgentId>,
    /// Only those of this environment.
    pub environment: Option<Environment>,
    /// Only those that have come this far.
    pub status: Option<Status>,
    /// Only those with an event of this type.
    pub with_event: Option<EventType>,
    /// Only those started at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those started before this time.
    pub to: Option<DateTime<Utc>>,
}

/// The least id of what is made at a time: ids start with it, in milliseconds (RFC 9562, version 7).
pub fn least_id_at(time: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(time.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(millis.min((1 << 48) - 1) << 80)
}

/// A page of conversations, the newest first. Of their variables they have `call` alone.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    filter: Filter,
    before: Option<ConversationId>,
    limit: u32,
) -> Result<Page<Conversation>, StoreError> {
    let before = before.map_or(Uuid::max(), ConversationId::uuid);
    let before = filter.to.map_or(before, |to| before.min(least_id_at(to)));
    let least = filter.from.map_or(Uuid::nil(), least_id_at);
    // What can be large is not read: of the variables, `call` alone.
    let call = dialect::json_member(engine, "variables", "call");
    let (from, with_event) = with_event(filter.with_event);
    let sql = format!(
        "SELECT c.workspace_id, c.id, agent_id, version, environment, status, phase, state, COALESCE('{{\"call\":' || {call} || '}}', '{{}}') AS variables, \
         call_usage, last_sequence, created_at, updated_at, last_sequence AS newest, '[]' AS under_way \
         FROM {from} WHERE c.workspace_id = $1 AND c.id < $2 AND c.id >= $3 AND ($4 IS NULL OR agent_id = $4) \
         AND ($5 IS NULL OR environment = $5) AND ($6 IS NULL OR status = $6){with_event} \
         ORDER BY c.id DESC LIMIT $7"
    );
    let rows: Vec<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
        .bind(workspace.uuid()).bind(before).bind(least).bind(filter.agent.map(AgentId::uuid))
        .bind(filter.environment.map(Environment::as_str)).bind(filter.status.map(Status::as_str))
        .bind(i64::from(limit) + 1)
        .fetch_all(conn).await)?;
    Page::cut(rows, limit).try_map(conversation)
}

/// From where conversations are read that had an event, and under which condition. What went wrong is
/// rare and has an index, so it is gone by; other conversations are looked at one after the other.
fn with_event(kind: Option<EventType>) -> (String, String) {
    let Some(kind) = kind else {
        return ("conversation AS c".to_owned(), String::new());
    };
    let name = kind.as_str();
    // The index holds these two kinds, and SQLite uses it only where that is said.
    if matches!(kind, EventType::ActionFailed | EventType::ActionRefused) {
        let from = format!(
            "(SELECT DISTINCT conversation_id FROM event \
             WHERE workspace_id = $1 AND kind = '{name}' AND kind IN ('action.failed', 'action.refused') AND conversation_id < $2 AND conversation_id >= $3) AS e \
             CROSS JOIN conversation AS c"
        );
        return (from, " AND c.id = e.conversation_id".to_owned());
    }
    let condition = format!(
        " AND EXISTS (SELECT 1 FROM event AS e WHERE e.workspace_id = c.workspace_id AND e.conversation_id = c.id AND e.kind = '{name}')"
    );
    ("conversation AS c".to_owned(), condition)
}
