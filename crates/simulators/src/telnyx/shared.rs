//! What the parts of a running simulator share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use switchboard_outbound::Client;
use uuid::Builder;

use super::signer::Signer;
use super::state::State;

/// Where the simulator takes the time from.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How quickly messages live.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From being taken to `message.sent`.
    pub sent_after: Duration,
    /// From there to `message.finalized`.
    pub finalized_after: Duration,
    /// Between two attempts to deliver a webhook.
    pub retry_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            sent_after: Duration::from_millis(10),
            finalized_after: Duration::from_millis(10),
            retry_after: Duration::from_millis(200),
        }
    }
}

/// What its parts share.
#[derive(Clone)]
pub(super) struct Shared(Arc<Inner>);

impl Shared {
    pub fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

pub(super) struct Inner {
    pub state: Mutex<State>,
    pub signer: Signer,
    pub clock: Clock,
    pub client: Client,
    pub pace: Pace,
    pub api_key: Option<String>,
    pub knows_keys: bool,
}

impl std::ops::Deref for Shared {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A UUID for a number.
    pub fn id(&self, number: u64) -> String {
        Builder::from_random_bytes(self.signer.bytes(number))
            .into_uuid()
            .to_string()
    }
}
