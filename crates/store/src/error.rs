//! What can go wrong in the store.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row of this key exists already.
    #[error("a row with this key exists already")]
    Duplicate,
    /// Another process holds the database.
    #[error("{0}")]
    Held(String),
    /// A stored value does not have the form it was stored in.
    #[error("a stored {what} cannot be read: {detail}")]
    Corrupt {
        /// What it is.
        what: &'static str,
        /// Why not.
        detail: String,
    },
    /// The database was made by a newer release, or its migrations were changed.
    #[error("the database cannot be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database server cannot be connected to.
    #[error("PostgreSQL at {place} cannot be used: {why}")]
    Unreachable {
        /// Where it is.
        place: String,
        /// Why not.
        why: String,
    },
    /// Anything else the database said.
    #[error("database: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => Self::Duplicate,
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// The database did not answer in time.
    pub const fn no_answer() -> Self {
        Self::Database(sqlx::Error::PoolTimedOut)
    }

    /// A stored value that cannot be read.
    pub(crate) fn corrupt(what: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            what,
            detail: detail.to_string(),
        }
    }
}
