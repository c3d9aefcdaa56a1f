//! *Send text message* as a call: what is filled in, what is answered.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_connect::{CallError, NoSecret, Performed, SecretLookup as _, auth};
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{CallId, ConversationId, WorkspaceId};
use switchboard_domain::sms::message::Message;
use switchboard_domain::sms::status::Status;
use switchboard_domain::text_message::Rendered;
use switchboard_kinds::Channel;
use tokio::time::Instant;

use super::outbox::{self, NewMessage};
use crate::Runtime;
use switchboard_operation::AppError;

/// How often a call looks whether its message left the queue.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a call that sends a message needs.
pub struct Outgoing<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// What it says, and to whom.
    pub rendered: &'a Rendered,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Where it is sent.
    pub environment: Environment,
    /// The conversation it is sent in, and the call; none for a test.
    pub from: Option<(ConversationId, CallId)>,
    /// When the call has to be over.
    pub deadline: Instant,
}

/// Sends a message. The answer says whether the provider took it; its delivery comes as events.
pub async fn perform(runtime: &Runtime, outgoing: Outgoing<'_>) -> Performed {
    match try_to(runtime, outgoing).await {
        Ok(performed) => performed,
        Err(Failure::Call(error)) => Performed::not_sent(error),
        Err(Failure::Operation(error)) => {
            tracing::error!(%error, "a text message could not be handled");
            // Whether the message was in the outbox by then is not known here.
            Performed::unknown(
                "the server could not finish sending the message; see GET /messages for what became of it",
            )
        }
    }
}

/// Sends a message, and answers it as it is then.
pub async fn send(runtime: &Runtime, outgoing: Outgoing<'_>) -> Result<Message, AppError> {
    let Outgoing { channel, .. } = outgoing;
    let (message, is_now) = outbox::enqueue(runtime, new_message(&outgoing)).await?;
    if is_now {
        let sent = outbox::send(runtime, channel, &message, outgoing.deadline).await?;
        if let Some(sent) = sent {
            return Ok(sent.message);
        }
    }
    outbox::current(runtime, &message.key).await
}

fn new_message<'a>(outgoing: &Outgoing<'a>) -> NewMessage<'a> {
    NewMessage {
        workspace: outgoing.workspace,
        channel: outgoing.channel,
        environment: outgoing.environment,
        conversation: outgoing.from.map(|(conversation, _)| conversation),
        call: outgoing.from.map(|(_, call)| call),
        rendered: outgoing.rendered,
    }
}

enum Failure {
    Call(CallError),
    Operation(AppError),
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::Operation(error)
    }
}

async fn try_to(runtime: &Runtime, outgoing: Outgoing<'_>) -> Result<Performed, Failure> {
    let Outgoing {
        channel,
        workspace,
        environment,
        ..
    } = outgoing;
    let snapshot = runtime.catalog.snapshot(workspace).await?;
    let secrets = snapshot.secrets_in(environment);
    match secrets.secret(&channel.api_key, runtime.telnyx.origin()) {
        Ok(_) => {}
        Err(NoSecret::Missing) => {
            let error = outbox::no_key(NoSecret::Missing, channel, environment, "");
            return Err(Failure::Call(CallError::new("missing_secret", error.title)));
        }
        Err(why) => {
            let error = auth::refused(why, &channel.api_key, runtime.telnyx.origin());
            return Err(Failure::Call(error));
        }
    }
    let (message, is_now) = outbox::enqueue(runtime, new_message(&outgoing)).await?;
    let (mut request, mut response) = (kept_request(&message), "null".to_owned());
    let mut message = message;
    if is_now
        && let Some(sent) = outbox::send(runtime, channel, &message, outgoing.deadline).await?
    {
        (request, response) = (sent.request, sent.response);
        message = sent.message;
    }
    // Queued by us: somebody sends it when its turn comes.
    while message.life.may_be_sent() || is_on_its_way(&message) {
        if Instant::now() + LOOK_AGAIN >= outgoing.deadline {
            break;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        message = outbox::current(runtime, &message.key).await?;
    }
    Ok(answer(&message, request, response))
}

fn is_on_its_way(message: &Message) -> bool {
    message.life.status == Status::Sending && !message.life.confirmed
}

/// The request as it is kept where another task sends it.
fn kept_request(message: &Message) -> String {
    let body: Value = serde_json::from_slice(&message.body).unwrap_or_default();
    json!({"queued": true, "body": body}).to_string()
}

/// What a call answers for its message.
pub fn answer(message: &Message, request: String, response: String) -> Performed {
    let performed = match message.life.status {
        Status::OutcomeUnknown => Performed::unknown(format!(
            "it is not known whether the provider accepted the message, so it is not sent again; {} tells what became of it",
            message.key.id
        )),
        Status::SendingFailed if !message.life.confirmed => {
            Performed::not_sent(CallError::new("message_rejected", refusal(message)))
        }
        _ => {
            let status = if message.life.confirmed {
                "accepted"
            } else {
                "queued"
            };
            let output = json!({
                "message_id": message.key.id, "status": status, "to": message.recipient,
                "parts": message.parts, "encoding": message.encoding.as_str(),
                "provider_message_id": message.provider_id,
            });
            Performed::answered(output.to_string())
        }
    };
    Performed {
        request,
        response,
        ..performed
    }
}

/// Why the provider did not take it, and what to do.
fn refusal(message: &Message) -> String {
    let Some(error) = &message.error else {
        return "the message was not sent".to_owned();
    };
    let mut text = format!("the message was not sent: {} ({})", error.title, error.code);
    for more in [&error.detail, &error.advice].into_iter().flatten() {
        text.push_str(". ");
        text.push_str(more.trim_end_matches('.'));
    }
    text
}
