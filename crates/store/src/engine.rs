//! One of the two databases, as a store function sees it.

use sqlx::{PgConnection, SqliteConnection};

/// A connection, or an open transaction on one.
#[derive(Debug)]
pub enum Engine<'c> {
    /// SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

/// Expands one query for both databases: `on!(engine, conn => sqlx::query(..).execute(conn).await)`.
macro_rules! on {
    ($engine:expr, $conn:ident => $body:expr) => {
        match $engine {
            $crate::Engine::Sqlite(connection) => {
                let $conn = &mut **connection;
                $body
            }
            $crate::Engine::Postgres(connection) => {
                let $conn = &mut **connection;
                $body
            }
        }
    };
}

pub(crate) use on;
