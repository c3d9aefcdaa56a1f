//! A server's life: what it does at its start, beside its calls, and when it stops.

use std::sync::Arc;
use std::time::Duration;

use switchboard_operation::{AppError, supervise};
use tokio::task::JoinHandle;

use crate::{App, authority, restored};

/// Settles what an earlier run of this server left under way, before it takes calls.
pub async fn recover(app: &App) -> Result<usize, AppError> {
    switchboard_runtime::lifecycle::recover(&app.runtime).await
}

/// Starts what runs beside the calls. The tasks end when they are aborted.
pub fn start_background(app: &Arc<App>) -> Vec<JoinHandle<()>> {
    let mut tasks = switchboard_runtime::background::start(&app.runtime);
    tasks.push(supervise(
        &app.manage,
        "mcp_servers",
        switchboard_manage::tools::watch,
    ));
    tasks.push(supervise(app, "sessions", authority::watch_sessions));
    tasks.push(supervise(app, "ended", restored::keep_remembering));
    tasks
}

/// How many calls are under way.
pub fn running_calls(app: &App) -> usize {
    switchboard_runtime::lifecycle::running_calls(&app.runtime)
}

/// Takes no more calls.
pub fn stop_taking_calls(app: &App) {
    switchboard_runtime::lifecycle::stop_taking_calls(&app.runtime);
}

/// Waits until the running calls are settled, at most as long as given; then closes the database.
/// Answers whether all of them were. It ends in a bounded time whatever hangs.
pub async fn drain(app: &App, grace: Duration) -> bool {
    switchboard_runtime::lifecycle::drain(&app.runtime, grace).await
}
