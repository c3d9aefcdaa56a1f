//! The ways of speaking to a server.

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Revision 2026-07-28: each request stands for itself.
    Stateless,
    /// Streamable HTTP, revisions 2025-03-26 to 2025-11-25: a handshake, and mostly a session.
    Streamable,
    /// HTTP+SSE, revision 2024-11-05: one stream of events for everything.
    HttpSse,
}

impl Dialect {
    /// Its name in logs and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stateless => "stateless",
            Self::Streamable => "streamable_http",
            Self::HttpSse => "http_sse",
        }
    }
}
