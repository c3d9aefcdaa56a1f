//! Asking a server for its tools.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::dialect::Dialect;
use crate::error::McpError;
use crate::limits::Limits;
use crate::session::{Ask, Session};
use crate::tool::{Tool, ToolFault, name_of};

/// A tool that can be used.
#[derive(Debug, Clone)]
pub struct Discovered {
    /// The whole wire object, as the server sent it.
    pub wire: Value,
    /// The same, ready to be called.
    pub tool: Tool,
}

/// A tool that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Why.
    pub reason: ToolFault,
}

/// What a server has to offer.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// The result of the handshake as the server sent it: `serverInfo`, `capabilities`,
    /// `instructions` and whatever else it holds.
    pub server: Value,
    /// The revision that was agreed on.
    pub revision: String,
    /// How the server is spoken to.
    pub dialect: Dialect,
    /// Its tools, in its order.
    pub tools: Vec<Discovered>,
    /// The tools that cannot be used.
    pub left_out: Vec<LeftOut>,
}

impl Discovery {
    /// The server's name, version and so on. Revision 2026-07-28 moved them.
    pub fn server_info(&self) -> Option<&Value> {
        self.server
            .pointer("/_meta/io.modelcontextprotocol~1serverInfo")
            .or_else(|| self.server.get("serverInfo"))
    }
}

#[derive(Deserialize)]
struct Page {
    tools: Vec<Value>,
    #[serde(rename = "nextCursor")]
    next: Option<String>,
}

/// Reads all pages of the list.
pub async fn discover(
    session: &Session,
    limits: &Limits,
    deadline: Instant,
) -> Result<Discovery, McpError> {
    let mut discovery = Discovery {
        server: session.hello(),
        revision: session.revision().to_owned(),
        dialect: session.dialect(),
        tools: vec![],
        left_out: vec![],
    };
    let too_large = || McpError::TooLarge {
        what: "the MCP server's list of tools",
        limit: limits.max_list_bytes,
    };
    let mut names = HashSet::new();
    let mut cursors = HashSet::new();
    let mut cursor: Option<String> = None;
    let mut left = limits.max_list_bytes;
    for _ in 0..limits.max_pages {
        let ask = Ask {
            method: "tools/list",
            tool: None,
            cursor: cursor.as_deref(),
            sink: None,
            cap: left,
            deadline,
        };
        let text = session.ask(&ask).await.map_err(|error| match error {
            McpError::TooLarge { .. } => too_large(),
            other => other,
        })?;
        left = left.checked_sub(text.len()).ok_or_else(too_large)?;
        let page: Page = serde_json::from_str(&text).map_err(|error| McpError::Protocol {
            detail: format!("its list of tools is not what it should be ({error})"),
        })?;
        for wire in page.tools {
            let name = name_of(&wire).map(ToOwned::to_owned);
            let checked = Tool::prepare(&wire).and_then(|tool| {
                if names.insert(tool.name().to_owned()) {
                    Ok(tool)
                } else {
                    Err(ToolFault::Twice)
                }
            });
            match checked {
                Ok(tool) => discovery.tools.push(Discovered { wire, tool }),
                Err(reason) => discovery.left_out.push(LeftOut { name, reason }),
            }
        }
        match page.next.filter(|next| !next.is_empty()) {
            None => return Ok(discovery),
            Some(next) if !cursors.insert(next.clone()) => {
                return Err(McpError::Protocol {
                    detail: "its list of tools leads back to a page that was read".to_owned(),
                });
            }
            Some(next) => cursor = Some(next),
        }
    }
    Err(McpError::Protocol {
        detail: format!("its list of tools has more than {} pages", limits.max_pages),
    })
}
