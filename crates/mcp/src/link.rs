//! A stream of events that is open, and its end.

use std::time::Duration;

use switchboard_outbound::ResponseStream;
use tokio::time::Instant;

use crate::error::McpError;
use crate::events::{BadEvent, Event, Events};

/// How long the end of a stream may take after the answer was read from it.
const DRAIN: Duration = Duration::from_millis(500);

/// Where a stream broke off.
#[derive(Debug)]
pub struct Place {
    /// The id of the last event that had one.
    pub last_id: Option<String>,
    /// How long to wait before asking again, in milliseconds, if the server said so.
    pub retry_ms: Option<u64>,
}

/// An open stream of events.
pub struct EventLink {
    stream: ResponseStream,
    events: Events,
    cap: usize,
    read: usize,
    /// How many bytes may come in all.
    limit: usize,
}

impl EventLink {
    /// A stream of which an event may have `cap` bytes.
    pub const fn new(stream: ResponseStream, cap: usize) -> Self {
        Self {
            stream,
            events: Events::new(cap),
            cap,
            read: 0,
            limit: usize::MAX,
        }
    }

    /// Sets how many bytes may come in all. A stream that lives long has no such limit.
    pub const fn limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// Up to where it was read.
    pub fn place(&self) -> Place {
        Place {
            last_id: self.events.last_id.clone(),
            retry_ms: self.events.retry_ms,
        }
    }

    /// Starts where another stream broke off.
    pub fn go_on_from(&mut self, place: Place) {
        self.events.last_id = place.last_id;
        self.events.retry_ms = place.retry_ms;
    }

    /// How many bytes came.
    pub const fn read(&self) -> usize {
        self.read
    }

    /// The next event; none at the end of the stream. What breaks the stream is its end too: the
    /// events before it say where to go on.
    pub async fn next(&mut self, deadline: Instant) -> Result<Option<Event>, McpError> {
        loop {
            match self.events.next() {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(BadEvent::TooLarge) => {
                    return Err(McpError::TooLarge {
                        what: "an event of the MCP server",
                        limit: self.cap,
                    });
                }
                Err(BadEvent::NotText) => {
                    return Err(McpError::Garbage {
                        detail: "an event is not text".to_owned(),
                    });
                }
            }
            match self.stream.chunk(deadline).await {
                Ok(Some(piece)) => {
                    self.read = self.read.saturating_add(piece.len());
                    if self.read > self.limit {
                        return Err(McpError::EndlessStream { limit: self.limit });
                    }
                    self.events.push(&piece);
                }
                Ok(None) => return Ok(None),
                Err(error) => match McpError::from(error) {
                    timeout @ McpError::Timeout { .. } => return Err(timeout),
                    error => {
                        tracing::debug!(%error, "a stream of events broke");
                        return Ok(None);
                    }
                },
            }
        }
    }

    /// Reads the stream to its end, which comes at once from most servers, so that its connection
    /// can be used again. One that goes on is closed.
    pub fn finish(mut self: Box<Self>) {
        tokio::spawn(async move {
            let deadline = Instant::now() + DRAIN;
            while let Ok(Some(_)) = self.stream.chunk(deadline).await {
                if Instant::now() >= deadline {
                    break;
                }
            }
        });
    }
}
