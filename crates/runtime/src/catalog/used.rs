//! When a version was used last.

use std::time::Duration;

use super::moment::Moment;

/// What was used within this time is prepared again when something under it changes. Anything else is
/// dropped then, so that a change costs what is in use and not all that ever was.
const IN_USE: Duration = Duration::from_mins(1);

/// When a version was used last.
#[derive(Debug, Default)]
pub struct Used(Moment);

impl Used {
    /// At a moment.
    pub fn at(now: Duration) -> Self {
        Self(Moment::at(now))
    }

    /// It is used now.
    pub fn now(&self, now: Duration) {
        self.0.advance(now);
    }

    /// The same moment.
    pub fn same(&self, now: Duration) -> Self {
        self.0
            .age(now)
            .map_or_else(Self::default, |age| Self::at(now.saturating_sub(age)))
    }

    /// How long ago.
    pub fn age(&self, now: Duration) -> Duration {
        self.0.age(now).unwrap_or(Duration::MAX)
    }

    /// Whether it is worth preparing again before somebody asks for it.
    pub fn is_recent(&self, now: Duration) -> bool {
        self.age(now) < IN_USE
    }
}
