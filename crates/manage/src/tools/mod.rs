//! The tools of MCP servers as actions: fetched, kept fresh, approved.

mod refresh;
mod watch;

pub use refresh::{Refreshed, approve, refresh};
pub(crate) use refresh::{fetch, note_failure, settle};
pub use watch::{Watch, watch};
