//! The Telnyx simulator alone, on the port that is its argument (8090 where there is none), until it
//! is stopped.

use std::net::SocketAddr;
use std::sync::Arc;

use switchboard_simulators::telnyx::{Settings, start};

#[tokio::main]
#[expect(
    clippy::disallowed_methods,
    reason = "this is a program of its own, so the time comes from the system"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args()
        .nth(1)
        .map_or(Ok(8090), |text| text.parse())?;
    let clock = Arc::new(|| std::time::SystemTime::now().into());
    let mut settings = Settings::new([7; 32], clock);
    settings.listen = SocketAddr::from(([127, 0, 0, 1], port));
    let simulator = start(settings).await?;
    println!("Telnyx simulator      {}", simulator.url());
    println!("webhook public key    {}", simulator.public_key());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
