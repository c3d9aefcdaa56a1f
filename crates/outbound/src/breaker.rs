//! Circuit breakers: an upstream that keeps failing is left alone for a while.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

/// The time since some fixed moment.
pub type Elapsed = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The time since now, by the timers of the runtime.
pub(crate) fn since_now() -> Elapsed {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

/// The breaker of one upstream host in one environment. While it is closed, a request costs it two
/// atomic loads.
pub struct Breaker {
    host: Arc<str>,
    settings: BreakerSettings,
    elapsed: Elapsed,
    failures: AtomicU32,
    /// The milliseconds that have to have passed before a request may try again; 0 while closed.
    open_until: AtomicU64,
    /// The milliseconds that had passed when it opened.
    opened: AtomicU64,
    /// Whether a request is trying.
    probing: AtomicBool,
    reason: Mutex<String>,
}

impl std::fmt::Debug for Breaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Breaker").field(&self.host).finish()
    }
}

/// The right to send. The one request that tries an open breaker's host again holds it until its
/// end, so that a try which comes to nothing makes room for the next.
#[derive(Debug)]
pub struct Permit {
    probe: Option<Arc<Breaker>>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(breaker) = &self.probe {
            breaker.probing.store(false, Ordering::Release);
        }
    }
}

impl Breaker {
    /// A closed breaker for a host.
    pub fn new(host: impl Into<Arc<str>>, settings: BreakerSettings) -> Self {
        Self::by(since_now(), host, settings)
    }

    /// The same, by a clock.
    pub(crate) fn by(
        elapsed: Elapsed,
        host: impl Into<Arc<str>>,
        settings: BreakerSettings,
    ) -> Self {
        Self {
            host: host.into(),
            settings,
            elapsed,
            failures: AtomicU32::new(0),
            open_until: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            probing: AtomicBool::new(false),
            reason: Mutex::new(String::new()),
        }
    }

    /// The host whose breaker it is.
    pub const fn host(&self) -> &Arc<str> {
        &self.host
    }

    fn now(&self) -> u64 {
        millis((self.elapsed)())
    }

    /// Whether a request may go out. After the cool-down one may, and no other until it is done.
    pub(crate) fn admit(self: &Arc<Self>) -> Result<Permit, OutboundError> {
        let until = self.open_until.load(Ordering::Acquire);
        if until == 0 {
            return Ok(Permit { probe: None });
        }
        let now = self.now();
        if now >= until && !self.probing.swap(true, Ordering::AcqRel) {
            return Ok(Permit {
                probe: Some(self.clone()),
            });
        }
        let opened = self.opened.load(Ordering::Relaxed);
        Err(OutboundError::CircuitOpen {
            host: self.host.to_string(),
            failures: self.failures.load(Ordering::Relaxed),
            reason: self
                .reason
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            open_for: Duration::from_millis(now.saturating_sub(opened)),
            retry_in: Duration::from_millis(until.saturating_sub(now)),
        })
    }

    /// True while no request may go out.
    pub(crate) fn is_open(&self) -> bool {
        let until = self.open_until.load(Ordering::Acquire);
        until != 0 && self.now() < until
    }

    /// Notes an answer.
    pub(crate) fn succeeded(&self) {
        // Loads first: the happy path writes nothing that others read.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if self.open_until.load(Ordering::Relaxed) != 0 {
            self.open_until.store(0, Ordering::Release);
            tracing::info!(host = &*self.host, "calls go out again");
        }
    }

    /// Notes a failure.
    pub(crate) fn failed(&self, reason: &str) {
        let failures = self
            .failures
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        if failures < self.settings.failures {
            return;
        }
        reason.clone_into(&mut self.reason.lock().unwrap_or_else(PoisonError::into_inner));
        let now = self.now();
        if self.open_until.load(Ordering::Relaxed) == 0 {
            self.opened.store(now, Ordering::Relaxed);
            tracing::warn!(host = &*self.host, failures, reason, "calls are paused");
        }
        let until = now.saturating_add(millis(self.settings.cool_down)).max(1);
        self.open_until.store(until, Ordering::Release);
    }

    fn is_at_rest(&self) -> bool {
        self.failures.load(Ordering::Relaxed) == 0
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How many breakers are kept before those that nobody uses are looked for.
const PRUNE_AT: usize = 1024;

/// All breakers of a server, by host and scope: what is prepared anew gets the one that was there.
/// They are asked for when a configuration is prepared, never for a request. Cloning it is cheap.
#[derive(Clone)]
pub struct Breakers(Arc<Registry>);

struct Registry {
    settings: BreakerSettings,
    elapsed: Elapsed,
    by_key: Mutex<HashMap<(String, String), Arc<Breaker>>>,
}

impl std::fmt::Debug for Breakers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Breakers")
    }
}

impl Default for Breakers {
    fn default() -> Self {
        Self::new(BreakerSettings::default(), since_now())
    }
}

impl Breakers {
    pub(crate) fn new(settings: BreakerSettings, elapsed: Elapsed) -> Self {
        Self(Arc::new(Registry {
            settings,
            elapsed,
            by_key: Mutex::default(),
        }))
    }

    /// The breaker of a host in a scope, such as an integration's environment: always the same one
    /// while it is used or has failures to remember.
    pub fn get(&self, host: &str, scope: &str) -> Arc<Breaker> {
        let mut by_key = self.0.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if by_key.len() >= PRUNE_AT {
            by_key.retain(|_, breaker| Arc::strong_count(breaker) > 1 || !breaker.is_at_rest());
        }
        by_key
            .entry((host.to_owned(), scope.to_owned()))
            .or_insert_with(|| Arc::new(Breaker::by(self.0.elapsed.clone(), host, self.0.settings)))
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(failures: u32) -> Arc<Breaker> {
        let cool_down = Duration::from_secs(5);
        Arc::new(Breaker::new(
            "h",
            BreakerSettings {
                failures,
                cool_down,
            },
        ))
    }

    #[tokio::test(start_paused = true)]
    async fn it_opens_lets_one_probe_through_and_closes() {
        let breaker = breaker(3);
        for _ in 0..2 {
            breaker.failed("status 503");
            assert!(breaker.admit().is_ok());
        }
        breaker.failed("status 503");
        tokio::time::advance(Duration::from_secs(2)).await;
        let open = breaker.admit().expect_err("it is open").to_string();
        for part in ["`h`", "status 503", "3 failures", "for 2 s", "in 3000 ms"] {
            assert!(open.contains(part), "{open}");
        }
        tokio::time::advance(Duration::from_secs(4)).await;
        let probe = breaker.admit();
        assert!(probe.is_ok(), "one probe");
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(
            breaker.admit().is_err(),
            "and no second, however long it takes"
        );
        breaker.failed("timeout");
        drop(probe);
        let open = breaker.admit().expect_err("the probe failed").to_string();
        assert!(
            open.contains("timeout") && open.contains("for 66 s"),
            "{open}"
        );
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(breaker.admit().is_ok());
        breaker.succeeded();
        let both = (breaker.admit(), breaker.admit());
        assert!(both.0.is_ok() && both.1.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_came_to_nothing_makes_room_for_the_next() {
        let breaker = breaker(1);
        breaker.failed("x");
        tokio::time::advance(Duration::from_secs(6)).await;
        drop(breaker.admit());
        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn answers_between_failures_keep_it_closed() {
        let breaker = breaker(2);
        for _ in 0..5 {
            breaker.failed("x");
            breaker.succeeded();
        }
        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn a_host_in_a_scope_has_one_breaker_and_unused_ones_are_dropped() {
        let settings = BreakerSettings {
            failures: 1,
            ..BreakerSettings::default()
        };
        let breakers = Breakers::new(settings, since_now());
        let held = breakers.get("a", "production");
        assert!(Arc::ptr_eq(&held, &breakers.get("a", "production")));
        assert!(!Arc::ptr_eq(&held, &breakers.get("a", "testing")));
        breakers.get("failing", "production").failed("x");
        for n in 0..PRUNE_AT {
            breakers.get(&format!("h{n}"), "");
        }
        let kept = breakers
            .0
            .by_key
            .lock()
            .map(|all| all.len())
            .unwrap_or_default();
        assert!(kept < PRUNE_AT, "{kept}");
        assert!(Arc::ptr_eq(&held, &breakers.get("a", "production")));
        assert!(breakers.get("failing", "production").admit().is_err());
    }
}
