//! Threads that own their work: one for each core of the machine, with a runtime of its own.
//!
//! A connection belongs to one of them for as long as it is open, and so does everything that is done for
//! a request on it: a call wakes nobody on another core but for its commit. What runs beside the
//! requests, and what takes its time (hashing, expressions), is done elsewhere.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads. Dropped, they end, and what they do with them.
#[derive(Debug)]
pub struct Cores {
    all: Vec<Core>,
    stop: CancellationToken,
}

#[derive(Debug)]
struct Core {
    handle: Handle,
    /// How many connections it has.
    load: Arc<AtomicUsize>,
}

/// One of a core's connections, until this is dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Cores {
    /// How many the machine has.
    pub fn available() -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }

    /// Starts so many.
    pub fn start(count: usize) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let mut all = vec![];
        for number in 0..count.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            all.push(Core {
                handle: runtime.handle().clone(),
                load: Arc::default(),
            });
            let stopped = stop.clone();
            std::thread::Builder::new()
                .name(format!("core-{number}"))
                .spawn(move || {
                    // Connections to services are this core's as well.
                    switchboard_outbound::on_core(number);
                    runtime.block_on(stopped.cancelled_owned());
                    runtime.shutdown_background();
                })?;
        }
        Ok(Self { all, stop })
    }

    /// Does some work on the core that has least to do.
    pub fn spawn<W>(&self, work: W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let idlest = |core: &&Core| core.load.load(Ordering::Relaxed);
        let Some(core) = self.all.iter().min_by_key(idlest) else {
            return;
        };
        core.load.fetch_add(1, Ordering::Relaxed);
        let place = Place(core.load.clone());
        core.handle.spawn(async move {
            let _place = place;
            work.await;
        });
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn work_goes_where_there_is_least_of_it() {
        let cores = Cores::start(2).unwrap();
        let (sender, receiver) = channel();
        let hold = CancellationToken::new();
        for _ in 0..4 {
            let (sender, hold) = (sender.clone(), hold.clone());
            cores.spawn(async move {
                let thread = std::thread::current().name().map(str::to_owned);
                sender.send(thread).unwrap();
                hold.cancelled().await;
            });
        }
        let mut threads: Vec<_> = receiver.iter().take(4).flatten().collect();
        threads.sort();
        assert_eq!(threads, ["core-0", "core-0", "core-1", "core-1"]);
        hold.cancel();
    }
}
