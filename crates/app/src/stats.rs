//! Counting calls: in memory on the way of a call, in the database a moment later. A crash loses the
//! counts of that moment; the events of the calls are another matter, and are never lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_connect::CallError;
use switchboard_domain::conversation::Outcome;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_store::stat::{self, Called, ErrorRow, StatRow};
use uuid::Uuid;

use crate::{App, AppError};

/// How long a bucket is, in seconds.
pub const BUCKET_SECONDS: i64 = 300;
/// How often counts are written.
const WRITE_EVERY: Duration = Duration::from_secs(2);
/// How long counts are kept.
const KEPT: TimeDelta = TimeDelta::days(35);
/// The most things that are counted between two writes; what comes beyond is not counted.
const MANY: usize = 50_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    workspace: WorkspaceId,
    bucket_at: DateTime<Utc>,
    environment: Environment,
    called: Arc<Called>,
}

type Failed = (WorkspaceId, IntegrationId, Environment);

#[derive(Default)]
struct Counts {
    buckets: HashMap<Key, (StatRow, bool)>,
    went: HashMap<Failed, Went>,
}

/// Counts of this run of the server.
pub struct Stats {
    run: Uuid,
    counts: Mutex<Counts>,
}

impl std::fmt::Debug for Stats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stats").field(&self.run).finish()
    }
}

/// How an integration did last.
enum Went {
    /// Something is wrong with it.
    Wrong(ErrorRow),
    /// It did what it was asked for, then.
    Well(DateTime<Utc>),
}

/// What became of a call.
pub enum Came {
    /// It was made.
    To(Outcome, Duration),
    /// It was not admitted.
    Refused,
}

impl Stats {
    /// Nothing yet, for a run of this id.
    pub fn new(run: Uuid) -> Self {
        Self {
            run,
            counts: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call.
    pub fn count(
        &self,
        workspace: WorkspaceId,
        environment: Environment,
        called: &Arc<Called>,
        now: DateTime<Utc>,
        came: &Came,
    ) {
        let start = now.timestamp() - now.timestamp().rem_euclid(BUCKET_SECONDS);
        let bucket_at = DateTime::from_timestamp(start, 0).unwrap_or(now);
        let key = Key {
            workspace,
            bucket_at,
            environment,
            called: Arc::clone(called),
        };
        let mut counts = self.lock();
        if counts.buckets.len() >= MANY && !counts.buckets.contains_key(&key) {
            return;
        }
        let (row, is_written) = counts.buckets.entry(key).or_insert_with(|| {
            let row = StatRow {
                bucket_at,
                called: Called::clone(called),
                succeeded: 0,
                failed: 0,
                refused: 0,
                durations: switchboard_domain::durations::Durations::default(),
            };
            (row, false)
        });
        *is_written = false;
        match came {
            Came::Refused => row.refused += 1,
            Came::To(outcome, duration) => {
                if *outcome == Outcome::Succeeded {
                    row.succeeded += 1;
                } else {
                    row.failed += 1;
                }
                let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
                row.durations.add(micros);
            }
        }
    }

    /// Notes what a call says of its integration: that something is wrong with it, or that all is well
    /// again. What only the caller got wrong says nothing.
    pub fn note_health(
        &self,
        workspace: WorkspaceId,
        integration: IntegrationId,
        environment: Environment,
        error: Option<&CallError>,
        now: DateTime<Utc>,
    ) {
        let went = match error {
            None => Went::Well(now),
            Some(error) if error.is_of_integration() => Went::Wrong(ErrorRow {
                code: error.code.to_owned(),
                message: error.message.clone(),
                at: now,
            }),
            Some(_) => return,
        };
        let mut counts = self.lock();
        counts
            .went
            .insert((workspace, integration, environment), went);
    }

    /// What is to be written. What belongs to a bucket that is over is forgotten with it.
    fn take(&self, now: DateTime<Utc>) -> (Vec<(Key, StatRow)>, HashMap<Failed, Went>) {
        let mut counts = self.lock();
        let over = now - TimeDelta::seconds(2 * BUCKET_SECONDS);
        let mut rows = vec![];
        for (key, (row, is_written)) in &mut counts.buckets {
            if !std::mem::replace(is_written, true) {
                rows.push((key.clone(), row.clone()));
            }
        }
        counts.buckets.retain(|key, _| key.bucket_at > over);
        (rows, std::mem::take(&mut counts.went))
    }
}

/// Writes what was counted since the last time.
pub async fn write(app: &App) -> Result<(), AppError> {
    let (rows, went) = app.stats.take(app.context.now());
    if rows.is_empty() && went.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.write().await?;
    let engine = &mut tx.engine();
    for (key, row) in rows {
        stat::save(engine, key.workspace, app.stats.run, key.environment, &row).await?;
    }
    for ((workspace, integration, environment), went) in went {
        match went {
            Went::Wrong(error) => {
                stat::save_error(engine, workspace, integration, environment, &error).await?;
            }
            Went::Well(at) => {
                stat::clear_error(engine, workspace, integration, environment, at).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

/// Writes now and then, for ever, and forgets what is old.
pub async fn keep_writing(app: Arc<App>) {
    let mut timer = tokio::time::interval(WRITE_EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut cleaned = app.context.now() - KEPT;
    loop {
        timer.tick().await;
        if let Err(error) = write(&app).await {
            tracing::warn!(%error, "counts of calls were not written");
        }
        let now = app.context.now();
        if now - cleaned > TimeDelta::hours(6) {
            cleaned = now;
            if let Err(error) = forget(&app, now - KEPT).await {
                tracing::warn!(%error, "old counts of calls were not removed");
            }
        }
    }
}

async fn forget(app: &App, before: DateTime<Utc>) -> Result<(), AppError> {
    let mut tx = app.db.write().await?;
    stat::forget(&mut tx.engine(), before).await?;
    Ok(tx.commit().await?)
}
