//! Something that is done again and again.

use std::time::Duration;

use crate::Context;

/// Ticks again and again. Ticks that nobody waited for are not made up for.
#[derive(Debug)]
pub struct Every {
    context: Context,
    period: Duration,
    /// When the next tick is due, by the time that passed; none is at once.
    due: Option<Duration>,
}

impl Every {
    pub(crate) const fn new(context: Context, period: Duration) -> Self {
        Self {
            context,
            period,
            due: None,
        }
    }

    /// Waits for the next tick. Dropped before that, it is waited for the next time.
    pub async fn tick(&mut self) {
        if let Some(due) = self.due {
            let left = due.saturating_sub(self.context.elapsed());
            if !left.is_zero() {
                self.context.sleep(left).await;
            }
        }
        self.due = Some(self.context.elapsed() + self.period);
    }
}
