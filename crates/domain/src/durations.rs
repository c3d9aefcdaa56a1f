//! How long things took: counts by length, which add up and give percentiles.

use serde::{Deserialize, Serialize};

/// Steps in each doubling of the length: a percentile is right to a fifth.
const STEPS: u32 = 4;
/// The most places: the last one starts beyond ten minutes.
const PLACES: usize = 90;

/// Counts of durations. Each place holds those up to a fifth longer than the place before it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Durations(Vec<u32>);

/// The longest duration of a place, in microseconds.
fn upper(place: usize) -> f64 {
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    100.0 * (f64::from(place) / f64::from(STEPS)).exp2()
}

impl Durations {
    /// Counts one, in microseconds.
    pub fn add(&mut self, micros: u64) {
        let micros = u32::try_from(micros).unwrap_or(u32::MAX);
        let place = (0..PLACES)
            .find(|place| f64::from(micros) <= upper(*place))
            .unwrap_or(PLACES - 1);
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        self.0[place] = self.0[place].saturating_add(1);
    }

    /// Adds those of another count.
    pub fn merge(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }

    /// The length, in milliseconds, that so many of a hundred do not pass. None where there are none.
    pub fn percentile(&self, percent: u32) -> Option<f64> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let wanted = (total * u64::from(percent.min(100))).div_ceil(100).max(1);
        let mut seen = 0;
        let place = self.0.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        let millis = upper(place.unwrap_or(PLACES - 1)) / 1000.0;
        Some((millis * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_fifth() {
        let mut all = Durations::default();
        for millis in 1..=1000_u64 {
            all.add(millis * 1000);
        }
        for (percent, exact) in [
            (1, 10.0),
            (50, 500.0),
            (95, 950.0),
            (99, 990.0),
            (100, 1000.0),
        ] {
            let found = all.percentile(percent).unwrap();
            assert!((exact..=exact * 1.2).contains(&found), "{percent}: {found}");
        }
        assert_eq!(Durations::default().percentile(50), None);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let (mut whole, mut one, mut other) = (
            Durations::default(),
            Durations::default(),
            Durations::default(),
        );
        for micros in [0, 5, 120, 9_000, 700_000_000, u64::MAX] {
            whole.add(micros);
            if micros < 1000 {
                one.add(micros);
            } else {
                other.add(micros);
            }
        }
        one.merge(&other);
        assert_eq!(one, whole);
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Durations>(&text).unwrap(), one);
    }
}
