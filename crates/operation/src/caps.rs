//! What is said when a cap holds something back: counted each time, logged once in a while.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often the log tells of one cap.
const TELL_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Told {
    at: Instant,
    since: u64,
}

static TOLD: LazyLock<Mutex<HashMap<&'static str, Told>>> = LazyLock::new(Mutex::default);

/// Notes that a cap held something back. `detail` says more in the log line.
pub fn note(cap: &'static str, detail: &str) {
    metrics::counter!("switchboard_held_back_total", "cap" => cap).increment(1);
    if let Some(count) = to_tell(cap, Instant::now()) {
        tracing::warn!(cap, count, detail, "a cap held something back");
    }
}

/// How many there were since the log last told of it, when it is time to tell again.
fn to_tell(cap: &'static str, now: Instant) -> Option<u64> {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(known) = told.get_mut(cap) else {
        told.insert(cap, Told { at: now, since: 0 });
        return Some(1);
    };
    known.since += 1;
    if now.duration_since(known.at) < TELL_EVERY {
        return None;
    }
    known.at = now;
    Some(std::mem::take(&mut known.since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_once_in_a_while_and_of_how_many() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(to_tell("a test's", start), Some(1));
        assert_eq!(to_tell("a test's", at(1)), None);
        assert_eq!(to_tell("another's", at(1)), Some(1));
        assert_eq!(to_tell("a test's", at(9)), None);
        assert_eq!(to_tell("a test's", at(11)), Some(3));
        assert_eq!(to_tell("a test's", at(12)), None);
    }
}
