//! Which core's connections a thread uses.

use std::cell::Cell;

thread_local! {
    static CORE: Cell<usize> = const { Cell::new(0) };
}

/// Says that this thread is a core, from 0 on: what it sends goes by connections that only it uses.
pub fn on_core(number: usize) {
    CORE.set(number + 1);
}

/// The place of this thread's connections; 0 is for everybody who is on no core.
pub fn current() -> usize {
    CORE.get()
}
