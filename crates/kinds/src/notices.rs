//! What a service says of a call while it is under way: only callers that listen hear it, and it is
//! not kept.

use tokio::sync::mpsc;

/// Where notices go. Whoever sends must not wait: a caller that reads slowly, or went away, does not
/// slow its call down.
pub type Notices = mpsc::Sender<Notice>;

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// How far the call is: `{"progress", "total"?, "message"?}` as JSON text, without a token,
    /// which is the caller's own.
    Progress(String),
    /// A log message.
    Log {
        /// How severe it is, as MCP names it: `debug` to `emergency`.
        level: String,
        /// `{"level", "logger"?, "data"}`, as JSON text.
        params: String,
    },
}
