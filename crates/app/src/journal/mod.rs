//! The journal: the single way in which conversations change.
//!
//! Whatever changes a conversation is an [`Op`] in a queue. One task takes what is waiting, applies
//! it in order, writes it in one transaction and answers when that is durable: calls that come
//! together share a commit (group commit). With SQLite this process is the only writer, so what the
//! journal remembers of a conversation is right; with PostgreSQL each batch reads and locks its
//! conversations first.

mod batch;
mod op;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use moka::sync::Cache;
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::{ConversationId, WorkspaceId};
use switchboard_store::{Db, conversation};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::error::AppError;
pub use op::{Change, Done, Reservation, Reserved, Settlement, Work};

/// Conversations that are remembered where that is right.
const REMEMBERED: u64 = 50_000;
/// Operations that may wait. Beyond it, callers wait to be let in.
const QUEUE: usize = 4096;
/// Tasks that write at the same time where the database takes that.
const WRITERS: usize = 4;

/// Tells a conversation apart.
pub type Key = (WorkspaceId, ConversationId);

/// One thing to do, and where the answer goes.
struct Op {
    key: Key,
    work: Work,
    reply: oneshot::Sender<Result<Done, AppError>>,
}

/// The journal.
pub struct Journal {
    db: Db,
    queues: Vec<mpsc::Sender<Op>>,
    hasher: RandomState,
    remembered: Option<Cache<Key, Arc<Conversation>>>,
    news: broadcast::Sender<ConversationId>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Journal")
    }
}

impl Journal {
    /// Starts the tasks that write. They end when the journal is dropped.
    pub fn start(db: Db) -> Self {
        let remembered = db.is_exclusive().then(|| Cache::new(REMEMBERED));
        let (news, _) = broadcast::channel(4096);
        let writers = if db.is_exclusive() { 1 } else { WRITERS };
        let queues = (0..writers)
            .map(|_| {
                let (queue, ops) = mpsc::channel(QUEUE);
                tokio::spawn(batch::run(
                    db.clone(),
                    remembered.clone(),
                    news.clone(),
                    ops,
                ));
                queue
            })
            .collect();
        Self {
            db,
            queues,
            hasher: RandomState::new(),
            remembered,
            news,
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
    pub async fn submit(&self, key: Key, work: Work) -> Result<Done, AppError> {
        let (reply, done) = oneshot::channel();
        let shard = usize::try_from(self.hasher.hash_one(key)).unwrap_or(0) % self.queues.len();
        let op = Op { key, work, reply };
        self.queues[shard]
            .send(op)
            .await
            .map_err(|_| AppError::Stopping)?;
        done.await.map_err(|_| AppError::Stopping)?
    }
}
