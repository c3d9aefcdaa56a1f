//! A session with a server, and requests in it.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use rmcp::RoleClient;
use rmcp::service::RunningService;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::McpError;
use crate::frame::{self, Kind, Writer};
use crate::negotiate::Negotiated;
use crate::notice::{self, Sink};
use crate::peer::{Core, Handler};
use crate::subscribe;
use crate::tool::Tool;
use crate::waiting::Waiting;
use crate::wire::{self, Answered};

/// Ids of our requests start here: the SDK counts its own from nought in the same session.
const FIRST_ID: u64 = 1_000_000;
/// How long telling a server that nobody waits any more may take.
pub(crate) const GOODBYE: Duration = Duration::from_secs(5);
/// How many messages may wait for a call on the one stream of HTTP+SSE.
const WAITING: usize = 256;

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Revision 2026-07-28: each request stands for itself.
    Stateless,
    /// Streamable HTTP, revisions 2025-03-26 to 2025-11-25: a handshake, and mostly a session.
    Streamable,
    /// HTTP+SSE, revision 2024-11-05: one stream of events for everything.
    HttpSse,
}

impl Dialect {
    /// Its name in logs and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stateless => "stateless",
            Self::Streamable => "streamable_http",
            Self::HttpSse => "http_sse",
        }
    }
}

/// A request to be made in a session.
pub struct Ask<'a> {
    /// The method.
    pub method: &'static str,
    /// The tool that is called, with its arguments.
    pub tool: Option<(&'a Tool, &'a Value)>,
    /// Where the list goes on.
    pub cursor: Option<&'a str>,
    /// Who hears notices.
    pub sink: Option<&'a dyn Sink>,
    /// The largest answer, in bytes.
    pub cap: usize,
    /// When the answer must be there.
    pub deadline: Instant,
}

/// An open session.
pub struct Session {
    pub(crate) core: Arc<Core>,
    /// What the SDK runs for it.
    running: RunningService<RoleClient, Handler>,
    /// Nobody new gets it.
    pub(crate) retired: AtomicBool,
    /// Its end has begun.
    closed: AtomicBool,
    /// The calls that are under way in it.
    pub(crate) users: AtomicUsize,
    /// How the server is spoken to.
    pub dialect: Dialect,
    /// The revision that was agreed on.
    pub revision: String,
    pub(crate) headers: HeaderMap,
    /// The members that each request's `_meta` starts with, JSON text without the braces.
    meta: String,
    next_id: AtomicU64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("dialect", &self.dialect)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session from a handshake. It listens for changes of the tools if the server tells of them.
    pub fn new(negotiated: Negotiated, handler: &Handler) -> Self {
        let Negotiated {
            core,
            running,
            dialect,
            revision,
        } = negotiated;
        let revision = revision.as_str().to_owned();
        let mut headers = core.headers();
        let mut meta = String::new();
        if dialect == Dialect::Stateless {
            if let Ok(version) = HeaderValue::from_str(&revision) {
                headers.insert(wire::VERSION, version);
            }
            meta = format!(
                r#""io.modelcontextprotocol/protocolVersion":"{revision}","io.modelcontextprotocol/clientInfo":{{"name":"switchboard","version":"{}"}},"io.modelcontextprotocol/clientCapabilities":{{}}"#,
                env!("CARGO_PKG_VERSION")
            );
        }
        let tells = running
            .peer()
            .peer_info()
            .and_then(|info| info.capabilities.tools.as_ref()?.list_changed)
            .unwrap_or(false);
        if tells {
            match dialect {
                Dialect::Stateless => subscribe::by_request(&core, running.peer(), handler),
                Dialect::Streamable => subscribe::by_stream(&core, headers.clone()),
                // Its one stream brings them.
                Dialect::HttpSse => {}
            }
        }
        Self {
            core,
            running,
            retired: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            users: AtomicUsize::new(0),
            dialect,
            revision,
            headers,
            meta,
            next_id: AtomicU64::new(FIRST_ID),
        }
    }

    /// What the server said about itself in the handshake.
    pub fn hello(&self) -> Value {
        let text = self.core.hello.get().map_or("null", String::as_str);
        serde_json::from_str(text).unwrap_or_default()
    }

    /// True when it is of no use any more.
    pub fn is_gone(&self) -> bool {
        self.core.gone.load(Ordering::Acquire)
    }

    /// Nobody new gets it; it is closed when the last call in it is over. Its memory may be held a
    /// while longer, so this does not wait for it to be dropped.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
        if self.users.load(Ordering::SeqCst) == 0 {
            self.close();
        }
    }

    /// Ends what runs for it, and tells the server. A call that comes too late sees a session that
    /// the server forgot, and opens another one.
    pub(crate) fn close(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.core.closing.cancel();
        self.running.cancellation_token().cancel();
        if self.core.session_id.get().is_none() || self.is_gone() {
            return;
        }
        let (core, headers) = (self.core.clone(), self.headers.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { core.wire.delete(headers, GOODBYE).await });
        }
    }

    /// Makes a request. The answer is the result as JSON text, without credentials.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<String, McpError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let body = self.body(id, ask);
        let mut headers = self.headers.clone();
        if self.dialect == Dialect::Stateless {
            headers.insert(wire::METHOD, HeaderValue::from_static(ask.method));
            if let Some((tool, arguments)) = ask.tool {
                if let Some(name) = tool.header_name() {
                    headers.insert(wire::NAME, name.clone());
                }
                tool.params().write(arguments, &mut headers);
            }
        }
        let mut waiting = Waiting::new(self, id);
        let result = if self.dialect == Dialect::HttpSse {
            self.over_one_stream(id, headers, body, ask).await
        } else {
            self.over_post(id, headers, body, ask).await
        };
        // After any other end there is nobody left who waits.
        if !matches!(
            result,
            Err(McpError::Timeout { sent: true }
                | McpError::EndlessStream { .. }
                | McpError::Flood
                | McpError::TooLarge { .. })
        ) {
            waiting.over();
        }
        result
    }

    fn body(&self, id: u64, ask: &Ask<'_>) -> Bytes {
        let mut writer = Writer::request(id, ask.method, self.meta.len() + 256);
        if let Some((tool, arguments)) = ask.tool {
            writer.raw("name", tool.json_name());
            writer.value("arguments", arguments);
        }
        if let Some(cursor) = ask.cursor {
            writer.value("cursor", &Value::from(cursor));
        }
        let stateless = self.dialect == Dialect::Stateless;
        if ask.sink.is_some() {
            let comma = if self.meta.is_empty() { "" } else { "," };
            // A server of 2026-07-28 logs for those alone who ask for it.
            let level = if stateless {
                r#","io.modelcontextprotocol/logLevel":"info""#
            } else {
                ""
            };
            let meta = format!(r#"{{{}{comma}"progressToken":{id}{level}}}"#, self.meta);
            writer.raw("_meta", &meta);
        } else if stateless {
            writer.raw("_meta", &format!("{{{}}}", self.meta));
        }
        writer.finish()
    }

    /// Streamable HTTP: the answer comes to the POST, at once or on a stream of its own.
    async fn over_post(
        &self,
        id: u64,
        headers: HeaderMap,
        body: Bytes,
        ask: &Ask<'_>,
    ) -> Result<String, McpError> {
        let wire = &self.core.wire;
        let posted = wire
            .post(&self.core.post_to, headers, body, ask.cap, ask.deadline)
            .await
            .map_err(|error| self.forgotten(error))?;
        match posted {
            Answered::Json { body, .. } => {
                let text = wire.text(&body)?;
                self.take_all(&text, id, ask.sink)?
                    .ok_or_else(|| McpError::Protocol {
                        detail: "the answer is to another request".to_owned(),
                    })
            }
            Answered::Events { events, .. } => self.read_events(events, id, ask).await,
            Answered::Accepted => Err(McpError::Protocol {
                detail: "it accepted the request and gave no answer".to_owned(),
            }),
        }
    }

    /// HTTP+SSE: the answer comes on the session's one stream.
    async fn over_one_stream(
        &self,
        id: u64,
        headers: HeaderMap,
        body: Bytes,
        ask: &Ask<'_>,
    ) -> Result<String, McpError> {
        let ended = |sent| McpError::SessionLost {
            detail: "its stream of events ended".to_owned(),
            sent,
        };
        let (sender, mut messages) = mpsc::channel(WAITING);
        self.core
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, sender);
        // The stream may have ended before the call was entered, and nothing is sent then.
        if self.is_gone() {
            return Err(ended(false));
        }
        let (to, deadline) = (&self.core.post_to, ask.deadline);
        self.core
            .wire
            .post(to, headers, body, ask.cap, deadline)
            .await
            .map_err(|error| self.forgotten(error))?;
        loop {
            let message = tokio::time::timeout_at(deadline, messages.recv())
                .await
                .map_err(|_| McpError::Timeout { sent: true })?
                .ok_or_else(|| ended(true))?;
            if message.len() > ask.cap {
                return Err(McpError::TooLarge {
                    what: "the MCP server's answer",
                    limit: ask.cap,
                });
            }
            if let Some(result) = self.take(&message, id, ask.sink)? {
                return Ok(result);
            }
        }
    }

    /// How a server says that it does not know the session: 404 by the protocol, 400 with an error
    /// of its own by some. Either way it did nothing.
    fn forgotten(&self, error: McpError) -> McpError {
        let lost = match (&error, self.dialect) {
            (McpError::Status { status, .. }, _) => matches!(status, 400 | 404 | 405 | 410),
            (McpError::Rpc { code, status, .. }, Dialect::Stateless) => {
                // Another revision than the one that was agreed on.
                *code == -32022 || (*status == 400 && (-32010..=-32000).contains(code))
            }
            (McpError::Rpc { code, status, .. }, _) => {
                let standard = (-32700..=-32600).contains(code);
                *status == 404 || (*status == 400 && !standard)
            }
            _ => false,
        };
        if !lost {
            return error;
        }
        self.core.gone.store(true, Ordering::Release);
        McpError::SessionLost {
            detail: format!("status {}", error.upstream_status().unwrap_or_default()),
            sent: false,
        }
    }

    pub(crate) fn take_all(
        &self,
        text: &str,
        id: u64,
        sink: Option<&dyn Sink>,
    ) -> Result<Option<String>, McpError> {
        let mut result = None;
        for one in frame::messages(text)? {
            result = result.or(self.take(&one, id, sink)?);
        }
        Ok(result)
    }

    /// Takes a message that came for a call: its result, a notice, or something for the SDK.
    fn take(
        &self,
        text: &str,
        id: u64,
        sink: Option<&dyn Sink>,
    ) -> Result<Option<String>, McpError> {
        match frame::read(text)? {
            Kind::Result(Some(to), result) if to == id => return Ok(Some(result.to_owned())),
            Kind::Error(to, error) if to.is_none_or(|to| to == id) => {
                return Err(error.with_status(200));
            }
            Kind::Result(..) | Kind::Error(..) => {
                tracing::debug!("an MCP server answered what was not asked");
            }
            Kind::Notification(method, params) => match notice::read(&method, params) {
                Some(notice) => {
                    if let Some(sink) = sink {
                        sink.notice(notice);
                    }
                }
                None => self.core.to_peer(text),
            },
            Kind::Request => self.core.to_peer(text),
        }
        Ok(None)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close();
    }
}
