//! Reading sums of calls: what is summed and what is left out is decided by the database, so that what
//! comes into memory goes by what is shown.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::WorkspaceId;

use super::{CalledRow, StatRow, Sums, SumsRow};
use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// From one time on until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From this time on.
    pub from: DateTime<Utc>,
    /// Until before this one.
    pub to: DateTime<Utc>,
}

/// A time made of hours, which are one row for an action, and of what is left at its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// What is taken from hours.
    pub hours: Span,
    /// What is taken from buckets.
    pub buckets: [Span; 2],
}

/// Of which calls.
#[derive(Debug, Clone, Copy)]
pub struct Of {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Only this environment.
    pub environment: Option<Environment>,
}

/// The first eight parameters are those of [`bind_parts!`].
fn select_parts(columns: &str, only: &str) -> String {
    let part = |table: &str, from: u32, to: u32| {
        format!(
            "SELECT {columns} FROM {table} WHERE workspace_id = $1 AND ($2 IS NULL OR environment = $2) \
             AND at >= ${from} AND at < ${to}{only}"
        )
    };
    format!(
        "{} UNION ALL {} UNION ALL {}",
        part("call_stat_hour", 3, 4),
        part("call_stat_bucket", 5, 6),
        part("call_stat_bucket", 7, 8)
    )
}

macro_rules! bind_parts {
    ($query:expr, $of:expr, $parts:expr) => {
        $query
            .bind($of.workspace.uuid())
            .bind($of.environment.map(Environment::as_str))
            .bind($parts.hours.from)
            .bind($parts.hours.to)
            .bind($parts.buckets[0].from)
            .bind($parts.buckets[0].to)
            .bind($parts.buckets[1].from)
            .bind($parts.buckets[1].to)
    };
}

/// The actions with the most calls, by what tells them apart, the busiest first.
pub async fn busiest(
    engine: &mut Engine<'_>,
    of: Of,
    parts: &Parts,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let sql = format!(
        "SELECT source FROM ({}) AS parts GROUP BY source ORDER BY SUM(calls) DESC, source LIMIT $9",
        select_parts("source, succeeded + failed + refused AS calls", "")
    );
    Ok(on!(engine, conn => {
        let query = sqlx::query_scalar(AssertSqlSafe(sql));
        bind_parts!(query, of, parts).bind(i64::from(limit)).fetch_all(conn).await
    })?)
}

/// Gives out what was counted of some actions, row by row and in no order.
pub async fn each_of(
    engine: &mut Engine<'_>,
    of: Of,
    parts: &Parts,
    sources: &[String],
    mut take: impl FnMut(StatRow) + Send,
) -> Result<(), StoreError> {
    #[derive(sqlx_macros::FromRow)]
    struct Row {
        at: DateTime<Utc>,
        #[sqlx(flatten)]
        called: CalledRow,
        #[sqlx(flatten)]
        sums: SumsRow,
    }
    if sources.is_empty() {
        return Ok(());
    }
    let sql = select_parts(
        "at, source, name, integration_id, action_id, succeeded, failed, refused, durations",
        &format!(
            " AND source IN ({})",
            dialect::placeholders(9, sources.len())
        ),
    );
    on!(engine, conn => {
        // Each number of actions is a statement of its own, which is not worth being remembered.
        let query = sqlx::query_as::<_, Row>(AssertSqlSafe(sql)).persistent(false);
        let mut query = bind_parts!(query, of, parts);
        for source in sources {
            query = query.bind(source);
        }
        let mut rows = query.fetch(conn);
        while let Some(row) = rows.try_next().await? {
            take(StatRow {
                at: row.at,
                called: row.called.called(),
                sums: row.sums.sums()?,
            });
        }
        Ok::<(), StoreError>(())
    })
}

/// Gives out the calls of all actions together, bucket by bucket and in no order.
pub async fn each_total(
    engine: &mut Engine<'_>,
    of: Of,
    span: Span,
    mut take: impl FnMut(DateTime<Utc>, Sums) + Send,
) -> Result<(), StoreError> {
    #[derive(sqlx_macros::FromRow)]
    struct Row {
        at: DateTime<Utc>,
        #[sqlx(flatten)]
        sums: SumsRow,
    }
    on!(engine, conn => {
        let mut rows = sqlx::query_as::<_, Row>(
            "SELECT at, succeeded, failed, refused, durations FROM call_stat_all \
             WHERE workspace_id = $1 AND ($2 IS NULL OR environment = $2) AND at >= $3 AND at < $4",
        )
        .bind(of.workspace.uuid()).bind(of.environment.map(Environment::as_str))
        .bind(span.from).bind(span.to)
        .fetch(conn);
        while let Some(row) = rows.try_next().await? {
            take(row.at, row.sums.sums()?);
        }
        Ok::<(), StoreError>(())
    })
}
