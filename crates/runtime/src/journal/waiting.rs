//! An operation that waits for its writer.

use switchboard_operation::AppError;
use switchboard_spent::Part;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Key;
use super::op::{Done, Work};

/// What came of an operation.
pub(super) struct Answered {
    pub outcome: Result<Done, AppError>,
    /// When the writing of its batch began.
    pub begun: Option<Instant>,
}

/// One thing to do, and where the answer goes.
pub(super) struct Op {
    pub key: Key,
    pub work: Work,
    /// Nobody waits where there is none.
    pub reply: Option<oneshot::Sender<Answered>>,
    /// True when it was part of a transaction of which nobody knows whether it is durable: it is
    /// looked for before it is done again.
    pub tried: bool,
    /// When it is given up. None for what is kept until it is durable.
    pub until: Option<Instant>,
    /// When the writing of the batch began that it is part of.
    pub begun: Option<Instant>,
    /// How often it panicked.
    pub panics: u32,
}

impl Answered {
    /// The outcome. How long its caller waited since this time is noted: for its turn, and then for the
    /// writing of its batch.
    pub fn noted(self, start: Instant) -> Result<Done, AppError> {
        let now = Instant::now();
        let begun = self.begun.unwrap_or(now);
        switchboard_spent::add(Part::Queue, begun.saturating_duration_since(start));
        switchboard_spent::add(Part::Database, now.saturating_duration_since(begun));
        self.outcome
    }
}

impl Op {
    /// Answers it.
    pub fn answer(mut self, mut outcome: Result<Done, AppError>) {
        if let Some(reply) = self.reply.take() {
            if let (Ok(Done::Gone(settled)), Work::Settle(settlement)) = (&mut outcome, self.work) {
                *settled = Some(settlement);
            }
            let begun = self.begun;
            let _ = reply.send(Answered { outcome, begun });
        }
    }
}
