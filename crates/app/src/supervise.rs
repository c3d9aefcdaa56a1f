//! Tasks that run beside the calls for as long as the server does: one that panics or ends is begun
//! again, and said so.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::App;

/// The first pause before a task is begun again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Keeps a task running until its handle is aborted.
pub fn supervise<F, R>(app: &Arc<App>, name: &'static str, work: F) -> JoinHandle<()>
where
    F: Fn(Arc<App>) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let app = app.clone();
    tokio::spawn(async move {
        let mut pause = FIRST_PAUSE;
        loop {
            // Ended with this task, so that aborting it ends both.
            let mut inner = tokio::task::JoinSet::new();
            inner.spawn(work(app.clone()));
            match inner.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    tracing::error!(task = name, %error, "a background task panicked and is begun again");
                }
                Some(Ok(())) => return,
                _ => tracing::error!(task = name, "a background task ended and is begun again"),
            }
            metrics::counter!("switchboard_tasks_restarted_total", "task" => name).increment(1);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    })
}
