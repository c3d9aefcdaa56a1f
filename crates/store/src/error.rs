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
    /// The database cannot do what it otherwise would: it is not reached, full, read only, stopping or
    /// too busy. What was asked of it may or may not be done.
    #[error("{0}")]
    Unavailable(String),
    /// Anything else the database said.
    #[error("database: {0}")]
    Database(sqlx::Error),
    /// Anything else it said of a batch of the journal.
    #[error("database: {0}")]
    Written(String),
}

impl StoreError {
    /// A stored value that cannot be read.
    pub(crate) fn corrupt(what: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            what,
            detail: detail.to_string(),
        }
    }
}
