//! How long ago something was known to be true.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How old the last look at the database may be, for what is remembered to be acted on without
/// another one. It is a multiple of the time between two looks, so that a slow one changes nothing.
pub const FRESH: Duration = Duration::from_secs(3);

/// A moment on the clock that nobody sets; at first, never.
#[derive(Debug, Default)]
pub struct Moment(AtomicU64);

impl Moment {
    /// A moment.
    pub fn at(elapsed: Duration) -> Self {
        let moment = Self::default();
        moment.advance(elapsed);
        moment
    }

    /// Notes a moment, if it is later than the one that is noted.
    pub fn advance(&self, elapsed: Duration) {
        // Zero is never.
        self.0.fetch_max(millis(elapsed).max(1), Ordering::AcqRel);
    }

    /// Notes that it never was.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Release);
    }

    /// How long ago it was; none for never.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            at => Some(Duration::from_millis(millis(now).saturating_sub(at))),
        }
    }

    /// Whether it was a moment ago.
    pub fn is_fresh(&self, now: Duration) -> bool {
        self.age(now).is_some_and(|age| age < FRESH)
    }
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_was_is_not_fresh_and_what_was_ages() {
        let moment = Moment::default();
        assert!(!moment.is_fresh(Duration::ZERO));
        moment.advance(Duration::ZERO);
        assert!(moment.is_fresh(Duration::from_secs(2)));
        assert!(!moment.is_fresh(Duration::from_secs(40)));
        moment.advance(Duration::from_secs(40));
        moment.advance(Duration::from_secs(30));
        assert!(
            moment.is_fresh(Duration::from_secs(41)),
            "it never goes back"
        );
        moment.reset();
        assert!(!moment.is_fresh(Duration::from_secs(41)));
    }
}
