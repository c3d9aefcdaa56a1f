//! Answers that come on a stream of events, which may break and be gone on with.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use crate::error::McpError;
use crate::link::{EventLink, Pace, Place};
use crate::reply::Reply;

/// How long to wait before a broken stream is asked for again, where the server does not say.
const RESUME_AFTER: Duration = Duration::from_secs(1);
/// How often a stream that brings nothing is asked for again.
const MAX_RESUMES: u32 = 10;

/// Reads a stream until the answer comes, and goes on after a break where the server lets us.
pub async fn read_events(
    reply: &Reply<'_>,
    mut link: Box<EventLink>,
    headers: &HeaderMap,
    deadline: Instant,
) -> Result<String, McpError> {
    let mut left = reply.core.wire.limits.max_stream_bytes;
    let mut idle_resumes = 0;
    loop {
        link.limit(left);
        link.pace(Pace::ANSWERS);
        while let Some(event) = link.next(deadline).await? {
            idle_resumes = 0;
            if !matches!(event.kind.as_str(), "" | "message") {
                continue;
            }
            let text = reply.core.wire.clean(&event.data);
            if let Some(result) = reply.take_all(&text)? {
                link.finish();
                return Ok(result);
            }
        }
        left = left.saturating_sub(link.read());
        idle_resumes += 1;
        link = resume(reply, headers, link.place(), idle_resumes, deadline).await?;
    }
}

/// Asks for the rest of a stream that broke (2025-11-25, "Resumability and redelivery").
async fn resume(
    reply: &Reply<'_>,
    headers: &HeaderMap,
    place: Place,
    tries: u32,
    deadline: Instant,
) -> Result<Box<EventLink>, McpError> {
    let lost = |detail: &str| McpError::SessionLost {
        detail: detail.to_owned(),
        sent: true,
    };
    let Some(last) = place.last_id.as_deref() else {
        return Err(lost("the stream ended before the answer"));
    };
    let mut tries = tries;
    loop {
        if tries > MAX_RESUMES {
            return Err(lost("the stream keeps ending before the answer"));
        }
        let wait = place.retry_ms.map_or(RESUME_AFTER, Duration::from_millis);
        match Instant::now().checked_add(wait) {
            Some(then) if then < deadline => tokio::time::sleep_until(then).await,
            _ => {
                tokio::time::sleep_until(deadline).await;
                return Err(McpError::Timeout { sent: true });
            }
        }
        let headers = headers.clone();
        match reply.core.wire.get(headers, Some(last), deadline).await {
            Ok(mut link) => {
                link.go_on_from(place);
                return Ok(link);
            }
            Err(McpError::Outbound(error)) => {
                tracing::debug!(%error, "the rest of a stream is not to be had yet");
                tries += 1;
            }
            Err(McpError::Timeout { .. }) => return Err(McpError::Timeout { sent: true }),
            Err(_) => return Err(lost("the rest of the stream is not to be had")),
        }
    }
}
