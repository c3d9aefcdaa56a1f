//! Trying a connection: who answers there, and whether they know us.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use switchboard_connect::telnyx::Telnyx;
use switchboard_connect::{CallError, Secrets};
use switchboard_domain::admission::Refusal;
use switchboard_domain::environment::Environment;
use switchboard_domain::input::InputErrors;
use switchboard_domain::template::RenderContext;
use tokio::time::Instant;

use crate::perform::Hands;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Why the connection is not usable; none where it is, as far as can be told.
    pub error: Option<CallError>,
    /// The status that the service answered with.
    pub http_status: Option<u16>,
    /// Of an MCP server: how many tools it offers.
    pub tools: Option<usize>,
}

impl Probe {
    pub(crate) const fn of(error: Option<CallError>, http_status: Option<u16>) -> Self {
        Self {
            error,
            http_status,
            tools: None,
        }
    }

    /// The service does not take the credentials.
    pub(crate) fn refused(status: u16) -> Self {
        let error = CallError {
            code: "credentials_refused",
            message: format!(
                "the service responded with status {status}: it did not accept these credentials"
            ),
            upstream_status: Some(status),
        };
        Self::of(Some(error), Some(status))
    }
}

/// With what a connection is tried.
#[derive(Clone, Copy)]
pub struct Probing<'a> {
    /// Who speaks to services.
    pub hands: Hands<'a>,
    /// The provider of text messages.
    pub telnyx: &'a Telnyx,
    /// Where secrets come from.
    pub secrets: Secrets<'a>,
    /// The workspace's variables.
    pub variables: &'a Map<String, Value>,
    /// Where it is tried.
    pub environment: Environment,
    /// The time.
    pub now: DateTime<Utc>,
    /// When it began.
    pub start: Instant,
}

impl<'a> Probing<'a> {
    pub(crate) fn deadline(&self) -> Instant {
        self.start + PATIENCE
    }

    pub(crate) fn context(&self, empty: &'a Map<String, Value>) -> RenderContext<'a> {
        RenderContext::new(empty, empty, None, self.variables)
    }
}

/// Why a connection was not tried.
#[derive(Debug)]
pub enum NotProbed {
    /// It is nowhere in this environment.
    Refused(Refusal),
    /// It is not valid.
    Invalid(InputErrors),
}
