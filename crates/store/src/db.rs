//! Opening a database, and its connections and transactions.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use crate::checkpoint;
use crate::dialect::CHANGE_CHANNEL;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server: a `postgres://` URL, which may hold a password.
    Postgres(String),
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// What a look at a database found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspection {
    /// There is none, or it has no tables.
    Missing,
    /// Its tables are up to date.
    Current,
    /// So many migrations have not run.
    Pending(usize),
}

#[derive(Debug)]
enum Pools {
    Sqlite {
        readers: SqlitePool,
        /// One connection: SQLite has one writer, and waiting for it here is fair.
        writer: SqlitePool,
        /// Moves the write-ahead log into the database, so that no commit waits for that.
        checkpointer: SqlitePool,
        path: PathBuf,
        /// Held by a server for as long as it runs.
        _lock: Option<File>,
    },
    Postgres(PgPool),
}

/// An open database.
#[derive(Debug, Clone)]
pub struct Db {
    pools: Arc<Pools>,
}

/// A connection for reading.
#[derive(Debug)]
pub enum Conn {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl Conn {
    /// The engine that store functions take.
    pub fn engine(&mut self) -> Engine<'_> {
        match self {
            Self::Sqlite(connection) => Engine::Sqlite(connection),
            Self::Postgres(connection) => Engine::Postgres(connection),
        }
    }
}

/// A write transaction. Dropped before [`Tx::commit`], it changes nothing.
#[derive(Debug)]
pub enum Tx {
    /// SQLite, begun as `IMMEDIATE`.
    Sqlite(Transaction<'static, Sqlite>),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// The engine that store functions take.
    pub fn engine(&mut self) -> Engine<'_> {
        match self {
            Self::Sqlite(transaction) => Engine::Sqlite(transaction),
            Self::Postgres(transaction) => Engine::Postgres(transaction),
        }
    }

    /// Makes the changes durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }
}

/// How long a statement may wait for SQLite's write lock when another process has it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", checkpoint::KEPT_LOG)
        .optimize_on_close(false, None)
}

impl Db {
    /// Opens a database for a server, which holds a SQLite file alone until it stops, and brings
    /// its tables up to date.
    pub async fn open_exclusively(location: &Location) -> Result<Self, StoreError> {
        let lock = match location {
            Location::Sqlite(path) => Some(lock(path)?),
            Location::Postgres(_) => None,
        };
        let db = Self::connect(location, lock).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens a database beside a server that may be running, for a short command, and brings its
    /// tables up to date.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        let db = Self::connect(location, None).await?;
        db.migrate().await?;
        Ok(db)
    }

    async fn connect(location: &Location, lock: Option<File>) -> Result<Self, StoreError> {
        let pools = match location {
            Location::Sqlite(path) => {
                let options = sqlite_options(path);
                let one = || {
                    SqlitePoolOptions::new()
                        .max_connections(1)
                        .idle_timeout(None)
                        .max_lifetime(None)
                        .test_before_acquire(false)
                };
                let writer = one()
                    .min_connections(1)
                    .connect_with(options.clone())
                    .await?;
                let checkpointer = one().connect_lazy_with(options.clone());
                let readers = SqlitePoolOptions::new()
                    .max_connections(4)
                    .test_before_acquire(false)
                    .max_lifetime(None)
                    .connect_lazy_with(options.pragma("query_only", "ON"));
                Pools::Sqlite {
                    readers,
                    writer,
                    checkpointer,
                    path: path.clone(),
                    _lock: lock,
                }
            }
            Location::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?
                    .application_name("switchboard")
                    .statement_cache_capacity(256);
                Pools::Postgres(
                    PgPoolOptions::new()
                        .max_connections(24)
                        .min_connections(1)
                        .acquire_timeout(Duration::from_secs(5))
                        .idle_timeout(Duration::from_mins(5))
                        .max_lifetime(Duration::from_mins(30))
                        .test_before_acquire(false)
                        .connect_with(options)
                        .await?,
                )
            }
        };
        Ok(Self {
            pools: Arc::new(pools),
        })
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        match &*self.pools {
            Pools::Sqlite { writer, .. } => sqlx::migrate!("migrations/sqlite").run(writer).await?,
            Pools::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// Looks at a database without changing it.
    pub async fn inspect(location: &Location) -> Result<Inspection, StoreError> {
        let migrator = match location {
            Location::Sqlite(path) if !path.exists() => return Ok(Inspection::Missing),
            Location::Sqlite(_) => sqlx::migrate!("migrations/sqlite"),
            Location::Postgres(_) => sqlx::migrate!("migrations/postgres"),
        };
        let db = Self::connect(location, None).await?;
        let mut conn = db.read().await?;
        let applied: Result<Vec<i64>, sqlx::Error> = on!(&mut conn.engine(), conn => {
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(conn).await
        });
        drop(conn);
        db.close().await;
        // Without that table nothing was migrated yet.
        let applied = applied.unwrap_or_default();
        let pending = migrator
            .iter()
            .filter(|migration| !applied.contains(&migration.version))
            .count();
        Ok(match (applied.is_empty(), pending) {
            (true, _) => Inspection::Missing,
            (false, 0) => Inspection::Current,
            (false, count) => Inspection::Pending(count),
        })
    }

    /// True when this process is the only one that changes conversations, so that what it
    /// remembers of them is right.
    pub fn is_exclusive(&self) -> bool {
        matches!(&*self.pools, Pools::Sqlite { .. })
    }

    /// A connection for reading what is committed.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        Ok(match &*self.pools {
            Pools::Sqlite { readers, .. } => Conn::Sqlite(readers.acquire().await?),
            Pools::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// A transaction that may write.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        Ok(match &*self.pools {
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// The one connection that writes to SQLite.
    pub(crate) async fn sqlite_writer(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        match &*self.pools {
            Pools::Sqlite { writer, .. } => Ok(writer.acquire().await?),
            Pools::Postgres(_) => Err(StoreError::Held(
                "this database has other writers, so a batch needs a transaction".to_owned(),
            )),
        }
    }

    /// Moves SQLite's write-ahead log into the database file. Run it from time to time, apart from
    /// the commits; it does nothing on PostgreSQL. Answers how many pages the log holds after it.
    pub async fn checkpoint(&self) -> Result<u64, StoreError> {
        let Pools::Sqlite {
            writer,
            checkpointer,
            path,
            ..
        } = &*self.pools
        else {
            return Ok(0);
        };
        checkpoint::run(writer, checkpointer, path).await
    }

    /// Follows what other replicas announce; none where there are no replicas.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        let Pools::Postgres(pool) = &*self.pools else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANGE_CHANNEL).await?;
        Ok(Some(Listener(listener)))
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match &*self.pools {
            Pools::Sqlite {
                readers,
                writer,
                checkpointer,
                ..
            } => {
                readers.close().await;
                checkpointer.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Announcements of other replicas.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Listener {
    /// The next announcement's text. None after the connection was lost and made again: what was
    /// announced in between is unknown.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        Ok(self
            .0
            .try_recv()
            .await?
            .map(|notification| notification.payload().to_owned()))
    }
}

/// Takes the lock beside a SQLite file, which says who holds it.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.to_path_buf().into_os_string();
    name.push(".lock");
    let name = PathBuf::from(name);
    let held = |detail: String| StoreError::Held(detail);
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&name)
        .map_err(|error| held(format!("{} cannot be opened: {error}", name.display())))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        let _ = file.read_to_string(&mut holder);
        return Err(held(format!(
            "{} is held by another server ({}); stop it, or give this one its own data directory",
            path.display(),
            holder.trim()
        )));
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        write!(file, "process {}", std::process::id())
    };
    write(&mut file).map_err(|error| held(format!("{}: {error}", name.display())))?;
    Ok(file)
}
