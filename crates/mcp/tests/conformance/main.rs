//! The official conformance suite against the client alone. The suite starts this program as the
//! client that is tested, so it has no test harness.

mod driver;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    switchboard_testkit::conformance::clients(async |url, context| {
        driver::run(&url, &context).await
    })
    .await
}
