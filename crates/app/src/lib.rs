//! What a user can do: one file per kind of operation, and the pipeline that performs calls.
//!
//! REST, MCP and the Studio call the same operations; nothing is decided twice. Each takes a role
//! ([`Runner`], [`Manager`], [`Admin`], or a [`Reader`]) that says for which workspace it acts.

mod announce;
mod bulkheads;
mod carry_out;
mod catalog;
mod change;
mod error;
mod finish;
mod journal;
mod local;
mod news;
mod origins;
mod prepare;
mod principal;
mod running;
mod stats;
mod supervise;

pub mod accounts;
pub mod actions;
pub mod agents;
pub mod api_keys;
pub mod audit;
pub mod authority;
pub mod call;
pub mod caps;
pub mod client_events;
pub mod conversations;
pub mod drafts;
pub mod events;
pub mod health;
pub mod impact;
pub mod installation;
pub mod integrations;
pub mod lifecycle;
pub mod mcp;
pub mod messages;
pub mod notices;
pub mod overview;
pub mod publishing;
pub mod restored;
pub mod secrets;
pub mod tool_watch;
pub mod tools;
pub mod variables;
pub mod versions;
pub mod workspaces;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use switchboard_connect::{Connector, Evaluations, TokenCache};
use switchboard_domain::id::InstanceId;
use switchboard_domain::variable_caps::VariableCaps;
use switchboard_mcp::{Limits, McpClient, McpSettings};
use switchboard_outbound::Client;
use switchboard_store::Db;
use switchboard_vault::KeyRing;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

pub use bulkheads::{Allowance, CallLimits};
pub use error::{AppError, DATABASE_AWAY};
pub use principal::{
    Access, Actor, Admin, Administration, Area, By, Configuration, Conversations, Manager,
    Principal, Reader, RequestInfo, Runner,
};
pub use supervise::keep_running;
pub use switchboard_connect::telnyx::Telnyx;
pub use switchboard_context::{Clock, Context, Randomness, Sleep};
pub use switchboard_store::search::Search;
pub use switchboard_store::{Listing, Page};

/// Stored things that operations answer with.
pub mod rows {
    pub use switchboard_domain::sms::message::Message;
    pub use switchboard_store::action::ActionRow;
    pub use switchboard_store::action_revision::ActionChange;
    pub use switchboard_store::agent::{AgentRow, VersionRow};
    pub use switchboard_store::api_key::ApiKeyRow;
    pub use switchboard_store::invitation::InvitationRow;
    pub use switchboard_store::link::LinkUser;
    pub use switchboard_store::membership::{MemberRow, OwnMembership};
    pub use switchboard_store::variable::VariableRow;
}

use accounts::Accounts;
use catalog::Catalog;
use journal::{Journal, Pace};
use news::News;

/// How the application is set up.
#[derive(Debug, Clone)]
pub struct AppSettings {
    /// How long a call may take when its action does not say.
    pub call_timeout: Duration,
    /// The largest answer of a service, in bytes.
    pub max_response_bytes: usize,
    /// The URL by which others reach this server; none where nobody said.
    pub public_url: Option<String>,
    /// How long nothing may happen in a conversation before its dialogue is ended, and then before
    /// it is closed; none is for ever.
    pub idle_timeout: Option<Duration>,
    /// How much the variables of a conversation may hold.
    pub variable_caps: VariableCaps,
    /// How many calls may be under way, and begin.
    pub calls: CallLimits,
    /// Where it is kept, outside of the database, what was ended; none is nowhere.
    pub ended_file: Option<PathBuf>,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            call_timeout: Duration::from_secs(10),
            max_response_bytes: 1 << 20,
            public_url: None,
            idle_timeout: None,
            variable_caps: VariableCaps::default(),
            calls: CallLimits::default(),
            ended_file: None,
        }
    }
}

/// The application. One for each server.
#[derive(Debug)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) context: Context,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) catalog: Catalog,
    pub(crate) journal: Journal,
    pub(crate) running: Arc<running::RunningCalls>,
    pub(crate) news: Arc<News>,
    pub(crate) connector: Connector,
    pub(crate) mcp: McpClient,
    pub(crate) telnyx: Telnyx,
    /// Wakes whoever sends what is due.
    pub(crate) outbox: Notify,
    /// Wakes calls that wait for a client's answer.
    pub(crate) client_answers: Notify,
    /// What MCP servers announced.
    pub(crate) announcements: mcp::Watch,
    /// What parts of the server say of themselves.
    pub(crate) health: health::Health,
    pub(crate) settings: AppSettings,
    pub(crate) stats: stats::Stats,
    pub(crate) tallies: overview::Tallies,
    pub(crate) instance: InstanceId,
    pub(crate) stopping: AtomicBool,
    pub(crate) calls: TaskTracker,
    pub(crate) accounts: Accounts,
    pub(crate) bulkheads: bulkheads::Bulkheads,
    pub(crate) authorities: authority::Authorities,
    pub(crate) refusals: audit::Refusals,
}

impl App {
    /// Puts the application together and starts its journal. `instance` is this server's id, which
    /// it keeps over restarts.
    pub fn new(
        db: Db,
        context: Context,
        keys: KeyRing,
        client: Client,
        telnyx: Telnyx,
        settings: AppSettings,
        instance: InstanceId,
    ) -> Arc<Self> {
        let keys = Arc::new(keys);
        let tokens = TokenCache::default();
        let (watch, tools_changed) = mcp::Watch::new();
        let journal = Journal::new(db.clone(), instance, Pace::default());
        let mcp = McpClient::new(McpSettings {
            client: client.clone(),
            tokens: tokens.clone(),
            limits: Limits::default(),
            tools_changed,
        });
        Arc::new(Self {
            bulkheads: bulkheads::Bulkheads::new(settings.calls),
            catalog: Catalog::new(
                db.clone(),
                keys.clone(),
                client.breakers().clone(),
                context.clone(),
            ),
            running: Arc::default(),
            news: Arc::default(),
            connector: Connector {
                evaluations: Evaluations::default(),
                client,
                tokens,
                max_response_bytes: settings.max_response_bytes,
            },
            mcp,
            telnyx,
            outbox: Notify::new(),
            client_answers: Notify::new(),
            stats: stats::Stats::new(journal.counted()),
            journal,
            tallies: overview::Tallies::default(),
            announcements: watch,
            db,
            context,
            keys,
            health: health::Health::default(),
            settings,
            instance,
            stopping: AtomicBool::new(false),
            calls: TaskTracker::new(),
            accounts: Accounts::default(),
            authorities: authority::Authorities::default(),
            refusals: audit::Refusals::default(),
        })
    }
}

impl App {
    /// The database, for what is done before anybody is served.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Time, ids and randomness.
    pub const fn context(&self) -> &Context {
        &self.context
    }
}
