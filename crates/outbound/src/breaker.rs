//! Circuit breakers: an upstream that keeps failing is left alone for a while.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::OutboundError;

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open before one request may try again.
    pub cool_down: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failures: 10,
            cool_down: Duration::from_secs(5),
        }
    }
}

/// The breaker of one upstream host in one environment.
#[derive(Debug)]
pub struct Breaker {
    host: String,
    settings: BreakerSettings,
    start: Instant,
    failures: AtomicU32,
    /// Milliseconds after `start` at which the next request may try; 0 while closed.
    open_until: AtomicU64,
    reason: Mutex<String>,
}

impl Breaker {
    /// A closed breaker for a host.
    pub fn new(host: impl Into<String>, settings: BreakerSettings) -> Self {
        Self {
            host: host.into(),
            settings,
            start: Instant::now(),
            failures: AtomicU32::new(0),
            open_until: AtomicU64::new(0),
            reason: Mutex::new(String::new()),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn reopening(&self, now: u64) -> u64 {
        let cool_down = u64::try_from(self.settings.cool_down.as_millis()).unwrap_or(u64::MAX);
        now.saturating_add(cool_down).max(1)
    }

    /// Whether a request may go out. Of those that come after the cool-down, one may.
    pub(crate) fn admit(&self) -> Result<(), OutboundError> {
        let until = self.open_until.load(Ordering::Acquire);
        if until == 0 {
            return Ok(());
        }
        let now = self.now();
        if now >= until
            && self
                .open_until
                .compare_exchange(
                    until,
                    self.reopening(now),
                    Ordering::AcqRel,
                    Ordering::Acquire,
                )
                .is_ok()
        {
            return Ok(());
        }
        Err(OutboundError::CircuitOpen {
            host: self.host.clone(),
            failures: self.failures.load(Ordering::Relaxed),
            reason: self
                .reason
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            retry_in: Duration::from_millis(until.saturating_sub(now)),
        })
    }

    /// Notes an answer.
    pub(crate) fn succeeded(&self) {
        // Loads first: the happy path writes nothing that others read.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if self.open_until.load(Ordering::Relaxed) != 0 {
            self.open_until.store(0, Ordering::Release);
        }
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, reason: &str) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if failures >= self.settings.failures {
            reason.clone_into(&mut self.reason.lock().unwrap_or_else(PoisonError::into_inner));
            self.open_until
                .store(self.reopening(self.now()), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_opens_lets_one_probe_through_and_closes() {
        let breaker = Breaker::new(
            "h",
            BreakerSettings {
                failures: 3,
                cool_down: Duration::from_secs(5),
            },
        );
        for _ in 0..2 {
            breaker.failed("status 503");
            assert!(breaker.admit().is_ok());
        }
        breaker.failed("status 503");
        let open = breaker.admit().expect_err("it is open").to_string();
        assert!(
            open.contains("`h`") && open.contains("status 503"),
            "{open}"
        );
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(breaker.admit().is_ok(), "one probe");
        assert!(breaker.admit().is_err(), "and no second");
        breaker.failed("status 503");
        assert!(breaker.admit().is_err(), "the probe failed");
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(breaker.admit().is_ok());
        breaker.succeeded();
        assert!(breaker.admit().is_ok() && breaker.admit().is_ok());
    }
}
