//! Event streams, as they come.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::{BodyDataStream, BodyExt as _};
use hyper::body::Incoming;
use serde_json::Value;

use crate::contract;

/// How long a test waits for the next event.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open event stream.
#[derive(Debug)]
pub struct EventStream {
    body: BodyDataStream<Incoming>,
    text: String,
    /// Whether it is a conversation's: its events are held against the API's document.
    is_log: bool,
}

impl EventStream {
    /// The stream that an address answered.
    pub(crate) fn of(path: &str, body: Incoming) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        Self {
            body: body.into_data_stream(),
            text: String::new(),
            is_log: path.starts_with("/api/v1/conversations/") && path.ends_with("/events"),
        }
    }

    async fn chunk(&mut self) -> Option<Bytes> {
        let chunk = tokio::time::timeout(PATIENCE, self.body.next()).await;
        chunk.expect("something comes").map(Result::unwrap)
    }

    /// The next event that has an id or data: both, as they stand.
    pub async fn next_raw(&mut self) -> (String, String) {
        // For the event as a whole: comments that keep the connection alive are no event.
        let event = tokio::time::timeout(PATIENCE, self.next_event()).await;
        event.expect("an event comes")
    }

    async fn next_event(&mut self) -> (String, String) {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    let lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    // A field that stands on several lines is joined by line breaks.
                    lines.map(str::trim).collect::<Vec<_>>().join("\n")
                };
                let (id, data) = (field("id:"), field("data:"));
                // Without both it is a comment that keeps the connection alive.
                if !(id.is_empty() && data.is_empty()) {
                    if self.is_log {
                        contract::hold_event(&data);
                    }
                    return (id, data);
                }
            }
            let chunk = self.chunk().await.expect("the stream goes on");
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// The next event with data: its id and the data as JSON.
    pub async fn next(&mut self) -> (String, Value) {
        loop {
            let (id, data) = self.next_raw().await;
            if !data.is_empty() {
                return (id, serde_json::from_str(&data).unwrap());
            }
        }
    }

    /// Waits until the stream ends.
    pub async fn end(&mut self) {
        while self.chunk().await.is_some() {}
    }
}
