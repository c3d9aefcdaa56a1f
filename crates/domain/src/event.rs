//! Events: the entries of a conversation's ordered, durable log.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::id::EventId;

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// The conversation began.
    ConversationStarted,
    /// A call succeeded.
    ActionSucceeded,
    /// A call failed.
    ActionFailed,
    /// A call was not admitted.
    ActionRefused,
    /// The state changed.
    StateChanged,
    /// The phase changed.
    PhaseChanged,
    /// Variables were set from outside.
    VariablesChanged,
    /// The client is told something.
    ClientEventEmitted,
    /// Somebody else is asked to take over.
    HandoverRequested,
    /// A text message came further.
    MessageUpdated,
    /// What came of a call became known after its outcome was noted as unknown.
    OutcomeLearned,
    /// The conversation was closed.
    ConversationEnded,
}

impl EventType {
    /// The name used in the API and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConversationStarted => "conversation.started",
            Self::ActionSucceeded => "action.succeeded",
            Self::ActionFailed => "action.failed",
            Self::ActionRefused => "action.refused",
            Self::StateChanged => "state.changed",
            Self::PhaseChanged => "phase.changed",
            Self::VariablesChanged => "variables.changed",
            Self::ClientEventEmitted => "client_event.emitted",
            Self::HandoverRequested => "handover.requested",
            Self::MessageUpdated => "message.updated",
            Self::OutcomeLearned => "outcome.learned",
            Self::ConversationEnded => "conversation.ended",
        }
    }
}

/// An event before it has its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What it tells.
    pub kind: EventType,
    /// The rest, as the text of a JSON object. Secrets are redacted before it is made.
    pub data: String,
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its place in the conversation's log, from 1 on without gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What it tells, as [`EventType::as_str`] names it.
    pub kind: String,
    /// The rest, as the text of a JSON object.
    pub data: String,
}

impl Event {
    /// The event as one JSON object: the common fields, then the rest.
    pub fn to_json(&self) -> String {
        let rest = self.data.trim_start().strip_prefix('{').unwrap_or("}");
        let comma = if rest.trim_start().starts_with('}') {
            ""
        } else {
            ","
        };
        format!(
            r#"{{"id":"{}","sequence":{},"at":"{}","type":"{}"{comma}{rest}"#,
            self.id,
            self.sequence,
            self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            self.kind,
        )
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    #[test]
    fn an_event_is_one_json_object() {
        for (data, more) in [("{}", json!({})), (r#"{"a":[1]}"#, json!({"a": [1]}))] {
            let event = Event {
                id: EventId::from_uuid(Uuid::nil()),
                sequence: 7,
                at: DateTime::UNIX_EPOCH,
                kind: EventType::ActionFailed.as_str().to_owned(),
                data: data.to_owned(),
            };
            let value: Value = serde_json::from_str(&event.to_json()).unwrap();
            assert_eq!(value["sequence"], 7);
            assert_eq!(value["at"], "1970-01-01T00:00:00.000000Z");
            assert_eq!(value["type"], "action.failed");
            assert_eq!(value.get("a"), more.get("a"));
        }
    }
}
