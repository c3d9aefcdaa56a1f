//! Who waits for news of which conversation.
//!
//! The journal announces every conversation that got events. Thousands of streams that each heard
//! all of it would wake for nothing most of the time, so one task hears it for all of them and wakes
//! those it concerns. It lives while somebody waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::{ConversationId, WorkspaceId};
use switchboard_store::conversation;
use tokio::sync::{broadcast, watch};
use tokio::time::MissedTickBehavior;

use crate::{App, AppError};

/// How often conversations that are waited for are looked at where other servers change them too.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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
pub struct News(Mutex<State>);

impl News {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for news of a conversation from now on.
    pub fn of(app: &Arc<App>, conversation: &Conversation) -> NewsOf {
        let key = &conversation.key;
        let mut state = app.news.lock();
        let watched = state.watched.entry(key.id).or_insert_with(|| Watched {
            workspace: key.workspace,
            sequence: watch::Sender::new(conversation.last_sequence),
        });
        let receiver = watched.sequence.subscribe();
        if !state.is_heard {
            state.is_heard = true;
            // Listening from here on, so that nothing falls between this and the task's start.
            tokio::spawn(hear(app.clone(), app.journal.news()));
        }
        NewsOf {
            news: app.news.clone(),
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

    /// Those that are waited for; none left ends the task.
    fn keys_or_end(&self) -> Option<Vec<(WorkspaceId, ConversationId)>> {
        let mut state = self.lock();
        if state.watched.is_empty() {
            state.is_heard = false;
            return None;
        }
        let keys = state.watched.iter();
        Some(keys.map(|(id, watched)| (watched.workspace, *id)).collect())
    }

    /// Ends the task if nobody waits.
    fn is_over(&self) -> bool {
        let mut state = self.lock();
        state.is_heard = !state.watched.is_empty();
        !state.is_heard
    }
}

async fn hear(app: Arc<App>, mut journal: broadcast::Receiver<ConversationId>) {
    let mut timer = tokio::time::interval(LOOK_AGAIN);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_alone = app.db.is_exclusive();
    loop {
        tokio::select! {
            heard = journal.recv() => match heard {
                Ok(conversation) => app.news.tell(conversation, None),
                Err(broadcast::error::RecvError::Lagged(_)) => app.news.tell_all(),
                Err(broadcast::error::RecvError::Closed) => return,
            },
            _ = timer.tick() => {
                if is_alone {
                    if app.news.is_over() { return }
                    continue;
                }
                let Some(keys) = app.news.keys_or_end() else { return };
                if let Err(error) = look(&app, &keys).await {
                    tracing::warn!(%error, "conversations were not looked at and are again");
                }
            }
        }
    }
}

/// Finds what other servers changed.
async fn look(app: &App, keys: &[(WorkspaceId, ConversationId)]) -> Result<(), AppError> {
    let mut conn = app.db.read().await?;
    for (id, sequence) in conversation::sequences(&mut conn.engine(), keys).await? {
        app.news.tell(id, Some(sequence));
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
