//! Applying operations to a conversation, as functions over values.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use switchboard_domain::admission;
use switchboard_domain::conversation::{Conversation, Ending, Outcome, Status};
use switchboard_domain::effect::phase_changed;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::EventId;
use switchboard_operation::AppError;
use switchboard_store::journal::CallRow;

use super::fit;
use super::op::{Change, End, Reserved, Transition, Work};

/// What a batch writes beside conversations.
#[derive(Debug, Default)]
pub struct Effects {
    /// Events, each with its place.
    pub events: Vec<(NewEvent, u64)>,
    /// A reserved call.
    pub reserved: Option<CallRow>,
}

impl Effects {
    pub(super) fn event(&mut self, conversation: &mut Conversation, event: NewEvent) {
        conversation.updated_at = event.at;
        let sequence = conversation.next_sequence();
        self.events.push((event, sequence));
    }
}

impl Work {
    /// Applies it to a conversation. An error changes nothing.
    pub fn apply(&self, conversation: &mut Conversation) -> Result<Effects, AppError> {
        let mut effects = Effects::default();
        match self {
            Self::Start(_, event) | Self::Note(event) => {
                effects.event(conversation, event.clone());
            }
            Self::Refuse(refused) => effects.event(conversation, refused.0.clone()),
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
            Self::Withdraw(withdrawal) => {
                conversation.settle(withdrawal.binding, true, Outcome::Failed);
            }
            Self::Settle(settlement) => {
                let reserved = settlement.reserved != Reserved::No;
                conversation.settle(settlement.binding, reserved, settlement.outcome);
                for (name, value) in &settlement.variables {
                    conversation
                        .variables
                        .insert(name.to_string(), value.clone());
                }
                if let Some(told) = &settlement.told {
                    effects.event(conversation, told.clone());
                }
                effects.event(conversation, settlement.event.clone());
                if let Some((effect, id)) = &settlement.effect {
                    let event = effect.apply(conversation, *id, settlement.event.at);
                    if let Some(event) = event {
                        effects.event(conversation, event);
                    }
                }
            }
            Self::Recover(recovery) => {
                conversation.settle(recovery.call.binding, true, Outcome::Unknown);
                effects.event(conversation, recovery.event.clone());
            }
            Self::Change(change, at) => change.apply(conversation, *at, &mut effects)?,
            // Applied by the writer, which has the message, and knows what is under way.
            Self::Message(_) | Self::Remove(_) => {}
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
        if let Some(End::Idle(since)) = self.end
            && !conversation.is_idle(since)
        {
            return Ok(());
        }
        if self.end.is_none() && conversation.status == Status::Closed {
            return Err(AppError::conflict(
                ErrorCode::ConversationClosed,
                "the conversation is closed; start a new one",
            ));
        }
        let variables = fit::changed(&conversation.variables, &self.variables, self.caps)?;
        let mut ids = self.ids.iter();
        let mut tell = |conversation: &mut Conversation, kind, data: Value| {
            let id = EventId::from_uuid(ids.next().copied().unwrap_or_default());
            let data = data.to_string();
            effects.event(conversation, NewEvent { id, at, kind, data });
        };
        if let Some(Transition { to: state, states }) = &self.state
            && conversation.state.as_ref() != Some(state)
        {
            states
                .check(conversation.state.as_ref(), state)
                .map_err(|error| {
                    AppError::conflict(ErrorCode::TransitionNotAllowed, error.to_string())
                })?;
            let from = conversation.state.replace(state.clone());
            tell(
                conversation,
                EventType::StateChanged,
                json!({"from": from, "to": state}),
            );
        }
        if let Some(variables) = variables {
            conversation.variables = variables;
            tell(
                conversation,
                EventType::VariablesChanged,
                json!({"variables": self.variables}),
            );
        }
        if let Some(end) = self.end {
            let reason = match end {
                End::Asked => "requested",
                End::Idle(_) => "idle_timeout",
            };
            match conversation.end() {
                Ending::Ended => tell(conversation, EventType::PhaseChanged, phase_changed(reason)),
                Ending::Closed => tell(
                    conversation,
                    EventType::ConversationEnded,
                    json!({"reason": reason}),
                ),
                Ending::AlreadyClosed => {}
            }
        }
        Ok(())
    }
}
