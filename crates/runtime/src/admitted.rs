//! A call that was admitted.

use std::sync::Arc;

use serde_json::Value;
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::CallId;
use switchboard_kinds::notices::Notices;
use tokio_util::sync::CancellationToken;

use crate::bulkheads::Inside;
use crate::catalog::{PreparedAgent, PreparedBinding, Snapshot};
use crate::journal::{Key, Reserved};
use crate::running::{RunningCall, UnderWay};

/// All that one admitted call needs; it lives until the call is settled.
pub(crate) struct Admitted {
    pub key: Key,
    pub id: CallId,
    pub snapshot: Arc<Snapshot>,
    pub agent: Arc<PreparedAgent>,
    pub conversation: Arc<Conversation>,
    pub binding: Arc<PreparedBinding>,
    pub arguments: Value,
    pub reserved: Reserved,
    pub running: Option<Arc<RunningCall>>,
    pub notices: Option<Notices>,
    pub cancelled: CancellationToken,
    /// Says that a call of its conversation is under way, where no row does.
    pub _under_way: Option<UnderWay>,
    /// Its places, free again when it is settled.
    pub _inside: Inside,
}
