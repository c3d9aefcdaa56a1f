//! The part of a session that the SDK runs: the handshake, answers to what the server asks of us,
//! and subscriptions. It speaks over a transport of ours; calls pass by it.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Uri};
use rmcp::model::{
    ClientConfig, ClientJsonRpcMessage, ErrorData, Implementation, ServerJsonRpcMessage,
};
use rmcp::service::NotificationContext;
use rmcp::transport::Transport;
use rmcp::{ClientHandler, RoleClient};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::McpError;
use crate::frame;
use crate::link::{EventLink, Pace};
use crate::shared::Core;
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

#[derive(Deserialize)]
struct Supported<'a> {
    #[serde(borrow, rename = "supportedVersions")]
    versions: Option<&'a serde_json::value::RawValue>,
}

/// Sends a message of the SDK.
async fn send(core: Arc<Core>, message: ClientJsonRpcMessage) -> Result<(), McpError> {
    let broken = |error: serde_json::Error| McpError::Protocol {
        detail: format!("a message cannot be written ({error})"),
    };
    let value = serde_json::to_value(&message).map_err(broken)?;
    let body = serde_json::to_vec(&message).map_err(broken)?.into();
    let method = value["method"].as_str().unwrap_or_default();
    let deadline = Instant::now() + core.wire.limits.handshake;
    let cap = core.wire.limits.max_answer_bytes;
    let headers = headers_of(&core, method, &value);
    let sent = core
        .wire
        .post(&core.post_to, headers, body, cap, deadline)
        .await;
    match sent {
        // A server of an older revision refuses a method it does not know in many ways.
        Err(error) if method == "server/discover" && !core.one_stream => {
            let refusal = refusal_of_discover(error)?;
            core.refuse(&value["id"], refusal);
            Ok(())
        }
        Err(error) => Err(error),
        Ok(Answered::Accepted) => Ok(()),
        Ok(_) if core.one_stream => Ok(()),
        Ok(Answered::Json { headers, body }) => {
            let text = core.wire.text(&body)?;
            for one in frame::messages(&text)? {
                heard(&core, method, &headers, &one);
                pass_on(&core, method, &value["id"], &one);
            }
            Ok(())
        }
        Ok(Answered::Events { headers, events }) if method == "subscriptions/listen" => {
            drop(headers);
            tokio::spawn(pump(core.clone(), events, value["id"].clone()));
            Ok(())
        }
        Ok(Answered::Events {
            headers,
            mut events,
        }) => {
            while let Some(event) = events.next(deadline).await? {
                let text = core.wire.clean(&event.data);
                let mut answered = false;
                for one in frame::messages(&text)? {
                    answered |= heard(&core, method, &headers, &one);
                    pass_on(&core, method, &value["id"], &one);
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
fn pass_on(core: &Core, method: &str, id: &Value, text: &str) {
    let undiscovered = method == "server/discover"
        && matches!(frame::read(text), Ok(frame::Kind::Result(_, result))
            if !serde_json::from_str::<Supported<'_>>(result)
                .is_ok_and(|result| result.versions.is_some()));
    if undiscovered {
        core.refuse(id, ErrorData::invalid_request("no discovery", None));
    } else {
        core.to_peer(text);
    }
}

fn headers_of(core: &Core, method: &str, message: &Value) -> HeaderMap {
    let mut headers = core.headers();
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
fn heard(core: &Core, method: &str, headers: &HeaderMap, text: &str) -> bool {
    let result = match frame::read(text) {
        Ok(frame::Kind::Result(_, result)) => result,
        Ok(frame::Kind::Error(..)) => return true,
        _ => return false,
    };
    match method {
        "initialize" => {
            if let Some(id) = headers.get(wire::SESSION) {
                drop(core.session_id.set(id.clone()));
            }
            core.remember(result);
        }
        // An empty answer of an older server says nothing; its handshake will.
        "server/discover" if result.contains("supportedVersions") => {
            drop(core.hello.set(result.to_owned()));
        }
        _ => {}
    }
    true
}

/// Passes on what comes on a subscription until it ends, and says so.
async fn pump(core: Arc<Core>, mut events: Box<EventLink>, id: Value) {
    let idle = core.wire.limits.idle_stream;
    events.pace(Pace::NOTIFICATIONS);
    let run = async {
        while let Some(event) = events.next_or_end(Instant::now() + idle).await {
            core.to_peer(&event.data);
        }
    };
    let closed = core.closing.cancelled();
    tokio::select! { () = run => {}, () = closed => return }
    core.refuse(&id, ErrorData::internal_error("the stream ended", None));
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

/// A session that is not negotiated yet, and the SDK's end of it.
pub fn open(wire: Wire, post_to: Uri, one_stream: bool) -> (Arc<Core>, PeerTransport) {
    let (core, messages) = Core::new(wire, post_to, one_stream);
    let transport = PeerTransport {
        core: core.clone(),
        messages,
    };
    (core, transport)
}

impl Transport<RoleClient> for PeerTransport {
    type Error = McpError;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), McpError>> + Send + 'static {
        send(self.core.clone(), message)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), McpError> {
        Ok(())
    }
}
