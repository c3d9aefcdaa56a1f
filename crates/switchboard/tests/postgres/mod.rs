//! What only a PostgreSQL of one's own shows: TLS, a pooler in between, servers that start together.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod pooler;
mod starting;
mod tls;

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");
