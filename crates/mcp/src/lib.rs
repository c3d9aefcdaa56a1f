//! The client side of MCP, the Model Context Protocol: discovering the tools of any server and
//! calling them.
//!
//! It speaks the stateless revision 2026-07-28, the streamable HTTP of 2025-03-26 to 2025-11-25 and
//! the HTTP+SSE of 2024-11-05, and finds out by itself which one a server speaks. Everything leaves
//! through `switchboard-outbound`. `docs/decisions/0002-mcp-client.md` says which part of the work is
//! the SDK's and which is done here.

mod answer;
mod client;
mod credentials;
mod discovery;
mod error;
mod events;
mod frame;
mod link;
mod negotiate;
mod notice;
mod param_headers;
mod peer;
mod resume;
mod session;
mod sse_link;
mod subscribe;
mod target;
mod tool;
mod waiting;
mod wire;

pub use answer::ToolAnswer;
pub use client::{Limits, McpClient, McpSettings, ToolsChanged};
pub use discovery::{Discovered, Discovery, LeftOut};
pub use error::McpError;
pub use notice::{Notice, Sink};
pub use session::Dialect;
pub use target::McpTarget;
pub use tool::{Tool, ToolFault};
