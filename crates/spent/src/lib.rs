//! What a request spent its time on, for its log line.
//!
//! Whoever waits for the database, the journal or a service says so here. It is added up in the task that
//! works for the request, so nothing is handed from function to function. What works for no request notes
//! nothing, and neither does what goes on in a task of its own.
//!
//! This is for looking, never for deciding: nothing reads it but the log line.

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The database: a connection of it, and its statements.
    Database,
    /// A turn in the journal.
    Queue,
    /// A service outside.
    Upstream,
}

/// How long a request waited for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// [`Part::Database`].
    pub database: Duration,
    /// [`Part::Queue`].
    pub queue: Duration,
    /// [`Part::Upstream`].
    pub upstream: Duration,
}

/// The waiting for one part so far.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    /// All of it that is over.
    time: Duration,
    /// How many wait for it now; those that wait at the same time are one wait.
    now: u32,
    /// Since when somebody waits.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Spent {
    /// False where the time is nobody's: then no clock is read.
    counts: bool,
    sums: [Cell<Sum>; 3],
}

tokio::task_local! {
    static SPENT: Spent;
}

impl Spent {
    fn new(counts: bool) -> Self {
        Self {
            counts,
            sums: Default::default(),
        }
    }

    fn change(&self, part: Part, change: impl FnOnce(&mut Sum)) {
        let sum = &self.sums[part as usize];
        let mut changed = sum.get();
        change(&mut changed);
        sum.set(changed);
    }
}

/// Does a request's work, and adds up what it waits for.
pub async fn noted<F: Future>(work: F) -> (F::Output, Times) {
    let work = async {
        let output = work.await;
        let time = |part| SPENT.with(|spent| spent.sums[part as usize].get().time);
        let times = Times {
            database: time(Part::Database),
            queue: time(Part::Queue),
            upstream: time(Part::Upstream),
        };
        (output, times)
    };
    SPENT.scope(Spent::new(true), work).await
}

/// Does work whose time is not the request's, because it is done for others too.
pub async fn apart<F: Future>(work: F) -> F::Output {
    SPENT.scope(Spent::new(false), work).await
}

/// Adds time that was spent.
pub fn add(part: Part, time: Duration) {
    let _ = SPENT.try_with(|spent| spent.change(part, |sum| sum.time += time));
}

/// A wait that is going on until this is dropped.
#[derive(Debug)]
#[must_use = "the wait ends when this is dropped"]
pub struct Waiting(Option<Part>);

/// Begins to wait.
pub fn wait(part: Part) -> Waiting {
    let begun = SPENT.try_with(|spent| {
        if spent.counts {
            spent.change(part, |sum| {
                sum.now += 1;
                if sum.since.is_none() {
                    sum.since = Some(Instant::now());
                }
            });
        }
        spent.counts
    });
    Waiting(begun.unwrap_or(false).then_some(part))
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(part) = self.0 else { return };
        let _ = SPENT.try_with(|spent| {
            spent.change(part, |sum| {
                sum.now = sum.now.saturating_sub(1);
                if sum.now == 0
                    && let Some(since) = sum.since.take()
                {
                    sum.time += since.elapsed();
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    async fn waits(part: Part) {
        let _waiting = wait(part);
        tokio::time::sleep(SHORT).await;
    }

    #[tokio::test]
    async fn each_part_has_its_own_time() {
        let work = async {
            waits(Part::Database).await;
            waits(Part::Database).await;
            waits(Part::Upstream).await;
            add(Part::Queue, Duration::from_secs(7));
        };
        let ((), times) = noted(work).await;
        assert!(times.database >= 2 * SHORT && times.upstream >= SHORT);
        assert_eq!(times.queue, Duration::from_secs(7));
    }

    #[tokio::test]
    async fn waiting_twice_at_a_time_counts_once() {
        let start = Instant::now();
        let work = async {
            let _outer = wait(Part::Upstream);
            tokio::join!(waits(Part::Upstream), waits(Part::Upstream));
        };
        let ((), nested) = noted(work).await;
        // The outer wait is dropped with the work, before it is read.
        assert!(nested.upstream >= SHORT && nested.upstream <= start.elapsed());
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_counts_until_then() {
        let work = async {
            let endless = async {
                let _waiting = wait(Part::Upstream);
                std::future::pending::<()>().await;
            };
            let _ = tokio::time::timeout(SHORT, endless).await;
            waits(Part::Upstream).await;
        };
        let ((), times) = noted(work).await;
        assert!(times.upstream >= 2 * SHORT);
    }

    #[tokio::test]
    async fn what_is_done_for_others_or_for_nobody_counts_for_nobody() {
        waits(Part::Database).await;
        let ((), times) = noted(apart(waits(Part::Database))).await;
        assert_eq!(times, Times::default());
    }
}
