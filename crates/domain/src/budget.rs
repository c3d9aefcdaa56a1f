//! What one evaluation may cost.
//!
//! Expressions are a tenant's and the data they run over is an upstream's, so neither says how much
//! work comes together. Whoever evaluates counts what it does against a budget and stops when it is
//! spent: the steps bound the time, the bytes bound what is kept, the levels bound the stack, and
//! what is passed in as the end bounds the rest.

/// How many steps go by between two looks at the end.
const LOOK_EVERY: u64 = 4096;

/// Why an evaluation was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OverBudget {
    /// It took more steps than it may.
    #[error("the expression needs more work than one call may take; make it more specific")]
    Steps,
    /// It gave more bytes than it may.
    #[error("what was taken is too large; take a smaller part")]
    Bytes,
    /// It went deeper than it may.
    #[error("the expression goes too deep; make it simpler")]
    Depth,
    /// A pattern that came with the data is too large.
    #[error("a pattern in the answer is too large to be used")]
    Pattern,
    /// It did not end in time.
    #[error("the call's time ran out before the expression was done")]
    Time,
}

/// What is left for one evaluation, or for several that belong together.
pub struct Budget<'a> {
    steps: u64,
    bytes: usize,
    levels: u32,
    since_look: u64,
    is_late: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("steps", &self.steps)
            .field("bytes", &self.bytes)
            .field("levels", &self.levels)
            .finish_non_exhaustive()
    }
}

impl<'a> Budget<'a> {
    /// So many steps, bytes and levels, as long as `is_late` says that there is time. It is asked
    /// seldom.
    pub const fn new(steps: u64, bytes: usize, levels: u32, is_late: &'a dyn Fn() -> bool) -> Self {
        Self {
            steps,
            bytes,
            levels,
            since_look: 0,
            is_late,
        }
    }

    /// Steps that are left.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Bytes that are left.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts steps. A step is a look at one value, one state of a pattern or about 64 bytes of text.
    #[inline]
    pub fn step(&mut self, steps: u64) -> Result<(), OverBudget> {
        let Some(left) = self.steps.checked_sub(steps) else {
            self.steps = 0;
            return Err(OverBudget::Steps);
        };
        self.steps = left;
        self.since_look += steps;
        if self.since_look < LOOK_EVERY {
            return Ok(());
        }
        self.since_look = 0;
        if (self.is_late)() {
            return Err(OverBudget::Time);
        }
        Ok(())
    }

    /// Counts the steps that looking at a text once takes.
    #[inline]
    pub fn text(&mut self, bytes: usize) -> Result<(), OverBudget> {
        self.step(1 + bytes as u64 / 64)
    }

    /// Counts bytes that are kept.
    pub fn keep(&mut self, bytes: usize) -> Result<(), OverBudget> {
        let left = self.bytes.checked_sub(bytes).ok_or(OverBudget::Bytes)?;
        self.bytes = left;
        Ok(())
    }

    /// Goes a level deeper. Whoever does comes back with [`Self::leave`], or gives up.
    #[inline]
    pub fn enter(&mut self) -> Result<(), OverBudget> {
        self.levels = self.levels.checked_sub(1).ok_or(OverBudget::Depth)?;
        self.step(1)
    }

    /// Levels that are left.
    pub const fn levels(&self) -> u32 {
        self.levels
    }

    /// Comes back from all levels entered since there were so many.
    pub const fn back_to(&mut self, levels: u32) {
        self.levels = levels;
    }

    /// Comes back from a level.
    #[inline]
    pub const fn leave(&mut self) {
        self.levels += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_kind_runs_out_for_itself() {
        let mut budget = Budget::new(10, 10, 1, &|| false);
        assert_eq!(budget.step(9), Ok(()));
        assert_eq!(budget.keep(11), Err(OverBudget::Bytes));
        assert_eq!(budget.keep(10), Ok(()));
        assert_eq!(budget.enter(), Ok(()));
        assert_eq!(budget.enter(), Err(OverBudget::Depth));
        budget.leave();
        assert_eq!(budget.step(1), Err(OverBudget::Steps));
        assert_eq!(budget.steps(), 0);
    }

    #[test]
    fn the_end_is_looked_at_now_and_then() {
        let asked = Cell::new(0);
        let is_late = || {
            asked.set(asked.get() + 1);
            asked.get() > 1
        };
        let mut budget = Budget::new(u64::MAX, 0, 0, &is_late);
        let taken = (0..1_000_000)
            .take_while(|_| budget.step(1).is_ok())
            .count();
        assert_eq!(taken as u64, 2 * LOOK_EVERY - 1);
    }
}
