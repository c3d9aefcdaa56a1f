//! A server's life: what it does at its start, beside its calls, and when it stops.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{EventId, InstanceId, WorkspaceId};
use switchboard_store::journal::{self as rows, CallRow};
use switchboard_store::stat::{Came, Count};
use switchboard_store::{Lane, conversation, instance};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::catalog::LOOK_AGAIN;
use crate::journal::{Key, Recovery, Work};
use crate::supervise::supervise;
use crate::{App, AppError, announce, authority, conversations, mcp, messages, restored, stats};

/// How often a server says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How often it is noted when keys were used last.
const NOTE_USES: Duration = Duration::from_secs(10);
/// How often versions that nobody uses are dropped.
const TEND: Duration = Duration::from_mins(1);
/// How many seconds it may be silent, by the database's clock, before others take it for dead.
const SILENCE_SECONDS: u32 = 20;
/// The longest gap between two heartbeats of which this server says that it watched all the time.
const WATCHED: Duration = Duration::from_secs(8);
/// How often calls are looked for that nobody looks after.
const SWEEP: Duration = Duration::from_secs(3);
/// How old such a call is at least.
const LOST_AFTER: chrono::TimeDelta = chrono::TimeDelta::seconds(5);
/// The longest that closing the database may take.
const CLOSE: Duration = Duration::from_secs(3);
/// How often SQLite's log is moved into the database.
const CHECKPOINT: Duration = Duration::from_secs(2);

/// Settles what an earlier run of this server left under way, before it takes calls.
pub async fn recover(app: &App) -> Result<usize, AppError> {
    let settled = settle_calls_of(app, app.instance).await?;
    if settled > 0 {
        tracing::warn!(
            calls = settled,
            "calls that a crash interrupted were settled as outcome_unknown"
        );
    }
    let lost = messages::recover(app, app.instance).await?;
    if lost > 0 {
        tracing::warn!(
            messages = lost,
            "text messages that a crash interrupted were settled as outcome_unknown"
        );
    }
    heartbeat(app).await?;
    Ok(settled)
}

async fn settle_calls_of(app: &App, instance: InstanceId) -> Result<usize, AppError> {
    let mut settled = 0;
    loop {
        let mut conn = app.db.read_in(Lane::Background).await?;
        let calls = rows::open_calls(&mut conn.engine(), instance, 500).await?;
        drop(conn);
        if calls.is_empty() {
            return Ok(settled);
        }
        for call in calls {
            settle_unknown(app, call, STOPPED).await?;
            settled += 1;
        }
    }
}

/// Why nobody knows what came of a call.
const STOPPED: &str = "the server stopped while the call was under way, and nobody can know what came of it; ask the service before you try again";
const LOST: &str = "the server lost track of the call, and nobody can know what came of it; ask the service before you try again";

/// Settles this server's reserved calls that no task of it looks after.
pub(crate) async fn sweep(app: &App) -> Result<usize, AppError> {
    let mut conn = app.db.read_in(Lane::Background).await?;
    let calls = rows::open_calls(&mut conn.engine(), app.instance, 500).await?;
    drop(conn);
    let before = app.context.now() - LOST_AFTER;
    let mut settled = 0;
    for call in calls {
        // Looked at after the row: who reserves is in the list first.
        if call.reserved_at > before || app.running.contains(call.id) {
            continue;
        }
        tracing::error!(call = %call.id, "a call was lost track of and is settled as outcome_unknown");
        settle_unknown(app, call, LOST).await?;
        settled += 1;
    }
    Ok(settled)
}

async fn sweep_lost(app: Arc<App>) {
    let mut timer = app.context.every(SWEEP);
    loop {
        timer.tick().await;
        log(sweep(&app).await.map(drop));
    }
}

async fn settle_unknown(app: &App, call: CallRow, why: &str) -> Result<(), AppError> {
    let error = json!({"code": "outcome_unknown", "message": why});
    let arguments: serde_json::Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    let data = json!({
        "call_id": call.id, "name": call.name, "binding_id": call.binding, "arguments": arguments,
        "request": null, "response": null, "variables": {}, "error": error, "duration_ms": null,
    });
    let answer = json!({
        "call_id": call.id, "status": "failed", "output": null, "variables": {},
        "error": error, "duration_ms": null,
    });
    let event = NewEvent {
        id: EventId::from_uuid(app.context.uuid()),
        at: app.context.now(),
        kind: EventType::ActionFailed,
        data: data.to_string(),
    };
    let key = (call.workspace, call.conversation);
    let count = count_unknown(app, key, &call).await;
    let work = Work::Recover(Box::new(Recovery {
        call,
        event,
        answer: answer.to_string(),
        count,
    }));
    app.journal.submit(key, work).await.map(drop)
}

/// As what a call is counted of which nobody knows what came of it; nothing where its action is gone.
async fn count_unknown(app: &App, key: Key, call: &CallRow) -> Option<Count> {
    let conversation = app.journal.get(key).await.ok()??;
    let of = &conversation.key;
    let agent = app.catalog.agent(key.0, of.agent, of.version).await;
    let (_, agent) = agent.ok()??;
    let of_states = agent.own.go_to_state.values();
    let mut bindings = agent.bindings.iter().chain(of_states);
    let binding = bindings.find(|found| found.id == call.binding)?;
    Some(Count {
        environment: of.environment,
        called: binding.called.clone(),
        came: Came::Failed(None),
    })
}

async fn heartbeat(app: &App) -> Result<(), AppError> {
    let mut tx = app.db.write_in(Lane::Background).await?;
    instance::seen(&mut tx.engine(), app.instance).await?;
    Ok(tx.commit().await?)
}

/// Starts what runs beside the calls. The tasks end when they are aborted.
pub fn start_background(app: &Arc<App>) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![
        supervise(app, "look_for_changes", look_for_changes),
        supervise(app, "keep_up", keep_up),
        supervise(app, "tend_catalog", tend_catalog),
        supervise(app, "checkpoint", checkpoint),
        supervise(app, "messages", messages::deliver),
        supervise(app, "stats", stats::keep_writing),
        supervise(app, "sweep", sweep_lost),
        supervise(app, "sessions", authority::watch_sessions),
        supervise(app, "mcp_servers", mcp::watch),
        supervise(app, "ended", restored::keep_remembering),
    ];
    if let Some(timeout) = app.settings.idle_timeout {
        tasks.push(supervise(app, "end_idle", move |app| {
            end_idle(app, timeout)
        }));
    }
    if !app.db.is_exclusive() {
        tasks.push(supervise(app, "listen", listen));
        tasks.push(supervise(app, "tell_others", announce::tell_others));
        tasks.push(supervise(app, "watch_others", watch_others));
    }
    tasks
}

/// Hears of changes that other replicas made.
async fn listen(app: Arc<App>) {
    loop {
        match app.db.listen().await {
            Ok(Some(mut listener)) => {
                // What was announced before, or while the connection was lost, is found by looking.
                app.catalog.look_soon();
                loop {
                    match listener.next().await {
                        Ok(Some(text)) => {
                            if app.news.heard(&text) {
                                continue;
                            }
                            if let Ok(workspace) = text.parse::<WorkspaceId>() {
                                log(app.catalog.catch_up(workspace).await);
                            }
                        }
                        Ok(None) => app.catalog.look_soon(),
                        Err(error) => {
                            tracing::warn!(%error, "announcements of other servers are not heard");
                            break;
                        }
                    }
                }
            }
            Ok(None) => return,
            Err(error) => tracing::warn!(%error, "announcements of other servers are not heard"),
        }
        app.context.sleep(LOOK_AGAIN).await;
    }
}

/// Ends dialogues and closes conversations that nobody goes on with.
async fn end_idle(app: Arc<App>, timeout: Duration) {
    let pause = (timeout / 10).clamp(Duration::from_millis(100), Duration::from_secs(30));
    let mut timer = app.context.every(pause);
    loop {
        timer.tick().await;
        log(end_idle_since(&app, timeout).await);
    }
}

async fn end_idle_since(app: &App, timeout: Duration) -> Result<(), AppError> {
    let timeout = chrono::TimeDelta::from_std(timeout).unwrap_or(chrono::TimeDelta::MAX);
    let Some(since) = app.context.now().checked_sub_signed(timeout) else {
        return Ok(());
    };
    let made_before = conversation::least_id_at(since + chrono::TimeDelta::milliseconds(1));
    let mut after = uuid::Uuid::nil();
    loop {
        let mut conn = app.db.read().await?;
        let engine = &mut conn.engine();
        let found = conversation::idle(engine, since, made_before, after, 500).await?;
        drop(conn);
        let Some((_, last)) = found.last() else {
            return Ok(());
        };
        after = last.uuid();
        for key in found {
            conversations::end_idle(app, key, since).await?;
        }
    }
}

/// Looks for changes of other processes, announced or not.
async fn look_for_changes(app: Arc<App>) {
    let mut is_blind = false;
    loop {
        match app.catalog.look().await {
            Ok(()) if is_blind => {
                is_blind = false;
                tracing::info!("the database can be looked at again");
            }
            Err(error) if !is_blind => {
                is_blind = true;
                tracing::warn!(%error, "the database cannot be looked at; what is remembered counts for a moment only");
            }
            Ok(()) | Err(_) => {}
        }
        app.catalog.time_to_look().await;
    }
}

/// Prepares what was found.
async fn keep_up(app: Arc<App>) {
    loop {
        log(app.catalog.keep_up().await);
    }
}

/// Notes when keys were used, and drops versions that nobody uses.
async fn tend_catalog(app: Arc<App>) {
    let (mut uses, mut sweep) = (app.context.every(NOTE_USES), app.context.every(TEND));
    loop {
        tokio::select! {
            () = uses.tick() => log(app.catalog.write_uses().await),
            () = sweep.tick() => app.catalog.sweep().await,
        }
    }
}

async fn checkpoint(app: Arc<App>) {
    let mut timer = app.context.every(CHECKPOINT);
    loop {
        timer.tick().await;
        if let Err(error) = app.db.checkpoint().await {
            tracing::warn!(%error, "the write-ahead log was not moved into the database");
        }
    }
}

/// Says that this server is alive, and settles the calls of servers that are not.
async fn watch_others(app: Arc<App>) {
    let mut timer = app.context.every(HEARTBEAT);
    let mut watch = Watch::default();
    loop {
        timer.tick().await;
        let alive = heartbeat(&app).await;
        watch.beat(alive.is_ok(), app.context.elapsed());
        log(alive);
        if watch.is_long_enough() {
            log(bury_silent(&app).await);
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

async fn bury_silent(app: &App) -> Result<(), AppError> {
    let mut conn = app.db.read_in(Lane::Background).await?;
    let engine = &mut conn.engine();
    let silent = instance::silent_for(engine, SILENCE_SECONDS).await?;
    let count = instance::count(engine).await?;
    drop(conn);
    metrics::gauge!("switchboard_instances").set(f64::from(i32::try_from(count).unwrap_or(0)));
    for id in silent.into_iter().filter(|id| *id != app.instance) {
        let calls = settle_calls_of(app, id).await?;
        let messages = messages::recover(app, id).await?;
        app.stats.look();
        tracing::warn!(instance = %id, calls, messages, "a server went silent; its calls and text messages were settled as outcome_unknown");
        let mut tx = app.db.write_in(Lane::Background).await?;
        instance::forget(&mut tx.engine(), id).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn log(result: Result<(), AppError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "background work failed and is tried again");
    }
}

/// How many calls are under way.
pub fn running_calls(app: &App) -> usize {
    app.calls.len()
}

/// Takes no more calls.
pub fn stop_taking_calls(app: &App) {
    app.stopping.store(true, Ordering::Release);
}

/// Waits until the running calls are settled, at most as long as given; then closes the database.
/// Answers whether all of them were. It ends in a bounded time whatever hangs.
pub async fn drain(app: &App, grace: Duration) -> bool {
    let until = Instant::now() + grace;
    app.calls.close();
    let drained = tokio::time::timeout(grace, app.calls.wait()).await.is_ok();
    let left = until.saturating_duration_since(Instant::now());
    let written = app.journal.idle(left.max(CLOSE)).await;
    if !written {
        tracing::error!(
            calls = app.running.count(),
            "what came of calls could not be written down; the next start notes them as outcome_unknown"
        );
    }
    let close = async {
        if let Err(error) = app.catalog.write_uses().await {
            tracing::warn!(%error, "it was not noted when keys were used last");
        }
        if let Err(error) = stats::write(app).await {
            tracing::warn!(%error, "counts of calls were not added up; another server does, or the next start");
        }
        app.mcp.close().await;
        let _ = app.db.checkpoint().await;
        app.db.close().await;
    };
    if tokio::time::timeout(CLOSE, close).await.is_err() {
        tracing::warn!("the database was not closed in time");
    }
    drained && written
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
