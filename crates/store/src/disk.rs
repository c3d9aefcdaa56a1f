//! How much room a database takes, and giving room back that is free.
//!
//! SQLite keeps pages that nothing is in and uses them again. A database that keeps books about its pages
//! (`auto_vacuum=INCREMENTAL`, which new ones are made with) gives them back a few at a time. One of an older
//! release has to be written anew once for that ([`crate::compact`]). PostgreSQL does all of this by itself.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// So many pages may be free: whoever writes next uses them. 4 MiB.
const SPARE: i64 = 1024;
/// So may one page of so many: a database that loses and gains the same each day would only move pages.
const SPARE_OF: i64 = 20;
/// How many pages are given back at a time. Each may have to be moved.
const AT_A_TIME: i64 = 64;
/// What SQLite calls a database that gives pages back when it is told to.
const INCREMENTAL: i64 = 2;

/// How much room a database takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// In bytes.
    pub bytes: u64,
    /// How many of them nothing is in; none where the database does not say.
    pub free: Option<u64>,
}

/// How much room a database takes.
pub async fn space(engine: &mut Engine<'_>) -> Result<Space, StoreError> {
    let sql = dialect::space(engine);
    let (bytes, free): (i64, Option<i64>) =
        on!(engine, conn => sqlx::query_as(sql).fetch_one(conn).await)?;
    Ok(Space {
        bytes: bytes.unsigned_abs(),
        free: free.map(i64::unsigned_abs),
    })
}

/// Whether a database gives back room that is free, without being told to.
pub async fn gives_back(engine: &mut Engine<'_>) -> Result<bool, StoreError> {
    Ok(match engine {
        Engine::Sqlite(_) => pragma(engine, "auto_vacuum").await? == INCREMENTAL,
        Engine::Postgres(_) => true,
    })
}

async fn pragma(engine: &mut Engine<'_>, name: &'static str) -> Result<i64, StoreError> {
    let sql = format!("SELECT * FROM pragma_{name}");
    Ok(on!(engine, conn => sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await)?)
}

/// How many pages are to be given back now.
const fn to_give_back(pages: i64, free: i64) -> i64 {
    let spare = if pages / SPARE_OF > SPARE {
        pages / SPARE_OF
    } else {
        SPARE
    };
    let over = free - spare;
    if over > AT_A_TIME { AT_A_TIME } else { over }
}

/// Gives some room back, in an open transaction. Answers whether there may be more to give.
pub async fn give_back(engine: &mut Engine<'_>) -> Result<bool, StoreError> {
    if matches!(engine, Engine::Postgres(_)) || !gives_back(engine).await? {
        return Ok(false);
    }
    let pages = pragma(engine, "page_count").await?;
    let free = pragma(engine, "freelist_count").await?;
    let count = to_give_back(pages, free);
    if count <= 0 {
        return Ok(false);
    }
    let sql = format!("PRAGMA incremental_vacuum({count})");
    on!(engine, conn => sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await.map(drop))?;
    Ok(count == AT_A_TIME)
}

/// Makes the file of a new database, so that it keeps books about its pages. SQLite takes that before there
/// is anything in it.
pub(crate) async fn make(options: SqliteConnectOptions) -> Result<(), StoreError> {
    let options = options.auto_vacuum(SqliteAutoVacuum::Incremental);
    Ok(options.connect().await?.close().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_room_stays_free_and_the_rest_goes_a_little_at_a_time() {
        for (pages, free, expected) in [
            (10_000, 0, -1024),
            (10_000, 1024, 0),
            (10_000, 1025, 1),
            (10_000, 9000, 64),
            (1_000_000, 50_000, 0),
            (1_000_000, 50_050, 50),
            (1_000_000, 50_100, 64),
        ] {
            assert_eq!(to_give_back(pages, free), expected, "{free} of {pages}");
        }
    }
}
