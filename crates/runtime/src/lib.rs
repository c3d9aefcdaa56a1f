//! What runs: conversations and the calls in them, on configuration that is prepared for it.
//!
//! [`Catalog`] keeps what is configured, [`call`] performs a call of it, and everything that changes a
//! conversation goes through the journal. Nothing here changes configuration.

mod admitted;
mod announce;
mod bulkheads;
mod catalog;
mod finish;
mod forget;
mod journal;
mod news;
mod perform;
mod recovery;
mod replicas;
mod running;
mod stats;

pub mod background;
pub mod call;
pub mod client_events;
pub mod conversations;
pub mod events;
pub mod keys;
pub mod lifecycle;
pub mod messages;
pub mod tool_watch;
pub mod tools;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use switchboard_connect::Connector;
use switchboard_connect::telnyx::Telnyx;
use switchboard_domain::id::InstanceId;
use switchboard_domain::retention::Days;
use switchboard_domain::variable_caps::VariableCaps;
use switchboard_mcp::McpClient;
use switchboard_operation::{AppError, Context};
use switchboard_store::Db;
use switchboard_store::disk::Space;
use switchboard_vault::KeyRing;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

pub use bulkheads::{Allowance, CallLimits};
pub use catalog::{Catalog, Holder, Lag};
use journal::{Journal, Pace};
use news::News;

/// How calls are made.
#[derive(Debug, Clone)]
pub struct RuntimeSettings {
    /// How long a call may take when its action does not say.
    pub call_timeout: Duration,
    /// The URL by which others reach this server; none where nobody said.
    pub public_url: Option<String>,
    /// How long nothing may happen in a conversation before its dialogue is ended, and then before
    /// it is closed; none is for ever.
    pub idle_timeout: Option<Duration>,
    /// How much the variables of a conversation may hold.
    pub variable_caps: VariableCaps,
    /// How many calls may be under way, and begin.
    pub calls: CallLimits,
    /// For how long answers are kept for those who repeat a call.
    pub keep_answers: Days,
}

/// What it runs with.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Time, ids and randomness.
    pub context: Context,
    /// What opens secrets.
    pub keys: Arc<KeyRing>,
    /// Sends HTTP requests.
    pub connector: Connector,
    /// Calls tools of MCP servers.
    pub mcp: McpClient,
    /// Sends text messages.
    pub telnyx: Telnyx,
    /// This server's id, which it keeps over restarts.
    pub instance: InstanceId,
}

/// What runs on one server.
#[derive(Debug)]
pub struct Runtime {
    db: Db,
    context: Context,
    catalog: Catalog,
    journal: Journal,
    running: Arc<running::RunningCalls>,
    under_way: Arc<running::CallsUnderWay>,
    news: Arc<News>,
    connector: Connector,
    mcp: McpClient,
    telnyx: Telnyx,
    /// Wakes whoever sends what is due.
    outbox: Notify,
    /// Wakes calls that wait for a client's answer.
    client_answers: Notify,
    settings: RuntimeSettings,
    stats: stats::Stats,
    instance: InstanceId,
    stopping: AtomicBool,
    calls: TaskTracker,
    bulkheads: bulkheads::Bulkheads,
}

impl Runtime {
    /// Puts it together and starts its journal.
    pub fn new(parts: Parts, settings: RuntimeSettings) -> Arc<Self> {
        let Parts { db, context, .. } = parts;
        let journal = Journal::new(db.clone(), parts.instance, Pace::default());
        let breakers = parts.connector.client.breakers().clone();
        Arc::new(Self {
            bulkheads: bulkheads::Bulkheads::new(settings.calls),
            catalog: Catalog::new(db.clone(), parts.keys, breakers, context.clone()),
            running: Arc::default(),
            under_way: Arc::default(),
            news: Arc::default(),
            connector: parts.connector,
            mcp: parts.mcp,
            telnyx: parts.telnyx,
            outbox: Notify::new(),
            client_answers: Notify::new(),
            stats: stats::Stats::new(journal.counted()),
            journal,
            db,
            context,
            settings,
            instance: parts.instance,
            stopping: AtomicBool::new(false),
            calls: TaskTracker::new(),
        })
    }

    /// The configuration that calls run on.
    pub const fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Whether it takes no more calls.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// How much room the database took when it was looked at last.
    pub fn known_space(&self) -> Option<Space> {
        self.stats.space()
    }

    /// How much room the database takes, as it was at most a minute ago.
    pub async fn space(&self) -> Result<Space, AppError> {
        match self.stats.space() {
            Some(known) => Ok(known),
            None => stats::look_at_space(self).await,
        }
    }

    /// For how long nothing could be written, and why; none where all is well.
    pub fn write_failure(&self) -> Option<(Duration, String)> {
        self.journal.failing()
    }
}
