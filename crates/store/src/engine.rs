//! One of the two databases, as a store function sees it.

use sqlx::{Postgres, Sqlite};

use crate::connection::Link;

/// A connection, or an open transaction on one.
#[derive(Debug)]
pub enum Engine<'c> {
    /// SQLite.
    Sqlite(&'c mut Link<Sqlite>),
    /// PostgreSQL.
    Postgres(&'c mut Link<Postgres>),
}

/// Expands one query for both databases: `on!(engine, conn => sqlx::query(..).execute(conn).await)`.
/// What it runs has a deadline.
macro_rules! on {
    ($engine:expr, $conn:ident => $body:expr) => {
        match $engine {
            $crate::Engine::Sqlite(link) => {
                let ($conn, watch) = link.parts();
                $crate::connection::bounded(watch, $crate::connection::Step::Statement, async {
                    $body
                })
                .await
            }
            $crate::Engine::Postgres(link) => {
                let ($conn, watch) = link.parts();
                $crate::connection::bounded(watch, $crate::connection::Step::Statement, async {
                    $body
                })
                .await
            }
        }
    };
}

pub(crate) use on;
