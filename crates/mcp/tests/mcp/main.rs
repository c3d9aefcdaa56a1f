//! The client against real servers of every revision, and against servers that misbehave.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod auth;
mod hostile;
mod http_sse;
mod real;
mod server;
mod sessions;
mod support;
