//! What a call is performed with, and what performing it comes to.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use switchboard_connect::{Connector, Performed, Secrets};
use switchboard_domain::effect::Effect;
use switchboard_domain::name::StateName;
use switchboard_domain::template::RenderContext;
use switchboard_domain::text_message::Rendered;
use switchboard_mcp::McpClient;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::channel::Channel;
use crate::notices::Notices;

/// By whom services are spoken to.
#[derive(Debug, Clone, Copy)]
pub struct Hands<'a> {
    /// Sends HTTP requests.
    pub connector: &'a Connector,
    /// Calls tools of MCP servers.
    pub mcp: &'a McpClient,
}

/// A call that was admitted.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The arguments.
    pub arguments: &'a Value,
    /// The same as an object; empty where they are none.
    pub parameters: &'a Map<String, Value>,
    /// The conversation's variables.
    pub variables: &'a Map<String, Value>,
    /// What templates see.
    pub context: &'a RenderContext<'a>,
    /// Where its secrets come from.
    pub secrets: Secrets<'a>,
    /// Where what the service says of it goes, for callers that listen.
    pub notices: Option<&'a Notices>,
    /// Cancelled when nobody waits for it any more.
    pub cancelled: &'a CancellationToken,
    /// When it began.
    pub start: Instant,
    /// How long it may take when its action does not say.
    pub timeout: Duration,
}

impl Call<'_> {
    /// When it has to be over.
    pub fn deadline(&self, own: Option<Duration>) -> Instant {
        self.start + own.unwrap_or(self.timeout)
    }
}

/// What comes of performing a call, or what is still to be done for it.
#[derive(Debug)]
pub enum Next {
    /// It was performed, and does this to its conversation.
    Came(Performed, Option<Effect>),
    /// A text message is to be sent.
    Send(Sending),
    /// The client is to be told.
    Tell(Telling),
    /// The conversation is to go on to this state.
    GoTo(StateName),
}

impl From<Performed> for Next {
    fn from(performed: Performed) -> Self {
        Self::Came(performed, None)
    }
}

/// A text message that is to be sent.
#[derive(Debug)]
pub struct Sending {
    /// Through which channel.
    pub channel: Arc<Channel>,
    /// What it says, and to whom.
    pub rendered: Rendered,
}

/// What a client is to be told.
#[derive(Debug)]
pub struct Telling {
    /// What the client knows it by.
    pub event: String,
    /// How long its answer is waited for; none is not at all.
    pub wait: Option<Duration>,
}
