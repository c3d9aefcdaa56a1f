//! What a batch of the journal counts, as it is kept until it is added up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use switchboard_domain::durations::Durations;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{ActionId, IntegrationId, WorkspaceId};

use super::{Called, StatRow, Sums};

/// How long a bucket is, in seconds.
pub const BUCKET_SECONDS: i64 = 300;
/// How long an hour is.
const HOUR_SECONDS: i64 = 3600;

/// The start of the piece of time that a time is in.
fn start_of(at: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let start = at.timestamp() - at.timestamp().rem_euclid(seconds);
    DateTime::from_timestamp(start, 0).unwrap_or(at)
}

/// The start of the bucket that a time is in.
pub fn bucket_of(at: DateTime<Utc>) -> DateTime<Utc> {
    start_of(at, BUCKET_SECONDS)
}

/// The start of the hour that a time is in.
pub fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    start_of(at, HOUR_SECONDS)
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It went well, in this time.
    Succeeded(Duration),
    /// It did not; where it is known, in this time.
    Failed(Option<Duration>),
    /// It was not admitted.
    Refused,
}

/// One call, as it is counted.
#[derive(Debug, Clone)]
pub struct Count {
    /// Where it was called.
    pub environment: Environment,
    /// What was called.
    pub called: Arc<Called>,
    /// What became of it.
    pub came: Came,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    workspace: WorkspaceId,
    bucket_at: DateTime<Utc>,
    environment: Environment,
    called: Arc<Called>,
}

#[derive(Debug, Default)]
struct Calls {
    succeeded: u64,
    failed: u64,
    refused: u64,
    micros: Vec<u64>,
}

/// The calls of one batch.
#[derive(Debug, Default)]
pub struct Counted(HashMap<Key, Calls>);

/// Calls of one action as they are stored. The names are short: there is one for each commit.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    w: WorkspaceId,
    /// Seconds since 1970.
    t: i64,
    e: Environment,
    s: String,
    n: String,
    i: Option<IntegrationId>,
    a: Option<ActionId>,
    /// Those that succeeded, failed, and were refused.
    c: [u64; 3],
    /// How long they took, in microseconds.
    d: Vec<u64>,
}

impl Counted {
    /// Counts a call.
    pub fn add(&mut self, workspace: WorkspaceId, at: DateTime<Utc>, count: &Count) {
        let key = Key {
            workspace,
            bucket_at: bucket_of(at),
            environment: count.environment,
            called: Arc::clone(&count.called),
        };
        let calls = self.0.entry(key).or_default();
        let took = match count.came {
            Came::Succeeded(took) => {
                calls.succeeded += 1;
                Some(took)
            }
            Came::Failed(took) => {
                calls.failed += 1;
                took
            }
            Came::Refused => {
                calls.refused += 1;
                None
            }
        };
        let micros = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        calls.micros.extend(micros);
    }

    /// The text that is stored; none where nothing was counted.
    pub fn text(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let stored = self.0.iter().map(|(key, calls)| Stored {
            w: key.workspace,
            t: key.bucket_at.timestamp(),
            e: key.environment,
            s: key.called.source.clone(),
            n: key.called.name.clone(),
            i: key.called.integration,
            a: key.called.action,
            c: [calls.succeeded, calls.failed, calls.refused],
            d: calls.micros.clone(),
        });
        serde_json::to_string(&stored.collect::<Vec<_>>()).ok()
    }
}

/// What a stored text says.
pub(super) fn read(
    text: &str,
) -> Result<Vec<(WorkspaceId, Environment, StatRow)>, serde_json::Error> {
    let stored: Vec<Stored> = serde_json::from_str(text)?;
    let row = |stored: Stored| {
        let mut durations = Durations::default();
        for micros in stored.d {
            durations.add(micros);
        }
        let [succeeded, failed, refused] = stored.c;
        let row = StatRow {
            at: DateTime::from_timestamp(stored.t, 0).unwrap_or_default(),
            called: Called {
                source: stored.s,
                name: stored.n,
                integration: stored.i,
                action: stored.a,
            },
            sums: Sums {
                succeeded,
                failed,
                refused,
                durations,
            },
        };
        (stored.w, stored.e, row)
    };
    Ok(stored.into_iter().map(row).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_what_was_counted() {
        let workspace = WorkspaceId::from_uuid(uuid::Uuid::from_u128(1));
        let called = |source: &str| {
            Arc::new(Called {
                source: source.to_owned(),
                name: "A \"name\"".to_owned(),
                integration: Some(IntegrationId::from_uuid(uuid::Uuid::from_u128(2))),
                action: None,
            })
        };
        let at = DateTime::from_timestamp(1_000_000_000, 5).unwrap();
        let mut counted = Counted::default();
        assert_eq!(counted.text(), None);
        let took = Duration::from_millis(20);
        for came in [
            Came::Succeeded(took),
            Came::Failed(Some(took)),
            Came::Failed(None),
            Came::Refused,
        ] {
            let count = Count {
                environment: Environment::Staging,
                called: called("one"),
                came,
            };
            counted.add(workspace, at, &count);
        }
        let rows = read(&counted.text().unwrap()).unwrap();
        let [(found, Environment::Staging, row)] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert_eq!(*found, workspace);
        assert_eq!(row.called, *called("one"));
        let sums = &row.sums;
        assert_eq!((sums.succeeded, sums.failed, sums.refused), (1, 2, 1));
        assert_eq!(row.at.timestamp(), 999_999_900);
        assert_eq!(sums.durations.total(), 2);
        assert_eq!(hour_of(row.at).timestamp() % 3600, 0);
    }
}
