//! What our code is given and does not ask the system for: the time and its timers, new ids, randomness.
//!
//! Who waits for time to pass, rather than for the network or a disk, waits by this clock: so a test that
//! moves it moves everything that was promised for later.

mod every;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, Utc};
use uuid::Uuid;

pub use every::Every;

/// A timer that goes off once.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The time.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;

    /// The time since some fixed moment. It never goes back, nobody sets it, and it goes on while this
    /// process is paused.
    fn elapsed(&self) -> Duration;

    /// Returns when so much time has passed. It may be late, and is while this process is paused.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// Random bytes.
pub trait Randomness: Send + Sync + 'static {
    /// Fills a buffer with random bytes fit for keys.
    fn fill(&self, buffer: &mut [u8]);
}

/// Gives the time, to the microsecond, and ids in the order they were asked for.
#[derive(Clone)]
pub struct Context {
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    /// Counts ids, so that those of one millisecond keep their order.
    counter: Arc<AtomicU64>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Context")
    }
}

impl Context {
    /// From a clock and a source of randomness.
    pub fn new(clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self {
            clock,
            randomness,
            counter: Arc::new(AtomicU64::new(0)),
        }
    }

    /// The time now, in whole microseconds, which is what both databases keep.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now().trunc_subsecs(6)
    }

    /// The time since some fixed moment: what ages are measured with.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Returns when so much time has passed.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.clock.sleep(duration)
    }

    /// Ticks at once, and then each time that so much time has passed since the last tick.
    pub fn every(&self, period: Duration) -> Every {
        Every::new(self.clone(), period)
    }

    /// What work comes to, unless so much time passes first.
    pub async fn timeout<F: Future>(&self, after: Duration, work: F) -> Option<F::Output> {
        tokio::select! {
            // What is done in the last moment is done.
            biased;
            done = work => Some(done),
            () = self.sleep(after) => None,
        }
    }

    /// A new time-ordered UUID (RFC 9562, version 7). The twelve bits after the milliseconds count
    /// up within this process; the rest is random.
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0u8; 10];
        self.randomness.fill(&mut bytes[2..]);
        let count = self.counter.fetch_add(1, Ordering::Relaxed) & 0x0fff;
        let micros = self.clock.now().timestamp_micros().unsigned_abs();
        // Sub-millisecond time first and the count in what is left, so order holds beyond 4096 ids.
        let fraction = (micros % 1000) * 4096 / 1000;
        let [high, low] = u16::try_from(fraction & 0x0fff)
            .unwrap_or_default()
            .to_be_bytes();
        bytes[0] = high;
        bytes[1] = low;
        let [count_high, count_low] = u16::try_from(count).unwrap_or_default().to_be_bytes();
        bytes[2] = (bytes[2] & 0xc0) | (count_high << 2) | (count_low >> 6);
        bytes[3] = (count_low << 2) | (bytes[3] & 0x03);
        uuid::Builder::from_unix_timestamp_millis(micros / 1000, &bytes).into_uuid()
    }

    /// Fills a buffer with random bytes fit for keys.
    pub fn fill(&self, buffer: &mut [u8]) {
        self.randomness.fill(buffer);
    }
}
