//! A connection that is bounded in time: a statement that takes too long fails, and its connection is
//! closed rather than given to the next one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, SqlSafeStr as _, Sqlite};
use sqlx_core::transaction::TransactionManager as _;
use switchboard_spent::{Part, wait};

use crate::turn::Turn;

/// How long a connection may take to go back to its pool. Over it, it is closed.
const RETURN: Duration = Duration::from_secs(5);

/// What is about to happen on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A statement.
    Statement,
    /// The end of a transaction.
    Commit,
}

/// What a fault does to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It fails, and nothing was done.
    Fails,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It never answers.
    Hangs,
}

/// Decides about each step, for tests of what happens when a database fails.
pub type Faults = Arc<dyn Fn(Step) -> Fault + Send + Sync>;

/// What holds for the statements of a connection.
#[derive(Clone)]
pub(crate) struct Rules {
    /// How long a statement may take.
    pub deadline: Duration,
    /// What fails on purpose.
    pub faults: Option<Faults>,
}

/// A connection of a pool.
pub struct Link<D: Database> {
    connection: PoolConnection<D>,
    watch: Watch,
    /// Where it may write to SQLite.
    turn: Option<Turn>,
}

/// What is known of a connection beside itself.
pub(crate) struct Watch {
    rules: Rules,
    /// True when nobody knows what the connection is doing: it is closed when it is dropped.
    broken: bool,
    /// True while a transaction is open.
    in_transaction: bool,
    /// True when a step failed.
    failed: bool,
}

impl Watch {
    pub(crate) const fn new(rules: Rules) -> Self {
        Self {
            rules,
            broken: false,
            in_transaction: false,
            failed: false,
        }
    }
}

impl<D: Database> std::fmt::Debug for Link<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(D::NAME)
    }
}

impl<D: Database> Link<D> {
    pub(crate) const fn new(connection: PoolConnection<D>, rules: Rules) -> Self {
        Self {
            connection,
            watch: Watch::new(rules),
            turn: None,
        }
    }

    /// One that may write, for as long as it is not dropped and its transaction is not undone.
    pub(crate) const fn writing(connection: PoolConnection<D>, rules: Rules, turn: Turn) -> Self {
        Self {
            connection,
            watch: Watch::new(rules),
            turn: Some(turn),
        }
    }

    /// The connection itself, for statements that are written for one database.
    pub fn connection(&mut self) -> &mut D::Connection {
        &mut self.connection
    }

    pub(crate) fn parts(&mut self) -> (&mut D::Connection, &mut Watch) {
        (&mut self.connection, &mut self.watch)
    }

    /// Opens a transaction.
    pub(crate) async fn begin(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        let (connection, watch) = self.parts();
        let begin = D::TransactionManager::begin(connection, Some(statement.into_sql_str()));
        bounded(watch, Step::Statement, begin).await?;
        self.watch.in_transaction = true;
        Ok(())
    }

    /// Makes the open transaction durable.
    pub(crate) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        let (connection, watch) = self.parts();
        let commit = D::TransactionManager::commit(connection);
        bounded(watch, Step::Commit, commit).await?;
        self.watch.in_transaction = false;
        Ok(())
    }
}

impl<D: Database> Drop for Link<D> {
    fn drop(&mut self) {
        // Without a runtime the process ends, and the connection with it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        // SQLite ends a transaction by itself where its disk fails. Rolling back fails then, and the
        // connection would take itself to be in a transaction for ever.
        let may_have_ended =
            self.watch.in_transaction && self.watch.failed && D::NAME == Sqlite::NAME;
        if self.watch.broken || may_have_ended {
            self.connection.close_on_drop();
            return;
        }
        if self.watch.in_transaction {
            D::TransactionManager::start_rollback(&mut self.connection);
        }
        let returned = self.connection.return_to_pool();
        let turn = self.turn.take();
        runtime.spawn(async move {
            let _ = tokio::time::timeout(RETURN, returned).await;
            drop(turn);
        });
    }
}

/// What a statement fails with when its time is over.
pub(crate) fn timed_out(after: Duration) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(
        std::io::ErrorKind::TimedOut,
        format!("no answer within {} ms", after.as_millis()),
    ))
}

fn injected() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(
        std::io::ErrorKind::ConnectionReset,
        "a fault of the test",
    ))
}

/// Runs one step within its time.
pub(crate) async fn bounded<T, E: From<sqlx::Error>>(
    watch: &mut Watch,
    step: Step,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let fault = watch
        .rules
        .faults
        .as_ref()
        .map_or(Fault::None, |faults| faults(step));
    if fault == Fault::Fails {
        watch.broken = true;
        return Err(injected().into());
    }
    let deadline = watch.rules.deadline;
    let _waiting = wait(Part::Database);
    // Set first, so that a caller that goes away in the middle leaves it set.
    watch.broken = true;
    let work = async {
        if fault == Fault::Hangs {
            std::future::pending::<()>().await;
        }
        work.await
    };
    let Ok(result) = tokio::time::timeout(deadline, work).await else {
        return Err(timed_out(deadline).into());
    };
    watch.broken = fault == Fault::AnswerLost;
    if fault == Fault::AnswerLost {
        return Err(injected().into());
    }
    watch.failed |= result.is_err();
    result
}
