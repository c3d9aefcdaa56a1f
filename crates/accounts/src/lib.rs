//! People and keys: how they get an account, sign in, and what they may do where; and what the audit log
//! tells of all.

mod hashing;
mod limits;
mod passwords;
mod tokens;

pub mod api_keys;
pub mod audit;
pub mod invitations;
pub mod members;
pub mod names;
pub mod sessions;
pub mod setup;
pub mod workspaces;

use std::sync::Arc;

use switchboard_domain::id::InstanceId;
use switchboard_operation::{Announce, Context};
use switchboard_store::Db;
use switchboard_vault::KeyRing;
use tokio::sync::Notify;

pub use limits::{CameFrom, KNOWN_FOR, device};
pub use passwords::reset_password;
pub use switchboard_operation::AccountError;
pub use tokens::Token;

use audit::Refusals;
use hashing::Hashing;

/// The accounts of an installation.
#[derive(Debug)]
pub struct Accounts {
    db: Db,
    context: Context,
    keys: Arc<KeyRing>,
    announce: Arc<dyn Announce>,
    instance: InstanceId,
    hashing: Hashing,
    refusals: Refusals,
    /// Sessions changed on this server.
    sessions: Notify,
}

impl Accounts {
    /// Those of a database. Changes of API keys are announced.
    pub fn new(
        db: Db,
        context: Context,
        keys: Arc<KeyRing>,
        announce: Arc<dyn Announce>,
        instance: InstanceId,
    ) -> Self {
        Self {
            db,
            context,
            keys,
            announce,
            instance,
            hashing: Hashing::default(),
            refusals: Refusals::default(),
            sessions: Notify::new(),
        }
    }

    /// Says that some sessions may have ended.
    pub fn sessions_changed(&self) {
        self.sessions.notify_one();
    }

    /// Returns when some sessions may have ended. One waits.
    pub async fn session_changes(&self) {
        self.sessions.notified().await;
    }
}
