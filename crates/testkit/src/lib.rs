//! For tests only: the real program on either database, a client, and services for it to call.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "what goes wrong here fails the test that uses it"
)]

mod broken;
mod builder;
mod client;
mod clock;
mod cluster;
pub mod conformance;
mod contract;
mod database;
mod disk;
mod invariants;
mod load;
mod mcp;
pub mod peers;
mod people;
mod proxy;
mod rows;
mod sample;
mod server;
mod stream;
mod time;
mod upstream;

use std::time::{Duration, Instant};

pub use broken::{Fault, broken};
pub use builder::Builder;
pub use client::{Client, Reply};
pub use clock::WallClock;
pub use cluster::{Cluster, as_owner};
pub use contract::{Document, Exchange};
pub use database::{DatabaseTime, TestDatabase};
pub use disk::SmallDisk;
pub use invariants::{Evidence, violations};
pub use load::{Counter, Kind, LIMIT, Load, Noted, Plan};
pub use mcp::McpUpstream;
pub use people::invite;
pub use proxy::Proxy;
pub use sample::Sample;
pub use server::{Server, Surroundings};
pub use stream::EventStream;
pub use time::FakeClock;
pub use upstream::{Answer, Gate, Upstream};

/// Makes a test of a function of a database, once for each: `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        $(
            mod $name {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    super::$name($crate::TestDatabase::sqlite()).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    super::$name($crate::TestDatabase::postgres()).await;
                }
            }
        )+
    };
}

/// What the test run was told in its environment. Where that is missing the test fails and says
/// what to do.
#[expect(
    clippy::disallowed_methods,
    reason = "what a test run is told comes from whoever started it"
)]
pub fn environment(name: &str, advice: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: {advice}"))
}

/// What the test run may be told in its environment.
#[expect(
    clippy::disallowed_methods,
    reason = "what a test run is told comes from whoever started it"
)]
pub fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Asks again and again until something is there.
pub async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "{what} did not happen in 30 s"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
