//! The journal: the single way in which conversations change.
//!
//! Whatever changes a conversation is an [`Op`] in a queue. Somebody takes what is waiting, applies
//! it in order, writes it in one transaction and answers when that is durable: calls that come
//! together share a commit (group commit). With SQLite this process is the only writer, so what the
//! journal remembers of a conversation is right; with PostgreSQL each batch reads and locks its
//! conversations first.

mod batch;
mod fit;
mod op;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moka::sync::Cache;
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::{ConversationId, WorkspaceId};
use switchboard_domain::variable_caps;
use switchboard_store::{Db, conversation};
use tokio::sync::{broadcast, oneshot};
use tokio_util::task::TaskTracker;

use crate::error::AppError;
use crate::finish::Finished;
pub use fit::LEFT_OUT;
pub use op::{
    Change, Done, Effect, End, MessageChange, MessageWork, Reservation, Reserved, Settlement,
    Transition, Work,
};

/// Bytes of conversations that are remembered where that is right.
const REMEMBERED: u64 = 128 << 20;
/// What one takes beside its variables.
const CONVERSATION_BYTES: usize = 1024;
/// Variables in memory take a few times the bytes of their text.
const VALUE_FACTOR: usize = 3;
/// Operations that share a transaction at most.
const LARGEST_BATCH: usize = 256;
/// Batches that are written at the same time where the database takes that.
const WRITERS: usize = 4;

/// Tells a conversation apart.
pub type Key = (WorkspaceId, ConversationId);

/// One thing to do, and where the answer goes.
struct Op {
    key: Key,
    work: Work,
    reply: oneshot::Sender<Result<Done, AppError>>,
}

/// What waits for one writer.
struct Queue {
    waiting: Mutex<Vec<Op>>,
    /// True while somebody writes.
    busy: AtomicBool,
    writer: batch::Writer,
}

/// The journal.
pub struct Journal {
    db: Db,
    queues: Vec<Arc<Queue>>,
    hasher: RandomState,
    remembered: Option<Cache<Key, Arc<Conversation>>>,
    news: broadcast::Sender<ConversationId>,
    tasks: TaskTracker,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Journal")
    }
}

impl Journal {
    /// A journal of a database.
    pub fn new(db: Db) -> Self {
        let remembered = db.is_exclusive().then(remembered);
        let (news, _) = broadcast::channel(4096);
        let writers = if db.is_exclusive() { 1 } else { WRITERS };
        let queues = (0..writers)
            .map(|_| {
                Arc::new(Queue {
                    waiting: Mutex::default(),
                    busy: AtomicBool::new(false),
                    writer: batch::Writer::new(db.clone(), remembered.clone(), news.clone()),
                })
            })
            .collect();
        Self {
            db,
            queues,
            hasher: RandomState::new(),
            remembered,
            news,
            tasks: TaskTracker::new(),
        }
    }

    /// A conversation as it is now.
    pub async fn get(&self, key: Key) -> Result<Option<Arc<Conversation>>, AppError> {
        if let Some(found) = self.remembered.as_ref().and_then(|cache| cache.get(&key)) {
            return Ok(Some(found));
        }
        let mut conn = self.db.read().await?;
        let found = conversation::get(&mut conn.engine(), key.0, key.1).await?;
        Ok(found.map(Arc::new))
    }

    /// Hears which conversations got events.
    pub fn news(&self) -> broadcast::Receiver<ConversationId> {
        self.news.subscribe()
    }

    /// Does one thing to a conversation. Returns when it is durable.
    ///
    /// Who finds nobody writing writes, for all that wait; the others wait for that. So a call that
    /// comes alone is written without a switch to another task.
    pub async fn submit(&self, key: Key, work: Work) -> Result<Done, AppError> {
        let (reply, done) = oneshot::channel();
        let shard = usize::try_from(self.hasher.hash_one(key)).unwrap_or(0) % self.queues.len();
        let queue = &self.queues[shard];
        queue.lock().push(Op { key, work, reply });
        if !queue.busy.swap(true, Ordering::AcqRel) {
            // Finished even when this caller goes away: others wait for it.
            let batch = lead(queue.clone(), self.tasks.clone());
            Finished::new(self.tasks.clone(), batch).await;
        }
        done.await.map_err(|_| AppError::Stopping)?
    }

    /// Waits until everything that was submitted is written.
    pub async fn idle(&self) {
        self.tasks.close();
        self.tasks.wait().await;
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

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Vec<Op>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is written next; none when nothing waits, and then nobody is busy any more.
    fn next(&self) -> Option<Vec<Op>> {
        let mut waiting = self.lock();
        if waiting.is_empty() {
            // Under the lock, so that who pushes after this sees that nobody is busy.
            self.busy.store(false, Ordering::Release);
            return None;
        }
        let rest = if waiting.len() > LARGEST_BATCH {
            waiting.split_off(LARGEST_BATCH)
        } else {
            vec![]
        };
        Some(std::mem::replace(&mut *waiting, rest))
    }
}

/// Writes one batch. What came in the meantime is another task's, so that no caller writes for the
/// others for ever.
async fn lead(queue: Arc<Queue>, tasks: TaskTracker) {
    if let Some(mut batch) = queue.next() {
        queue.writer.write_all(&mut batch).await;
    }
    let more = !queue.lock().is_empty();
    if more {
        tasks.spawn(follow(queue));
    } else if let Some(mut batch) = queue.next() {
        queue.writer.write_all(&mut batch).await;
        tasks.spawn(follow(queue));
    }
}

/// Writes until nothing waits.
async fn follow(queue: Arc<Queue>) {
    while let Some(mut batch) = queue.next() {
        queue.writer.write_all(&mut batch).await;
    }
}
