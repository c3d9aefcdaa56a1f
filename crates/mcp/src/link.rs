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

/// How much a stream may bring: so much at once, and so much each second after that.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Events at once.
    pub events: u32,
    /// Events a second.
    pub events_per_second: u32,
    /// Bytes at once.
    pub bytes: u32,
    /// Bytes a second.
    pub bytes_per_second: u32,
}

impl Pace {
    /// For streams that bring notifications alone.
    pub const NOTIFICATIONS: Self = Self {
        events: 500,
        events_per_second: 20,
        bytes: 4 << 20,
        bytes_per_second: 64 << 10,
    };
    /// For streams that bring answers too.
    pub const ANSWERS: Self = Self {
        events: 5000,
        events_per_second: 500,
        bytes: 128 << 20,
        bytes_per_second: 16 << 20,
    };
}

/// What is left of a pace.
#[derive(Debug)]
struct Allowance {
    pace: Pace,
    events: f64,
    bytes: f64,
    at: Instant,
}

impl Allowance {
    fn new(pace: Pace, now: Instant) -> Self {
        Self {
            pace,
            events: f64::from(pace.events),
            bytes: f64::from(pace.bytes),
            at: now,
        }
    }

    /// False when that is too much.
    fn take(&mut self, events: f64, bytes: f64, now: Instant) -> bool {
        let pace = self.pace;
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        let more = |left: f64, each: u32, most: u32| {
            passed.mul_add(f64::from(each), left).min(f64::from(most))
        };
        self.events = more(self.events, pace.events_per_second, pace.events) - events;
        self.bytes = more(self.bytes, pace.bytes_per_second, pace.bytes) - bytes;
        self.events >= 0.0 && self.bytes >= 0.0
    }
}

/// An open stream of events.
pub struct EventLink {
    stream: ResponseStream,
    events: Events,
    cap: usize,
    read: usize,
    /// How many bytes may come in all.
    limit: usize,
    allowance: Option<Allowance>,
    is_flood: bool,
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
            allowance: None,
            is_flood: false,
        }
    }

    /// Sets how much may come in a time. A stream that brings more is a flood, and is dropped.
    pub fn pace(&mut self, pace: Pace) {
        self.allowance = Some(Allowance::new(pace, Instant::now()));
    }

    fn allow(&mut self, events: f64, bytes: f64) -> Result<(), McpError> {
        let Some(allowance) = &mut self.allowance else {
            return Ok(());
        };
        if allowance.take(events, bytes, Instant::now()) {
            Ok(())
        } else {
            Err(McpError::Flood)
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
                Ok(Some(event)) => {
                    self.allow(1.0, 0.0)?;
                    return Ok(Some(event));
                }
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
                    let bytes = u32::try_from(piece.len()).unwrap_or(u32::MAX);
                    self.allow(0.0, bytes.into())?;
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

    /// The next event of a stream that is nobody's call; none at its end, whatever that is.
    pub async fn next_or_end(&mut self, deadline: Instant) -> Option<Event> {
        match self.next(deadline).await {
            Ok(event) => event,
            Err(McpError::Flood) => {
                self.is_flood = true;
                tracing::warn!("an MCP server floods its stream of events, which is dropped");
                None
            }
            Err(error) => {
                tracing::debug!(%error, "a stream of events ended");
                None
            }
        }
    }

    /// True when it was dropped because it brought too much.
    pub const fn is_flood(&self) -> bool {
        self.is_flood
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_from_a_burst() {
        let start = Instant::now();
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        let mut burst = Allowance::new(Pace::NOTIFICATIONS, start);
        assert!((0..500).all(|_| burst.take(1.0, 0.0, start)));
        assert!(!burst.take(1.0, 0.0, start), "no more at once");
        let mut steady = Allowance::new(Pace::NOTIFICATIONS, start);
        assert!((0..600).all(|second| (0..20).all(|_| steady.take(1.0, 0.0, after(second)))));
        let mut large = Allowance::new(Pace::NOTIFICATIONS, start);
        assert!(large.take(0.0, f64::from(4 << 20), start));
        assert!(!large.take(0.0, 1.0, start), "no more bytes at once");
        assert!(large.take(0.0, 1.0, after(1)));
    }
}
