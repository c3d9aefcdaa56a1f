//! Calls that somebody in this process looks after. A reserved call that nobody looks after is settled
//! by whoever finds it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchboard_domain::id::CallId;

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
