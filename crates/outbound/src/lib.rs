//! The only way out: one HTTP client for everything that leaves.
//!
//! It checks every address it dials ([`NetworkPolicy`]), keeps one deadline for a call with all its
//! retries and redirects, reads answers to a cap while they stream, and stops asking upstreams that
//! keep failing ([`Breaker`]).

mod body;
mod breaker;
mod client;
mod connector;
mod error;
mod guard;
mod redirect;
mod retry;

pub use breaker::{Breaker, BreakerSettings};
pub use client::{Client, ClientSettings, Request, Response};
pub use connector::{Resolve, SystemResolver};
pub use error::OutboundError;
pub use guard::{InvalidAllowance, NetworkPolicy, Refusal};
