//! Counting calls. What a call counts as is written with its event, by the journal; here it is added up,
//! a moment later and apart from the calls (`docs/decisions/0005`). How integrations do is kept in memory
//! until then.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_connect::CallError;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_store::Lane;
use switchboard_store::disk::{self, Space};
use switchboard_store::stat::{self, BUCKETS_KEPT, ErrorRow};

use crate::Runtime;
use switchboard_operation::AppError;

/// How often what was counted is added up.
const WRITE_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked for where this server counted nothing: another one may have died.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How often what is old is forgotten.
const TEND_EVERY: Duration = Duration::from_mins(5);
/// How many batches are added up in one transaction.
const BATCHES: u32 = 500;
/// How many rows of an older release are.
const OLD_ROWS: u32 = 1000;
/// The pause after these, for who else writes.
const OLD_PAUSE: Duration = Duration::from_millis(20);
/// How long sums by the hour are kept: a day longer than anybody may ask for.
const KEPT: TimeDelta = TimeDelta::days(36);
/// For how long a server of an older release writes a bucket, and something over.
const OLD_WRITES: TimeDelta = TimeDelta::minutes(15);
/// The most integrations that are noted between two writes; what comes beyond is not.
const MANY: usize = 50_000;

type Noted = (WorkspaceId, IntegrationId, Environment);

/// What is to be written of calls, apart from them.
#[derive(Default)]
pub struct Stats {
    counted: Arc<AtomicBool>,
    went: Mutex<HashMap<Noted, Went>>,
    /// How much room the database took when it was looked at last.
    space: Mutex<Option<Space>>,
}

impl std::fmt::Debug for Stats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stats")
    }
}

/// How an integration did last.
enum Went {
    /// Something is wrong with it.
    Wrong(ErrorRow),
    /// It did what it was asked for, then.
    Well(DateTime<Utc>),
}

impl Went {
    const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Wrong(error) => error.at,
            Self::Well(at) => *at,
        }
    }
}

impl Stats {
    /// Of a server whose journal says by this when it counted something.
    pub fn new(counted: Arc<AtomicBool>) -> Self {
        Self {
            counted,
            went: Mutex::default(),
            space: Mutex::default(),
        }
    }

    /// How much room the database took when it was looked at last.
    pub fn space(&self) -> Option<Space> {
        *self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Noted, Went>> {
        self.went.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that something is there to be added up.
    pub fn look(&self) {
        self.counted.store(true, Ordering::Release);
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
        self.note((workspace, integration, environment), went);
    }

    /// The later of two counts.
    fn note(&self, of: Noted, went: Went) {
        let mut all = self.lock();
        match all.get(&of) {
            Some(noted) if noted.at() > went.at() => return,
            None if all.len() >= MANY => return,
            _ => {}
        }
        all.insert(of, went);
    }
}

/// Adds up what was counted, and writes how integrations do. What cannot be written now is kept.
pub async fn write(runtime: &Runtime) -> Result<(), AppError> {
    let went = std::mem::take(&mut *runtime.stats.lock());
    if !went.is_empty()
        && let Err(error) = write_went(runtime, &went).await
    {
        for (of, went) in went {
            runtime.stats.note(of, went);
        }
        return Err(error);
    }
    // Taken back first, so that what is counted from here on is looked for again.
    if runtime.stats.counted.swap(false, Ordering::AcqRel)
        && let Err(error) = fold(runtime).await
    {
        runtime.stats.look();
        return Err(error);
    }
    Ok(())
}

async fn write_went(runtime: &Runtime, went: &HashMap<Noted, Went>) -> Result<(), AppError> {
    let mut tx = runtime.db.write_in(Lane::Background).await?;
    let engine = &mut tx.engine();
    for ((workspace, integration, environment), went) in went {
        let (workspace, integration, environment) = (*workspace, *integration, *environment);
        match went {
            Went::Wrong(error) => {
                stat::save_error(engine, workspace, integration, environment, error).await?;
            }
            Went::Well(at) => {
                stat::clear_error(engine, workspace, integration, environment, *at).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

/// Adds up what all servers counted, whether they live or not.
async fn fold(runtime: &Runtime) -> Result<(), AppError> {
    loop {
        let mut tx = runtime.db.write_in(Lane::Background).await?;
        let count = stat::fold(&mut tx.engine(), BATCHES).await?;
        tx.commit().await?;
        match count {
            // It may have begun before what is looked for was written.
            None => {
                runtime.stats.look();
                return Ok(());
            }
            Some(count) if count < BATCHES as usize => return Ok(()),
            Some(_) => {}
        }
    }
}

/// Looks how much room the database takes.
pub async fn look_at_space(runtime: &Runtime) -> Result<Space, AppError> {
    let mut conn = runtime.db.read_in(Lane::Background).await?;
    let found = disk::space(&mut conn.engine()).await?;
    let mut space = runtime
        .stats
        .space
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *space = Some(found);
    Ok(found)
}

/// Writes now and then, for ever, and forgets what is old.
pub async fn keep_writing(runtime: Arc<Runtime>) {
    let mut timer = runtime.context.every(WRITE_EVERY);
    let (mut looked, mut tended) = (None::<Duration>, None::<Duration>);
    let is_due = |last: &mut Option<Duration>, every| {
        let now = runtime.context.elapsed();
        let is_due = last.is_none_or(|last| now.saturating_sub(last) >= every);
        if is_due {
            *last = Some(now);
        }
        is_due
    };
    loop {
        timer.tick().await;
        if is_due(&mut looked, LOOK_EVERY) {
            runtime.stats.look();
            if let Err(error) = look_at_space(&runtime).await {
                tracing::warn!(%error, "nobody knows how much room the database takes");
            }
        }
        if let Err(error) = write(&runtime).await {
            tracing::warn!(%error, "counts of calls were not added up and are kept");
        }
        if is_due(&mut tended, TEND_EVERY)
            && let Err(error) = tend(&runtime).await
        {
            tracing::warn!(%error, "old counts of calls were not removed");
        }
    }
}

/// Adds up what an older release counted, and forgets what is old.
async fn tend(runtime: &Runtime) -> Result<(), AppError> {
    let now = runtime.context.now();
    // Beside other servers there may be some of that release still.
    let is_over = if runtime.db.is_exclusive() {
        now + TimeDelta::days(1)
    } else {
        now - OLD_WRITES
    };
    loop {
        let mut tx = runtime.db.write_in(Lane::Background).await?;
        let count = stat::adopt(&mut tx.engine(), is_over, OLD_ROWS).await?;
        tx.commit().await?;
        if count < OLD_ROWS as usize {
            break;
        }
        tokio::time::sleep(OLD_PAUSE).await;
    }
    let mut tx = runtime.db.write_in(Lane::Background).await?;
    stat::forget(&mut tx.engine(), now - BUCKETS_KEPT, now - KEPT).await?;
    Ok(tx.commit().await?)
}
