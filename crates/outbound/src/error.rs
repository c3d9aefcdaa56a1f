//! What can go wrong on the way out, told apart by the layer that failed.

use std::time::Duration;

use crate::guard::Refusal;

/// An error of a request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OutboundError {
    /// The URL cannot be requested.
    #[error("the URL cannot be requested: {0}")]
    InvalidUrl(String),
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
    /// No connection was made.
    #[error(
        "no connection to `{host}`: {detail}; check that the service runs and can be reached from here"
    )]
    Connect {
        /// The host.
        host: String,
        /// Why not.
        detail: String,
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
        "no complete answer in time ({phase}); raise the action's `timeout_ms` or ask why the service is slow"
    )]
    Timeout {
        /// What was going on when it passed.
        phase: &'static str,
        /// Whether the service may have got the request.
        sent: bool,
    },
    /// The connection ended after the request went out.
    #[error("the connection was lost before the answer was complete: {0}")]
    ConnectionLost(String),
    /// What came back is no HTTP answer, or does not decompress.
    #[error("the answer cannot be read: {0}")]
    InvalidResponse(String),
    /// The answer is larger than the cap.
    #[error("the answer is larger than {limit} bytes; ask the service for less, or raise the cap")]
    TooLarge {
        /// The cap.
        limit: usize,
        /// The answer's status.
        status: u16,
    },
    /// Redirected too often.
    #[error("the service redirected more than {0} times")]
    TooManyRedirects(u8),
    /// A redirect leads nowhere.
    #[error("the service redirected to a place that is not followed: {0}")]
    InvalidRedirect(String),
    /// The upstream failed too often of late.
    #[error("calls to `{host}` are paused after {failures} failures in a row (last: {reason}); the next try is in {} ms", retry_in.as_millis())]
    CircuitOpen {
        /// The host.
        host: String,
        /// How many failures there were.
        failures: u32,
        /// What the last one was.
        reason: String,
        /// When it is tried again.
        retry_in: Duration,
    },
}

impl OutboundError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidUrl(_) => "invalid_url",
            Self::AddressRefused(_) => "address_refused",
            Self::Dns { .. } => "dns_failed",
            Self::Connect { .. } => "connect_failed",
            Self::Tls { .. } => "tls_failed",
            Self::Timeout { .. } => "timeout",
            Self::ConnectionLost(_) => "connection_lost",
            Self::InvalidResponse(_) => "invalid_response",
            Self::TooLarge { .. } => "response_too_large",
            Self::TooManyRedirects(_) => "too_many_redirects",
            Self::InvalidRedirect(_) => "invalid_redirect",
            Self::CircuitOpen { .. } => "circuit_open",
        }
    }

    /// True when the service may have acted on the request although there is no answer.
    pub const fn may_have_reached_upstream(&self) -> bool {
        match self {
            Self::Timeout { sent, .. } => *sent,
            Self::ConnectionLost(_) | Self::InvalidResponse(_) | Self::TooLarge { .. } => true,
            _ => false,
        }
    }

    /// True when the request certainly did not go out.
    pub(crate) const fn before_sending(&self) -> bool {
        matches!(
            self,
            Self::Dns { .. } | Self::Connect { .. } | Self::Tls { .. }
        )
    }
}
