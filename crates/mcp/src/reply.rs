//! What comes while a request is under way: its answer, what its caller is told meanwhile, and what
//! is for the SDK.

use crate::error::McpError;
use crate::frame::{self, Kind};
use crate::notice::{self, Sink};
use crate::shared::Core;

/// The answer that a request waits for.
pub struct Reply<'a> {
    /// The session that the request was made in.
    pub core: &'a Core,
    /// The request's id.
    pub id: u64,
    /// Who hears notices.
    pub sink: Option<&'a dyn Sink>,
}

impl Reply<'_> {
    /// Takes all messages of a text that came for the request. Its result, if it is among them.
    pub fn take_all(&self, text: &str) -> Result<Option<String>, McpError> {
        let mut result = None;
        for one in frame::messages(text)? {
            result = result.or(self.take(&one)?);
        }
        Ok(result)
    }

    /// Takes one message that came for the request. Its result, if that is what it is.
    pub fn take(&self, text: &str) -> Result<Option<String>, McpError> {
        let id = self.id;
        match frame::read(text)? {
            Kind::Result(Some(to), result) if to == id => return Ok(Some(result.to_owned())),
            Kind::Error(to, error) if to.is_none_or(|to| to == id) => {
                return Err(error.with_status(200));
            }
            Kind::Result(..) | Kind::Error(..) => {
                tracing::debug!("an MCP server answered what was not asked");
            }
            Kind::Notification(method, params) => match notice::read(&method, params) {
                Some(notice) => {
                    if let Some(sink) = self.sink {
                        sink.notice(notice);
                    }
                }
                None => self.core.to_peer(text),
            },
            Kind::Request => self.core.to_peer(text),
        }
        Ok(None)
    }
}
