//! What can be done to a conversation: functions over values, applied by the writer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use switchboard_domain::agent::Gate;
use switchboard_domain::conversation::{Conversation, Outcome};
use switchboard_domain::effect::Effect;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{BindingId, CallId, EventId, MessageId};
use switchboard_domain::name::{StateName, VariableName};
use switchboard_domain::sms::message::{Message, Step};
use switchboard_domain::state_graph::StateGraph;
use switchboard_domain::variable_caps::VariableCaps;
use switchboard_operation::AppError;
use switchboard_store::audit::AuditRow;
use switchboard_store::journal::{CallRow, KeptAnswer};
use switchboard_store::stat::Count;
use uuid::Uuid;

use crate::running::RunningCall;

/// A call that asks for its place.
#[derive(Debug, Clone)]
pub struct Reservation {
    /// The call as it is kept until it is settled.
    pub call: CallRow,
    /// The binding's gate.
    pub gate: Gate,
    /// Whether states are applied.
    pub strict_states: bool,
    /// Says that somebody looks after the call.
    pub running: Arc<RunningCall>,
}

/// Takes back a reservation of which nobody knows whether it is durable, and whose call never went
/// out.
#[derive(Debug, Clone)]
pub struct Withdrawal {
    /// The call.
    pub call: CallId,
    /// The binding.
    pub binding: BindingId,
    /// Says that somebody looks after the call.
    #[expect(
        dead_code,
        reason = "held, not read: dropped, it says that nobody looks after the call"
    )]
    pub running: Arc<RunningCall>,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// The call.
    pub call: CallId,
    /// The binding.
    pub binding: BindingId,
    /// Whether its event names the binding.
    pub is_named: bool,
    /// Whether it was reserved, and if so whether its answer may be asked for again.
    pub reserved: Reserved,
    /// What it means for the limit.
    pub outcome: Outcome,
    /// The variables it sets.
    pub variables: Vec<(VariableName, Value)>,
    /// What the client is told before the call's own event.
    pub told: Option<NewEvent>,
    /// Its event.
    pub event: NewEvent,
    /// What the call does to the conversation, and the id of the event that says so.
    pub effect: Option<(Effect, EventId)>,
    /// Its answer.
    pub answer: KeptAnswer,
    /// How much the conversation's variables may hold.
    pub caps: VariableCaps,
    /// True when variables were left out of it that its caller does not know of.
    pub is_shortened: bool,
    /// What it counts as.
    pub count: Count,
    /// Says that somebody looks after the call; none where it was not reserved.
    #[expect(
        dead_code,
        reason = "held, not read: dropped, it says that nobody looks after the call"
    )]
    pub running: Option<Arc<RunningCall>>,
}

/// How a call ended whose server died.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The call.
    pub call: CallRow,
    /// Its event.
    pub event: NewEvent,
    /// Its answer.
    pub answer: KeptAnswer,
    /// What it counts as, where that is known.
    pub count: Option<Count>,
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

/// The states a conversation may go to.
#[derive(Debug, Clone)]
pub struct Transition {
    /// The new state.
    pub to: StateName,
    /// The version's states and what may follow each.
    pub states: Arc<StateGraph>,
}

/// Who ends a dialogue, or closes a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Somebody asked for it.
    Asked,
    /// Nothing happened since this time.
    Idle(DateTime<Utc>),
}

/// A change from outside.
#[derive(Debug, Clone)]
pub struct Change {
    /// The new state.
    pub state: Option<Transition>,
    /// Variables to set; null removes one.
    pub variables: Map<String, Value>,
    /// Ends the dialogue, or closes the conversation.
    pub end: Option<End>,
    /// How much the variables may hold.
    pub caps: VariableCaps,
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
    /// Takes a reservation back.
    Withdraw(Box<Withdrawal>),
    /// Settles a call.
    Settle(Box<Settlement>),
    /// Settles a call whose server died, as an outcome that nobody knows.
    Recover(Box<Recovery>),
    /// Notes a refused call.
    Refuse(Box<(NewEvent, Count)>),
    /// Notes something else.
    Note(NewEvent),
    /// Changes the conversation.
    Change(Box<Change>, DateTime<Utc>),
    /// Puts a text message into the outbox, or takes it further.
    Message(Box<MessageWork>),
    /// Removes the conversation.
    Remove(Removal),
}

/// Why a conversation goes.
#[derive(Debug, Clone)]
pub enum Removal {
    /// Somebody asked for it: what the audit log is told.
    Asked(Box<AuditRow>),
    /// It is closed, and nothing happened in it since this time.
    Old(DateTime<Utc>),
}

/// What happens to one of a conversation's text messages.
#[derive(Debug, Clone)]
pub struct MessageWork {
    /// The message.
    pub id: MessageId,
    /// What happens to it.
    pub what: MessageChange,
    /// When.
    pub at: DateTime<Utc>,
    /// The id of the event that tells of it, if one does.
    pub event: EventId,
}

/// What happens to a text message.
#[derive(Debug, Clone)]
pub enum MessageChange {
    /// It comes into the outbox.
    Enqueue(Box<Message>),
    /// It takes a step.
    Step(Step),
}

/// What somebody hears who wants to delete a conversation of which something is under way.
pub fn under_way() -> AppError {
    AppError::conflict(
        ErrorCode::CallInProgress,
        "a call of this conversation is under way, or one of its text messages is being sent; delete it when that is over",
    )
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Done {
    /// It is done; the conversation is as it was after it.
    Now(Arc<Conversation>),
    /// A call is settled.
    Settled,
    /// A call is settled, and its answer is this one: variables were left out.
    Shortened(String),
    /// The caller's key stands for another call: this one, perhaps still without answer.
    Before(Box<CallRow>),
    /// The call was settled by another server, which took this one for dead: what this one would have
    /// settled it with.
    Gone(Option<Box<Settlement>>),
    /// A text message as it is now; none where the step changed nothing.
    Message(Option<Box<Message>>),
    /// The conversation is gone.
    Removed,
    /// The conversation is not old, or something of it is under way: it stays.
    Kept,
}

impl Work {
    /// Whether it is kept until it is durable: it tells of something that has happened outside.
    pub fn is_kept(&self) -> bool {
        match self {
            Self::Settle(_) | Self::Recover(_) | Self::Withdraw(_) => true,
            Self::Note(event) => event.kind == EventType::OutcomeLearned,
            Self::Message(work) => matches!(
                work.what,
                MessageChange::Step(
                    Step::Accepted { .. } | Step::Rejected(_) | Step::Lost(_) | Step::Waiting(..)
                )
            ),
            Self::Start(..)
            | Self::Reserve(_)
            | Self::Refuse(_)
            | Self::Change(..)
            | Self::Remove(_) => false,
        }
    }

    /// What undoes it, where it was perhaps done and nobody waits for it any more.
    pub fn undo(&self) -> Option<Self> {
        match self {
            Self::Reserve(reservation) => Some(Self::Withdraw(Box::new(Withdrawal {
                call: reservation.call.id,
                binding: reservation.call.binding,
                running: reservation.running.clone(),
            }))),
            _ => None,
        }
    }

    /// The call that it ends in place of whoever performs it, who may have ended it meanwhile.
    pub fn ends_for_another(&self) -> Option<CallId> {
        match self {
            Self::Withdraw(withdrawal) => Some(withdrawal.call),
            Self::Recover(recovery) => Some(recovery.call.id),
            _ => None,
        }
    }

    /// Its name in the log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Start(..) => "start",
            Self::Reserve(_) => "reserve",
            Self::Withdraw(_) => "withdraw",
            Self::Settle(_) => "settle",
            Self::Recover(_) => "recover",
            Self::Refuse(_) => "refuse",
            Self::Note(_) => "note",
            Self::Change(..) => "change",
            Self::Message(_) => "message",
            Self::Remove(_) => "remove",
        }
    }

    /// What it counts as, and when.
    pub const fn count(&self) -> Option<(&Count, DateTime<Utc>)> {
        match self {
            Self::Settle(settlement) => Some((&settlement.count, settlement.event.at)),
            Self::Refuse(refused) => Some((&refused.1, refused.0.at)),
            Self::Recover(recovery) => match &recovery.count {
                Some(count) => Some((count, recovery.event.at)),
                None => None,
            },
            _ => None,
        }
    }

    /// The key under which a reservation is done once.
    pub fn idempotency_key(&self) -> Option<&str> {
        match self {
            Self::Reserve(reservation) => reservation.call.idempotency_key.as_deref(),
            _ => None,
        }
    }
}
