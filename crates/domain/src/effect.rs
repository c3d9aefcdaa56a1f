//! What a call does to its conversation beside setting variables.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::conversation::{Conversation, Phase, Status};
use crate::event::{EventType, NewEvent};
use crate::handover::HandoverRequest;
use crate::id::EventId;

/// An effect of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The dialogue is over.
    EndCall,
    /// Somebody else takes it over.
    HandOver(HandoverRequest),
}

impl Effect {
    /// Applies it; answers the event that says so. A call that ran beside it may have done the same.
    pub fn apply(
        &self,
        conversation: &mut Conversation,
        id: EventId,
        at: DateTime<Utc>,
    ) -> Option<NewEvent> {
        let (kind, data) = match self {
            Self::EndCall if conversation.phase == Phase::InCall => {
                conversation.end();
                (EventType::PhaseChanged, phase_changed("end_call"))
            }
            Self::HandOver(request) if conversation.status != Status::Closed => {
                conversation.status = Status::HandedOver;
                (EventType::HandoverRequested, json!(request))
            }
            Self::EndCall | Self::HandOver(_) => return None,
        };
        let data = data.to_string();
        Some(NewEvent { id, at, kind, data })
    }
}

/// What the event of a dialogue's end carries.
pub fn phase_changed(reason: &str) -> Value {
    json!({"from": "in_call", "to": "post_call", "reason": reason})
}
