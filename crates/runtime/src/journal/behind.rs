//! Conversations whose rows are behind what is known of them: most calls leave an event, and the row is
//! written a moment later, for many calls at once ([`switchboard_store::behind`]).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_domain::conversation::{Conversation, Outcome};
use switchboard_domain::event::EventType;
use tokio::time::Instant;

use super::Key;
use super::op::{Settlement, Work};

/// How long a row is behind.
pub const FOR: Duration = Duration::from_millis(100);
/// How many are: then they are written with the next batch.
const MOST: usize = 2048;

/// Each as its row is to be; none where it has to be read, because nobody knows what was written.
pub type Rows = HashMap<Key, Option<Arc<Conversation>>>;

/// Which they are.
#[derive(Debug, Default)]
pub struct Behind {
    state: Mutex<State>,
    /// Whether somebody sees to it that they are written.
    pub is_looked_after: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    rows: Rows,
    /// Since when one is behind.
    since: Option<Instant>,
}

impl Behind {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody has to begin to look after them, who is asked only once.
    pub fn needs_somebody(&self) -> bool {
        !self.is_looked_after.load(Ordering::Acquire)
            && !self.lock().rows.is_empty()
            && !self.is_looked_after.swap(true, Ordering::AcqRel)
    }

    /// Whether there is nothing left to do for whoever looks after them, who then stops.
    pub fn is_done(&self) -> bool {
        let state = self.lock();
        if state.rows.is_empty() {
            self.is_looked_after.store(false, Ordering::Release);
        }
        state.rows.is_empty()
    }

    /// All, where it is time to write them.
    pub fn due(&self) -> Option<Rows> {
        let state = self.lock();
        let is_due =
            state.rows.len() >= MOST || state.since.is_some_and(|since| since.elapsed() >= FOR);
        is_due.then(|| state.rows.clone())
    }

    /// Notes what a batch left behind, after it is durable.
    pub fn leave(&self, conversations: &[Arc<Conversation>]) {
        if conversations.is_empty() {
            return;
        }
        let mut state = self.lock();
        state.since.get_or_insert_with(Instant::now);
        for conversation in conversations {
            let key = (conversation.key.workspace, conversation.key.id);
            state.rows.insert(key, Some(conversation.clone()));
        }
    }

    /// Notes conversations of which nobody knows what was written.
    pub fn doubt(&self, keys: impl IntoIterator<Item = Key>) {
        let mut state = self.lock();
        for key in keys {
            state.rows.insert(key, None);
        }
        if !state.rows.is_empty() {
            state.since.get_or_insert_with(Instant::now);
        }
    }

    /// Notes that rows were written.
    pub fn written<'a>(&self, conversations: impl IntoIterator<Item = &'a Arc<Conversation>>) {
        let mut state = self.lock();
        if state.rows.is_empty() {
            return;
        }
        for conversation in conversations {
            state
                .rows
                .remove(&(conversation.key.workspace, conversation.key.id));
        }
        if state.rows.is_empty() {
            state.since = None;
        }
    }

    /// Forgets conversations that are not there.
    pub fn forget(&self, keys: impl IntoIterator<Item = Key>) {
        let mut state = self.lock();
        for key in keys {
            state.rows.remove(&key);
        }
    }
}

impl Work {
    /// Whether all that it changes of a conversation follows from its events and from the calls that are
    /// under way, as [`Conversation::catch_up`] finds it.
    pub fn may_leave_behind(&self, conversation: &Conversation) -> bool {
        match self {
            Self::Note(_) | Self::Refuse(_) | Self::Reserve(_) | Self::Message(_) => true,
            Self::Settle(settlement) => settlement.may_leave_behind(conversation),
            Self::Start(..)
            | Self::Withdraw(_)
            | Self::Recover(_)
            | Self::Change(..)
            | Self::Remove(_) => false,
        }
    }
}

impl Settlement {
    fn may_leave_behind(&self, conversation: &Conversation) -> bool {
        let is_told = match self.outcome {
            Outcome::Succeeded => self.is_named && self.event.kind == EventType::ActionSucceeded,
            Outcome::Failed => self.event.kind != EventType::ActionSucceeded,
            Outcome::Unknown => false,
        };
        let variables = &conversation.variables;
        let mut set = self.variables.iter();
        is_told
            && self.effect.is_none()
            && set.all(|(name, value)| variables.get(name.as_str()) == Some(value))
    }
}
