//! Requests in a session with a server.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::dialect::Dialect;
use crate::error::McpError;
use crate::frame::Writer;
use crate::negotiate::Negotiated;
use crate::notice::Sink;
use crate::opened::Opened;
use crate::peer::Handler;
use crate::reply::Reply;
use crate::resume;
use crate::tool::Tool;
use crate::waiting::Waiting;
use crate::wire::{self, Answered};

/// Ids of our requests start here: the SDK counts its own from nought in the same session.
const FIRST_ID: u64 = 1_000_000;
/// How many messages may wait for a call on the one stream of HTTP+SSE.
const WAITING: usize = 256;

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
    opened: Opened,
    /// The members that each request's `_meta` starts with, JSON text without the braces.
    meta: String,
    next_id: AtomicU64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("dialect", &self.dialect())
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session from a handshake. It listens for changes of the tools if the server tells of them.
    pub fn new(negotiated: Negotiated, handler: &Handler) -> Self {
        let opened = Opened::new(negotiated, handler);
        let mut meta = String::new();
        if opened.dialect == Dialect::Stateless {
            meta = format!(
                r#""io.modelcontextprotocol/protocolVersion":"{}","io.modelcontextprotocol/clientInfo":{{"name":"switchboard","version":"{}"}},"io.modelcontextprotocol/clientCapabilities":{{}}"#,
                opened.revision,
                env!("CARGO_PKG_VERSION")
            );
        }
        Self {
            opened,
            meta,
            next_id: AtomicU64::new(FIRST_ID),
        }
    }

    /// How the server is spoken to.
    pub const fn dialect(&self) -> Dialect {
        self.opened.dialect
    }

    /// The revision that was agreed on.
    pub fn revision(&self) -> &str {
        &self.opened.revision
    }

    /// What the server said about itself in the handshake.
    pub fn hello(&self) -> Value {
        let text = self.opened.core.hello.get().map_or("null", String::as_str);
        serde_json::from_str(text).unwrap_or_default()
    }

    /// True when it is of no use any more.
    pub fn is_gone(&self) -> bool {
        self.opened.is_gone()
    }

    /// Nobody new gets it; it is closed when the last call in it is over.
    pub fn retire(&self) {
        self.opened.retire();
    }

    /// Makes a request. The answer is the result as JSON text, without credentials.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<String, McpError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let body = self.body(id, ask);
        let mut headers = self.opened.headers.clone();
        if self.dialect() == Dialect::Stateless {
            headers.insert(wire::METHOD, HeaderValue::from_static(ask.method));
            if let Some((tool, arguments)) = ask.tool {
                if let Some(name) = tool.header_name() {
                    headers.insert(wire::NAME, name.clone());
                }
                tool.params().write(arguments, &mut headers);
            }
        }
        let mut waiting = Waiting::new(&self.opened, id);
        let result = if self.dialect() == Dialect::HttpSse {
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
        let stateless = self.dialect() == Dialect::Stateless;
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

    fn reply<'a>(&'a self, id: u64, ask: &Ask<'a>) -> Reply<'a> {
        Reply {
            core: &self.opened.core,
            id,
            sink: ask.sink,
        }
    }

    /// Streamable HTTP: the answer comes to the POST, at once or on a stream of its own.
    async fn over_post(
        &self,
        id: u64,
        headers: HeaderMap,
        body: Bytes,
        ask: &Ask<'_>,
    ) -> Result<String, McpError> {
        let wire = &self.opened.core.wire;
        let posted = wire
            .post(
                &self.opened.core.post_to,
                headers,
                body,
                ask.cap,
                ask.deadline,
            )
            .await
            .map_err(|error| self.forgotten(error))?;
        match posted {
            Answered::Json { body, .. } => {
                let text = wire.text(&body)?;
                self.reply(id, ask)
                    .take_all(&text)?
                    .ok_or_else(|| McpError::Protocol {
                        detail: "the answer is to another request".to_owned(),
                    })
            }
            Answered::Events { events, .. } => {
                let reply = self.reply(id, ask);
                resume::read_events(&reply, events, &self.opened.headers, ask.deadline).await
            }
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
        self.opened
            .core
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, sender);
        // The stream may have ended before the call was entered, and nothing is sent then.
        if self.is_gone() {
            return Err(ended(false));
        }
        let (to, deadline) = (&self.opened.core.post_to, ask.deadline);
        self.opened
            .core
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
            if let Some(result) = self.reply(id, ask).take(&message)? {
                return Ok(result);
            }
        }
    }

    /// How a server says that it does not know the session: 404 by the protocol, 400 with an error
    /// of its own by some. Either way it did nothing.
    fn forgotten(&self, error: McpError) -> McpError {
        let lost = match (&error, self.dialect()) {
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
        self.opened.core.gone.store(true, Ordering::Release);
        McpError::SessionLost {
            detail: format!("status {}", error.upstream_status().unwrap_or_default()),
            sent: false,
        }
    }
}
