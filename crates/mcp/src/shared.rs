//! What the SDK's side of a session and the calls in it share.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{HeaderMap, HeaderValue, Uri};
use rmcp::model::{ErrorData, RequestId, ServerJsonRpcMessage};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::wire::{self, Wire};

/// What the SDK's side and the calls of a session share.
pub struct Core {
    /// The server.
    pub wire: Wire,
    /// Where messages are posted to.
    pub post_to: Uri,
    /// Whether answers come on the one stream of HTTP+SSE.
    pub one_stream: bool,
    /// The calls that wait for that stream, by their id.
    pub waiting: Mutex<HashMap<u64, mpsc::Sender<String>>>,
    /// The session's id, if the server gave one.
    pub session_id: OnceLock<HeaderValue>,
    /// The revision of the handshake.
    pub version: OnceLock<HeaderValue>,
    /// What the server said about itself, as it came.
    pub hello: OnceLock<String>,
    /// The session is of no use any more.
    pub gone: AtomicBool,
    /// Everything that runs for the session ends with this.
    pub closing: CancellationToken,
    inbox: mpsc::UnboundedSender<ServerJsonRpcMessage>,
}

#[derive(Deserialize)]
struct Hello<'a> {
    #[serde(borrow, rename = "protocolVersion")]
    version: Option<Cow<'a, str>>,
}

impl Core {
    /// A session that is not negotiated yet, and the messages that the SDK gets of it.
    pub fn new(
        wire: Wire,
        post_to: Uri,
        one_stream: bool,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<ServerJsonRpcMessage>) {
        let (inbox, messages) = mpsc::unbounded_channel();
        let core = Arc::new(Self {
            wire,
            post_to,
            one_stream,
            waiting: Mutex::default(),
            session_id: OnceLock::new(),
            version: OnceLock::new(),
            hello: OnceLock::new(),
            gone: AtomicBool::new(false),
            closing: CancellationToken::new(),
            inbox,
        });
        (core, messages)
    }

    /// The session is over.
    pub fn end(&self) {
        self.gone.store(true, Ordering::Release);
        // Who waits for an answer sees the end of its channel.
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The headers of a message in this session.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.wire.headers();
        if let Some(id) = self.session_id.get() {
            headers.insert(wire::SESSION, id.clone());
        }
        if let Some(version) = self.version.get() {
            headers.insert(wire::VERSION, version.clone());
        }
        headers
    }

    /// Gives the SDK a message that is not for a call. What it cannot read is left out.
    pub fn to_peer(&self, text: &str) {
        match serde_json::from_str::<ServerJsonRpcMessage>(text) {
            Ok(message) => drop(self.inbox.send(message)),
            Err(error) => tracing::debug!(%error, "a message of an MCP server is left out"),
        }
    }

    /// Tells the SDK that a request of its own was refused.
    pub fn refuse(&self, id: &Value, error: ErrorData) {
        if let Ok(id) = serde_json::from_value::<RequestId>(id.clone()) {
            drop(
                self.inbox
                    .send(ServerJsonRpcMessage::error(error, Some(id))),
            );
        }
    }

    /// Remembers what the server said about itself in the handshake.
    pub fn remember(&self, result: &str) {
        let hello = serde_json::from_str::<Hello<'_>>(result).ok();
        let version = hello.and_then(|hello| HeaderValue::from_str(&hello.version?).ok());
        if let Some(version) = version {
            drop(self.version.set(version));
        }
        drop(self.hello.set(result.to_owned()));
    }
}
