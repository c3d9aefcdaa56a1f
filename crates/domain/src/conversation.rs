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

/// An event that is newer than what is stored of its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// Its sequence number.
    pub sequence: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The binding, where it is that of a call that succeeded.
    pub succeeded: Option<BindingId>,
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
        if *usage == Usage::default() {
            self.usage.remove(&binding);
        }
    }

    /// Brings what was stored a moment ago to what the events say that came since, and the calls that
    /// are under way now. Only events may be later that change nothing else than is found here.
    pub fn catch_up(
        &mut self,
        later: impl IntoIterator<Item = Later>,
        under_way: impl IntoIterator<Item = BindingId>,
    ) {
        for event in later {
            self.last_sequence = event.sequence;
            self.updated_at = event.at;
            if let Some(binding) = event.succeeded {
                self.usage.entry(binding).or_default().taken += 1;
            }
        }
        for usage in self.usage.values_mut() {
            usage.in_flight = 0;
        }
        for binding in under_way {
            self.reserve(binding);
        }
        self.usage.retain(|_, usage| *usage != Usage::default());
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    const LIMITED: BindingId = BindingId::from_uuid(Uuid::from_u128(1));
    const OTHER: BindingId = BindingId::from_uuid(Uuid::from_u128(2));

    fn new() -> Conversation {
        Conversation {
            key: ConversationKey {
                workspace: WorkspaceId::from_uuid(Uuid::from_u128(3)),
                id: ConversationId::from_uuid(Uuid::from_u128(4)),
                agent: AgentId::from_uuid(Uuid::from_u128(5)),
                version: VersionRef::Draft,
                environment: Environment::Production,
                created_at: DateTime::UNIX_EPOCH,
            },
            status: Status::Active,
            phase: Phase::InCall,
            state: None,
            variables: Map::new(),
            usage: BTreeMap::new(),
            last_sequence: 1,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    /// Whenever the row was written, catching up makes of it what it is now.
    #[test]
    fn what_was_stored_earlier_catches_up() {
        let calls = [
            (LIMITED, true, Outcome::Succeeded),
            (OTHER, false, Outcome::Succeeded),
            (LIMITED, true, Outcome::Failed),
            (OTHER, false, Outcome::Failed),
            (OTHER, true, Outcome::Failed),
            (LIMITED, true, Outcome::Succeeded),
        ];
        let mut now = new();
        let mut stored = vec![now.clone()];
        let mut events = vec![];
        for (binding, reserved, outcome) in calls {
            if reserved {
                now.reserve(binding);
                stored.push(now.clone());
            }
            now.settle(binding, reserved, outcome);
            now.next_sequence();
            now.updated_at += TimeDelta::seconds(1);
            events.push(Later {
                sequence: now.last_sequence,
                at: now.updated_at,
                succeeded: (outcome == Outcome::Succeeded).then_some(binding),
            });
            stored.push(now.clone());
        }
        now.reserve(OTHER);
        for mut row in stored {
            let stored_at = row.last_sequence;
            let later = events.iter().filter(|event| event.sequence > stored_at);
            row.catch_up(later.copied(), [OTHER]);
            assert_eq!(row, now);
        }
    }
}
