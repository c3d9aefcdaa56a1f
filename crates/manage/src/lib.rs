//! What is managed: integrations, actions, agents and their versions, secrets and variables; and what a
//! change of any of them means for the others.
//!
//! Nothing here knows what runs on it: a committed change is announced, and that is all
//! ([`switchboard_operation::Announce`]).

mod change;
mod existing;
mod origins;
mod outbox;
mod values;

pub mod actions;
pub mod agents;
pub mod drafts;
pub mod impact;
pub mod integrations;
pub mod overview;
pub mod secrets;
pub mod test_message;
pub mod tools;
pub mod variables;
pub mod versions;
pub mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use switchboard_connect::Connector;
use switchboard_connect::telnyx::Telnyx;
use switchboard_kinds::Hands;
use switchboard_mcp::McpClient;
use switchboard_operation::{Announce, Context};
use switchboard_store::Db;
use switchboard_vault::KeyRing;

pub use outbox::{Outbox, TestSending};

/// What it works with.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Time, ids and randomness.
    pub context: Context,
    /// What seals and opens secrets.
    pub keys: Arc<KeyRing>,
    /// Told of what was committed.
    pub announce: Arc<dyn Announce>,
    /// Sends HTTP requests.
    pub connector: Connector,
    /// Asks MCP servers for their tools.
    pub mcp: McpClient,
    /// The provider of text messages.
    pub telnyx: Telnyx,
    /// Sends text messages.
    pub outbox: Arc<dyn Outbox>,
    /// What MCP servers announce.
    pub announcements: tools::Watch,
    /// How long a call may take when its action does not say.
    pub call_timeout: Duration,
}

/// The configuration of all workspaces.
#[derive(Debug)]
pub struct Manage {
    parts: Parts,
    tallies: overview::Tallies,
}

impl Manage {
    /// The configuration in a database.
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            tallies: overview::Tallies::default(),
        }
    }

    /// By whom services are spoken to.
    fn hands(&self) -> Hands<'_> {
        Hands {
            connector: &self.connector,
            mcp: &self.mcp,
        }
    }

    /// Where the provider of text messages is.
    fn provider(&self) -> &str {
        self.telnyx.origin()
    }
}

impl std::ops::Deref for Manage {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
