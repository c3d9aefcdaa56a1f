//! A database, and servers on it that can be started, killed and frozen within the test's process.

mod process;
mod service;
mod setup;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_store::Location;
use switchboard_testkit::{DatabaseTime, TestDatabase, eventually};
use tempfile::TempDir;

pub use process::{Calling, Process, Trouble};
pub use service::{Does, PATIENCE_MS, Service};
pub use setup::{Agent, input, request};

/// How servers are set up.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How long a conversation may be idle.
    pub idle_timeout: Option<Duration>,
    /// Where text messages go.
    pub telnyx_url: Option<String>,
}

/// A database, and the time that it is for all who use it.
#[derive(Debug)]
pub struct World {
    pub options: Options,
    now: Mutex<DateTime<Utc>>,
    /// What PostgreSQL takes for the time.
    database_time: Option<Mutex<DatabaseTime>>,
    seed: AtomicU64,
    directory: TempDir,
    // Dropped last: connections are gone by then.
    database: TestDatabase,
}

impl World {
    /// An empty one.
    pub fn new(database: TestDatabase, options: Options) -> Self {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        Self {
            database_time: database.url().map(|_| Mutex::new(database.keep_time(now))),
            options,
            now: Mutex::new(now),
            seed: AtomicU64::new(1),
            directory: tempfile::tempdir().unwrap(),
            database,
        }
    }

    /// Whether several servers may share it.
    pub fn is_shared(&self) -> bool {
        self.database.url().is_some()
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    fn location(&self) -> Location {
        self.database
            .url()
            .map_or_else(|| Location::Sqlite(self.file()), Location::Postgres)
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("test.db")
    }

    fn key_file(&self) -> PathBuf {
        self.directory.path().join("keys")
    }

    fn next_seed(&self) -> u64 {
        self.seed.fetch_add(1, Ordering::Relaxed)
    }

    /// Starts a server; the number is its own, over restarts.
    pub async fn start(&self, number: u128) -> Process {
        eventually("the database is released", || async {
            (self.is_shared() || !is_open(&self.file())).then_some(())
        })
        .await;
        Process::start(self, number).await
    }

    /// Lets time pass for the database and for servers that run: in steps, after each of which they do
    /// what they do now and then.
    pub async fn pass(&self, duration: Duration, servers: &[&Process]) {
        /// Servers say every three seconds that they live: time passes no quicker than they speak.
        const STEP: Duration = Duration::from_secs(2);
        let mut left = duration;
        while !left.is_zero() {
            let step = left.min(STEP);
            left -= step;
            self.move_by(step);
            let all = servers.iter().map(|server| server.clock.pass(step));
            futures_util::future::join_all(all).await;
        }
    }

    /// Lets time pass at once.
    pub fn jump(&self, by: Duration, servers: &[&Process]) {
        self.move_by(by);
        for server in servers {
            server.clock.jump(by);
        }
    }

    fn move_by(&self, by: Duration) {
        let mut now = self.now.lock().unwrap();
        *now += TimeDelta::from_std(by).unwrap();
        if let Some(time) = &self.database_time {
            time.lock().unwrap().set(*now);
        }
    }
}

/// Whether this process has a file open, or one that stands beside it.
fn is_open(path: &Path) -> bool {
    let path = path.to_str().unwrap();
    let all = std::fs::read_dir("/proc/self/fd").unwrap();
    all.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .any(|open| open.to_string_lossy().starts_with(path))
}
