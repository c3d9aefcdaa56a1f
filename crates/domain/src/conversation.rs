//! Conversations: one run of one agent version in one environment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::VersionRef;
use crate::environment::Environment;
use crate::id::{AgentId, BindingId, ConversationId, WorkspaceId};
use crate::name::StateName;
pub use crate::phase::Phase;

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on.
    Active,
    /// Somebody else took it over.
    HandedOver,
    /// The dialogue ended; it is in `post_call`.
    Ended,
    /// Nothing can be called any more.
    Closed,
}

impl Status {
    /// The status of this name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::HandedOver, Self::Ended, Self::Closed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }

    /// The name used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::HandedOver => "handed_over",
            Self::Ended => "ended",
            Self::Closed => "closed",
        }
    }
}

/// How much of a binding's limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Calls that succeeded, or whose outcome nobody knows.
    #[serde(rename = "t")]
    pub taken: u32,
    /// Calls that are under way.
    #[serde(rename = "f", default, skip_serializing_if = "is_zero")]
    pub in_flight: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What never changes in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationKey {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: ConversationId,
    /// The agent.
    pub agent: AgentId,
    /// The agent's version.
    pub version: VersionRef,
    /// Where it runs.
    pub environment: Environment,
    /// When it was started.
    pub created_at: DateTime<Utc>,
}

/// One conversation as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// What never changes.
    pub key: ConversationKey,
    /// How far it has come.
    pub status: Status,
    /// Its phase.
    pub phase: Phase,
    /// Its state, if the agent has states.
    pub state: Option<StateName>,
    /// Its variables, the built-in `call` among them where it was given.
    pub variables: Map<String, Value>,
    /// How much of each binding's limit is used.
    pub usage: BTreeMap<BindingId, Usage>,
    /// The sequence number of its last event; the first is 1.
    pub last_sequence: u64,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// How a call ended, as far as limits are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It succeeded: its place stays taken.
    Succeeded,
    /// It failed: its place is free again.
    Failed,
    /// Nobody can know: its place stays taken.
    Unknown,
}

impl Conversation {
    /// The next event's sequence number.
    pub const fn next_sequence(&mut self) -> u64 {
        self.last_sequence += 1;
        self.last_sequence
    }

    /// How much of a binding's limit is used.
    pub fn usage(&self, binding: BindingId) -> Usage {
        self.usage.get(&binding).copied().unwrap_or_default()
    }

    /// Takes a place under a binding's limit for a call that is about to go out.
    pub fn reserve(&mut self, binding: BindingId) {
        self.usage.entry(binding).or_default().in_flight += 1;
    }

    /// Ends a call. `reserved` says whether [`Self::reserve`] took a place for it.
    pub fn settle(&mut self, binding: BindingId, reserved: bool, outcome: Outcome) {
        if !reserved && outcome == Outcome::Failed {
            return;
        }
        let usage = self.usage.entry(binding).or_default();
        if reserved {
            usage.in_flight = usage.in_flight.saturating_sub(1);
        }
        if outcome != Outcome::Failed {
            usage.taken = usage.taken.saturating_add(1);
        }
    }

    /// Whether nothing happened since a time, calls under way among what happens.
    pub fn is_idle(&self, since: DateTime<Utc>) -> bool {
        self.status != Status::Closed
            && self.updated_at < since
            && self.usage.values().all(|usage| usage.in_flight == 0)
    }

    /// Ends the dialogue, or closes a conversation whose dialogue is over. Says what changed.
    pub const fn end(&mut self) -> Ending {
        match (self.phase, self.status) {
            (_, Status::Closed) => Ending::AlreadyClosed,
            (Phase::InCall, _) => {
                self.phase = Phase::PostCall;
                // A handed over conversation stays marked as such until it is closed.
                if !matches!(self.status, Status::HandedOver) {
                    self.status = Status::Ended;
                }
                Ending::Ended
            }
            (Phase::PostCall, _) => {
                self.status = Status::Closed;
                Ending::Closed
            }
        }
    }
}

/// What ending a conversation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// `in_call` went over to `post_call`.
    Ended,
    /// `post_call` was closed.
    Closed,
    /// It was closed before.
    AlreadyClosed,
}
