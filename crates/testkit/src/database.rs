//! Throw-away databases.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a test's server keeps its data.
#[derive(Debug)]
pub enum TestDatabase {
    /// SQLite in the server's data directory.
    Sqlite,
    /// A database of its own in the test run's PostgreSQL cluster.
    Postgres {
        /// The cluster's URL, to its `postgres` database.
        cluster: String,
        /// The database's name.
        name: String,
    },
    /// Another server's database, which goes with that one.
    Shared(String),
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

fn psql(cluster: &str, sql: &str) -> String {
    let output = Command::new("psql")
        .args([cluster, "-v", "ON_ERROR_STOP=1", "-qAt", "-c", sql])
        .output()
        .expect("psql is installed with PostgreSQL");
    assert!(
        output.status.success(),
        "psql: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl TestDatabase {
    /// SQLite.
    pub const fn sqlite() -> Self {
        Self::Sqlite
    }

    /// A new database in the cluster that `scripts/with-postgres.sh` started. Without a cluster the
    /// test fails: what is not tested on both databases is not tested.
    pub fn postgres() -> Self {
        let cluster = crate::environment(
            "SWITCHBOARD_TEST_POSTGRES_URL",
            "run `make test`, or this test under scripts/with-postgres.sh",
        );
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}", std::process::id());
        psql(&cluster, &format!("CREATE DATABASE {name}"));
        Self::Postgres { cluster, name }
    }

    /// The URL for `--database-url`; none for SQLite.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Shared(url) => Some(url.clone()),
            Self::Postgres { cluster, name } => {
                Some(cluster.replacen("/postgres?", &format!("/{name}?"), 1))
            }
        }
    }

    /// Everything in the database as text; for SQLite the server's files have it.
    pub fn dump(&self) -> String {
        self.url().map_or_else(String::new, |url| {
            let output = Command::new("pg_dump").args(["--inserts", &url]).output();
            String::from_utf8_lossy(&output.expect("pg_dump is installed with PostgreSQL").stdout)
                .into_owned()
        })
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Postgres { cluster, name } = self {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let _ = Command::new("psql")
                .args([cluster.as_str(), "-q", "-c", &drop])
                .output();
        }
    }
}
