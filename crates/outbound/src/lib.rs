//! The only way out: one HTTP client for everything that leaves.
//!
//! It checks every address it dials ([`NetworkPolicy`]), keeps one deadline for a call with all its
//! retries and redirects, reads answers to a cap while they stream, and stops asking upstreams that
//! keep failing ([`Breaker`]).

mod body;
mod breaker;
mod client;
mod connector;
mod cores;
mod error;
mod exchange;
mod guard;
mod health;
mod outgoing;
mod pool;
mod redirect;
mod request;
mod retry;
mod room;
mod stream;
mod uri;

pub use breaker::{Breaker, BreakerSettings, Breakers, Elapsed};
pub use client::{Client, ClientSettings};
pub use connector::{BoxFuture, Resolve, SystemResolver};
pub use cores::on_core;
pub use error::{OutboundError, Phase};
pub use guard::{InvalidAllowance, NetworkPolicy, Refusal};
pub use request::{DEFAULT_MAX_RESPONSE_BYTES, Options, Request, Response};
pub use retry::RetryPolicy;
pub use room::Held;
pub use stream::ResponseStream;
pub use uri::parse_url;
