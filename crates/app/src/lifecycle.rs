//! A server's life: what it does at its start, beside its calls, and when it stops.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::json;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{EventId, InstanceId, WorkspaceId};
use switchboard_store::journal::{self as rows, CallRow};
use switchboard_store::{change, conversation, instance};
use tokio::task::JoinHandle;

use crate::journal::Work;
use crate::{App, AppError, announce, conversations, mcp, messages, stats};

/// How often a server says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How long it may be silent before others take it for dead.
const SILENCE: chrono::TimeDelta = chrono::TimeDelta::seconds(20);
/// How often changes of other processes are looked for: the net under their announcements.
const LOOK_FOR_CHANGES: Duration = Duration::from_millis(400);
/// How far back is looked, since clocks differ between servers.
const LOOK_BACK: chrono::TimeDelta = chrono::TimeDelta::seconds(30);
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
        let mut conn = app.db.read().await?;
        let calls = rows::open_calls(&mut conn.engine(), instance, 500).await?;
        drop(conn);
        if calls.is_empty() {
            return Ok(settled);
        }
        for call in calls {
            settle_unknown(app, call).await?;
            settled += 1;
        }
    }
}

async fn settle_unknown(app: &App, call: CallRow) -> Result<(), AppError> {
    let error = json!({
        "code": "outcome_unknown",
        "message": "the server stopped while the call was under way, and nobody can know what came of it; ask the service before you try again",
    });
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
    let work = Work::Recover(Box::new((call, event, answer.to_string())));
    app.journal.submit(key, work).await.map(drop)
}

async fn heartbeat(app: &App) -> Result<(), AppError> {
    let mut tx = app.db.write().await?;
    instance::seen(&mut tx.engine(), app.instance, app.context.now()).await?;
    Ok(tx.commit().await?)
}

/// Starts what runs beside the calls. The tasks end when they are aborted.
pub fn start_background(app: &Arc<App>) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![
        tokio::spawn(follow_changes(app.clone())),
        tokio::spawn(checkpoint(app.clone())),
        tokio::spawn(messages::deliver(app.clone())),
        tokio::spawn(stats::keep_writing(app.clone())),
    ];
    if let Some(timeout) = app.settings.idle_timeout {
        tasks.push(tokio::spawn(end_idle(app.clone(), timeout)));
    }
    let announcements = app.announcements.lock();
    let announcements = announcements.unwrap_or_else(PoisonError::into_inner).take();
    if let Some(announcements) = announcements {
        tasks.push(tokio::spawn(mcp::watch(app.clone(), announcements)));
    }
    if !app.db.is_exclusive() {
        tasks.push(tokio::spawn(listen(app.clone())));
        tasks.push(tokio::spawn(announce::tell_others(app.clone())));
        tasks.push(tokio::spawn(watch_others(app.clone())));
    }
    tasks
}

/// Hears of changes that other replicas made.
async fn listen(app: Arc<App>) {
    loop {
        match app.db.listen().await {
            Ok(Some(mut listener)) => loop {
                match listener.next().await {
                    Ok(Some(text)) => {
                        if app.news.heard(&text) {
                            continue;
                        }
                        if let Ok(workspace) = text.parse::<WorkspaceId>() {
                            log(app.catalog.catch_up(workspace).await);
                        }
                    }
                    // What was announced while the connection was lost is found by looking.
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(%error, "announcements of other servers are not heard");
                        break;
                    }
                }
            },
            Ok(None) => return,
            Err(error) => tracing::warn!(%error, "announcements of other servers are not heard"),
        }
        tokio::time::sleep(LOOK_FOR_CHANGES).await;
    }
}

/// Ends dialogues and closes conversations that nobody goes on with.
async fn end_idle(app: Arc<App>, timeout: Duration) {
    let pause = (timeout / 10).clamp(Duration::from_millis(100), Duration::from_secs(30));
    let mut timer = tokio::time::interval(pause);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
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
async fn follow_changes(app: Arc<App>) {
    let mut timer = tokio::time::interval(LOOK_FOR_CHANGES);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        log(look_for_changes(&app).await);
    }
}

async fn look_for_changes(app: &App) -> Result<(), AppError> {
    let known = app.catalog.revisions();
    if known.is_empty() {
        return Ok(());
    }
    let mut conn = app.db.read().await?;
    let since = app.context.now() - LOOK_BACK;
    let changed = change::changed_since(&mut conn.engine(), since).await?;
    drop(conn);
    for (workspace, revision) in changed {
        if known.get(&workspace).is_some_and(|known| *known < revision) {
            app.catalog.catch_up(workspace).await?;
        }
    }
    Ok(())
}

async fn checkpoint(app: Arc<App>) {
    let mut timer = tokio::time::interval(CHECKPOINT);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        if let Err(error) = app.db.checkpoint().await {
            tracing::warn!(%error, "the write-ahead log was not moved into the database");
        }
    }
}

/// Says that this server is alive, and settles the calls of servers that are not.
async fn watch_others(app: Arc<App>) {
    let mut timer = tokio::time::interval(HEARTBEAT);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        log(heartbeat(&app).await);
        log(bury_silent(&app).await);
    }
}

async fn bury_silent(app: &App) -> Result<(), AppError> {
    let mut conn = app.db.read().await?;
    let limit = app.context.now() - SILENCE;
    let silent = instance::silent_since(&mut conn.engine(), limit).await?;
    drop(conn);
    for id in silent.into_iter().filter(|id| *id != app.instance) {
        let calls = settle_calls_of(app, id).await?;
        let messages = messages::recover(app, id).await?;
        tracing::warn!(instance = %id, calls, messages, "a server went silent; its calls and text messages were settled as outcome_unknown");
        let mut tx = app.db.write().await?;
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

/// True when the database answers.
pub async fn is_ready(app: &App) -> bool {
    if app.stopping.load(Ordering::Acquire) {
        return false;
    }
    let asked = async {
        let mut conn = app.db.read().await?;
        switchboard_store::workspace::list(&mut conn.engine()).await
    };
    matches!(
        tokio::time::timeout(Duration::from_secs(2), asked).await,
        Ok(Ok(_))
    )
}

/// Takes no more calls.
pub fn stop_taking_calls(app: &App) {
    app.stopping.store(true, Ordering::Release);
}

/// Waits until the running calls are settled, at most as long as given; then closes the database.
/// Answers whether all of them were.
pub async fn drain(app: &App, grace: Duration) -> bool {
    app.calls.close();
    let drained = tokio::time::timeout(grace, app.calls.wait()).await.is_ok();
    app.journal.idle().await;
    if let Err(error) = stats::write(app).await {
        tracing::warn!(%error, "counts of calls were not written");
    }
    app.mcp.close().await;
    let _ = app.db.checkpoint().await;
    app.db.close().await;
    drained
}
