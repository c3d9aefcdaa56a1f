//! Who waits for news of which conversation.
//!
//! The journal announces every conversation that got events. Thousands of streams that each heard
//! all of it would wake for nothing most of the time, so one task hears it for all of them and wakes
//! those it concerns. It lives while somebody waits.
//!
//! What other servers write is told by them ([`crate::announce`]), as long as this one says that it
//! waits for it. A look at the conversations that are waited for, now and then and one for all, is
//! the net under that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::{ConversationId, WorkspaceId};
use switchboard_store::conversation;
use tokio::sync::{broadcast, watch};

use crate::Runtime;
use crate::announce::{self, Message, Others};
use switchboard_operation::AppError;
use switchboard_operation::supervise;

/// How often this server says that it waits, and sees whether it still does.
const SAY_AGAIN: Duration = Duration::from_secs(2);
/// How often conversations that are waited for are looked at where other servers change them too.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How soon that is after somebody began to wait: until then others may not have heard that this
/// server waits.
const FIRST_LOOK: Duration = Duration::from_millis(150);

#[derive(Debug)]
struct Watched {
    workspace: WorkspaceId,
    /// The last event that those who wait were told of.
    sequence: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    watched: HashMap<ConversationId, Watched>,
    /// True while the task runs.
    is_heard: bool,
}

/// Wakes those who wait for news of a conversation.
#[derive(Debug, Default)]
pub struct News {
    state: Mutex<State>,
    /// Whether other servers wait for news of this one.
    pub(crate) others: Others,
}

impl News {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for news of a conversation from now on.
    pub fn of(runtime: &Arc<Runtime>, conversation: &Conversation) -> NewsOf {
        let key = &conversation.key;
        let mut state = runtime.news.lock();
        let watched = state.watched.entry(key.id).or_insert_with(|| Watched {
            workspace: key.workspace,
            sequence: watch::Sender::new(conversation.last_sequence),
        });
        let receiver = watched.sequence.subscribe();
        if !state.is_heard {
            state.is_heard = true;
            // Listening from here on, so that nothing falls between this and the task's start.
            let first = Arc::new(Mutex::new(Some(runtime.journal.news())));
            drop(supervise(runtime, "news", move |runtime| {
                let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
                hear(runtime, first)
            }));
        }
        NewsOf {
            news: runtime.news.clone(),
            conversation: key.id,
            receiver: Some(receiver),
        }
    }

    fn tell(&self, conversation: ConversationId, sequence: Option<u64>) {
        if let Some(watched) = self.lock().watched.get(&conversation) {
            watched.sequence.send_if_modified(|known| match sequence {
                // It is announced without its number, which the next look brings.
                None => true,
                Some(sequence) => std::mem::replace(known, sequence) != sequence,
            });
        }
    }

    fn tell_all(&self) {
        for watched in self.lock().watched.values() {
            watched.sequence.send_modify(|_| {});
        }
    }

    /// Takes what another server says. False when it is not about conversations.
    pub(crate) fn heard(&self, text: &str) -> bool {
        match Message::read(text) {
            Some(Message::Waits) => self.others.wait(),
            Some(Message::Got(conversations)) => {
                for id in conversations {
                    self.tell(id, None);
                }
            }
            Some(Message::GotMany) => self.tell_all(),
            None => return false,
        }
        true
    }

    fn keys(&self) -> Vec<(WorkspaceId, ConversationId)> {
        let state = self.lock();
        let keys = state.watched.iter();
        keys.map(|(id, watched)| (watched.workspace, *id)).collect()
    }

    /// Ends the task if nobody waits.
    fn is_over(&self) -> bool {
        let mut state = self.lock();
        state.is_heard = !state.watched.is_empty();
        !state.is_heard
    }
}

/// Hears until nobody waits. Begun again it has missed something, nobody knows of which conversation.
async fn hear(runtime: Arc<Runtime>, journal: Option<broadcast::Receiver<ConversationId>>) {
    let mut journal = journal.unwrap_or_else(|| {
        let journal = runtime.journal.news();
        runtime.news.tell_all();
        journal
    });
    let is_alone = runtime.db.is_exclusive();
    let mut timer = runtime.context.every(SAY_AGAIN);
    let mut look = runtime.context.sleep(FIRST_LOOK);
    loop {
        tokio::select! {
            heard = journal.recv() => match heard {
                Ok(conversation) => runtime.news.tell(conversation, None),
                Err(broadcast::error::RecvError::Lagged(_)) => runtime.news.tell_all(),
                Err(broadcast::error::RecvError::Closed) => return,
            },
            () = timer.tick() => {
                if runtime.news.is_over() { return }
                if !is_alone {
                    let said = announce::say(&runtime, &[Message::Waits]).await;
                    log(said, "other servers were not told that somebody waits here");
                }
            }
            () = &mut look, if !is_alone => {
                log(look_at_all(&runtime).await, "conversations could not be looked at; they are looked at again");
                look = runtime.context.sleep(LOOK_AGAIN);
            }
        }
    }
}

fn log(result: Result<(), AppError>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what}");
    }
}

/// Finds what other servers changed and was not told.
async fn look_at_all(runtime: &Runtime) -> Result<(), AppError> {
    let keys = runtime.news.keys();
    if keys.is_empty() {
        return Ok(());
    }
    let mut conn = runtime.db.read().await?;
    let found = conversation::sequences(&mut conn.engine(), &keys).await?;
    let found: HashMap<_, _> = found.into_iter().collect();
    for (_, id) in keys {
        // One that is not there was removed.
        let sequence = found.get(&id).copied().unwrap_or(u64::MAX);
        runtime.news.tell(id, Some(sequence));
    }
    Ok(())
}

/// News of one conversation. Dropped, nobody waits any more.
#[derive(Debug)]
pub struct NewsOf {
    news: Arc<News>,
    conversation: ConversationId,
    receiver: Option<watch::Receiver<u64>>,
}

impl NewsOf {
    /// Waits for the next.
    pub async fn next(&mut self) {
        if let Some(receiver) = &mut self.receiver
            && receiver.changed().await.is_ok()
        {
            return;
        }
        // Nobody tells any more: the server stops.
        std::future::pending::<()>().await;
    }
}

impl Drop for NewsOf {
    fn drop(&mut self) {
        let mut state = self.news.lock();
        self.receiver = None;
        let unwatched = state
            .watched
            .get(&self.conversation)
            .is_some_and(|watched| watched.sequence.receiver_count() == 0);
        if unwatched {
            state.watched.remove(&self.conversation);
        }
    }
}
