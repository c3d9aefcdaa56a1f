//! Calls that somebody in this process looks after. A reserved call that nobody looks after is settled
//! by whoever finds it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchboard_domain::id::{CallId, ConversationId};

/// All of them.
#[derive(Debug, Default)]
pub struct RunningCalls(Mutex<HashSet<CallId>>);

impl RunningCalls {
    fn lock(&self) -> MutexGuard<'_, HashSet<CallId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to look after a call, until what this answers is dropped.
    pub fn begin(self: &Arc<Self>, id: CallId) -> Arc<RunningCall> {
        self.lock().insert(id);
        Arc::new(RunningCall {
            calls: self.clone(),
            id,
        })
    }

    /// Whether somebody looks after a call.
    pub fn contains(&self, id: CallId) -> bool {
        self.lock().contains(&id)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lock().len()
    }
}

/// One call that is looked after.
#[derive(Debug)]
pub struct RunningCall {
    calls: Arc<RunningCalls>,
    id: CallId,
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.calls.lock().remove(&self.id);
    }
}

/// How many calls without a row each conversation has under way in this process. Of those with one the
/// database tells.
#[derive(Debug, Default)]
pub struct CallsUnderWay(Mutex<HashMap<ConversationId, usize>>);

impl CallsUnderWay {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConversationId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins; it is over when what this answers is dropped.
    pub fn begin(self: &Arc<Self>, conversation: ConversationId) -> UnderWay {
        *self.lock().entry(conversation).or_default() += 1;
        UnderWay {
            calls: self.clone(),
            conversation,
        }
    }

    /// Whether a conversation has such a call.
    pub fn has(&self, conversation: ConversationId) -> bool {
        self.lock().contains_key(&conversation)
    }
}

/// One call that is under way.
#[derive(Debug)]
pub struct UnderWay {
    calls: Arc<CallsUnderWay>,
    conversation: ConversationId,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut calls = self.calls.lock();
        if let Some(count) = calls.get_mut(&self.conversation) {
            *count -= 1;
            if *count == 0 {
                calls.remove(&self.conversation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_under_way_until_its_last_call_is_over() {
        let calls = Arc::new(CallsUnderWay::default());
        let [id, other] = [1, 2].map(|n| ConversationId::from_uuid(uuid::Uuid::from_u128(n)));
        let (first, second) = (calls.begin(id), calls.begin(id));
        drop(first);
        assert!(calls.has(id) && !calls.has(other));
        drop(second);
        assert!(!calls.has(id));
    }
}
