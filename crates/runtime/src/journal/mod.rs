//! The journal: the single way in which conversations change.
//!
//! Whatever changes a conversation is an operation in a queue. Somebody takes what is waiting, applies
//! it in order, writes it in one transaction and answers when that is durable: calls that come
//! together share a commit (group commit). With SQLite this process is the only writer, so what the
//! journal remembers of a conversation is right; with PostgreSQL each batch reads and locks its
//! conversations first.
//!
//! A transaction that failed may be durable all the same, where the answer to its commit was lost. So
//! what is written again is looked for first. What has happened outside (a call was performed) is kept
//! until it is written, however long that takes; what only waits to happen is given up after a while,
//! and undone where it may have been done.
//!
//! With SQLite most calls write their event and no more. The row of their conversation follows from its
//! events, and is written a moment later for many calls at once.

mod applied;
mod apply;
mod batch;
mod behind;
mod fit;
mod op;
mod queue;
#[cfg(test)]
mod tests;
mod waiting;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use moka::sync::Cache;
use switchboard_domain::conversation::Conversation;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ConversationId, InstanceId, WorkspaceId};
use switchboard_domain::variable_caps;
use switchboard_store::{Db, Lane, StoreError, behind as rows_behind, conversation};
use tokio::sync::{broadcast, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::finish::Finished;
use behind::Behind;
pub use op::{
    Change, Done, End, MessageChange, MessageWork, Recovery, Removal, Reservation, Reserved,
    Settlement, Transition, Work, under_way,
};
use queue::Queue;
use switchboard_operation::AppError;
use waiting::Op;

/// Bytes of conversations that are remembered where that is right.
const REMEMBERED: u64 = 128 << 20;
/// What one takes beside its variables.
const CONVERSATION_BYTES: usize = 1024;
/// Variables in memory take a few times the bytes of their text.
const VALUE_FACTOR: usize = 3;
/// Batches that are written at the same time where the database takes that.
const WRITERS: usize = 4;

/// Tells a conversation apart.
pub type Key = (WorkspaceId, ConversationId);

/// How long the journal waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long what has not happened yet is tried.
    pub asked: Duration,
    /// How long a caller waits for what is kept until it is durable.
    pub kept: Duration,
    /// How long one batch may take.
    pub batch: Duration,
    /// From when on nothing new is taken while nothing can be written.
    pub fail_fast_after: Duration,
    /// The pause after the first failure; it doubles with each.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            asked: Duration::from_secs(5),
            kept: Duration::from_secs(10),
            batch: Duration::from_secs(20),
            fail_fast_after: Duration::from_secs(2),
            first_pause: Duration::from_millis(25),
            longest_pause: Duration::from_millis(500),
        }
    }
}

/// The journal.
pub struct Journal {
    db: Db,
    queues: Vec<Arc<Queue>>,
    hasher: RandomState,
    remembered: Option<Cache<Key, Arc<Conversation>>>,
    news: broadcast::Sender<ConversationId>,
    tasks: TaskTracker,
    pace: Pace,
    counted: Arc<AtomicBool>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Journal")
    }
}

impl Journal {
    /// A journal of a database, written by a server.
    pub fn new(db: Db, instance: InstanceId, pace: Pace) -> Self {
        let remembered = db.is_exclusive().then(remembered);
        let (news, _) = broadcast::channel(4096);
        let counted = Arc::new(AtomicBool::new(false));
        let writers = if db.is_exclusive() { 1 } else { WRITERS };
        let queues = (0..writers)
            .map(|_| {
                let writer = batch::Writer {
                    db: db.clone(),
                    remembered: remembered.clone(),
                    behind: Behind::default(),
                    news: news.clone(),
                    instance,
                    deadline: pace.batch,
                    counted: counted.clone(),
                };
                Arc::new(Queue::new(writer, pace))
            })
            .collect();
        Self {
            db,
            queues,
            hasher: RandomState::new(),
            remembered,
            news,
            tasks: TaskTracker::new(),
            pace,
            counted,
        }
    }

    /// A conversation as it is now.
    pub async fn get(&self, key: Key) -> Result<Option<Arc<Conversation>>, AppError> {
        if let Some(found) = self.remembered.as_ref().and_then(|cache| cache.get(&key)) {
            return Ok(Some(found));
        }
        Box::pin(self.read(key)).await
    }

    async fn read(&self, key: Key) -> Result<Option<Arc<Conversation>>, AppError> {
        let mut conn = self.db.read_in(Lane::Calls).await?;
        let found = conversation::get(&mut conn.engine(), key.0, key.1).await?;
        Ok(found.map(Arc::new))
    }

    /// Has the rows written that were behind when an earlier run of this server crashed.
    pub async fn catch_up(&self) -> Result<(), AppError> {
        if self.remembered.is_none() {
            // Others write too, and none leaves a row behind.
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        rows_behind::begin(&mut tx.engine()).await?;
        tx.commit().await?;
        let mut conn = self.db.read_in(Lane::Background).await?;
        let keys = rows_behind::find(&mut conn.engine()).await?;
        for key in keys {
            self.queue(key).doubt(key, &self.tasks);
        }
        Ok(())
    }

    /// Hears which conversations got events.
    pub fn news(&self) -> broadcast::Receiver<ConversationId> {
        self.news.subscribe()
    }

    /// Set when something was, or may have been, written that counts calls.
    pub fn counted(&self) -> Arc<AtomicBool> {
        self.counted.clone()
    }

    /// Since when something cannot be written, and why.
    pub fn failing(&self) -> Option<(Duration, String)> {
        self.queues
            .iter()
            .filter_map(|queue| queue.failing())
            .max_by_key(|(since, _)| *since)
    }

    /// Refuses what would have to be written and cannot be now.
    pub fn check(&self, key: Key) -> Result<(), AppError> {
        match self.queue(key).failing() {
            Some((_, cause)) => Err(StoreError::Unavailable(cause).into()),
            None => Ok(()),
        }
    }

    fn queue(&self, key: Key) -> &Arc<Queue> {
        let shard = usize::try_from(self.hasher.hash_one(key)).unwrap_or(0) % self.queues.len();
        &self.queues[shard]
    }

    /// Does one thing to a conversation. Returns when it is durable.
    ///
    /// Who finds nobody writing writes, for all that wait; the others wait for that. So a call that
    /// comes alone is written without a switch to another task.
    pub async fn submit(&self, key: Key, work: Work) -> Result<Done, AppError> {
        let start = Instant::now();
        let (reply, mut done) = oneshot::channel();
        let kept = work.is_kept();
        let op = Op {
            key,
            until: (!kept).then(|| start + self.pace.asked),
            work,
            reply: Some(reply),
            tried: false,
            begun: None,
            panics: 0,
        };
        if let Some(lead) = self.queue(key).push(op, &self.tasks)? {
            // Finished even when this caller goes away: others wait for it.
            let write = Finished::new(self.tasks.clone(), lead.write_once());
            // What of it was this caller's is noted below, as it is of those that only wait.
            switchboard_spent::apart(write).await;
            if let Ok(answered) = done.try_recv() {
                return answered.noted(start);
            }
        }
        let given_up = || AppError::Internal("a change of a conversation was given up".to_owned());
        if !kept {
            let answered = done.await.map_err(|_| given_up())?;
            return answered.noted(start);
        }
        match tokio::time::timeout(self.pace.kept, done).await {
            Ok(answered) => answered.map_err(|_| given_up())?.noted(start),
            Err(_) => Err(AppError::Unavailable {
                code: ErrorCode::DatabaseUnavailable,
                message: "the call has finished and its result is kept, but it cannot be written to the database yet; repeat the request with the same Idempotency-Key, or read the conversation's events".to_owned(),
                retry_after: 2,
            }),
        }
    }

    /// Waits until everything that was submitted is written. Answers whether it is.
    pub async fn idle(&self, at_most: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(at_most, self.tasks.wait())
            .await
            .is_ok()
    }
}

/// What is remembered is bounded by its bytes: a thousand large conversations are as many as small ones.
fn remembered() -> Cache<Key, Arc<Conversation>> {
    Cache::builder()
        .weigher(|_: &Key, conversation: &Arc<Conversation>| {
            let variables = variable_caps::total_bytes(&conversation.variables);
            let bytes = CONVERSATION_BYTES + VALUE_FACTOR * variables;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        })
        .max_capacity(REMEMBERED)
        .build()
}
