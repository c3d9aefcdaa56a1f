//! Removing what is not kept: conversations, their events, and answers that nobody asks for any more.
//!
//! A conversation goes in two steps. The journal removes its row and leaves a note (`remove`), in one
//! short transaction however long the conversation was; from then on nobody finds it. What lies under its id
//! is removed after that, a little at a time ([`clear`]), also by another server, or after a restart.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::conversation::Status;
use switchboard_domain::id::{AgentId, ConversationId, WorkspaceId};
use switchboard_domain::retention::{Age, Days, Piece, Retention};
use uuid::Uuid;

use crate::audit::{self, AuditRow};
use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Rows a statement holds at most.
const LARGEST: usize = 64;

/// A conversation that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The conversation.
    pub conversation: ConversationId,
    /// What the audit log is told of it, where somebody asked for it.
    pub told: Option<AuditRow>,
}

/// What removes one conversation: its text messages go at once, so that none of them is sent any more.
pub(crate) const ONE: [&str; 3] = [
    "DELETE FROM conversation WHERE workspace_id = $1 AND id = $2",
    "DELETE FROM message WHERE workspace_id = $1 AND conversation_id = $2",
    "INSERT INTO removed_conversation (workspace_id, id) VALUES ($1, $2)",
];

/// Removes conversations, in the transaction that locks them. What lies under their ids is left to
/// [`clear`].
pub(crate) async fn remove(engine: &mut Engine<'_>, all: &[Removed]) -> Result<(), StoreError> {
    let mut rest = all;
    for size in dialect::chunk_sizes(all.len(), LARGEST) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let rows = dialect::bulk_insert("", 2, size, "");
        let rows = rows.trim_start();
        for sql in [
            format!("DELETE FROM conversation WHERE (workspace_id, id) IN ({rows})"),
            format!("DELETE FROM message WHERE (workspace_id, conversation_id) IN ({rows})"),
            format!("INSERT INTO removed_conversation (workspace_id, id) {rows}"),
        ] {
            on!(engine, conn => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for removed in chunk {
                    query = query.bind(removed.workspace.uuid()).bind(removed.conversation.uuid());
                }
                query.execute(conn).await.map(drop)
            })?;
        }
        for removed in chunk {
            if let Some(row) = &removed.told {
                audit::insert(engine, removed.workspace, row).await?;
            }
        }
    }
    Ok(())
}

/// Whether a call of a conversation is reserved and not settled, or one of its text messages is being
/// handed to its provider.
pub async fn is_busy(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let found: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) WHERE EXISTS (SELECT 1 FROM call WHERE workspace_id = $1 AND conversation_id = $2 AND answer IS NULL) \
         OR EXISTS (SELECT 1 FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND instance_id IS NOT NULL)",
    )
    .bind(workspace.uuid()).bind(conversation.uuid())
    .fetch_optional(conn).await)?;
    Ok(found.is_some())
}

/// Takes the turn to forget; false where a server took it less than so long ago. One that was taken in times to
/// come was taken by a clock that is wrong.
pub async fn take_turn(
    engine: &mut Engine<'_>,
    now: DateTime<Utc>,
    every: TimeDelta,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "INSERT INTO turn (name, taken_at) VALUES ('forget', $1) \
         ON CONFLICT (name) DO UPDATE SET taken_at = excluded.taken_at WHERE turn.taken_at < $2 OR turn.taken_at > $3",
    )
    .bind(now).bind(now - every).bind(now + every)
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Conversations of which something is left to be removed.
pub async fn left_over(
    engine: &mut Engine<'_>,
    limit: u32,
) -> Result<Vec<(WorkspaceId, ConversationId)>, StoreError> {
    let rows: Vec<(Uuid, Uuid)> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, id FROM removed_conversation ORDER BY workspace_id, id LIMIT $1",
    )
    .bind(i64::from(limit))
    .fetch_all(conn).await)?;
    let rows = rows.into_iter();
    let key = |(workspace, id)| {
        (
            WorkspaceId::from_uuid(workspace),
            ConversationId::from_uuid(id),
        )
    };
    Ok(rows.map(key).collect())
}

/// What lies under a conversation's id beside its events, each with what tells its rows apart and how large
/// they are.
const BESIDE: [(&str, &str, &str); 2] = [
    (
        "call",
        "id",
        "OCTET_LENGTH(arguments) + COALESCE(OCTET_LENGTH(answer), 0)",
    ),
    (
        "client_event",
        "event_id",
        "COALESCE(OCTET_LENGTH(result), 0)",
    ),
];

/// Removes what is left of a conversation that was removed, as far as it goes into a piece. Answers whether
/// that was the rest.
pub async fn clear(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    piece: &mut Piece,
) -> Result<bool, StoreError> {
    let events = oldest(engine, workspace, conversation).await?;
    let through = events
        .iter()
        .take_while(|(_, age)| piece.takes(age.bytes))
        .last();
    if let Some((sequence, _)) = through {
        remove_events(engine, workspace, conversation, *sequence).await?;
    }
    if piece.is_full() {
        return Ok(false);
    }
    for (table, id, size) in BESIDE {
        let sql = format!(
            "SELECT {id}, CAST({size} AS BIGINT) FROM {table} WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY {id} LIMIT $3"
        );
        let rows: Vec<(Uuid, i64)> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
            .bind(workspace.uuid()).bind(conversation.uuid()).bind(i64::from(Piece::ROWS))
            .fetch_all(conn).await)?;
        let through = rows
            .iter()
            .take_while(|(_, bytes)| piece.takes(bytes.unsigned_abs()))
            .last();
        if let Some((through, _)) = through {
            let sql = format!(
                "DELETE FROM {table} WHERE workspace_id = $1 AND conversation_id = $2 AND {id} <= $3"
            );
            on!(engine, conn => sqlx::query(AssertSqlSafe(sql))
                .bind(workspace.uuid()).bind(conversation.uuid()).bind(*through)
                .execute(conn).await.map(drop))?;
        }
        if piece.is_full() {
            return Ok(false);
        }
    }
    on!(engine, conn => sqlx::query("DELETE FROM removed_conversation WHERE workspace_id = $1 AND id = $2")
        .bind(workspace.uuid()).bind(conversation.uuid())
        .execute(conn).await.map(drop))?;
    Ok(true)
}

/// The first events of a conversation: as many as one piece takes.
pub async fn oldest(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
) -> Result<Vec<(u64, Age)>, StoreError> {
    let rows: Vec<(i64, DateTime<Utc>, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT sequence, at, CAST(OCTET_LENGTH(data) AS BIGINT) FROM event \
         WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY sequence LIMIT $3",
    )
    .bind(workspace.uuid()).bind(conversation.uuid()).bind(i64::from(Piece::ROWS))
    .fetch_all(conn).await)?;
    let rows = rows.into_iter().map(|(sequence, at, bytes)| {
        let bytes = bytes.unsigned_abs();
        (sequence.unsigned_abs(), Age { at, bytes })
    });
    Ok(rows.collect())
}

/// Removes a conversation's events up to a sequence number.
pub async fn remove_events(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    conversation: ConversationId,
    through: u64,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM event WHERE workspace_id = $1 AND conversation_id = $2 AND sequence <= $3",
    )
    .bind(workspace.uuid()).bind(conversation.uuid()).bind(through.cast_signed())
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// An agent, deleted or not, and for how many days events are kept of its conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retained {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The agent.
    pub agent: AgentId,
    /// What the workspace says; none is for ever.
    pub of_workspace: Option<Days>,
    /// What the agent says; none is as the workspace does.
    pub of_agent: Option<Retention>,
}

/// What an agent says, as it is stored.
pub(crate) fn stored(retention: Option<Retention>) -> Option<i64> {
    retention.map(|retention| match retention {
        Retention::Days(days) => days.count().into(),
        Retention::Forever => 0,
    })
}

/// What an agent says, of what is stored.
pub(crate) fn retention(stored: Option<i64>) -> Result<Option<Retention>, StoreError> {
    Ok(match stored {
        Some(0) => Some(Retention::Forever),
        stored => days(stored)?.map(Retention::Days),
    })
}

/// A number of days, of what is stored.
pub(crate) fn days(stored: Option<i64>) -> Result<Option<Days>, StoreError> {
    let days = |stored| Days::new(stored).ok_or_else(|| StoreError::corrupt("days", stored));
    stored.map(days).transpose()
}

/// Agents of all workspaces where anything is said of how long events are kept, in the order of their ids.
pub async fn retained(
    engine: &mut Engine<'_>,
    after: Option<(WorkspaceId, AgentId)>,
    limit: u32,
) -> Result<Vec<Retained>, StoreError> {
    let (workspace, agent) = after.map_or((Uuid::nil(), Uuid::nil()), |(workspace, agent)| {
        (workspace.uuid(), agent.uuid())
    });
    let rows: Vec<(Uuid, Uuid, Option<i64>, Option<i64>)> = on!(engine, conn => sqlx::query_as(
        "SELECT agent.workspace_id, agent.id, workspace.retain_events_days, agent.retain_events_days \
         FROM agent JOIN workspace ON workspace.id = agent.workspace_id \
         WHERE (agent.workspace_id, agent.id) > ($1, $2) \
         AND (workspace.retain_events_days IS NOT NULL OR agent.retain_events_days > 0) \
         ORDER BY agent.workspace_id, agent.id LIMIT $3",
    )
    .bind(workspace).bind(agent).bind(i64::from(limit))
    .fetch_all(conn).await)?;
    let rows = rows.into_iter();
    let row = |(workspace, agent, of_workspace, of_agent)| {
        Ok(Retained {
            workspace: WorkspaceId::from_uuid(workspace),
            agent: AgentId::from_uuid(agent),
            of_workspace: days(of_workspace)?,
            of_agent: retention(of_agent)?,
        })
    };
    rows.map(row).collect()
}

/// The names of the workspaces that keep events for ever.
pub async fn keeping_forever(engine: &mut Engine<'_>) -> Result<Vec<String>, StoreError> {
    Ok(on!(engine, conn => sqlx::query_scalar(
        "SELECT name FROM workspace WHERE retain_events_days IS NULL ORDER BY id",
    )
    .fetch_all(conn).await)?)
}

/// A conversation that was begun before a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The conversation.
    pub conversation: ConversationId,
    /// Whether it is closed.
    pub is_closed: bool,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// An agent's conversations in the order they were made, after one of them and before an id.
pub async fn begun(
    engine: &mut Engine<'_>,
    (workspace, agent): (WorkspaceId, AgentId),
    after: Uuid,
    before: Uuid,
    limit: u32,
) -> Result<Vec<Begun>, StoreError> {
    let rows: Vec<(Uuid, String, DateTime<Utc>)> = on!(engine, conn => sqlx::query_as(
        "SELECT id, status, updated_at FROM conversation \
         WHERE workspace_id = $1 AND agent_id = $2 AND id > $3 AND id < $4 ORDER BY id LIMIT $5",
    )
    .bind(workspace.uuid()).bind(agent.uuid()).bind(after).bind(before).bind(i64::from(limit))
    .fetch_all(conn).await)?;
    let rows = rows.into_iter();
    let row = |(id, status, updated_at): (Uuid, String, DateTime<Utc>)| Begun {
        conversation: ConversationId::from_uuid(id),
        is_closed: status == Status::Closed.as_str(),
        updated_at,
    };
    Ok(rows.map(row).collect())
}

/// Removes a piece of the calls that were answered, and reserved before a time. Answers whether there may be
/// more.
pub async fn remove_answers(
    engine: &mut Engine<'_>,
    before: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows: Vec<(Uuid, Uuid, Uuid, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, conversation_id, id, CAST(OCTET_LENGTH(arguments) + OCTET_LENGTH(answer) AS BIGINT) FROM call \
         WHERE answer IS NOT NULL AND reserved_at < $1 ORDER BY reserved_at LIMIT $2",
    )
    .bind(before).bind(i64::from(Piece::ROWS))
    .fetch_all(conn).await)?;
    let mut piece = Piece::default();
    let count = rows
        .iter()
        .take_while(|row| piece.takes(row.3.unsigned_abs()))
        .count();
    let mut rest = &rows[..count];
    for size in dialect::chunk_sizes(count, LARGEST) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let list = dialect::bulk_insert("", 3, size, "");
        let sql = format!(
            "DELETE FROM call WHERE (workspace_id, conversation_id, id) IN ({}) AND answer IS NOT NULL",
            list.trim_start()
        );
        on!(engine, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for (workspace, conversation, id, _) in chunk {
                query = query.bind(*workspace).bind(*conversation).bind(*id);
            }
            query.execute(conn).await.map(drop)
        })?;
    }
    Ok(piece.is_full())
}
