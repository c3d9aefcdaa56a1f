//! A server's start and its stop, as far as calls are concerned.

use std::sync::atomic::Ordering;
use std::time::Duration;

use switchboard_operation::AppError;
use tokio::time::Instant;

use crate::{Runtime, recovery, replicas, stats};

/// The longest that closing the database may take.
const CLOSE: Duration = Duration::from_secs(3);

/// Settles what an earlier run of this server left under way, before it takes calls.
pub async fn recover(runtime: &Runtime) -> Result<usize, AppError> {
    let settled = recovery::recover(runtime).await?;
    replicas::heartbeat(runtime).await?;
    Ok(settled)
}

/// How many calls are under way.
pub fn running_calls(runtime: &Runtime) -> usize {
    runtime.calls.len()
}

/// Takes no more calls.
pub fn stop_taking_calls(runtime: &Runtime) {
    runtime.stopping.store(true, Ordering::Release);
}

/// Waits until the running calls are settled, at most as long as given; then closes the database.
/// Answers whether all of them were. It ends in a bounded time whatever hangs.
pub async fn drain(runtime: &Runtime, grace: Duration) -> bool {
    let until = Instant::now() + grace;
    runtime.calls.close();
    let drained = tokio::time::timeout(grace, runtime.calls.wait())
        .await
        .is_ok();
    let left = until.saturating_duration_since(Instant::now());
    let written = runtime.journal.idle(left.max(CLOSE)).await;
    if !written {
        tracing::error!(
            calls = runtime.running.count(),
            "what came of calls could not be written down; the next start notes them as outcome_unknown"
        );
    }
    let close = async {
        if let Err(error) = runtime.catalog.write_uses().await {
            tracing::warn!(%error, "it was not noted when keys were used last");
        }
        if let Err(error) = stats::write(runtime).await {
            tracing::warn!(%error, "counts of calls were not added up; another server does, or the next start");
        }
        runtime.mcp.close().await;
        let _ = runtime.db.checkpoint().await;
        runtime.db.close().await;
    };
    if tokio::time::timeout(CLOSE, close).await.is_err() {
        tracing::warn!("the database was not closed in time");
    }
    drained && written
}
