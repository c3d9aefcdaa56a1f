//! The journal's own connection to SQLite: a thread that writes batches, with statements that are
//! prepared once.
//!
//! sqlx prepares each text of SQL anew that it has not seen, and crosses to its thread for each
//! statement. A batch of the journal is one crossing there and one back here, whatever it holds. What
//! else writes has a connection of its own; whose turn it is, is decided before either begins
//! ([`crate::Db`]).

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::{Null, ToSqlOutput, ValueRef};
use rusqlite::{Connection, InterruptHandle, OpenFlags, Statement, ToSql};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::StoreError;
use crate::failure;

/// Room for every statement of a batch.
const STATEMENTS: usize = 32;

/// What is written, in the transaction that is open.
type Rows = Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>;

/// What is asked of the thread.
enum Job {
    /// Write something, in a transaction of its own.
    Write(Rows, oneshot::Sender<Result<(), StoreError>>),
    /// Close the connection.
    Close,
}

/// The thread, as the rest of the store sees it.
pub(crate) struct SqliteWriter {
    jobs: Sender<Job>,
    interrupt: Arc<Mutex<InterruptHandle>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for SqliteWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteWriter")
    }
}

/// Interrupts what the thread does, unless it was waited for to the end.
struct Patience<'a>(Option<&'a Mutex<InterruptHandle>>);

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        if let Some(interrupt) = self.0 {
            let interrupt = interrupt.lock().unwrap_or_else(PoisonError::into_inner);
            interrupt.interrupt();
        }
    }
}

impl SqliteWriter {
    /// Opens the connection. `pragmas` are those of every connection that writes.
    pub fn open(
        path: &Path,
        pragmas: &'static [(&'static str, &'static str)],
    ) -> Result<Self, StoreError> {
        let open = Opener {
            path: path.to_owned(),
            pragmas,
        };
        let connection = open.connection()?;
        let interrupt = Arc::new(Mutex::new(connection.get_interrupt_handle()));
        let shared = interrupt.clone();
        let (jobs, todo) = channel();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || work(&open, connection, &shared, &todo))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self {
            jobs,
            interrupt,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Writes in a transaction of its own. It is durable when this returns; dropped before that, it is
    /// interrupted.
    pub async fn write(
        &self,
        rows: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        let (reply, done) = oneshot::channel();
        let gone = || StoreError::Unavailable("the journal's connection is closed".to_owned());
        let job = Job::Write(Box::new(rows), reply);
        self.jobs.send(job).map_err(|_| gone())?;
        let mut patience = Patience(Some(&self.interrupt));
        let outcome = done.await;
        patience.0 = None;
        outcome.map_err(|_| gone())?
    }

    /// Closes the connection, and returns when it is closed.
    pub async fn close(&self) {
        let _ = self.jobs.send(Job::Close);
        let thread = {
            let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
            thread.take()
        };
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

/// How the connection is opened, and opened again.
struct Opener {
    path: PathBuf,
    pragmas: &'static [(&'static str, &'static str)],
}

impl Opener {
    fn connection(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        for (name, value) in self.pragmas {
            connection.pragma_update(None, name, value)?;
        }
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

/// Writes until it is told to stop, or nobody can tell it anything any more.
fn work(
    open: &Opener,
    mut connection: Connection,
    interrupt: &Mutex<InterruptHandle>,
    todo: &Receiver<Job>,
) {
    while let Ok(Job::Write(rows, reply)) = todo.recv() {
        let written = in_transaction(&connection, rows);
        // One that met a failure of the disk is not trusted any more.
        if let Err(StoreError::Unavailable(_)) = &written
            && let Ok(another) = open.connection()
        {
            let handle = another.get_interrupt_handle();
            *interrupt.lock().unwrap_or_else(PoisonError::into_inner) = handle;
            connection = another;
        }
        let _ = reply.send(written);
    }
}

fn in_transaction(connection: &Connection, rows: Rows) -> Result<(), StoreError> {
    let written = run(connection, "BEGIN IMMEDIATE", |row| row)
        .and_then(|()| rows(connection))
        .and_then(|()| run(connection, "COMMIT", |row| row));
    // SQLite ends a transaction by itself where its disk fails; then there is none to undo.
    if written.is_err() && !connection.is_autocommit() {
        let undone = run(connection, "ROLLBACK", |row| row);
        if let Err(error) = undone {
            tracing::error!(%error, "a transaction of the journal cannot be undone");
        }
    }
    Ok(written?)
}

/// Runs a statement, prepared the first time, with the values that are bound to it.
pub(crate) fn run(
    connection: &Connection,
    sql: &str,
    bind: impl for<'a, 'c> FnOnce(Row<'a, 'c>) -> Row<'a, 'c>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let row = bind(Row {
        statement: &mut statement,
        bound: 0,
        result: Ok(()),
    });
    row.result?;
    statement.raw_execute().map(drop)
}

/// The values of a statement, bound one after the other.
pub(crate) struct Row<'a, 'c> {
    statement: &'a mut Statement<'c>,
    bound: usize,
    result: rusqlite::Result<()>,
}

impl Row<'_, '_> {
    /// Binds the next value.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "values are bound as they are by sqlx, which takes them"
    )]
    pub fn bind(mut self, value: impl Bind) -> Self {
        self.bound += 1;
        if self.result.is_ok() {
            self.result = value.bind_to(self.statement, self.bound);
        }
        self
    }
}

/// A value in the form in which sqlx stores it too.
pub(crate) trait Bind {
    /// Binds it at a place, from 1 on.
    fn bind_to(&self, statement: &mut Statement<'_>, at: usize) -> rusqlite::Result<()>;
}

macro_rules! bind_as_is {
    ($($kind:ty),*) => {$(
        impl Bind for $kind {
            fn bind_to(&self, statement: &mut Statement<'_>, at: usize) -> rusqlite::Result<()> {
                statement.raw_bind_parameter(at, self)
            }
        }
    )*};
}

bind_as_is!(i64, &str, &String, &[u8], String);

impl Bind for Uuid {
    fn bind_to(&self, statement: &mut Statement<'_>, at: usize) -> rusqlite::Result<()> {
        statement.raw_bind_parameter(at, Blob(self.as_bytes()))
    }
}

impl Bind for DateTime<Utc> {
    fn bind_to(&self, statement: &mut Statement<'_>, at: usize) -> rusqlite::Result<()> {
        let text = self.to_rfc3339_opts(SecondsFormat::AutoSi, false);
        statement.raw_bind_parameter(at, text)
    }
}

impl<T: Bind> Bind for Option<T> {
    fn bind_to(&self, statement: &mut Statement<'_>, at: usize) -> rusqlite::Result<()> {
        match self {
            Some(value) => value.bind_to(statement, at),
            None => statement.raw_bind_parameter(at, Null),
        }
    }
}

struct Blob<'a>(&'a [u8]);

impl ToSql for Blob<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0)))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        let Some(code) = error.sqlite_error().map(|error| error.extended_code) else {
            return Self::Unavailable(text);
        };
        if code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            || code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
        {
            return Self::Duplicate;
        }
        if failure::sqlite_passes(code) {
            return Self::Unavailable(text);
        }
        Self::Written(text)
    }
}
