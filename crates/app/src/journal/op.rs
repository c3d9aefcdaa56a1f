//! What can be done to a conversation: functions over values, applied by the writer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use switchboard_domain::admission;
use switchboard_domain::agent::Gate;
use switchboard_domain::conversation::{Conversation, Ending, Outcome, Status};
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{BindingId, CallId, EventId};
use switchboard_domain::name::{StateName, VariableName};
use switchboard_store::journal::CallRow;
use uuid::Uuid;

use crate::error::AppError;

/// A call that asks for its place.
#[derive(Debug, Clone)]
pub struct Reservation {
    /// The call as it is kept until it is settled.
    pub call: CallRow,
    /// The binding's gate.
    pub gate: Gate,
    /// Whether states are applied.
    pub strict_states: bool,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The call.
    pub call: CallId,
    /// The binding.
    pub binding: BindingId,
    /// Whether it was reserved, and if so whether its answer may be asked for again.
    pub reserved: Reserved,
    /// What it means for the limit.
    pub outcome: Outcome,
    /// The variables it sets.
    pub variables: Vec<(VariableName, Value)>,
    /// Its event.
    pub event: NewEvent,
    /// Its answer, JSON text.
    pub answer: String,
}

/// Whether a call has a row of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It has none: it is safe, unlimited and without a key.
    No,
    /// It has one until it is settled.
    UntilSettled,
    /// It has one that keeps the answer.
    WithAnswer,
}

/// A change from outside.
#[derive(Debug, Clone)]
pub struct Change {
    /// The new state.
    pub state: Option<StateName>,
    /// Variables to set; null removes one.
    pub variables: Map<String, Value>,
    /// Ends the dialogue, or closes the conversation.
    pub end: bool,
    /// Ids for the events that come of it.
    pub ids: [Uuid; 4],
}

/// One thing to do.
#[derive(Debug, Clone)]
pub enum Work {
    /// Begins a conversation.
    Start(Box<Conversation>, NewEvent),
    /// Reserves a call.
    Reserve(Box<Reservation>),
    /// Settles a call.
    Settle(Box<Settlement>),
    /// Settles a call whose server died, as an outcome that nobody knows.
    Recover(Box<(CallRow, NewEvent, String)>),
    /// Notes a refused call.
    Note(NewEvent),
    /// Changes the conversation.
    Change(Box<Change>, DateTime<Utc>),
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Done {
    /// It is done; the conversation is as it was after it.
    Now(Arc<Conversation>),
    /// A call is settled.
    Settled,
    /// The caller's key stands for another call: this one, perhaps still without answer.
    Before(Box<CallRow>),
    /// The call was settled by another server, which took this one for dead.
    Gone,
}

/// What a batch writes beside conversations.
#[derive(Debug, Default)]
pub struct Effects {
    /// Events, each with its place.
    pub events: Vec<(NewEvent, u64)>,
    /// A reserved call.
    pub reserved: Option<CallRow>,
}

impl Effects {
    fn event(&mut self, conversation: &mut Conversation, event: NewEvent) {
        conversation.updated_at = event.at;
        let sequence = conversation.next_sequence();
        self.events.push((event, sequence));
    }
}

impl Work {
    /// The key under which a reservation is done once.
    pub fn idempotency_key(&self) -> Option<&str> {
        match self {
            Self::Reserve(reservation) => reservation.call.idempotency_key.as_deref(),
            _ => None,
        }
    }

    /// Applies it to a conversation. An error changes nothing.
    pub fn apply(&self, conversation: &mut Conversation) -> Result<Effects, AppError> {
        let mut effects = Effects::default();
        match self {
            Self::Start(_, event) | Self::Note(event) => {
                effects.event(conversation, event.clone());
            }
            Self::Reserve(reservation) => {
                let call = &reservation.call;
                admission::admit(
                    &call.name,
                    call.binding,
                    &reservation.gate,
                    reservation.strict_states,
                    conversation,
                )?;
                conversation.reserve(call.binding);
                effects.reserved = Some(call.clone());
            }
            Self::Settle(settlement) => {
                let reserved = settlement.reserved != Reserved::No;
                conversation.settle(settlement.binding, reserved, settlement.outcome);
                for (name, value) in &settlement.variables {
                    conversation
                        .variables
                        .insert(name.to_string(), value.clone());
                }
                effects.event(conversation, settlement.event.clone());
            }
            Self::Recover(recovered) => {
                let (call, event, _) = &**recovered;
                conversation.settle(call.binding, true, Outcome::Unknown);
                effects.event(conversation, event.clone());
            }
            Self::Change(change, at) => change.apply(conversation, *at, &mut effects)?,
        }
        Ok(effects)
    }
}

impl Change {
    fn apply(
        &self,
        conversation: &mut Conversation,
        at: DateTime<Utc>,
        effects: &mut Effects,
    ) -> Result<(), AppError> {
        if !self.end && conversation.status == Status::Closed {
            return Err(AppError::conflict(
                "conversation_closed",
                "the conversation is closed; start a new one",
            ));
        }
        let mut ids = self.ids.iter();
        let mut tell = |conversation: &mut Conversation, kind, data: Value| {
            let id = EventId::from_uuid(ids.next().copied().unwrap_or_default());
            let data = data.to_string();
            effects.event(conversation, NewEvent { id, at, kind, data });
        };
        if let Some(state) = &self.state
            && conversation.state.as_ref() != Some(state)
        {
            let from = conversation.state.replace(state.clone());
            tell(
                conversation,
                EventType::StateChanged,
                json!({"from": from, "to": state}),
            );
        }
        if !self.variables.is_empty() {
            for (name, value) in &self.variables {
                if value.is_null() {
                    conversation.variables.shift_remove(name);
                } else {
                    conversation.variables.insert(name.clone(), value.clone());
                }
            }
            tell(
                conversation,
                EventType::VariablesChanged,
                json!({"variables": self.variables}),
            );
        }
        if self.end {
            match conversation.end() {
                Ending::Ended => tell(
                    conversation,
                    EventType::PhaseChanged,
                    json!({"from": "in_call", "to": "post_call"}),
                ),
                Ending::Closed => tell(conversation, EventType::ConversationEnded, json!({})),
                Ending::AlreadyClosed => {}
            }
        }
        Ok(())
    }
}
