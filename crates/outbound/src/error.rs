//! What can go wrong on the way out, told apart by the layer that failed.

use std::fmt;
use std::time::Duration;

use crate::guard::Refusal;

/// What a request was doing when its deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing yet: the deadline had passed before.
    Starting,
    /// Resolving the name, dialling, or agreeing on TLS.
    Connecting,
    /// Waiting for the head of the answer.
    Waiting,
    /// Reading the body of the answer.
    Reading,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "before the request began",
            Self::Connecting => "connecting",
            Self::Waiting => "waiting for the response",
            Self::Reading => "reading the response",
        })
    }
}

/// An error of a request. Its text names hosts, never a query or credentials.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OutboundError {
    /// The URL cannot be requested.
    #[error("the URL cannot be requested: {0}")]
    InvalidUrl(&'static str),
    /// The address may not be dialled.
    #[error("{0}")]
    AddressRefused(#[from] Refusal),
    /// The host's name has no address.
    #[error("the name `{host}` was not resolved: {detail}; check the host of the URL")]
    Dns {
        /// The host.
        host: String,
        /// Why not.
        detail: String,
    },
    /// No connection was made, so nothing was sent.
    #[error(
        "no connection to `{host}`: {detail}; check that the service runs and can be reached from here"
    )]
    Connect {
        /// The host.
        host: String,
        /// Why not.
        detail: String,
    },
    /// This process may open no more connections. Nothing was sent, and the service is not to blame.
    #[error(
        "this server has no file descriptor left for a connection to `{host}`; nothing was sent, so try again in a moment"
    )]
    Overloaded {
        /// The host.
        host: String,
    },
    /// TLS failed.
    #[error("no secure connection to `{host}`: {detail}; check the service's certificate")]
    Tls {
        /// The host.
        host: String,
        /// Why not.
        detail: String,
    },
    /// The deadline passed.
    #[error(
        "no complete response from `{host}` in time ({phase}); raise the action's `timeout_ms` or ask why the service is slow"
    )]
    Timeout {
        /// The host.
        host: String,
        /// What was going on when it passed.
        phase: Phase,
        /// Whether the service may have got the request.
        sent: bool,
    },
    /// The connection ended after the request went out.
    #[error(
        "the connection to `{host}` was lost {}; see the service's log for what became of the request",
        if *.in_answer { "in the middle of the response" } else { "before the response" }
    )]
    ConnectionLost {
        /// The host.
        host: String,
        /// Whether a part of the answer had come.
        in_answer: bool,
    },
    /// What came back is no HTTP answer, or does not decompress.
    #[error(
        "the response of `{host}` cannot be read: {detail}; check that the URL is one of an HTTP service"
    )]
    InvalidResponse {
        /// The host.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The answer is larger than the cap.
    #[error(
        "the response (status {status}) is larger than {limit} bytes; ask the service for less, or raise the cap"
    )]
    TooLarge {
        /// The cap.
        limit: usize,
        /// The answer's status.
        status: u16,
    },
    /// Redirected too often.
    #[error("the service redirected more than {0} times; set the final URL")]
    TooManyRedirects(u8),
    /// A redirect leads nowhere.
    #[error("the service redirected to an address that is not followed: {0}; set the final URL")]
    InvalidRedirect(&'static str),
    /// The upstream failed too often of late.
    #[error(
        "calls to `{host}` have been paused for {} s, after {failures} failures in a row (the last: {reason}); the next try is in {} ms",
        open_for.as_secs(),
        retry_in.as_millis()
    )]
    CircuitOpen {
        /// The host.
        host: String,
        /// How many failures there were.
        failures: u32,
        /// What the last one was.
        reason: String,
        /// How long calls have been paused.
        open_for: Duration,
        /// When it is tried again; zero while a try is under way.
        retry_in: Duration,
    },
    /// The last attempt did not reach the service, but one before it may have.
    #[error("{last} (the last of {attempts} attempts; one before it may have reached the service)")]
    Retried {
        /// How many attempts there were.
        attempts: u32,
        /// What the last one came to.
        last: Box<Self>,
    },
    /// The client cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Setup(String),
}

impl OutboundError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl(_) => "invalid_url",
            Self::AddressRefused(_) => "address_refused",
            Self::Dns { .. } => "dns_failed",
            Self::Connect { .. } => "connect_failed",
            Self::Overloaded { .. } => "overloaded",
            Self::Tls { .. } => "tls_failed",
            Self::Timeout { .. } => "timeout",
            Self::ConnectionLost { .. } => "connection_lost",
            Self::InvalidResponse { .. } => "invalid_response",
            Self::TooLarge { .. } => "response_too_large",
            Self::TooManyRedirects(_) => "too_many_redirects",
            Self::InvalidRedirect(_) => "invalid_redirect",
            Self::CircuitOpen { .. } => "circuit_open",
            Self::Retried { last, .. } => last.code(),
            Self::Setup(_) => "client_setup_failed",
        }
    }

    /// True when the service may have acted on the request although there is no answer.
    pub const fn may_have_reached_upstream(&self) -> bool {
        match self {
            Self::Timeout { sent, .. } => *sent,
            Self::ConnectionLost { .. }
            | Self::InvalidResponse { .. }
            | Self::TooLarge { .. }
            | Self::TooManyRedirects(_)
            | Self::InvalidRedirect(_)
            | Self::Retried { .. } => true,
            Self::InvalidUrl(_)
            | Self::AddressRefused(_)
            | Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Overloaded { .. }
            | Self::Tls { .. }
            | Self::CircuitOpen { .. }
            | Self::Setup(_) => false,
        }
    }

    /// The error of a call whose earlier attempts may have reached the service.
    pub(crate) fn after_attempts(self, attempts: u32, reached: bool) -> Self {
        if reached && !self.may_have_reached_upstream() {
            Self::Retried {
                attempts,
                last: Box::new(self),
            }
        } else {
            self
        }
    }
}
