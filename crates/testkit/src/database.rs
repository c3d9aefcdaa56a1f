//! Throw-away databases.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};

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

/// The migrations of PostgreSQL by their names, in their order.
fn migrations() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/migrations/postgres");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// Makes a database in which all migrations ran, noted as sqlx notes them. It has its name when it is
/// whole, so whoever finds it may copy it; of several that are made at once one stays.
fn make_template(cluster: &str, name: &str, migrations: &[(String, String)]) {
    let making = format!("{name}_{}", std::process::id());
    let mut script =
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
        installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, \
        checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL);\n"
            .to_owned();
    for (name, sql) in migrations {
        let (version, description) = name.split_once('_').unwrap();
        let description = description.replace('_', " ");
        writeln!(
            script,
            "{sql}\nINSERT INTO _sqlx_migrations VALUES ({version}, '{description}', now(), true, \
             sha384(convert_to($migration${sql}$migration$, 'UTF8')), 0);"
        )
        .unwrap();
    }
    psql(cluster, &format!("CREATE DATABASE {making}"));
    psql(&url_of(cluster, &making), &script);
    let rename = format!("ALTER DATABASE {making} RENAME TO {name}");
    let renamed = Command::new("psql")
        .args([cluster, "-qc", &rename])
        .output();
    if !renamed.unwrap().status.success() {
        psql(cluster, &format!("DROP DATABASE {making}"));
    }
}

fn url_of(cluster: &str, name: &str) -> String {
    cluster.replacen("/postgres?", &format!("/{name}?"), 1)
}

impl TestDatabase {
    /// SQLite.
    pub const fn sqlite() -> Self {
        Self::Sqlite
    }

    /// A new database in the cluster that `scripts/with-postgres.sh` started, with the tables in it: a
    /// copy of the one in which they were made for all tests of the run. Without a cluster the test
    /// fails: what is not tested on both databases is not tested.
    pub fn postgres() -> Self {
        Self::new_postgres(|cluster, name| {
            let migrations = migrations();
            let mut hasher = DefaultHasher::new();
            migrations.hash(&mut hasher);
            let template = format!("template_{:016x}", hasher.finish());
            let copy = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
            let copied = Command::new("psql").args([cluster, "-qc", &copy]).output();
            if !copied.unwrap().status.success() {
                make_template(cluster, &template, &migrations);
                psql(cluster, &copy);
            }
        })
    }

    /// The same with nothing in it.
    pub fn empty_postgres() -> Self {
        Self::new_postgres(|cluster, name| {
            psql(cluster, &format!("CREATE DATABASE {name}"));
        })
    }

    fn new_postgres(make: impl FnOnce(&str, &str)) -> Self {
        let cluster = crate::environment(
            "SWITCHBOARD_TEST_POSTGRES_URL",
            "run `make test`, or this test under scripts/with-postgres.sh",
        );
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{number}", std::process::id());
        make(&cluster, &name);
        Self::Postgres { cluster, name }
    }

    /// The URL for `--database-url`; none for SQLite.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Shared(url) => Some(url.clone()),
            Self::Postgres { cluster, name } => Some(url_of(cluster, name)),
        }
    }

    /// Has PostgreSQL take the time from the test from now on, for whoever connects. Its own clock is the
    /// one by which servers are alive or not.
    pub fn keep_time(&self, now: DateTime<Utc>) -> DatabaseTime {
        let Self::Postgres { name, .. } = self else {
            panic!("SQLite serves one process, and nobody asks for its time");
        };
        let url = self.url().unwrap();
        // Found before the one of the system, which would be looked for first otherwise.
        let sql = format!(
            "ALTER DATABASE {name} SET search_path = public, pg_catalog; \
             CREATE TABLE test_time (now timestamptz); INSERT INTO test_time VALUES ('{}'); \
             CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql \
             AS 'SELECT now FROM public.test_time'",
            now.to_rfc3339()
        );
        psql(&url, &sql);
        DatabaseTime::of(&url)
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

/// The time of a PostgreSQL database, which a test sets.
#[derive(Debug)]
pub struct DatabaseTime {
    psql: Child,
    said: BufReader<ChildStdout>,
}

impl DatabaseTime {
    fn of(url: &str) -> Self {
        let mut psql = Command::new("psql")
            .args([url, "-v", "ON_ERROR_STOP=1", "-XqAt"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql is installed with PostgreSQL");
        let said = BufReader::new(psql.stdout.take().unwrap());
        Self { psql, said }
    }

    /// Sets it.
    pub fn set(&mut self, now: DateTime<Utc>) {
        let stdin = self.psql.stdin.as_mut().unwrap();
        let now = now.to_rfc3339();
        writeln!(stdin, "UPDATE test_time SET now = '{now}' RETURNING 'set';").unwrap();
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert_eq!(line, "set\n", "the time of the database");
    }
}

impl Drop for DatabaseTime {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
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
