//! Where an MCP server is and as whom it is asked.

use std::sync::Arc;

use http::HeaderName;
use switchboard_connect::{PreparedAuth, Secrets, SecretsFor};
use switchboard_domain::auth::ValueSource;
use switchboard_outbound::Breaker;

/// An MCP server as one integration sees it in one environment.
#[derive(Debug, Clone)]
pub struct McpTarget {
    /// The server's URL.
    pub url: Arc<str>,
    /// Its scheme, host and port.
    pub origin: Arc<str>,
    /// How requests are authenticated.
    pub auth: PreparedAuth,
    /// Headers of every request, text or secrets. Headers of the protocol win over them.
    pub headers: Vec<(HeaderName, ValueSource)>,
    /// Tells sessions apart: workspace, integration and environment. Two targets with one key that
    /// differ in URL, headers or credentials have sessions of their own all the same.
    pub key: Arc<str>,
    /// The breaker of this host in this environment.
    pub breaker: Arc<Breaker>,
}

impl McpTarget {
    /// The secrets that go to the server.
    pub fn secrets<'a>(&'a self, secrets: Secrets<'a>) -> SecretsFor<'a> {
        SecretsFor {
            secrets,
            origin: &self.origin,
        }
    }
}
