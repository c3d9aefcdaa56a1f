//! What waits for one writer, and who writes: one at a time, and always somebody while anything waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_store::StoreError;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::batch::{Attempt, Writer};
use super::waiting::{Answered, Op};
use super::{Key, Pace, behind};
use switchboard_operation::AppError;

/// Operations that share a transaction at most.
const LARGEST_BATCH: usize = 256;
/// How often an operation may panic before it is given up.
const PANICS: u32 = 3;

#[derive(Default)]
struct State {
    waiting: VecDeque<Op>,
    /// True while there is a [`Lead`].
    led: bool,
    /// Since when nothing can be written, and why.
    failing: Option<(Instant, String)>,
}

/// What waits for one writer.
pub(super) struct Queue {
    state: Mutex<State>,
    writer: Writer,
    pace: Pace,
}

impl Queue {
    pub fn new(writer: Writer, pace: Pace) -> Self {
        Self {
            state: Mutex::default(),
            writer,
            pace,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when nothing can be written, and why.
    pub fn failing(&self) -> Option<(Duration, String)> {
        let state = self.lock();
        let (since, cause) = state.failing.as_ref()?;
        Some((since.elapsed(), cause.clone()))
    }

    /// Puts an operation into the queue; answers the right to write where nobody has it.
    ///
    /// While nothing can be written for a while, only what has to be kept is taken: the rest would
    /// wait for nothing.
    pub fn push(self: &Arc<Self>, op: Op, tasks: &TaskTracker) -> Result<Option<Lead>, AppError> {
        let mut state = self.lock();
        if op.until.is_some()
            && state.led
            && let Some((since, cause)) = &state.failing
            && since.elapsed() > self.pace.fail_fast_after
        {
            return Err(StoreError::Unavailable(cause.clone()).into());
        }
        state.waiting.push_back(op);
        Ok(self.lead_of(&mut state, tasks))
    }

    /// Has the row of a conversation written that may be behind.
    pub fn doubt(self: &Arc<Self>, key: Key, tasks: &TaskTracker) {
        self.writer.behind.doubt([key]);
        self.look_after(tasks);
    }

    /// Sees to it that rows that are behind are written, also if no call comes any more.
    fn look_after(self: &Arc<Self>, tasks: &TaskTracker) {
        if self.writer.behind.needs_somebody() {
            tasks.spawn(catch_up(self.clone(), tasks.clone()));
        }
    }

    /// The right to write, where nobody has it.
    fn take_lead(self: &Arc<Self>, tasks: &TaskTracker) -> Option<Lead> {
        self.lead_of(&mut self.lock(), tasks)
    }

    fn lead_of(self: &Arc<Self>, state: &mut State, tasks: &TaskTracker) -> Option<Lead> {
        (!std::mem::replace(&mut state.led, true)).then(|| self.lead(tasks))
    }

    fn lead(self: &Arc<Self>, tasks: &TaskTracker) -> Lead {
        Lead {
            queue: self.clone(),
            tasks: tasks.clone(),
            batch: vec![],
            released: false,
        }
    }
}

/// Writes the rows that are behind, time and again until none is.
async fn catch_up(queue: Arc<Queue>, tasks: TaskTracker) {
    loop {
        tokio::time::sleep(behind::FOR).await;
        if queue.writer.behind.is_done() {
            return;
        }
        // Who writes now does it in passing.
        if let Some(lead) = queue.take_lead(&tasks) {
            lead.catch_up().await;
        }
    }
}

/// The right to write a queue. There is one at a time; however it ends, what it was writing goes
/// back into the queue and somebody else gets the right.
pub(super) struct Lead {
    queue: Arc<Queue>,
    tasks: TaskTracker,
    batch: Vec<Op>,
    released: bool,
}

/// What came of writing once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrote {
    /// Nothing waited.
    Nothing,
    /// What waited.
    Something,
    /// Nothing can be written now.
    Failed,
}

impl Lead {
    /// Writes one batch for whoever came first. What came in the meantime is another task's, so
    /// that no caller writes for the others for ever.
    pub async fn write_once(mut self) {
        self.write().await;
        self.hand_on();
    }

    /// Writes the rows that are behind.
    async fn catch_up(self) {
        let queue = self.queue.clone();
        if let Err(error) = queue.writer.catch_up().await {
            self.fails(&error.to_string());
        }
        self.hand_on();
    }

    /// Gives the right back, or to another task where there is something left to do.
    fn hand_on(mut self) {
        let tasks = self.tasks.clone();
        self.queue.look_after(&tasks);
        if !self.release() {
            tasks.spawn(self.follow());
        }
    }

    /// Writes until nothing waits and writing works.
    async fn follow(mut self) {
        let mut pause = self.queue.pace.first_pause;
        loop {
            if self.write().await == Wrote::Failed {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(self.queue.pace.longest_pause);
                continue;
            }
            pause = self.queue.pace.first_pause;
            self.queue.look_after(&self.tasks);
            if self.release() {
                return;
            }
        }
    }

    /// Gives the right back, if nothing waits and writing works.
    fn release(&mut self) -> bool {
        let mut state = self.queue.lock();
        // Under the lock, so that who pushes after this sees that nobody writes.
        if state.waiting.is_empty() && state.failing.is_none() {
            state.led = false;
            self.released = true;
        }
        self.released
    }

    /// Takes what is written next. What panicked is written alone, so that it stops no other.
    fn take(&mut self) -> bool {
        let mut state = self.queue.lock();
        let panicked = state.waiting.front().is_some_and(|op| op.panics > 0);
        let most = if panicked { 1 } else { LARGEST_BATCH };
        let count = state.waiting.len().min(most);
        let now = Instant::now();
        self.batch
            .extend(state.waiting.drain(..count).map(|mut op| {
                op.begun = Some(now);
                op
            }));
        !self.batch.is_empty()
    }

    async fn write(&mut self) -> Wrote {
        let queue = self.queue.clone();
        if !self.take() {
            if queue.lock().failing.is_none() {
                return Wrote::Nothing;
            }
            // Nobody waits, so nobody would find out that writing works again.
            return match queue.writer.probe().await {
                Ok(()) => self.works(),
                Err(error) => self.fails(&error.to_string()),
            };
        }
        match queue.writer.write_all(&mut self.batch).await {
            Attempt::Done => self.works(),
            Attempt::Unavailable(cause) => {
                self.keep(&cause);
                self.fails(&cause)
            }
        }
    }

    fn works(&self) -> Wrote {
        let mut state = self.queue.lock();
        if let Some((since, _)) = state.failing.take() {
            let seconds = since.elapsed().as_secs_f32();
            tracing::info!(seconds, "the journal writes again");
        }
        Wrote::Something
    }

    fn fails(&self, cause: &str) -> Wrote {
        let mut state = self.queue.lock();
        if state.failing.is_none() {
            tracing::error!(
                cause,
                "the journal cannot write; what has happened is kept and written when it can"
            );
            state.failing = Some((Instant::now(), cause.to_owned()));
        }
        Wrote::Failed
    }

    /// Puts what could not be written back where it was, except for what nobody waits for any more.
    fn keep(&mut self, cause: &str) {
        let now = Instant::now();
        let mut kept = Vec::with_capacity(self.batch.len());
        for mut op in self.batch.drain(..) {
            if op.until.is_none_or(|until| now < until) {
                kept.push(op);
                continue;
            }
            if op.tried
                && let Some(undo) = op.work.undo()
            {
                let key = op.key;
                let answered = std::mem::replace(&mut op.work, undo);
                op.until = None;
                if let Some(reply) = op.reply.take() {
                    let outcome = Err(StoreError::Unavailable(cause.to_owned()).into());
                    let begun = op.begun;
                    let _ = reply.send(Answered { outcome, begun });
                }
                tracing::debug!(conversation = %key.1, work = answered.name(), "given up, and undone where it was done");
                kept.push(op);
                continue;
            }
            op.answer(Err(StoreError::Unavailable(cause.to_owned()).into()));
        }
        self.batch = kept;
        self.give_back();
    }

    /// Puts the batch back where it was.
    fn give_back(&mut self) {
        let mut state = self.queue.lock();
        for op in self.batch.drain(..).rev() {
            state.waiting.push_front(op);
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if self.released {
            return;
        }
        // It panicked, or its task was ended.
        for op in &mut self.batch {
            op.panics += 1;
            op.tried = true;
        }
        if let [op] = &self.batch[..]
            && op.panics > PANICS
        {
            tracing::error!(
                work = op.work.name(),
                "a change of a conversation panics and is given up"
            );
            // Who waits for it hears that its answer never comes.
            self.batch.clear();
        }
        self.give_back();
        // A task that is ended with its runtime leaves nobody to go on.
        if !std::thread::panicking() {
            return;
        }
        let next = self.queue.lead(&self.tasks);
        self.tasks.spawn(next.follow());
    }
}
