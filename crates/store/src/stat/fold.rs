//! Adding up what was counted: by bucket and by hour, one server at a time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};
use uuid::Uuid;

use super::counted::{hour_of, read};
use super::{Called, CalledRow, StatRow, Sums, SumsRow};
use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// How long sums by bucket and action are kept.
pub const BUCKETS_KEPT: TimeDelta = TimeDelta::days(3);

/// The number under which servers take turns.
const TURN: i64 = 0x5b_ca11;
/// Rows a statement holds at most.
const LARGEST: usize = 64;

/// A table of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    /// By action and bucket.
    Bucket,
    /// By action and hour.
    Hour,
    /// By bucket.
    All,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Bucket => "call_stat_bucket",
            Self::Hour => "call_stat_hour",
            Self::All => "call_stat_all",
        }
    }
}

/// Which row of a table. Of all actions together there is no source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    workspace: WorkspaceId,
    at: DateTime<Utc>,
    environment: Environment,
    source: Option<String>,
}

/// What is to be added to a row; what was called where that is one action.
#[derive(Debug, Default)]
struct Piece {
    called: Option<Called>,
    sums: Sums,
}

/// What is to be added to the tables.
#[derive(Default)]
struct Addition {
    by_bucket: BTreeMap<Key, Piece>,
    by_hour: BTreeMap<Key, Piece>,
    all: BTreeMap<Key, Piece>,
}

impl Addition {
    fn add(&mut self, workspace: WorkspaceId, environment: Environment, row: StatRow) {
        let StatRow { at, called, sums } = row;
        let key = |at, source| Key {
            workspace,
            at,
            environment,
            source,
        };
        let source = Some(called.source.clone());
        let all = self.all.entry(key(at, None)).or_default();
        all.sums.add(&sums);
        let hour = key(hour_of(at), source.clone());
        let hour = self.by_hour.entry(hour).or_default();
        hour.sums.add(&sums);
        hour.called = Some(called.clone());
        let bucket = self.by_bucket.entry(key(at, source)).or_default();
        bucket.sums.add(&sums);
        // Its name is the last one it had.
        bucket.called = Some(called);
    }

    async fn write(self, engine: &mut Engine<'_>) -> Result<(), StoreError> {
        for (table, pieces) in [
            (Table::Bucket, self.by_bucket),
            (Table::Hour, self.by_hour),
            (Table::All, self.all),
        ] {
            let mut pieces: Vec<_> = pieces.into_iter().collect();
            let mut rest = &mut pieces[..];
            for size in dialect::chunk_sizes(rest.len(), LARGEST) {
                let (chunk, after) = rest.split_at_mut(size);
                rest = after;
                add_known(engine, table, chunk).await?;
                save(engine, table, chunk).await?;
            }
        }
        Ok(())
    }
}

/// Adds what the table has already.
async fn add_known(
    engine: &mut Engine<'_>,
    table: Table,
    chunk: &mut [(Key, Piece)],
) -> Result<(), StoreError> {
    #[derive(sqlx_macros::FromRow)]
    struct Known {
        n: i64,
        #[sqlx(flatten)]
        sums: SumsRow,
    }
    let (columns, width, same) = match table {
        Table::All => ("n, w, a, e", 4, ""),
        Table::Bucket | Table::Hour => ("n, w, a, e, s", 5, " AND t.source = k.s"),
    };
    let tail = format!(
        ") SELECT k.n AS n, t.succeeded, t.failed, t.refused, t.durations FROM k JOIN {} AS t \
         ON t.workspace_id = k.w AND t.at = k.a AND t.environment = k.e{same}",
        table.name()
    );
    let head = format!("WITH k ({columns}) AS (");
    let sql = dialect::bulk_insert(&head, width, chunk.len(), &tail);
    let known: Vec<Known> = on!(engine, conn => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for (n, (key, _)) in (0_i64..).zip(&*chunk) {
            query = query
                .bind(n)
                .bind(key.workspace.uuid())
                .bind(key.at)
                .bind(key.environment.as_str());
            if let Some(source) = &key.source {
                query = query.bind(source);
            }
        }
        query.fetch_all(conn).await
    })?;
    for found in known {
        let place = usize::try_from(found.n).ok();
        if let Some((_, piece)) = place.and_then(|place| chunk.get_mut(place)) {
            piece.sums.add(&found.sums.sums()?);
        }
    }
    Ok(())
}

async fn save(
    engine: &mut Engine<'_>,
    table: Table,
    chunk: &[(Key, Piece)],
) -> Result<(), StoreError> {
    let (columns, width, key, names) = match table {
        Table::All => ("", 7, "", ""),
        Table::Bucket | Table::Hour => (
            ", source, name, integration_id, action_id",
            11,
            ", source",
            ", name = excluded.name, integration_id = excluded.integration_id, action_id = excluded.action_id",
        ),
    };
    let head = format!(
        "INSERT INTO {} (workspace_id, at, environment, succeeded, failed, refused, durations{columns})",
        table.name()
    );
    let tail = format!(
        " ON CONFLICT (workspace_id, at, environment{key}) DO UPDATE SET succeeded = excluded.succeeded, \
         failed = excluded.failed, refused = excluded.refused, durations = excluded.durations{names}"
    );
    let sql = dialect::bulk_insert(&head, width, chunk.len(), &tail);
    let durations: Vec<_> = chunk
        .iter()
        .map(|(_, piece)| serde_json::to_string(&piece.sums.durations).unwrap_or_default())
        .collect();
    on!(engine, conn => {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((key, piece), durations) in chunk.iter().zip(&durations) {
            query = query
                .bind(key.workspace.uuid())
                .bind(key.at)
                .bind(key.environment.as_str())
                .bind(piece.sums.succeeded.cast_signed())
                .bind(piece.sums.failed.cast_signed())
                .bind(piece.sums.refused.cast_signed())
                .bind(durations);
            if let Some(called) = &piece.called {
                query = query
                    .bind(&called.source)
                    .bind(&called.name)
                    .bind(called.integration.map(IntegrationId::uuid))
                    .bind(called.action.map(ActionId::uuid));
            }
        }
        query.execute(conn).await.map(drop)
    })?;
    Ok(())
}

/// Adds up what at most so many batches counted, in an open transaction; answers how many there
/// were; none where another server has its turn. However often the transaction fails, each is added
/// once: it is taken away where it is added.
pub async fn fold(engine: &mut Engine<'_>, most: u32) -> Result<Option<usize>, StoreError> {
    if !dialect::take_turn(engine, TURN).await? {
        return Ok(None);
    }
    let texts: Vec<String> = on!(engine, conn => sqlx::query_scalar(
        "DELETE FROM counted_calls WHERE sequence IN (SELECT sequence FROM counted_calls ORDER BY sequence LIMIT $1) RETURNING calls",
    )
    .bind(i64::from(most))
    .fetch_all(conn).await)?;
    let mut addition = Addition::default();
    for text in &texts {
        match read(text) {
            Ok(rows) => {
                for (workspace, environment, row) in rows {
                    addition.add(workspace, environment, row);
                }
            }
            // One that nobody can read is not to keep all others from being counted.
            Err(error) => {
                tracing::error!(%error, "counts of calls cannot be read and are left out");
            }
        }
    }
    addition.write(engine).await?;
    Ok(Some(texts.len()))
}

#[derive(sqlx_macros::FromRow)]
struct Old {
    workspace_id: Uuid,
    bucket_at: DateTime<Utc>,
    environment: String,
    #[sqlx(flatten)]
    called: CalledRow,
    #[sqlx(flatten)]
    sums: SumsRow,
}

/// Adds up at most so many rows that an older release counted before a time, each once; answers how
/// many there were. A server of that release writes its rows again for ten minutes.
pub async fn adopt(
    engine: &mut Engine<'_>,
    before: DateTime<Utc>,
    most: u32,
) -> Result<usize, StoreError> {
    if !dialect::take_turn(engine, TURN).await? {
        return Ok(0);
    }
    let rows: Vec<Old> = on!(engine, conn => sqlx::query_as(
        "DELETE FROM call_stat WHERE (workspace_id, bucket_at, run_id, environment, source) IN \
         (SELECT workspace_id, bucket_at, run_id, environment, source FROM call_stat WHERE bucket_at < $1 LIMIT $2) \
         RETURNING workspace_id, bucket_at, environment, source, name, integration_id, action_id, succeeded, failed, refused, durations",
    )
    .bind(before).bind(i64::from(most))
    .fetch_all(conn).await)?;
    let count = rows.len();
    let mut addition = Addition::default();
    for row in rows {
        let environment = row.environment.parse();
        let environment = environment.map_err(|error| StoreError::corrupt("environment", error))?;
        let stat = StatRow {
            at: row.bucket_at,
            called: row.called.called(),
            sums: row.sums.sums()?,
        };
        addition.add(WorkspaceId::from_uuid(row.workspace_id), environment, stat);
    }
    addition.write(engine).await?;
    Ok(count)
}

/// Forgets what was counted by bucket and action before one time, and everything before another.
pub async fn forget(
    engine: &mut Engine<'_>,
    buckets_before: DateTime<Utc>,
    all_before: DateTime<Utc>,
) -> Result<(), StoreError> {
    for (table, before) in [
        (Table::Bucket, buckets_before),
        (Table::Hour, all_before),
        (Table::All, all_before),
    ] {
        // By workspace, as the key begins with it.
        let sql = format!(
            "DELETE FROM {} WHERE workspace_id IN (SELECT id FROM workspace) AND at < $1",
            table.name()
        );
        on!(engine, conn => sqlx::query(AssertSqlSafe(sql))
            .bind(before).execute(conn).await.map(drop))?;
    }
    Ok(())
}
