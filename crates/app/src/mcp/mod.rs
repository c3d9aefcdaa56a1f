//! MCP servers as integrations: their tools as actions, and calls of them.

mod perform;
mod refresh;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use switchboard_connect::PreparedAuth;
use switchboard_domain::action::McpAction;
use switchboard_domain::auth::ValueSource;
use switchboard_domain::input::{InputErrors, pointer_token};
use switchboard_domain::integration::McpServer;
use switchboard_domain::output::OutputVariable;
use switchboard_domain::request::{BaseUrl, HeaderTemplate, header_name};
use switchboard_domain::schema::ParameterSchema;
use switchboard_mcp::{McpTarget, Tool};

use crate::prepare;
use crate::prepare::Scope;
pub(crate) use perform::{How, perform};
pub(crate) use refresh::{Found, fetch, note_failure, settle};
pub use refresh::{Refreshed, approve, refresh};
pub(crate) use watch::{Watch, watch};

/// A tool, ready to be called.
#[derive(Debug)]
pub struct McpCall {
    /// The tool.
    pub tool: Tool,
    /// Its wire object, for whoever asks in MCP's format.
    pub wire: Value,
    /// What is taken from its result.
    pub outputs: Arc<[OutputVariable]>,
    /// How long a call may take; none is the server's default.
    pub timeout: Option<Duration>,
}

/// Prepares a server for the calls of one environment.
pub(crate) fn target(
    server: &McpServer,
    scope: &Scope<'_>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<McpTarget> {
    let url = errors.check(format!("{pointer}/url"), BaseUrl::parse(&server.url));
    let auth = PreparedAuth::prepare(&server.auth, scope.key());
    let auth = errors.check(format!("{pointer}/auth"), auth);
    let mut headers = vec![];
    for (name, value) in &server.headers {
        let pointer = format!("{pointer}/headers/{}", pointer_token(name));
        if let ValueSource::Text(text) = value
            && (text.contains("{{") || text.contains("{%"))
        {
            errors.push(
                &pointer,
                "headers of an MCP server are text or a secret, no template",
            );
            continue;
        }
        let checked = match value {
            ValueSource::Text(text) => HeaderTemplate::parse(name, text).map(drop),
            ValueSource::Secret(_) => header_name(name).map(drop),
        };
        let Some(()) = errors.check(&pointer, checked) else {
            continue;
        };
        let name = http::HeaderName::from_bytes(name.as_bytes());
        headers.extend(
            errors
                .check(&pointer, name)
                .map(|name| (name, value.clone())),
        );
    }
    let url = url?;
    Some(McpTarget {
        url: server.url.trim().into(),
        origin: url.origin().into(),
        auth: auth?,
        headers,
        key: scope.key().into(),
        breaker: scope.breaker(url.origin()),
    })
}

/// Prepares a tool and the schema of its arguments.
pub(crate) fn tool(
    action: &McpAction,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<(McpCall, ParameterSchema)> {
    let tool = errors.check(format!("{pointer}/tool"), Tool::prepare(&action.tool));
    let outputs = prepare::outputs(&action.output_variables, pointer, errors);
    let timeout = prepare::timeout(action.timeout_ms, pointer, errors);
    let tool = tool?;
    let schema = tool.schema().clone();
    let call = McpCall {
        tool,
        wire: action.tool.clone(),
        outputs,
        timeout,
    };
    Some((call, schema))
}
