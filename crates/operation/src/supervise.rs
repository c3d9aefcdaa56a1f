//! Tasks that run beside the calls for as long as the server does: one that panics or ends is begun
//! again, and said so.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

/// The first pause before a task is begun again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Keeps a task of a part of the server running until its handle is aborted.
pub fn supervise<S, F, R>(of: &Arc<S>, name: &'static str, work: F) -> JoinHandle<()>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let of = of.clone();
    tokio::spawn(keep_running(name, move || work(of.clone())))
}

/// Does some work in a task of its own, and again when that panics. Ends when the work does, and ends
/// the work when it is dropped.
pub async fn keep_running<F, R>(name: &'static str, work: F)
where
    F: Fn() -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let mut pause = FIRST_PAUSE;
    loop {
        // Ended with this future, so that aborting it ends both.
        let mut inner = tokio::task::JoinSet::new();
        inner.spawn(work());
        match inner.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                tracing::error!(task = name, %error, "a background task panicked and is started again");
            }
            Some(Ok(())) => return,
            _ => tracing::error!(task = name, "a background task ended and is started again"),
        }
        metrics::counter!("switchboard_tasks_restarted_total", "task" => name).increment(1);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_panics_is_begun_again_until_it_ends() {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = begun.clone();
        let running = keep_running("test", move || {
            let number = count.fetch_add(1, Ordering::Relaxed);
            async move {
                assert!(number >= 2, "this is the test's");
            }
        });
        let ended = tokio::time::timeout(Duration::from_mins(1), running).await;
        assert!(ended.is_ok());
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
