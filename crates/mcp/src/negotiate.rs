//! Finding out which revision a server speaks, and over which transport.

use std::sync::Arc;

use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientInitializeError, RunningService};
use rmcp::{ClientLifecycleMode, RoleClient, serve_client_with_lifecycle};
use tokio::time::Instant;

use crate::dialect::Dialect;
use crate::error::McpError;
use crate::frame;
use crate::peer::{self, Handler, PeerTransport};
use crate::shared::Core;
use crate::sse_link;
use crate::wire::Wire;

/// A session as it comes out of the handshake.
pub struct Negotiated {
    pub core: Arc<Core>,
    pub running: RunningService<RoleClient, Handler>,
    pub dialect: Dialect,
    pub revision: ProtocolVersion,
}

/// Opens a session in a dialect that was remembered, or finds out which one it is.
pub async fn negotiate(
    wire: &(dyn Fn() -> Result<Wire, McpError> + Sync),
    known: Option<Dialect>,
    handler: &Handler,
    deadline: Instant,
) -> Result<Negotiated, McpError> {
    let refused = match known {
        Some(Dialect::HttpSse) => return over_sse(wire()?, handler, deadline).await,
        Some(dialect) => return streamable(wire()?, Some(dialect), handler, deadline).await,
        None => match streamable(wire()?, None, handler, deadline).await {
            Ok(negotiated) => return Ok(negotiated),
            Err(error) if is_older(&error) => error,
            Err(error) => return Err(error),
        },
    };
    // Whoever does not take a POST may be a server of 2024-11-05 (2025-11-25, "Backwards
    // compatibility").
    match over_sse(wire()?, handler, deadline).await {
        Ok(negotiated) => Ok(negotiated),
        Err(timeout @ McpError::Timeout { .. }) => Err(timeout),
        Err(_) => Err(McpError::NotMcp {
            detail: format!(
                "it takes neither `initialize` by POST (status {}) nor opens a stream of events",
                refused.upstream_status().unwrap_or_default()
            ),
        }),
    }
}

fn is_older(error: &McpError) -> bool {
    let by_status = matches!(error, McpError::Status { .. } | McpError::Rpc { .. });
    by_status && matches!(error.upstream_status(), Some(400 | 404 | 405 | 406 | 501))
}

async fn streamable(
    wire: Wire,
    known: Option<Dialect>,
    handler: &Handler,
    deadline: Instant,
) -> Result<Negotiated, McpError> {
    let post_to = wire.uri().clone();
    let (core, transport) = peer::open(wire, post_to, false);
    let newest = vec![ProtocolVersion::V_2026_07_28];
    let lifecycle = match known {
        Some(Dialect::Stateless) => ClientLifecycleMode::Discover {
            preferred_versions: newest,
        },
        Some(_) => ClientLifecycleMode::Initialize,
        None => ClientLifecycleMode::Auto {
            preferred_versions: newest,
            legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
        },
    };
    shake_hands(core, transport, lifecycle, handler, deadline).await
}

async fn over_sse(
    wire: Wire,
    handler: &Handler,
    deadline: Instant,
) -> Result<Negotiated, McpError> {
    let (core, transport) = sse_link::open(wire, deadline).await?;
    let lifecycle = ClientLifecycleMode::Initialize;
    shake_hands(core, transport, lifecycle, handler, deadline).await
}

async fn shake_hands(
    core: Arc<Core>,
    transport: PeerTransport,
    lifecycle: ClientLifecycleMode,
    handler: &Handler,
    deadline: Instant,
) -> Result<Negotiated, McpError> {
    // Whatever was begun for a session that does not come to be ends here.
    let guard = core.closing.clone().drop_guard();
    let handler = handler.clone();
    let shaking = serve_client_with_lifecycle(handler, transport, lifecycle);
    let running = Box::pin(tokio::time::timeout_at(deadline, shaking))
        .await
        .map_err(|_| McpError::Timeout { sent: false })?
        .map_err(explain)?;
    let info = running.peer().peer_info().ok_or(McpError::Protocol {
        detail: "the handshake says nothing about the server".to_owned(),
    })?;
    let revision = info.protocol_version.clone();
    if !ProtocolVersion::KNOWN_VERSIONS.contains(&revision) {
        return Err(McpError::Protocol {
            detail: "it chose a revision that was not offered".to_owned(),
        });
    }
    let dialect = match (core.one_stream, revision.has_initialize()) {
        (true, _) => Dialect::HttpSse,
        (false, true) => Dialect::Streamable,
        (false, false) => Dialect::Stateless,
    };
    guard.disarm();
    Ok(Negotiated {
        core,
        running,
        dialect,
        revision,
    })
}

/// What a failed handshake means. Nothing that a tool does can have happened yet.
fn explain(error: ClientInitializeError) -> McpError {
    match error {
        ClientInitializeError::TransportError { error, .. } => {
            match error.error.downcast::<McpError>() {
                Ok(own) => before_any_call(*own),
                Err(_) => wrong("the handshake broke off"),
            }
        }
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => explain(*fallback),
        ClientInitializeError::JsonRpcError(error) => {
            let mut message = error.message.into_owned();
            frame::shorten(&mut message);
            McpError::Rpc {
                code: i64::from(error.code.0),
                message,
                data: error.data.map(Box::new),
                status: 200,
            }
        }
        ClientInitializeError::NoCompatibleProtocolVersion { .. } => {
            wrong("it speaks no revision that Switchboard does")
        }
        ClientInitializeError::ConnectionClosed(_) => wrong("it ended the handshake"),
        _ => wrong("its handshake is not what it should be"),
    }
}

fn wrong(detail: &str) -> McpError {
    McpError::Protocol {
        detail: detail.to_owned(),
    }
}

fn before_any_call(error: McpError) -> McpError {
    match error {
        McpError::Timeout { .. } => McpError::Timeout { sent: false },
        McpError::SessionLost { detail, .. } => McpError::Protocol { detail },
        other => other,
    }
}
