//! What runs beside the calls for as long as the server does.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::id::WorkspaceId;
use switchboard_operation::{AppError, supervise};
use switchboard_store::conversation;
use tokio::task::JoinHandle;

use crate::catalog::LOOK_AGAIN;
use crate::{Runtime, announce, conversations, forget, messages, recovery, replicas, stats};

/// How often it is noted when keys were used last.
const NOTE_USES: Duration = Duration::from_secs(10);
/// How often versions that nobody uses are dropped.
const TEND: Duration = Duration::from_mins(1);
/// How often calls are looked for that nobody looks after.
const SWEEP: Duration = Duration::from_secs(3);
/// How often SQLite's log is moved into the database.
const CHECKPOINT: Duration = Duration::from_secs(2);

/// Starts all of it. The tasks end when they are aborted.
pub fn start(runtime: &Arc<Runtime>) -> Vec<JoinHandle<()>> {
    let mut tasks = vec![
        supervise(runtime, "look_for_changes", look_for_changes),
        supervise(runtime, "keep_up", keep_up),
        supervise(runtime, "tend_catalog", tend_catalog),
        supervise(runtime, "checkpoint", checkpoint),
        supervise(runtime, "messages", messages::deliver),
        supervise(runtime, "stats", stats::keep_writing),
        supervise(runtime, "sweep", sweep_lost),
        supervise(runtime, "forget", forget::keep_forgetting),
    ];
    if let Some(timeout) = runtime.settings.idle_timeout {
        tasks.push(supervise(runtime, "end_idle", move |runtime| {
            end_idle(runtime, timeout)
        }));
    }
    if !runtime.db.is_exclusive() {
        tasks.push(supervise(runtime, "listen", listen));
        tasks.push(supervise(runtime, "tell_others", announce::tell_others));
        tasks.push(supervise(runtime, "watch_others", replicas::watch_others));
    }
    tasks
}

async fn sweep_lost(runtime: Arc<Runtime>) {
    let mut timer = runtime.context.every(SWEEP);
    loop {
        timer.tick().await;
        log(recovery::sweep(&runtime).await.map(drop));
    }
}

/// Hears of changes that other replicas made.
async fn listen(runtime: Arc<Runtime>) {
    loop {
        match runtime.db.listen().await {
            Ok(Some(mut listener)) => {
                // What was announced before, or while the connection was lost, is found by looking.
                runtime.catalog.look_soon();
                loop {
                    match listener.next().await {
                        Ok(Some(text)) => {
                            if runtime.news.heard(&text) {
                                continue;
                            }
                            if let Ok(workspace) = text.parse::<WorkspaceId>() {
                                log(runtime.catalog.catch_up(workspace).await);
                            }
                        }
                        Ok(None) => runtime.catalog.look_soon(),
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
        runtime.context.sleep(LOOK_AGAIN).await;
    }
}

/// Ends dialogues and closes conversations that nobody goes on with.
async fn end_idle(runtime: Arc<Runtime>, timeout: Duration) {
    let pause = (timeout / 10).clamp(Duration::from_millis(100), Duration::from_secs(30));
    let mut timer = runtime.context.every(pause);
    loop {
        timer.tick().await;
        log(end_idle_since(&runtime, timeout).await);
    }
}

async fn end_idle_since(runtime: &Runtime, timeout: Duration) -> Result<(), AppError> {
    let timeout = chrono::TimeDelta::from_std(timeout).unwrap_or(chrono::TimeDelta::MAX);
    let Some(since) = runtime.context.now().checked_sub_signed(timeout) else {
        return Ok(());
    };
    let made_before = conversation::least_id_at(since + chrono::TimeDelta::milliseconds(1));
    let mut after = uuid::Uuid::nil();
    loop {
        let mut conn = runtime.db.read().await?;
        let engine = &mut conn.engine();
        let found = conversation::idle(engine, since, made_before, after, 500).await?;
        drop(conn);
        let Some((_, last)) = found.last() else {
            return Ok(());
        };
        after = last.uuid();
        for key in found {
            conversations::end_idle(runtime, key, since).await?;
        }
    }
}

/// Looks for changes of other processes, announced or not.
async fn look_for_changes(runtime: Arc<Runtime>) {
    let mut is_blind = false;
    loop {
        match runtime.catalog.look().await {
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
        runtime.catalog.time_to_look().await;
    }
}

/// Prepares what was found.
async fn keep_up(runtime: Arc<Runtime>) {
    loop {
        log(runtime.catalog.keep_up().await);
    }
}

/// Notes when keys were used, and drops versions that nobody uses.
async fn tend_catalog(runtime: Arc<Runtime>) {
    let (mut uses, mut sweep) = (
        runtime.context.every(NOTE_USES),
        runtime.context.every(TEND),
    );
    loop {
        tokio::select! {
            () = uses.tick() => log(runtime.catalog.write_uses().await),
            () = sweep.tick() => runtime.catalog.sweep().await,
        }
    }
}

async fn checkpoint(runtime: Arc<Runtime>) {
    let mut timer = runtime.context.every(CHECKPOINT);
    loop {
        timer.tick().await;
        if let Err(error) = runtime.db.checkpoint().await {
            tracing::warn!(%error, "the write-ahead log was not moved into the database");
        }
    }
}

fn log(result: Result<(), AppError>) {
    if let Err(error) = result {
        tracing::warn!(%error, "background work failed and is tried again");
    }
}
