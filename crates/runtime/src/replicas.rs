//! The servers that share a database: who lives, and who went silent.

use std::sync::Arc;
use std::time::Duration;

use switchboard_operation::AppError;
use switchboard_store::{Lane, instance};

use crate::{Runtime, messages, recovery};

/// How often a server says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How many seconds it may be silent, by the database's clock, before others take it for dead.
const SILENCE_SECONDS: u32 = 20;
/// The longest gap between two heartbeats of which this server says that it watched all the time.
const WATCHED: Duration = Duration::from_secs(8);

/// Says that this server is alive.
pub(crate) async fn heartbeat(runtime: &Runtime) -> Result<(), AppError> {
    let mut tx = runtime.db.write_in(Lane::Background).await?;
    instance::seen(&mut tx.engine(), runtime.instance).await?;
    Ok(tx.commit().await?)
}

/// Says that this server is alive, and settles the calls of servers that are not.
pub(crate) async fn watch_others(runtime: Arc<Runtime>) {
    let mut timer = runtime.context.every(HEARTBEAT);
    let mut watch = Watch::default();
    loop {
        timer.tick().await;
        let alive = heartbeat(&runtime).await;
        watch.beat(alive.is_ok(), runtime.context.elapsed());
        if let Err(error) = alive {
            tracing::warn!(%error, "other servers could not be told that this one lives");
        }
        if watch.is_long_enough()
            && let Err(error) = bury_silent(&runtime).await
        {
            tracing::warn!(%error, "calls of silent servers could not be settled; they are looked at again");
        }
    }
}

/// Since when this server hears the others. Who was away itself, or could not reach the database, has
/// not heard them: it gives them as long as they have to be silent before it says that they are. Time
/// passes here as for [`switchboard_context::Clock::elapsed`], also while the machine sleeps.
#[derive(Debug, Default)]
struct Watch {
    since: Option<Duration>,
    last: Option<Duration>,
}

impl Watch {
    fn beat(&mut self, heard: bool, now: Duration) {
        let gap = self
            .last
            .is_none_or(|last| now.saturating_sub(last) > WATCHED);
        if !heard {
            self.since = None;
        } else if gap || self.since.is_none() {
            self.since = Some(now);
        }
        self.last = Some(now);
    }

    fn is_long_enough(&self) -> bool {
        let (Some(since), Some(last)) = (self.since, self.last) else {
            return false;
        };
        last.saturating_sub(since) >= Duration::from_secs(SILENCE_SECONDS.into())
    }
}

async fn bury_silent(runtime: &Runtime) -> Result<(), AppError> {
    let mut conn = runtime.db.read_in(Lane::Background).await?;
    let engine = &mut conn.engine();
    let silent = instance::silent_for(engine, SILENCE_SECONDS).await?;
    let count = instance::count(engine).await?;
    drop(conn);
    metrics::gauge!("switchboard_instances").set(f64::from(i32::try_from(count).unwrap_or(0)));
    for id in silent.into_iter().filter(|id| *id != runtime.instance) {
        let calls = recovery::settle_calls_of(runtime, id).await?;
        let messages = messages::recover(runtime, id).await?;
        runtime.stats.look();
        tracing::warn!(instance = %id, calls, messages, "a server went silent; its calls and text messages were settled as outcome_unknown");
        let mut tx = runtime.db.write_in(Lane::Background).await?;
        instance::forget(&mut tx.engine(), id).await?;
        tx.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_away_itself_calls_nobody_dead() {
        let at = Duration::from_secs;
        let mut watch = Watch::default();
        for second in (0..=18).step_by(3) {
            watch.beat(true, at(second));
            assert!(!watch.is_long_enough(), "{second}");
        }
        watch.beat(true, at(21));
        assert!(watch.is_long_enough());
        // The database is away for a moment.
        watch.beat(false, at(24));
        assert!(!watch.is_long_enough());
        for second in (27..=45).step_by(3) {
            watch.beat(true, at(second));
            assert!(!watch.is_long_enough(), "{second}");
        }
        watch.beat(true, at(48));
        assert!(watch.is_long_enough());
        // The process was paused.
        watch.beat(true, at(90));
        assert!(!watch.is_long_enough());
    }
}
