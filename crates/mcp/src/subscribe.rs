//! Hearing that a server's tools changed, for as long as a session is open.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::HeaderMap;
use rmcp::RoleClient;
use rmcp::model::{ServerNotification, SubscriptionFilter};
use rmcp::service::Peer;
use tokio::time::Instant;

use crate::error::McpError;
use crate::frame::{self, Kind};
use crate::link::{EventLink, Pace, Place};
use crate::peer::Handler;
use crate::shared::Core;

/// The wait before a stream that ended is asked for again, and the longest of these waits.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Streamable HTTP: the server's own stream, opened by GET.
pub fn by_stream(core: &Arc<Core>, headers: HeaderMap) {
    let core = core.clone();
    tokio::spawn(async move {
        let closing = core.closing.clone();
        tokio::select! { () = listen(&core, headers) => {}, () = closing.cancelled() => {} }
    });
}

async fn listen(core: &Core, headers: HeaderMap) {
    let mut wait = FIRST_WAIT;
    let mut last: Option<Place> = None;
    loop {
        let deadline = Instant::now() + core.wire.limits.handshake;
        let from = last.as_ref().and_then(|place| place.last_id.clone());
        match core
            .wire
            .get(headers.clone(), from.as_deref(), deadline)
            .await
        {
            Ok(mut link) => {
                if let Some(last) = last.take() {
                    link.go_on_from(last);
                }
                let began = Instant::now();
                let is_flood = follow(core, &mut link).await;
                // A stream that ends as soon as it opens is not asked for in a loop.
                wait = if began.elapsed() > wait {
                    FIRST_WAIT
                } else {
                    longer(wait)
                };
                let place = link.place();
                let asked = place.retry_ms.map(Duration::from_millis);
                wait = asked.map_or(wait, |asked| asked.clamp(FIRST_WAIT, MAX_WAIT));
                if is_flood {
                    wait = MAX_WAIT;
                }
                last = Some(place);
            }
            Err(McpError::Outbound(_) | McpError::Timeout { .. }) => wait = longer(wait),
            // Most servers that have no such stream say so by 405; one that does not know the
            // session will say so to the next call as well.
            Err(error) => {
                tracing::debug!(%error, "the MCP server has no stream of its own");
                if matches!(error.upstream_status(), Some(404)) && core.session_id.get().is_some() {
                    core.gone.store(true, Ordering::Release);
                }
                return;
            }
        }
        tokio::time::sleep(wait).await;
    }
}

fn longer(wait: Duration) -> Duration {
    (wait * 2).min(MAX_WAIT)
}

/// True when the stream was dropped because it brought too much.
async fn follow(core: &Core, link: &mut EventLink) -> bool {
    let idle = core.wire.limits.idle_stream;
    link.pace(Pace::NOTIFICATIONS);
    while let Some(event) = link.next_or_end(Instant::now() + idle).await {
        let Ok(messages) = frame::messages(&event.data) else {
            continue;
        };
        for one in messages {
            // Answers belong to calls, and calls have streams of their own.
            if matches!(
                frame::read(&one),
                Ok(Kind::Notification(..) | Kind::Request)
            ) {
                core.to_peer(&one);
            }
        }
    }
    link.is_flood()
}

/// Revision 2026-07-28: a request that stays open (`subscriptions/listen`).
pub fn by_request(core: &Arc<Core>, peer: &Peer<RoleClient>, handler: &Handler) {
    let (closing, peer, handler) = (core.closing.clone(), peer.clone(), handler.clone());
    tokio::spawn(async move {
        tokio::select! { () = subscribe(&peer, &handler) => {}, () = closing.cancelled() => {} }
    });
}

async fn subscribe(peer: &Peer<RoleClient>, handler: &Handler) {
    let mut wait = FIRST_WAIT;
    loop {
        let filter = SubscriptionFilter::builder().tools_list_changed().build();
        let began = Instant::now();
        match peer.listen(filter).await {
            Ok(mut subscription) => {
                while let Ok(Some(notification)) = subscription.next().await {
                    if matches!(
                        notification,
                        ServerNotification::ToolListChangedNotification(_)
                    ) {
                        handler.changed();
                    }
                }
            }
            Err(rmcp::ServiceError::McpError(error)) => {
                tracing::debug!(code = error.code.0, "the MCP server takes no subscription");
                return;
            }
            Err(error) => tracing::debug!(%error, "no subscription"),
        }
        wait = if began.elapsed() > wait {
            FIRST_WAIT
        } else {
            longer(wait)
        };
        tokio::time::sleep(wait).await;
    }
}
