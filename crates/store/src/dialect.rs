//! Where the two databases differ, each difference a named function.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Encode, FromRow, Postgres, Sqlite, Type};
use switchboard_domain::id::WorkspaceId;
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Keeps a selected row from being changed by others until the transaction ends. SQLite has one
/// writer, which holds the whole database.
pub const fn for_update(engine: &Engine<'_>) -> &'static str {
    match engine {
        Engine::Sqlite(_) => "",
        Engine::Postgres(_) => " FOR UPDATE",
    }
}

/// The time of the database, in the form of a stored time. Only for whether servers are alive, which
/// must not depend on their clocks; everything else is told the time.
pub const fn database_time(engine: &Engine<'_>) -> &'static str {
    match engine {
        Engine::Sqlite(_) => "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')",
        Engine::Postgres(_) => "clock_timestamp()",
    }
}

/// The time of the database so many seconds ago.
pub fn database_time_before(engine: &Engine<'_>, seconds: u32) -> String {
    match engine {
        Engine::Sqlite(_) => {
            format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now', '-{seconds} seconds')")
        }
        Engine::Postgres(_) => format!("clock_timestamp() - interval '{seconds} seconds'"),
    }
}

/// How many bytes the database takes, and how many of them are free; null where it does not say.
pub const fn space(engine: &Engine<'_>) -> &'static str {
    match engine {
        Engine::Sqlite(_) => {
            "SELECT pages.page_count * size.page_size, free.freelist_count * size.page_size \
             FROM pragma_page_count AS pages, pragma_page_size AS size, pragma_freelist_count AS free"
        }
        Engine::Postgres(_) => {
            "SELECT pg_database_size(current_database())::BIGINT, CAST(NULL AS BIGINT)"
        }
    }
}

/// The channel on which replicas hear of changed configuration.
pub const CHANGE_CHANNEL: &str = "switchboard_change";

/// Tells other replicas, when the transaction commits, that a workspace's configuration changed.
/// SQLite serves one process, which tells itself.
pub async fn announce(engine: &mut Engine<'_>, payload: &str) -> Result<(), StoreError> {
    match engine {
        Engine::Sqlite(_) => {}
        Engine::Postgres(_) => {
            on!(engine, conn => sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANGE_CHANNEL)
                .bind(payload)
                .execute(conn)
                .await
                .map(drop))?;
        }
    }
    Ok(())
}

/// Takes what one server does at a time until the transaction ends, by its number; false when another
/// one has it. SQLite's writer is alone anyway.
pub async fn take_turn(engine: &mut Engine<'_>, number: i64) -> Result<bool, StoreError> {
    match engine {
        Engine::Sqlite(_) => Ok(true),
        Engine::Postgres(_) => Ok(on!(engine, conn => {
            sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
                .bind(number)
                .fetch_one(conn)
                .await
        })?),
    }
}

/// A member of the JSON object in a text column, as JSON text; null where it has none.
pub fn json_member(engine: &Engine<'_>, column: &str, member: &str) -> String {
    match engine {
        Engine::Sqlite(_) => format!("({column} -> '{member}')"),
        // PostgreSQL cannot read an object that has a NUL anywhere: shown as what stands for it.
        Engine::Postgres(_) => {
            format!("(REPLACE({column}, '\\u0000', '\\ufffd')::json -> '{member}')::text")
        }
    }
}

/// Whether a text has another one in it. Nothing in either is a wildcard.
pub fn holds(engine: &Engine<'_>, text: &str, part: &str) -> String {
    match engine {
        Engine::Sqlite(_) => format!("instr({text}, {part}) > 0"),
        Engine::Postgres(_) => format!("strpos({text}, {part}) > 0"),
    }
}

/// A statement for many rows at once: `head VALUES ($1, $2), ($3, $4), ... tail`.
pub fn bulk_insert(head: &str, columns: usize, rows: usize, tail: &str) -> String {
    let mut sql = String::with_capacity(head.len() + tail.len() + rows * columns * 5);
    sql.push_str(head);
    sql.push_str(" VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                sql.push(',');
            }
            sql.push('$');
            sql.push_str(&(row * columns + column + 1).to_string());
        }
        sql.push(')');
    }
    sql.push_str(tail);
    sql
}

/// A list of placeholders: `$2,$3,$4` for three from the second on.
pub fn placeholders(first: usize, count: usize) -> String {
    let mut list = String::with_capacity(count * 4);
    for at in first..first + count {
        if at > first {
            list.push(',');
        }
        list.push('$');
        list.push_str(&at.to_string());
    }
    list
}

/// A row of either database.
pub trait Rows: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<R> Rows for R where
    R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// What a list of `in_chunks` has: something that both databases take.
pub trait Value:
    for<'q> Encode<'q, Sqlite>
    + Type<Sqlite>
    + for<'q> Encode<'q, Postgres>
    + Type<Postgres>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl Value for Uuid {}
impl Value for String {}

/// The rows of all these values, some at a time: `head` ends where their list begins, with the workspace
/// as `$1`, and `tail` follows it.
pub async fn in_chunks<R: Rows, T: Value>(
    engine: &mut Engine<'_>,
    head: &str,
    tail: &str,
    workspace: WorkspaceId,
    values: &[T],
) -> Result<Vec<R>, StoreError> {
    let mut found = Vec::with_capacity(values.len());
    let mut rest = values;
    for size in chunk_sizes(values.len(), 64) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let sql = format!("{head} ({}){tail}", placeholders(2, size));
        let rows: Vec<R> = on!(engine, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(workspace.uuid());
            for value in chunk {
                query = query.bind(value.clone());
            }
            query.fetch_all(conn).await
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// Cuts a batch into pieces whose sizes are powers of two, so that a few prepared statements serve
/// every size: 13 rows are 8, 4 and 1.
pub fn chunk_sizes(mut rows: usize, largest: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if rows == 0 {
            return None;
        }
        let size = (1 << rows.ilog2()).min(largest);
        rows -= size;
        Some(size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bulk_statements_number_their_placeholders() {
        assert_eq!(
            bulk_insert("INSERT INTO t (a, b)", 2, 2, " RETURNING a"),
            "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4) RETURNING a"
        );
    }

    #[test]
    fn lists_of_placeholders_start_where_they_are_told() {
        assert_eq!(placeholders(2, 3), "$2,$3,$4");
        assert_eq!(placeholders(1, 0), "");
    }

    #[test]
    fn chunks_are_powers_of_two_and_lose_nothing() {
        for rows in 0..300 {
            let sizes: Vec<_> = chunk_sizes(rows, 64).collect();
            assert_eq!(sizes.iter().sum::<usize>(), rows);
            assert!(
                sizes
                    .iter()
                    .all(|size| size.is_power_of_two() && *size <= 64)
            );
        }
    }
}
