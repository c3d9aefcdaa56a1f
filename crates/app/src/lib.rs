//! The application: what runs, what is managed and who may do what, put together; and a server's life.
//!
//! REST, MCP and the Studio call the same operations; nothing is decided twice. Each takes a role
//! ([`Runner`], [`Manager`], [`Admin`], or a [`Reader`]) that says for which workspace it acts.

mod seams;

pub mod authority;
pub mod health;
pub mod installation;
pub mod lifecycle;
pub mod restored;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use switchboard_connect::{Connector, Evaluations, TokenCache};
use switchboard_domain::id::InstanceId;
use switchboard_domain::retention::Days;
use switchboard_domain::variable_caps::VariableCaps;
use switchboard_mcp::{Limits, McpClient, McpSettings};
use switchboard_outbound::Client;
use switchboard_runtime::RuntimeSettings;
use switchboard_store::Db;
use switchboard_vault::KeyRing;

pub use switchboard_accounts as accounts;
pub use switchboard_accounts::{Accounts, api_keys, audit, workspaces};
pub use switchboard_connect::telnyx::Telnyx;
pub use switchboard_kinds::notices;
pub use switchboard_manage::workspaces as workspace_settings;
pub use switchboard_manage::{
    Manage, actions, agents, drafts, impact, integrations, overview, secrets, test_message,
    tools as mcp, variables, versions,
};
pub use switchboard_operation::audit::Details;
pub use switchboard_operation::{
    Access, Actor, Admin, Administration, AppError, Area, By, Clock, Configuration, Context,
    Conversations, DATABASE_AWAY, Listing, Manager, Page, Principal, Randomness, Reader,
    RequestInfo, Runner, Search, Sleep, caps, keep_running,
};
pub use switchboard_runtime::{
    Allowance, CallLimits, Runtime, call, client_events, conversations, events, keys, messages,
    tool_watch, tools,
};

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
    pub use switchboard_store::workspace::SettingsRow;
}

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
    /// For how long answers are kept for those who repeat a call.
    pub keep_answers: Days,
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
            keep_answers: Days::MONTH,
            ended_file: None,
        }
    }
}

/// The application. One for each server.
#[derive(Debug)]
pub struct App {
    /// What runs.
    pub runtime: Arc<Runtime>,
    /// What is managed.
    pub manage: Arc<Manage>,
    /// Who may do what.
    pub accounts: Accounts,
    db: Db,
    context: Context,
    ended_file: Option<PathBuf>,
    /// What parts of the server say of themselves.
    health: health::Health,
    authorities: authority::Authorities,
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
        let (announcements, tools_changed) = mcp::Watch::new();
        let mcp = McpClient::new(McpSettings {
            client: client.clone(),
            tokens: tokens.clone(),
            limits: Limits::default(),
            tools_changed,
        });
        let connector = Connector {
            evaluations: Evaluations::default(),
            client,
            tokens,
            max_response_bytes: settings.max_response_bytes,
        };
        let runtime = Runtime::new(
            switchboard_runtime::Parts {
                db: db.clone(),
                context: context.clone(),
                keys: keys.clone(),
                connector: connector.clone(),
                mcp: mcp.clone(),
                telnyx: telnyx.clone(),
                instance,
            },
            RuntimeSettings {
                call_timeout: settings.call_timeout,
                public_url: settings.public_url,
                idle_timeout: settings.idle_timeout,
                variable_caps: settings.variable_caps,
                calls: settings.calls,
                keep_answers: settings.keep_answers,
            },
        );
        let seams = Arc::new(seams::Seams(runtime.clone()));
        let manage = Arc::new(Manage::new(switchboard_manage::Parts {
            db: db.clone(),
            context: context.clone(),
            keys: keys.clone(),
            announce: seams.clone(),
            connector,
            mcp,
            telnyx,
            outbox: seams.clone(),
            announcements,
            call_timeout: settings.call_timeout,
        }));
        Arc::new(Self {
            accounts: Accounts::new(db.clone(), context.clone(), keys, seams, instance),
            runtime,
            manage,
            db,
            context,
            ended_file: settings.ended_file,
            health: health::Health::default(),
            authorities: authority::Authorities::default(),
        })
    }

    /// The database, for what is done before anybody is served.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Time, ids and randomness.
    pub const fn context(&self) -> &Context {
        &self.context
    }
}
