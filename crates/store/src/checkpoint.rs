//! Moving SQLite's write-ahead log into the database file.
//!
//! A passive checkpoint waits for nobody: it moves what was written before it began. The log is
//! written from its start again only when all of it was moved and nobody reads it, and with a constant
//! load that moment never comes by itself. So once the log is large, most of it is moved passively,
//! and then the checkpoint takes the writer's turn, like any other who writes, for what is left: a few
//! pages, and the wait for those who still read old ones. New readers are no hindrance, because they
//! read what is current. That wait has an end; who reads longer than that is met again next time.

use std::path::Path;
use std::time::Duration;

use sqlx::{SqliteConnection, SqlitePool};

use crate::error::StoreError;
use crate::turn::Turn;

/// What the file is cut to when the log starts anew, in bytes.
pub const KEPT_LOG: &str = "33554432";
/// A log of so many pages is large: 32 MiB.
const LARGE: i64 = 8192;
/// A log that even turns did not shorten: patience grows with it. 256 MiB.
const HUGE: i64 = 65536;
/// A file larger than this is cut, in bytes.
const LARGE_FILE: u64 = 64 << 20;
/// So many pages may be left to be moved while writers wait.
const LITTLE: i64 = 1024;
/// How often the rest is made little before the turn is taken.
const TRIES: usize = 3;
/// How long writers wait for those who read old pages.
const PATIENCE: Duration = Duration::from_millis(100);
const MORE_PATIENCE: Duration = Duration::from_secs(1);

/// What the log holds, and how much of it was moved, in pages.
#[derive(Debug, Clone, Copy)]
struct Log {
    pages: i64,
    moved: i64,
}

async fn checkpoint(
    connection: &mut SqliteConnection,
    mode: &'static str,
) -> Result<(bool, Log), StoreError> {
    let sql = match mode {
        "TRUNCATE" => "PRAGMA wal_checkpoint(TRUNCATE)",
        "RESTART" => "PRAGMA wal_checkpoint(RESTART)",
        _ => "PRAGMA wal_checkpoint(PASSIVE)",
    };
    let (busy, pages, moved): (i64, i64, i64) = sqlx::query_as(sql).fetch_one(connection).await?;
    Ok((busy != 0, Log { pages, moved }))
}

/// Moves the log, and starts it anew once it is large, for which it needs the turn to write. Answers how
/// many pages it holds after that.
pub async fn run(
    turn: impl Future<Output = Result<Turn, StoreError>>,
    own: &SqlitePool,
    path: &Path,
) -> Result<u64, StoreError> {
    let mut connection = own.acquire().await?;
    let mut log = checkpoint(&mut connection, "PASSIVE").await?.1;
    let size = log_file(path);
    if log.pages < LARGE && size <= LARGE_FILE {
        return Ok(log.pages.unsigned_abs());
    }
    for _ in 0..TRIES {
        if log.pages - log.moved <= LITTLE {
            break;
        }
        log = checkpoint(&mut connection, "PASSIVE").await?.1;
    }
    let is_huge = log.pages > HUGE;
    if log.pages - log.moved > LITTLE && !is_huge {
        // Somebody reads what is old: to move the rest would take long, or come to nothing.
        return Ok(log.pages.unsigned_abs());
    }
    let patience = if is_huge { MORE_PATIENCE } else { PATIENCE };
    let mode = if size > LARGE_FILE {
        "TRUNCATE"
    } else {
        "RESTART"
    };
    let turn = turn.await?;
    wait_at_most(&mut connection, patience).await?;
    let restarted = checkpoint(&mut connection, mode).await;
    drop(turn);
    let (busy, log) = restarted?;
    tracing::debug!(busy, pages = log.pages, mode, "the log had its turn");
    Ok(if busy { log.pages.unsigned_abs() } else { 0 })
}

async fn wait_at_most(
    connection: &mut SqliteConnection,
    patience: Duration,
) -> Result<(), StoreError> {
    let sql = format!("PRAGMA busy_timeout = {}", patience.as_millis());
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

fn log_file(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |metadata| metadata.len())
}
