//! The client side of MCP, the Model Context Protocol: discovering the tools of any server and
//! calling them.
//!
//! It speaks the stateless revision 2026-07-28, the streamable HTTP of 2025-03-26 to 2025-11-25 and
//! the HTTP+SSE of 2024-11-05, and finds out by itself which one a server speaks. Everything leaves
//! through `switchboard-outbound`. `docs/decisions/0002-mcp-client.md` says which part of the work is
//! the SDK's and which is done here.
//!
//! Its layers, from the bottom up; each uses those before it, and a test of the house watches that no
//! two modules use each other:
//!
//! - words: `tool` with `param_headers`, `target`, `error`, `notice`, `answer`, `limits`,
//!   `dialect`
//! - wire format: `frame` is a message of JSON-RPC, `events` a stream of server-sent events
//! - transport: `link` is an open stream, `credentials` what every request carries, `wire` one
//!   exchange over HTTP
//! - the SDK's side: `shared` is what it has in common with calls, `peer` its transport,
//!   `sse_link` the one stream of HTTP+SSE, `subscribe` hears that tools changed
//! - handshake: `negotiate` finds out how a server is spoken to
//! - session: `opened` lives as long as it does, `waiting` is one call in it and `reply` what comes
//!   for that call, `resume` goes on with a stream that broke, `session` makes requests
//! - client: `discovery` reads the list of tools, `client` keeps sessions at hand

mod answer;
mod client;
mod credentials;
mod dialect;
mod discovery;
mod error;
mod events;
mod frame;
mod limits;
mod link;
mod negotiate;
mod notice;
mod opened;
mod param_headers;
mod peer;
mod reply;
mod resume;
mod session;
mod shared;
mod sse_link;
mod subscribe;
mod target;
mod tool;
mod waiting;
mod wire;

pub use answer::ToolAnswer;
pub use client::{McpClient, McpSettings, ToolsChanged};
pub use dialect::Dialect;
pub use discovery::{Discovered, Discovery, LeftOut};
pub use error::McpError;
pub use limits::Limits;
pub use notice::{Notice, Sink};
pub use target::McpTarget;
pub use tool::{Tool, ToolFault};
