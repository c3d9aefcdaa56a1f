//! Writing a SQLite database anew, without the pages that nothing is in.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::db::{self, Location};
use crate::error::StoreError;

/// What writing a database anew came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// How many bytes it took before.
    pub before: u64,
    /// How many it takes now.
    pub after: u64,
}

/// Writes a SQLite database anew, without the pages that nothing is in, and so that it gives such pages
/// back by itself from then on. No server may run on it.
pub async fn compact(location: &Location) -> Result<Compacted, StoreError> {
    let Location::Sqlite(path) = location else {
        return Err(StoreError::Held(
            "a PostgreSQL database needs no compacting: its autovacuum makes room for what is written next; `VACUUM FULL` gives it back to the disk".to_owned(),
        ));
    };
    if !path.exists() {
        return Err(StoreError::Held(format!(
            "there is no database at {}; name the data directory of the server with --data-dir",
            path.display()
        )));
    }
    let held = db::lock(path)?;
    let path = path.clone();
    let done = tokio::task::spawn_blocking(move || write_anew(&path)).await;
    drop(held);
    done.map_err(|error| StoreError::Unavailable(error.to_string()))?
}

fn write_anew(path: &Path) -> Result<Compacted, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    for (name, value) in [
        ("busy_timeout", "10000"),
        ("synchronous", "FULL"),
        // The whole database goes through it once: not through memory.
        ("temp_store", "FILE"),
        ("auto_vacuum", "INCREMENTAL"),
    ] {
        connection.pragma_update(None, name, value)?;
    }
    let empty_log = || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    empty_log()?;
    let before = size(path)?;
    connection.execute_batch("VACUUM")?;
    empty_log()?;
    let after = size(path)?;
    Ok(Compacted { before, after })
}

fn size(path: &Path) -> Result<u64, StoreError> {
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(metadata.len())
}
