//! The part of a session that the SDK runs: the handshake, answers to what the server asks of us,
//! and subscriptions. [`Core`] is what it shares with the calls, which pass by the SDK.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{HeaderMap, HeaderValue, Uri};
use rmcp::model::{
    ClientConfig, ClientJsonRpcMessage, ErrorData, Implementation, RequestId, ServerJsonRpcMessage,
};
use rmcp::service::NotificationContext;
use rmcp::transport::Transport;
use rmcp::{ClientHandler, RoleClient};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::McpError;
use crate::frame;
use crate::link::{EventLink, Pace};
use crate::wire::{self, Answered, Wire};

/// Who hears that a server's tools changed.
pub type Changed = Arc<dyn Fn() + Send + Sync>;

/// Answers what a server asks of its client. What needs a person or a model is refused: the
/// capabilities say so from the start.
#[derive(Clone)]
pub struct Handler {
    changed: Changed,
}

impl Handler {
    /// A handler that passes on that tools changed.
    pub const fn new(changed: Changed) -> Self {
        Self { changed }
    }

    /// The server's tools changed.
    pub fn changed(&self) {
        (self.changed)();
    }
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let ourselves = Implementation::new("switchboard", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(rmcp::model::ClientCapabilities::default(), ourselves)
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changed();
    }
}

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

#[derive(Deserialize)]
struct Supported<'a> {
    #[serde(borrow, rename = "supportedVersions")]
    versions: Option<&'a serde_json::value::RawValue>,
}

impl Core {
    /// A session that is not negotiated yet, and the SDK's end of it.
    pub fn new(wire: Wire, post_to: Uri, one_stream: bool) -> (Arc<Self>, PeerTransport) {
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
        let transport = PeerTransport {
            core: core.clone(),
            messages,
        };
        (core, transport)
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

    fn refuse(&self, id: &Value, error: ErrorData) {
        if let Ok(id) = serde_json::from_value::<RequestId>(id.clone()) {
            drop(
                self.inbox
                    .send(ServerJsonRpcMessage::error(error, Some(id))),
            );
        }
    }

    /// Sends a message of the SDK.
    async fn send(self: Arc<Self>, message: ClientJsonRpcMessage) -> Result<(), McpError> {
        let broken = |error: serde_json::Error| McpError::Protocol {
            detail: format!("a message cannot be written ({error})"),
        };
        let value = serde_json::to_value(&message).map_err(broken)?;
        let body = serde_json::to_vec(&message).map_err(broken)?.into();
        let method = value["method"].as_str().unwrap_or_default();
        let deadline = Instant::now() + self.wire.limits.handshake;
        let cap = self.wire.limits.max_answer_bytes;
        let headers = self.headers_of(method, &value);
        let sent = self
            .wire
            .post(&self.post_to, headers, body, cap, deadline)
            .await;
        match sent {
            // A server of an older revision refuses a method it does not know in many ways.
            Err(error) if method == "server/discover" && !self.one_stream => {
                let refusal = refusal_of_discover(error)?;
                self.refuse(&value["id"], refusal);
                Ok(())
            }
            Err(error) => Err(error),
            Ok(Answered::Accepted) => Ok(()),
            Ok(_) if self.one_stream => Ok(()),
            Ok(Answered::Json { headers, body }) => {
                let text = self.wire.text(&body)?;
                for one in frame::messages(&text)? {
                    self.heard(method, &headers, &one);
                    self.pass_on(method, &value["id"], &one);
                }
                Ok(())
            }
            Ok(Answered::Events { headers, events }) if method == "subscriptions/listen" => {
                drop(headers);
                tokio::spawn(self.clone().pump(events, value["id"].clone()));
                Ok(())
            }
            Ok(Answered::Events {
                headers,
                mut events,
            }) => {
                while let Some(event) = events.next(deadline).await? {
                    let text = self.wire.clean(&event.data);
                    let mut answered = false;
                    for one in frame::messages(&text)? {
                        answered |= self.heard(method, &headers, &one);
                        self.pass_on(method, &value["id"], &one);
                    }
                    if answered {
                        events.finish();
                        return Ok(());
                    }
                }
                Err(McpError::SessionLost {
                    detail: "the stream ended before the answer".to_owned(),
                    sent: true,
                })
            }
        }
    }

    /// Gives the SDK an answer. Some older servers answer every method with an empty result, which is
    /// no discovery: the SDK is told that the method is not known, and shakes hands as of old.
    fn pass_on(&self, method: &str, id: &Value, text: &str) {
        let undiscovered = method == "server/discover"
            && matches!(frame::read(text), Ok(frame::Kind::Result(_, result))
                if !serde_json::from_str::<Supported<'_>>(result)
                    .is_ok_and(|result| result.versions.is_some()));
        if undiscovered {
            self.refuse(id, ErrorData::invalid_request("no discovery", None));
        } else {
            self.to_peer(text);
        }
    }

    fn headers_of(&self, method: &str, message: &Value) -> HeaderMap {
        let mut headers = self.headers();
        let stated = &message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
        if let Some(version) = stated.as_str().and_then(|v| HeaderValue::from_str(v).ok()) {
            headers.insert(wire::VERSION, version);
            if let Ok(method) = HeaderValue::from_str(method) {
                headers.insert(wire::METHOD, method);
            }
        }
        headers
    }

    /// Notes what the answer to the handshake says. True if this was an answer.
    fn heard(&self, method: &str, headers: &HeaderMap, text: &str) -> bool {
        let result = match frame::read(text) {
            Ok(frame::Kind::Result(_, result)) => result,
            Ok(frame::Kind::Error(..)) => return true,
            _ => return false,
        };
        match method {
            "initialize" => {
                if let Some(id) = headers.get(wire::SESSION) {
                    drop(self.session_id.set(id.clone()));
                }
                self.remember(result);
            }
            // An empty answer of an older server says nothing; its handshake will.
            "server/discover" if result.contains("supportedVersions") => {
                drop(self.hello.set(result.to_owned()));
            }
            _ => {}
        }
        true
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

    /// Passes on what comes on a subscription until it ends, and says so.
    async fn pump(self: Arc<Self>, mut events: Box<EventLink>, id: Value) {
        let idle = self.wire.limits.idle_stream;
        events.pace(Pace::NOTIFICATIONS);
        let run = async {
            while let Some(event) = events.next_or_end(Instant::now() + idle).await {
                self.to_peer(&event.data);
            }
        };
        let closed = self.closing.cancelled();
        tokio::select! { () = run => {}, () = closed => return }
        self.refuse(&id, ErrorData::internal_error("the stream ended", None));
    }
}

/// How the SDK hears that a server does not know `server/discover`: an error that it takes as the
/// word of an older server. Errors that are of another kind are the handshake's.
fn refusal_of_discover(error: McpError) -> Result<ErrorData, McpError> {
    match error {
        McpError::Rpc {
            code,
            message,
            data,
            ..
        } => {
            let code = rmcp::model::ErrorCode(i32::try_from(code).unwrap_or(-32603));
            Ok(ErrorData::new(code, message, data.map(|data| *data)))
        }
        McpError::Status { status, .. } if !matches!(status, 429 | 502..=504) => {
            Ok(ErrorData::invalid_request(format!("status {status}"), None))
        }
        other => Err(other),
    }
}

/// A session as the SDK sees it.
pub struct PeerTransport {
    core: Arc<Core>,
    messages: mpsc::UnboundedReceiver<ServerJsonRpcMessage>,
}

impl Transport<RoleClient> for PeerTransport {
    type Error = McpError;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), McpError>> + Send + 'static {
        self.core.clone().send(message)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), McpError> {
        Ok(())
    }
}
