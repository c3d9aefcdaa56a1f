//! A message in the outbox: what is kept of it, and what each step does to it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::advice::advice;
use super::segments::Encoding;
use super::status::{Life, Merged, ProviderError, Report, Status};
use crate::environment::Environment;
use crate::id::{CallId, ConversationId, InstanceId, IntegrationId, MessageId, WorkspaceId};

/// How long a message is asked after; the provider keeps messages for ten days.
const ASKED_AFTER: TimeDelta = TimeDelta::days(3);
/// The shortest and the longest time between two looks at the provider's log.
const LOOKS: (TimeDelta, TimeDelta) = (TimeDelta::seconds(30), TimeDelta::hours(6));

/// What never changes in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageKey {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: MessageId,
    /// The channel it goes through.
    pub channel: IntegrationId,
    /// Where it was sent.
    pub environment: Environment,
    /// The conversation it belongs to; none for a test message.
    pub conversation: Option<ConversationId>,
    /// The call that sent it.
    pub call: Option<CallId>,
    /// When it came into the outbox.
    pub created_at: DateTime<Utc>,
}

/// Why a message did not go out, or not for sure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageError {
    /// The provider's code, or one of ours.
    pub code: String,
    /// What it is called.
    pub title: String,
    /// What is said about this case.
    #[serde(default)]
    pub detail: Option<String>,
    /// What to do about it.
    #[serde(default)]
    pub advice: Option<String>,
}

impl From<&ProviderError> for MessageError {
    fn from(error: &ProviderError) -> Self {
        Self {
            code: error.code.clone(),
            title: error.title.clone(),
            detail: error.detail.clone(),
            advice: advice(&error.code).map(|advice| advice.sentence.to_owned()),
        }
    }
}

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What never changes.
    pub key: MessageKey,
    /// Whose place in line it takes: the sender as the provider knows it.
    pub sender: String,
    /// Who receives it, in E.164 form.
    pub recipient: String,
    /// The exact bytes of the request.
    pub body: Vec<u8>,
    /// How its text is encoded.
    pub encoding: Encoding,
    /// How many parts it takes.
    pub parts: u32,
    /// How far it has come.
    pub life: Life,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// Why it did not go out, or has not yet.
    pub error: Option<MessageError>,
    /// How often it was handed to the provider.
    pub attempts: u32,
    /// When something is to be done about it: sending it, or asking after it.
    pub due_at: Option<DateTime<Utc>>,
    /// The server that hands it to the provider now.
    pub instance: Option<InstanceId>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// Something that happens to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A server is about to hand it to the provider.
    Sending(InstanceId),
    /// The provider surely did not take it; it goes out again at that time.
    Waiting(DateTime<Utc>, MessageError),
    /// The provider took it.
    Accepted {
        /// Its id there.
        provider_id: String,
        /// The parts the provider counts.
        parts: Option<u32>,
        /// How far it has come.
        status: Status,
    },
    /// The provider does not take it, or nobody may send it.
    Rejected(MessageError),
    /// Nobody knows whether the provider took it.
    Lost(MessageError),
    /// The provider tells how far it has come.
    Reported(Report, Option<String>),
    /// The provider was asked and said nothing new.
    Asked,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// Nothing: it was known, or came too late.
    Nothing,
    /// Something to keep that nobody needs to be told of.
    Quietly,
    /// Something to keep, and to tell.
    Told,
}

impl Message {
    /// What to do about it when it is due.
    pub fn task(&self) -> Task {
        if self.life.may_be_sent() {
            Task::Send
        } else if self.provider_id.is_some() && !self.life.status.is_final() {
            Task::Ask
        } else {
            Task::Nothing
        }
    }

    /// Takes a step.
    pub fn step(&mut self, step: &Step, at: DateTime<Utc>) -> Stepped {
        let stepped = self.take(step, at);
        if stepped != Stepped::Nothing {
            self.updated_at = at;
        }
        stepped
    }

    fn take(&mut self, step: &Step, at: DateTime<Utc>) -> Stepped {
        match step {
            Step::Sending(instance) => {
                let Some(life) = self.life.sending(at) else {
                    return Stepped::Nothing;
                };
                self.life = life;
                self.attempts += 1;
                self.instance = Some(*instance);
                self.due_at = None;
                Stepped::Quietly
            }
            Step::Waiting(until, error) => {
                // A message that only waits for its turn has not left the queue.
                let waits = self.life.may_be_sent();
                match self.life.waiting(at) {
                    Some(life) => self.life = life,
                    None if waits => {}
                    None => return Stepped::Nothing,
                }
                self.instance = None;
                self.due_at = Some(*until);
                self.error = Some(error.clone());
                Stepped::Quietly
            }
            Step::Accepted {
                provider_id,
                parts,
                status,
            } => {
                self.instance = None;
                self.parts = parts.unwrap_or(self.parts);
                let report = Report {
                    status: *status,
                    occurred_at: at,
                    event_id: None,
                    error: None,
                };
                self.merge(&report, Some(provider_id), at);
                Stepped::Told
            }
            Step::Rejected(error) => {
                if self.life.confirmed {
                    return Stepped::Nothing;
                }
                self.life = Life {
                    status: Status::SendingFailed,
                    at,
                    event_id: None,
                    error: None,
                    confirmed: false,
                };
                self.instance = None;
                self.due_at = None;
                self.error = Some(error.clone());
                Stepped::Told
            }
            Step::Lost(error) => {
                let Some(life) = self.life.lost(at) else {
                    return Stepped::Nothing;
                };
                self.life = life;
                self.instance = None;
                self.error = Some(error.clone());
                self.due_at = None;
                Stepped::Told
            }
            Step::Reported(report, provider_id) => self.merge(report, provider_id.as_deref(), at),
            Step::Asked => {
                self.due_at = self.next_look(at);
                Stepped::Quietly
            }
        }
    }

    /// Takes over what the provider says.
    fn merge(&mut self, report: &Report, provider_id: Option<&str>, at: DateTime<Utc>) -> Stepped {
        let is_news = self.provider_id.is_none() && provider_id.is_some();
        if let Some(id) = provider_id {
            self.provider_id.get_or_insert_with(|| id.to_owned());
        }
        let merged = self.life.merge(report);
        let stepped = match merged {
            Merged::Forward(life) => {
                self.error = life.error.as_ref().map(MessageError::from);
                self.life = life;
                Stepped::Told
            }
            Merged::Corrected(life) => {
                self.life = life;
                Stepped::Quietly
            }
            Merged::Known | Merged::Contradiction if is_news => Stepped::Quietly,
            Merged::Known | Merged::Contradiction => return Stepped::Nothing,
        };
        self.due_at = self.next_look(at);
        stepped
    }

    /// When to ask after it next: the older it is, the more seldom.
    fn next_look(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let age = at - self.key.created_at;
        if self.task() != Task::Ask || age > ASKED_AFTER {
            return None;
        }
        Some(at + age.clamp(LOOKS.0, LOOKS.1))
    }

    /// What it says.
    pub fn text(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["text"].as_str().unwrap_or_default().to_owned()
    }

    /// What the conversation's log tells of it.
    pub fn event_data(&self) -> Value {
        json!({
            "message_id": self.key.id, "call_id": self.key.call, "to": self.recipient,
            "status": self.life.status, "accepted": self.life.confirmed, "parts": self.parts,
            "provider_message_id": self.provider_id, "error": self.error,
        })
    }
}

/// What to do about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Hand it to the provider.
    Send,
    /// Ask the provider what became of it.
    Ask,
    /// Nothing.
    Nothing,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn server() -> InstanceId {
        InstanceId::from_uuid(Uuid::from_u128(9))
    }

    fn queued() -> Message {
        Message {
            key: MessageKey {
                workspace: WorkspaceId::from_uuid(Uuid::from_u128(1)),
                id: MessageId::from_uuid(Uuid::from_u128(2)),
                channel: IntegrationId::from_uuid(Uuid::from_u128(3)),
                environment: Environment::Production,
                conversation: None,
                call: None,
                created_at: at(0),
            },
            sender: "+13125550142".to_owned(),
            recipient: "+13125550100".to_owned(),
            body: br#"{"text":"hi"}"#.to_vec(),
            encoding: Encoding::Gsm7,
            parts: 1,
            life: Life::queued(at(0)),
            provider_id: None,
            error: None,
            attempts: 0,
            due_at: Some(at(0)),
            instance: None,
            updated_at: at(0),
        }
    }

    fn error(code: &str) -> MessageError {
        MessageError {
            code: code.to_owned(),
            title: String::new(),
            detail: None,
            advice: None,
        }
    }

    fn accepted() -> Step {
        Step::Accepted {
            provider_id: "p1".to_owned(),
            parts: None,
            status: Status::Queued,
        }
    }

    fn report(status: Status) -> Step {
        let report = Report {
            status,
            occurred_at: at(5),
            event_id: None,
            error: None,
        };
        Step::Reported(report, Some("p1".to_owned()))
    }

    #[test]
    fn only_one_server_hands_it_over_and_only_while_it_waits() {
        let mut message = queued();
        assert_eq!(message.task(), Task::Send);
        assert_eq!(
            message.step(&Step::Sending(server()), at(1)),
            Stepped::Quietly
        );
        assert_eq!(
            message.step(&Step::Sending(server()), at(1)),
            Stepped::Nothing
        );
        assert_eq!((message.attempts, message.due_at), (1, None));
        for end in [
            Step::Lost(error("outcome_unknown")),
            accepted(),
            Step::Rejected(error("40310")),
        ] {
            let mut ended = message.clone();
            assert_eq!(ended.step(&end, at(2)), Stepped::Told);
            assert_eq!(
                ended.step(&Step::Sending(server()), at(3)),
                Stepped::Nothing,
                "{end:?}"
            );
        }
        let later = Step::Waiting(at(9), error("10011"));
        assert_eq!(message.step(&later, at(2)), Stepped::Quietly);
        assert_eq!((message.task(), message.due_at), (Task::Send, Some(at(9))));
        assert_eq!(
            message.step(&Step::Sending(server()), at(9)),
            Stepped::Quietly
        );
        assert_eq!(message.attempts, 2);
    }

    #[test]
    fn a_lost_answer_is_made_good_by_a_report_and_by_nothing_else() {
        let mut message = queued();
        message.step(&Step::Sending(server()), at(1));
        message.step(&Step::Lost(error("outcome_unknown")), at(2));
        assert_eq!(
            (message.life.status, message.task()),
            (Status::OutcomeUnknown, Task::Nothing)
        );
        assert_eq!(
            message.step(&Step::Waiting(at(3), error("x")), at(3)),
            Stepped::Nothing
        );
        assert_eq!(
            message.step(&report(Status::Delivered), at(6)),
            Stepped::Told
        );
        assert_eq!(
            (message.life.status, message.error),
            (Status::Delivered, None)
        );
    }

    #[test]
    fn a_receipt_may_come_before_the_answer() {
        let mut message = queued();
        message.step(&Step::Sending(server()), at(1));
        assert_eq!(
            message.step(&report(Status::Delivered), at(2)),
            Stepped::Told
        );
        message.step(&accepted(), at(3));
        assert_eq!(message.life.status, Status::Delivered);
        assert_eq!(
            message.step(&Step::Lost(error("x")), at(4)),
            Stepped::Nothing
        );
        assert_eq!(
            message.step(&Step::Rejected(error("x")), at(4)),
            Stepped::Nothing
        );
        assert_eq!(message.step(&report(Status::Sent), at(5)), Stepped::Nothing);
    }

    #[test]
    fn it_is_asked_after_more_and_more_seldom_until_it_ends() {
        let mut message = queued();
        message.step(&Step::Sending(server()), at(1));
        message.step(&accepted(), at(2));
        assert_eq!((message.task(), message.due_at), (Task::Ask, Some(at(32))));
        message.step(&Step::Asked, at(3600));
        assert_eq!(message.due_at, Some(at(7200)));
        message.step(&Step::Asked, at(4 * 86_400));
        assert_eq!(message.due_at, None);
        message.step(&report(Status::Delivered), at(4 * 86_400));
        assert_eq!(message.task(), Task::Nothing);
    }
}
