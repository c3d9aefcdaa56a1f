//! Forgetting: what is older than it is kept for goes, a little at a time, so that whoever else writes hardly
//! waits for it (`docs/decisions/0013`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_domain::id::{AgentId, ConversationId, WorkspaceId};
use switchboard_domain::retention::{Fate, Piece, fate, kept_for, outdated};
use switchboard_operation::AppError;
use switchboard_store::conversation::least_id_at;
use switchboard_store::{Lane, disk, forget};
use uuid::Uuid;

use crate::Runtime;
use crate::journal::{Done, Key, Removal, Work};

/// How often it is looked for what is to be forgotten: by one server at a time.
const LOOK_EVERY: Duration = Duration::from_mins(5);
/// The pause after each transaction, for who else writes.
const PAUSE: Duration = Duration::from_millis(5);
/// How many agents and conversations are read at a time.
const PAGE: u32 = 200;
/// How many conversations are removed in one batch of the journal.
const TOGETHER: usize = 16;
/// Of how many what is left is removed in one transaction.
const CLEARED: usize = 8;

/// Forgets now and then, for ever.
pub(crate) async fn keep_forgetting(runtime: Arc<Runtime>) {
    let mut timer = runtime.context.every(LOOK_EVERY);
    loop {
        timer.tick().await;
        if let Err(error) = sweep(&runtime).await {
            tracing::warn!(%error, "what is old was not all removed; the rest is removed later");
        }
    }
}

/// Forgets all that is to be forgotten now, where it is this server's turn.
async fn sweep(runtime: &Runtime) -> Result<(), AppError> {
    let now = runtime.context.now();
    let every = TimeDelta::from_std(LOOK_EVERY / 2).unwrap_or_default();
    let mut tx = runtime.db.write_in(Lane::Background).await?;
    let is_ours = forget::take_turn(&mut tx.engine(), now, every).await?;
    tx.commit().await?;
    if !is_ours {
        return Ok(());
    }
    clear_left_over(runtime).await?;
    forget_events(runtime, now).await?;
    forget_answers(runtime, now).await?;
    give_back(runtime).await
}

/// Gives back what the database does not use any more, where it does not do that by itself.
async fn give_back(runtime: &Runtime) -> Result<(), AppError> {
    let mut more = runtime.db.is_exclusive();
    while more && goes_on(runtime) {
        let mut tx = runtime.db.write_in(Lane::Background).await?;
        more = disk::give_back(&mut tx.engine()).await?;
        tx.commit().await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Whether there is time for more.
fn goes_on(runtime: &Runtime) -> bool {
    !runtime.stopping.load(Ordering::Acquire)
}

/// Removes what is left of conversations whose removal was interrupted.
async fn clear_left_over(runtime: &Runtime) -> Result<(), AppError> {
    loop {
        let mut conn = runtime.db.read_in(Lane::Background).await?;
        let left = forget::left_over(&mut conn.engine(), PAGE).await?;
        drop(conn);
        if left.is_empty() || !goes_on(runtime) {
            return Ok(());
        }
        clear_all(runtime, &left).await?;
    }
}

/// Removes what is left of a conversation that was removed.
pub(crate) async fn clear(runtime: &Runtime, key: Key) -> Result<(), AppError> {
    clear_all(runtime, &[key]).await
}

async fn clear_all(runtime: &Runtime, mut keys: &[Key]) -> Result<(), AppError> {
    while !keys.is_empty() {
        let mut tx = runtime.db.write_in(Lane::Background).await?;
        let (mut piece, mut done) = (Piece::default(), 0);
        for (workspace, conversation) in &keys[..keys.len().min(CLEARED)] {
            let engine = &mut tx.engine();
            let is_all = forget::clear(engine, *workspace, *conversation, &mut piece).await?;
            if !is_all {
                break;
            }
            done += 1;
        }
        tx.commit().await?;
        keys = &keys[done..];
        if !keys.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Removes events that are older than they are kept for, and with the last one of a closed conversation
/// everything that belongs to it.
async fn forget_events(runtime: &Runtime, now: DateTime<Utc>) -> Result<(), AppError> {
    let mut after = None;
    loop {
        let mut conn = runtime.db.read_in(Lane::Background).await?;
        let agents = forget::retained(&mut conn.engine(), after, PAGE).await?;
        drop(conn);
        let Some(last) = agents.last() else {
            return Ok(());
        };
        after = Some((last.workspace, last.agent));
        for found in agents {
            if let Some(days) = kept_for(found.of_workspace, found.of_agent) {
                let agent = (found.workspace, found.agent);
                forget_events_of(runtime, agent, days.before(now)).await?;
            }
        }
    }
}

async fn forget_events_of(
    runtime: &Runtime,
    agent: (WorkspaceId, AgentId),
    before: DateTime<Utc>,
) -> Result<(), AppError> {
    // What was begun since then has no event that is older.
    let begun_before = least_id_at(before);
    let mut after = Uuid::nil();
    while goes_on(runtime) {
        let mut conn = runtime.db.read_in(Lane::Background).await?;
        let engine = &mut conn.engine();
        let found = forget::begun(engine, agent, after, begun_before, PAGE).await?;
        drop(conn);
        let Some(last) = found.last() else {
            return Ok(());
        };
        after = last.conversation.uuid();
        let mut going = vec![];
        for one in &found {
            let key = (agent.0, one.conversation);
            match fate(one.is_closed, one.updated_at, before) {
                Fate::Goes => going.push(key),
                Fate::Stays => trim(runtime, key, before).await?,
            }
        }
        for some in going.chunks(TOGETHER) {
            remove(runtime, some, before).await?;
        }
    }
    Ok(())
}

/// Removes conversations that are closed and old. The journal does it, which knows what happens in them
/// meanwhile.
async fn remove(
    runtime: &Runtime,
    keys: &[(WorkspaceId, ConversationId)],
    before: DateTime<Utc>,
) -> Result<(), AppError> {
    let removals = keys.iter().map(async |key| {
        let work = Work::Remove(Removal::Old(before));
        match runtime.journal.submit(*key, work).await {
            Ok(Done::Removed) => Ok(Some(*key)),
            // Something happened in it, or somebody else removed it.
            Ok(_) | Err(AppError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    });
    let removed = futures_util::future::try_join_all(removals).await?;
    let removed: Vec<_> = removed.into_iter().flatten().collect();
    clear_all(runtime, &removed).await?;
    tokio::time::sleep(PAUSE).await;
    Ok(())
}

/// Removes the old events of a conversation that stays. The journal keeps nothing of them, so it need not
/// know.
async fn trim(runtime: &Runtime, key: Key, before: DateTime<Utc>) -> Result<(), AppError> {
    let (workspace, conversation) = key;
    loop {
        let mut conn = runtime.db.read_in(Lane::Background).await?;
        let first = forget::oldest(&mut conn.engine(), workspace, conversation).await?;
        drop(conn);
        let (Some(through), more) = outdated(&first, before) else {
            return Ok(());
        };
        let mut tx = runtime.db.write_in(Lane::Background).await?;
        forget::remove_events(&mut tx.engine(), workspace, conversation, through).await?;
        tx.commit().await?;
        tokio::time::sleep(PAUSE).await;
        if !more {
            return Ok(());
        }
    }
}

/// Removes the answers of calls that are older than they are kept for.
async fn forget_answers(runtime: &Runtime, now: DateTime<Utc>) -> Result<(), AppError> {
    let before = runtime.settings.keep_answers.before(now);
    let mut more = true;
    while more && goes_on(runtime) {
        let mut tx = runtime.db.write_in(Lane::Background).await?;
        more = forget::remove_answers(&mut tx.engine(), before).await?;
        tx.commit().await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
