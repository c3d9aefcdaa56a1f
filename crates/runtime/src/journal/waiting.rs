//! An operation that waits for its writer.

use switchboard_operation::AppError;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Key;
use super::op::{Done, Work};

/// One thing to do, and where the answer goes.
pub(super) struct Op {
    pub key: Key,
    pub work: Work,
    /// Nobody waits where there is none.
    pub reply: Option<oneshot::Sender<Result<Done, AppError>>>,
    /// True when it was part of a transaction of which nobody knows whether it is durable: it is
    /// looked for before it is done again.
    pub tried: bool,
    /// When it is given up. None for what is kept until it is durable.
    pub until: Option<Instant>,
    /// How often it panicked.
    pub panics: u32,
}

impl Op {
    /// Answers it.
    pub fn answer(mut self, mut outcome: Result<Done, AppError>) {
        if let Some(reply) = self.reply.take() {
            if let (Ok(Done::Gone(settled)), Work::Settle(settlement)) = (&mut outcome, self.work) {
                *settled = Some(settlement);
            }
            let _ = reply.send(outcome);
        }
    }
}
