//! Futures that are finished even when nobody waits for them any more.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_util::task::TaskTracker;

/// Polls a future in place; dropped before its end, it hands the future over to a task that ends
/// it. So a caller that hangs up does not cut a call in two, and a caller that stays pays for no
/// task.
pub struct Finished<F: Future + Send + 'static>
where
    F::Output: Send + 'static,
{
    tracker: TaskTracker,
    future: Option<Pin<Box<F>>>,
}

impl<F: Future + Send + 'static> Finished<F>
where
    F::Output: Send + 'static,
{
    /// A future that is finished, in a task of this tracker if need be.
    pub fn new(tracker: TaskTracker, future: F) -> Self {
        Self {
            tracker,
            future: Some(Box::pin(future)),
        }
    }
}

impl<F: Future + Send + 'static> Future for Finished<F>
where
    F::Output: Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Taken while it is polled: one that panics is not to be gone on with.
        let Some(mut future) = self.future.take() else {
            return Poll::Pending;
        };
        let polled = future.as_mut().poll(context);
        if polled.is_pending() {
            self.future = Some(future);
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for Finished<F>
where
    F::Output: Send + 'static,
{
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            self.tracker.spawn(future);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_dropped_is_finished_all_the_same() {
        let tracker = TaskTracker::new();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut future = Box::pin(Finished::new(tracker.clone(), async move {
            tokio::task::yield_now().await;
            let _ = sender.send(7);
        }));
        let first =
            std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        assert!(first.is_pending());
        drop(future);
        assert_eq!(receiver.await, Ok(7));
        tracker.close();
        tracker.wait().await;
    }
}
