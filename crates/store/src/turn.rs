//! Whose turn it is to write to SQLite, which has one writer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::error::StoreError;

/// The turn to write, until it is dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// Turns are taken in the order in which they are asked for. Who has one finds nobody else writing, so
/// SQLite's own way of waiting, which is not fair, is not met within a process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<()>>);

impl Turns {
    /// Waits for a turn.
    pub async fn take(&self, at_most: Duration) -> Result<Turn, StoreError> {
        if let Ok(turn) = self.0.clone().try_lock_owned() {
            return Ok(turn);
        }
        let waited = tokio::time::timeout(at_most, self.0.clone().lock_owned()).await;
        waited.map_err(|_| {
            StoreError::Unavailable(format!(
                "whoever writes to the database took more than {} s",
                at_most.as_secs()
            ))
        })
    }

    /// Whether somebody has it.
    pub fn is_taken(&self) -> bool {
        self.0.try_lock().is_err()
    }
}
