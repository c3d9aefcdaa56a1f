//! What a server may take of ours.

use std::time::Duration;

/// What a server may ask of our memory and our patience.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest answer to a call, in bytes; also the largest event.
    pub max_answer_bytes: usize,
    /// The largest list of tools, all its pages together, in bytes.
    pub max_list_bytes: usize,
    /// How many pages a list of tools may have.
    pub max_pages: usize,
    /// How many bytes of events may come before the answer to a call does.
    pub max_stream_bytes: usize,
    /// How long one message of a handshake may take.
    pub handshake: Duration,
    /// How long a stream that is not a call's may say nothing before it is opened anew.
    pub idle_stream: Duration,
    /// How long a session is kept that is not used.
    pub idle_session: Duration,
    /// How many sessions are kept at most.
    pub max_sessions: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_answer_bytes: 10 * 1024 * 1024,
            max_list_bytes: 10 * 1024 * 1024,
            max_pages: 100,
            max_stream_bytes: 64 * 1024 * 1024,
            handshake: Duration::from_secs(30),
            idle_stream: Duration::from_mins(10),
            idle_session: Duration::from_mins(10),
            max_sessions: 10_000,
        }
    }
}
