//! A database of a test.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use switchboard_store::{Db, Location};
use switchboard_testkit::TestDatabase;

/// An open database, for as long as the test runs.
pub struct Opened {
    /// The database.
    pub db: Db,
    _directory: tempfile::TempDir,
    _database: TestDatabase,
}

/// Opens a new one.
pub async fn open(database: TestDatabase) -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let location = database.url().map_or_else(
        || Location::Sqlite(directory.path().join("test.db")),
        Location::Postgres,
    );
    Opened {
        db: Db::open(&location).await.unwrap(),
        _directory: directory,
        _database: database,
    }
}
