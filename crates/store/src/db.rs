//! Opening a database, and its connections and transactions.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::postgres::PgListener;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Postgres, Sqlite, SqlitePool};
use switchboard_spent::{Part, wait};

use crate::checkpoint;
use crate::connection::{Link, Rules, Watch};
use crate::dialect::CHANGE_CHANNEL;
use crate::disk;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::failure;
use crate::pools::{DbSettings, Lane, PgPools};
use crate::sqlite_writer::SqliteWriter;
use crate::turn::{Turn, Turns};

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
    /// A newer release made it: it has migrations that this one does not know.
    Newer,
}

#[derive(Debug)]
enum Pools {
    Sqlite {
        /// Of calls, of requests, and of what happens beside them.
        readers: [SqlitePool; 3],
        /// Whose turn it is to write.
        turns: Turns,
        /// The connection of whoever writes, unless that is the journal.
        writer: SqlitePool,
        /// Writes batches of the journal, while it has the turn.
        journal: SqliteWriter,
        /// Moves the write-ahead log into the database, so that no commit waits for that.
        checkpointer: SqlitePool,
        path: PathBuf,
        /// Held by a server for as long as it runs.
        _lock: Option<File>,
    },
    Postgres(Box<PgPools>),
}

/// An open database.
#[derive(Clone)]
pub struct Db {
    pools: Arc<Pools>,
    /// How many wait for a connection, by lane.
    waiting: Arc<[AtomicUsize; 4]>,
    settings: Arc<DbSettings>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pools.fmt(f)
    }
}

/// The connections of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// The lane.
    pub lane: Lane,
    /// Those that are open and idle.
    pub idle: u32,
    /// Those that somebody uses.
    pub in_use: u32,
    /// How many wait for one.
    pub waiting: usize,
    /// How many there may be.
    pub most: u32,
}

/// One who waits for a connection.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    /// For the log line of whoever waits.
    _noted: switchboard_spent::Waiting,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection for reading.
#[derive(Debug)]
pub enum Conn {
    /// SQLite.
    Sqlite(Link<Sqlite>),
    /// PostgreSQL.
    Postgres(Link<Postgres>),
}

impl Conn {
    /// The engine that store functions take.
    pub const fn engine(&mut self) -> Engine<'_> {
        match self {
            Self::Sqlite(link) => Engine::Sqlite(link),
            Self::Postgres(link) => Engine::Postgres(link),
        }
    }
}

/// A write transaction. Dropped before [`Tx::commit`], it changes nothing.
#[derive(Debug)]
pub struct Tx(Conn);

impl Tx {
    /// The engine that store functions take.
    pub const fn engine(&mut self) -> Engine<'_> {
        self.0.engine()
    }

    /// Makes the changes durable. After [`StoreError::Unavailable`] nobody knows whether they are.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Conn::Sqlite(link) => link.commit().await?,
            Conn::Postgres(link) => link.commit().await?,
        }
        Ok(())
    }
}

/// How long a statement may wait for SQLite's write lock when another process has it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a statement of SQLite may take: longer than it waits for the write lock.
const SQLITE_DEADLINE: Duration = Duration::from_secs(15);

/// How a transaction begins where a pooler hands connections on: without what others prepared.
const HANDED_ON_WRITE: &str = "BEGIN; DEALLOCATE ALL";
/// The same for reading.
const HANDED_ON_READ: &str = "BEGIN READ ONLY; DEALLOCATE ALL";

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
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", checkpoint::KEPT_LOG)
        .optimize_on_close(false, None)
}

/// The same for the journal's connection, in the order that sqlx sets them in.
const JOURNAL_PRAGMAS: &[(&str, &str)] = &[
    ("busy_timeout", "10000"),
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("wal_autocheckpoint", "0"),
    ("temp_store", "MEMORY"),
    ("journal_size_limit", checkpoint::KEPT_LOG),
];

impl Db {
    /// Opens a database for a server, which holds a SQLite file alone until it stops, and brings
    /// its tables up to date.
    pub async fn open_exclusively(location: &Location) -> Result<Self, StoreError> {
        Self::open_exclusively_with(location, DbSettings::default()).await
    }

    /// The same, with settings.
    pub async fn open_exclusively_with(
        location: &Location,
        settings: DbSettings,
    ) -> Result<Self, StoreError> {
        let lock = match location {
            Location::Sqlite(path) => Some(lock(path)?),
            Location::Postgres(_) => None,
        };
        let db = Self::connect(location, lock, settings).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens a database beside a server that may be running, for a short command, and brings its
    /// tables up to date.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        let db = Self::connect(location, None, DbSettings::default()).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens a database that a server has made, for a command. Makes none, and changes no table.
    pub async fn open_existing(
        location: &Location,
        settings: DbSettings,
    ) -> Result<Self, StoreError> {
        let refused = |why: String| Err(StoreError::Held(why));
        match Self::inspect(location, settings.clone()).await? {
            Inspection::Current => Self::connect(location, None, settings).await,
            Inspection::Missing => refused(match location {
                Location::Sqlite(path) => format!(
                    "there is no database at {}; name the data directory of the server with --data-dir, or its database with --database-url (the first start of a server makes the database)",
                    path.display()
                ),
                Location::Postgres(_) => "there is no Switchboard in this database; name the right one with --database-url (the first start of a server makes its tables)".to_owned(),
            }),
            Inspection::Pending(_) => refused(
                "the database is of an older release than this program; start the server of this release once, which brings it up to date".to_owned(),
            ),
            Inspection::Newer => refused(
                "the database is of a newer release than this program; use the program of that release".to_owned(),
            ),
        }
    }

    async fn connect(
        location: &Location,
        lock: Option<File>,
        settings: DbSettings,
    ) -> Result<Self, StoreError> {
        let pools = match location {
            Location::Sqlite(path) => {
                let options = sqlite_options(path);
                if std::fs::metadata(path).map_or(0, |found| found.len()) == 0 {
                    disk::make(options.clone()).await?;
                }
                let one = || {
                    SqlitePoolOptions::new()
                        .max_connections(1)
                        .acquire_timeout(SQLITE_DEADLINE)
                        .idle_timeout(None)
                        .max_lifetime(None)
                        .test_before_acquire(false)
                };
                let writer = one().connect_with(options.clone()).await?;
                let checkpointer = one().connect_lazy_with(options.clone());
                let options = options.pragma("query_only", "ON");
                let readers = [4, 4, 2].map(|size| {
                    SqlitePoolOptions::new()
                        .max_connections(size)
                        .acquire_timeout(Duration::from_secs(5))
                        .test_before_acquire(false)
                        .max_lifetime(None)
                        .connect_lazy_with(options.clone())
                });
                Pools::Sqlite {
                    readers,
                    turns: Turns::default(),
                    writer,
                    journal: SqliteWriter::open(path, JOURNAL_PRAGMAS)?,
                    checkpointer,
                    path: path.clone(),
                    _lock: lock,
                }
            }
            Location::Postgres(url) => {
                Pools::Postgres(Box::new(PgPools::open(url, &settings).await?))
            }
        };
        Ok(Self {
            pools: Arc::new(pools),
            waiting: Arc::default(),
            settings: Arc::new(settings),
        })
    }

    /// Migrations take as long as they take, on a connection of their own.
    async fn migrate(&self) -> Result<(), StoreError> {
        match &*self.pools {
            Pools::Sqlite { writer, .. } => {
                sqlx_macros::migrate!("migrations/sqlite")
                    .run(writer)
                    .await?;
            }
            Pools::Postgres(pools) => {
                let options = pools.direct.clone();
                let mut connection = options
                    .connect()
                    .await
                    .map_err(|error| StoreError::Unavailable(failure::told(&options, &error)))?;
                sqlx_macros::migrate!("migrations/postgres")
                    .run(&mut connection)
                    .await?;
                connection.close().await?;
            }
        }
        Ok(())
    }

    /// Looks at a database without changing it.
    pub async fn inspect(
        location: &Location,
        settings: DbSettings,
    ) -> Result<Inspection, StoreError> {
        let migrator = match location {
            Location::Sqlite(path) if !path.exists() => return Ok(Inspection::Missing),
            Location::Sqlite(_) => sqlx_macros::migrate!("migrations/sqlite"),
            Location::Postgres(_) => sqlx_macros::migrate!("migrations/postgres"),
        };
        let db = Self::connect(location, None, settings).await?;
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
        let known = |version: &i64| {
            migrator
                .iter()
                .any(|migration| migration.version == *version)
        };
        Ok(match (applied.is_empty(), pending) {
            (false, _) if !applied.iter().all(known) => Inspection::Newer,
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

    /// Whether a pooler hands connections on between transactions. The driver prepares each statement
    /// in one step and runs it in the next, so that outside of a transaction these could meet different
    /// connections; and the names it gives to statements are those that another client gave.
    fn is_handed_on(&self) -> bool {
        self.settings.statement_cache == 0
    }

    fn rules(&self, deadline: Duration) -> Rules {
        Rules {
            deadline: self.settings.deadline.unwrap_or(deadline),
            faults: self.settings.faults.clone(),
        }
    }

    /// A connection for reading what is committed, for what a request asks for.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        self.read_in(Lane::Requests).await
    }

    /// Counts one who waits, until what is returned is dropped.
    fn wait(&self, lane: Lane) -> Waiting<'_> {
        let count = &self.waiting[lane as usize];
        count.fetch_add(1, Ordering::Relaxed);
        Waiting {
            count,
            _noted: wait(Part::Database),
        }
    }

    /// A connection for reading what is committed.
    pub async fn read_in(&self, lane: Lane) -> Result<Conn, StoreError> {
        let _waiting = self.wait(lane);
        Ok(match &*self.pools {
            Pools::Sqlite { readers, .. } => {
                let pool = match lane {
                    Lane::Journal | Lane::Calls => &readers[0],
                    Lane::Requests => &readers[1],
                    Lane::Background => &readers[2],
                };
                Conn::Sqlite(Link::new(
                    pool.acquire().await?,
                    self.rules(SQLITE_DEADLINE),
                ))
            }
            Pools::Postgres(pools) => {
                let rules = self.rules(lane.deadline());
                let mut link = Link::new(pools.acquire(lane).await?, rules);
                if self.is_handed_on() {
                    link.begin(HANDED_ON_READ).await?;
                }
                Conn::Postgres(link)
            }
        })
    }

    /// A transaction that may write, for what a request asks for.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        self.write_in(Lane::Requests).await
    }

    /// A transaction that may write.
    pub async fn write_in(&self, lane: Lane) -> Result<Tx, StoreError> {
        Ok(Tx(match &*self.pools {
            Pools::Sqlite { turns, writer, .. } => {
                let (turn, connection) = {
                    let _waiting = self.wait(Lane::Journal);
                    (turns.take(SQLITE_DEADLINE).await?, writer.acquire().await?)
                };
                let mut link = Link::writing(connection, self.rules(SQLITE_DEADLINE), turn);
                link.begin("BEGIN IMMEDIATE").await?;
                Conn::Sqlite(link)
            }
            Pools::Postgres(pools) => {
                let rules = self.rules(lane.deadline());
                let connection = {
                    let _waiting = self.wait(lane);
                    pools.acquire(lane).await?
                };
                let mut link = Link::new(connection, rules);
                let begin = if self.is_handed_on() {
                    HANDED_ON_WRITE
                } else {
                    "BEGIN"
                };
                link.begin(begin).await?;
                Conn::Postgres(link)
            }
        }))
    }

    /// Who writes batches of the journal to SQLite, the turn to write, which is held until it is
    /// dropped, and what watches over it.
    pub(crate) async fn journal_writer(&self) -> Result<(&SqliteWriter, Turn, Watch), StoreError> {
        match &*self.pools {
            Pools::Sqlite { turns, journal, .. } => {
                let _waiting = self.wait(Lane::Journal);
                let turn = turns.take(SQLITE_DEADLINE).await?;
                Ok((journal, turn, Watch::new(self.rules(SQLITE_DEADLINE))))
            }
            Pools::Postgres(_) => Err(StoreError::Held(
                "this database has other writers, so a batch needs a transaction".to_owned(),
            )),
        }
    }

    /// Notes that a connection did not answer in time: those beside it are tried before they are used.
    pub fn suspect(&self) {
        if let Pools::Postgres(pools) = &*self.pools {
            pools.suspect();
        }
    }

    /// The connections of each lane. On SQLite the lane of the journal is the one connection that
    /// writes, whoever does.
    pub fn connections(&self) -> [Connections; 4] {
        let count = |lane| match &*self.pools {
            Pools::Sqlite { readers, turns, .. } => {
                let pool = match lane {
                    Lane::Journal => return (1, usize::from(!turns.is_taken()), 1),
                    Lane::Calls => &readers[0],
                    Lane::Requests => &readers[1],
                    Lane::Background => &readers[2],
                };
                let most = pool.options().get_max_connections();
                (pool.size(), pool.num_idle(), most)
            }
            Pools::Postgres(pools) => {
                let pool = pools.lane(lane);
                let most = pool.options().get_max_connections();
                (pool.size(), pool.num_idle(), most)
            }
        };
        Lane::ALL.map(|lane| {
            let (open, idle, most) = count(lane);
            let idle = u32::try_from(idle).unwrap_or(u32::MAX);
            Connections {
                lane,
                idle,
                in_use: open.saturating_sub(idle),
                waiting: self.waiting[lane as usize].load(Ordering::Relaxed),
                most,
            }
        })
    }

    /// Moves SQLite's write-ahead log into the database file. Run it from time to time, apart from
    /// the commits; it does nothing on PostgreSQL. Answers how many pages the log holds after it.
    pub async fn checkpoint(&self) -> Result<u64, StoreError> {
        let Pools::Sqlite {
            turns,
            checkpointer,
            path,
            ..
        } = &*self.pools
        else {
            return Ok(0);
        };
        let turn = turns.take(SQLITE_DEADLINE);
        checkpoint::run(turn, checkpointer, path).await
    }

    /// Follows what other replicas announce; none where there are no replicas.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        let Pools::Postgres(pools) = &*self.pools else {
            return Ok(None);
        };
        let mut listener = match &self.settings.listen_url {
            Some(_) => PgListener::connect_with(&pools.listening()).await?,
            None => PgListener::connect_with(pools.lane(Lane::Background)).await?,
        };
        listener.listen(CHANGE_CHANNEL).await?;
        Ok(Some(Listener(listener)))
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match &*self.pools {
            Pools::Sqlite {
                readers,
                writer,
                journal,
                checkpointer,
                ..
            } => {
                journal.close().await;
                for pool in readers {
                    pool.close().await;
                }
                checkpointer.close().await;
                writer.close().await;
            }
            Pools::Postgres(pools) => pools.close().await,
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

/// Takes what stands for a server's data directory, so that no second server uses it. It is held as
/// long as the file is open.
pub fn hold_directory(directory: &Path) -> Result<File, StoreError> {
    lock(&directory.join("server"))
}

/// Takes the lock beside a SQLite file, which says who holds it.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
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
