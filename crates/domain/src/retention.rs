//! For how long events are kept, and what goes when.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A number of days for which events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(u16);

impl Days {
    /// The fewest.
    pub const LEAST: u16 = 1;
    /// The most: ten years.
    pub const MOST: u16 = 3650;
    /// Thirty.
    pub const MONTH: Self = Self(30);

    /// So many days; none where it is no number of days for which events are kept.
    pub fn new(days: i64) -> Option<Self> {
        let days = u16::try_from(days).ok()?;
        (Self::LEAST..=Self::MOST)
            .contains(&days)
            .then_some(Self(days))
    }

    /// How many.
    pub const fn count(self) -> u16 {
        self.0
    }

    /// What is older than this is not kept.
    pub fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::days(self.0.into())
    }
}

impl Serialize for Days {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0)
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let days = Value::deserialize(deserializer)?.as_i64();
        days.and_then(Self::new).ok_or_else(|| {
            D::Error::custom("events are kept for 1 to 3650 days; null keeps them for ever")
        })
    }
}

/// What an agent says of how long events of its conversations are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// For so many days.
    Days(Days),
    /// For ever, whatever the workspace says.
    Forever,
}

/// What stands for [`Retention::Forever`].
pub const FOREVER: &str = "forever";

impl Serialize for Retention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Days(days) => days.serialize(serializer),
            Self::Forever => serializer.serialize_str(FOREVER),
        }
    }
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Value::deserialize(deserializer)?;
        if given == FOREVER {
            return Ok(Self::Forever);
        }
        let days = given.as_i64().and_then(Days::new).map(Self::Days);
        days.ok_or_else(|| {
            D::Error::custom(
                "events are kept for 1 to 3650 days, or \"forever\"; null is as the workspace says",
            )
        })
    }
}

/// For how many days events are kept; none is for ever. What the agent says goes before what the workspace
/// says.
pub const fn kept_for(workspace: Option<Days>, agent: Option<Retention>) -> Option<Days> {
    match agent {
        Some(Retention::Days(days)) => Some(days),
        Some(Retention::Forever) => None,
        None => workspace,
    }
}

/// What becomes of a conversation that was begun long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It goes, with everything that belongs to it.
    Goes,
    /// It stays, and loses its old events.
    Stays,
}

/// What becomes of a conversation whose last event was at `last`, where what is older than `before` is not
/// kept.
pub fn fate(is_closed: bool, last: DateTime<Utc>, before: DateTime<Utc>) -> Fate {
    if is_closed && last < before {
        Fate::Goes
    } else {
        Fate::Stays
    }
}

/// An event, as far as it matters for how long it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// How large it is.
    pub bytes: u64,
}

/// The sequence number up to which events go, of the first ones of a log, and whether more of them may have
/// to. They go from the start of the log to the first one that is kept, so what is left has no gap; and no
/// more at a time than a piece takes.
pub fn outdated(first: &[(u64, Age)], before: DateTime<Utc>) -> (Option<u64>, bool) {
    let mut piece = Piece::default();
    let going = first
        .iter()
        .take_while(|(_, age)| age.at < before && piece.takes(age.bytes));
    let through = going.last().map(|(sequence, _)| *sequence);
    (through, piece.is_full())
}

/// How much is removed in one transaction: so little that whoever else writes hardly waits for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Piece {
    rows: u32,
    bytes: u64,
}

impl Piece {
    /// The most rows.
    pub const ROWS: u32 = 128;
    /// From so many bytes on it takes no more.
    pub const BYTES: u64 = 1 << 20;

    /// Takes one row, if there is room: whatever its size, so that each piece comes further.
    pub const fn takes(&mut self, bytes: u64) -> bool {
        if self.is_full() {
            return false;
        }
        self.rows += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        true
    }

    /// Whether it takes no more.
    pub const fn is_full(&self) -> bool {
        self.rows >= Self::ROWS || self.bytes >= Self::BYTES
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn at(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(day)
    }

    #[test]
    fn a_number_of_days_is_one_to_ten_years() {
        for (days, expected) in [
            (-1, None),
            (0, None),
            (1, Some(1)),
            (3650, Some(3650)),
            (3651, None),
            (i64::MAX, None),
        ] {
            assert_eq!(Days::new(days).map(Days::count), expected, "{days}");
        }
    }

    #[test]
    fn what_an_agent_says_is_a_number_or_a_word() {
        for text in ["1", "3650", "\"forever\""] {
            let read: Retention = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
        for text in [
            "0", "3651", "-1", "1.5", "\"7\"", "\"ever\"", "null", "true",
        ] {
            assert!(serde_json::from_str::<Retention>(text).is_err(), "{text}");
            assert!(serde_json::from_str::<Days>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_agent_goes_before_its_workspace() {
        let days = |count| Days::new(count);
        let agent = |count| days(count).map(Retention::Days);
        for (workspace, agent, expected) in [
            (None, None, None),
            (days(30), None, days(30)),
            (days(30), agent(7), days(7)),
            (days(7), agent(30), days(30)),
            (None, agent(7), days(7)),
            (days(30), Some(Retention::Forever), None),
            (None, Some(Retention::Forever), None),
        ] {
            assert_eq!(kept_for(workspace, agent), expected);
        }
    }

    #[test]
    fn only_what_is_closed_and_old_goes_as_a_whole() {
        for (is_closed, last, expected) in [
            (true, 9, Fate::Goes),
            (true, 10, Fate::Stays),
            (true, 11, Fate::Stays),
            (false, 1, Fate::Stays),
        ] {
            assert_eq!(
                fate(is_closed, at(last), at(10)),
                expected,
                "{is_closed} {last}"
            );
        }
    }

    #[test]
    fn events_go_from_the_start_to_the_first_one_that_is_kept() {
        let log = |days: &[i64]| {
            let ages = days.iter().map(|day| Age {
                at: at(*day),
                bytes: 10,
            });
            (5..).zip(ages).collect::<Vec<_>>()
        };
        for (days, expected) in [
            (&[][..], None),
            (&[10, 11], None),
            (&[1], Some(5)),
            (&[1, 2, 9, 10, 11], Some(7)),
            // A clock went back: nothing is taken out of the middle.
            (&[1, 12, 3, 12], Some(5)),
            (&[12, 3, 12], None),
        ] {
            assert_eq!(outdated(&log(days), at(10)), (expected, false), "{days:?}");
        }
    }

    #[test]
    fn a_piece_is_small_and_comes_further_each_time() {
        let many = |count: u64, bytes| {
            let age = Age { at: at(1), bytes };
            (1..=count).map(|number| (number, age)).collect::<Vec<_>>()
        };
        let rows = u64::from(Piece::ROWS);
        for (count, bytes, expected) in [
            (rows - 1, 1, (Some(rows - 1), false)),
            (rows, 1, (Some(rows), true)),
            (rows + 1, 1, (Some(rows), true)),
            (rows, Piece::BYTES / 4, (Some(4), true)),
            (3, 100 * Piece::BYTES, (Some(1), true)),
        ] {
            assert_eq!(outdated(&many(count, bytes), at(10)), expected, "{count}");
        }
    }
}
