//! The outbox: messages come in durably, and leave one step at a time.

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_connect::telnyx::{IdempotencyKey, MessageBody, OutgoingMessage, SendOutcome};
use switchboard_connect::{CallError, NoSecret, SecretLookup as _, auth};
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{CallId, ConversationId, EventId, MessageId, WorkspaceId};
use switchboard_domain::sms::message::{Message, MessageError, MessageKey, Step, Stepped};
use switchboard_domain::sms::status::Life;
use switchboard_domain::text_message::Rendered;
use switchboard_kinds::Channel;
use switchboard_store::message::{self, SenderKey, Turn};
use tokio::time::Instant;

use crate::Runtime;
use crate::journal::{Done, MessageChange, MessageWork, Work};
use switchboard_operation::AppError;

/// How long whoever put a message into the outbox has to send it before others do.
const OWN_TURN: TimeDelta = TimeDelta::seconds(5);
/// How long a message is tried that the provider does not take for now.
const TRIED_FOR: TimeDelta = TimeDelta::hours(1);
/// The longest time between two tries, unless the provider asks for more.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);

/// A message before it is in the outbox.
pub struct NewMessage<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The channel.
    pub channel: &'a Channel,
    /// Where it is sent.
    pub environment: Environment,
    /// The conversation it belongs to.
    pub conversation: Option<ConversationId>,
    /// The call that sends it.
    pub call: Option<CallId>,
    /// What it says, and to whom.
    pub rendered: &'a Rendered,
}

/// Puts a message into the outbox. It is durable when this returns. Answers it, and whether its
/// turn is now.
pub async fn enqueue(runtime: &Runtime, new: NewMessage<'_>) -> Result<(Message, bool), AppError> {
    let NewMessage { channel, .. } = new;
    let id = MessageId::from_uuid(runtime.context.uuid());
    let webhook_url = runtime
        .settings
        .public_url
        .as_deref()
        .filter(|_| channel.hears_webhooks)
        .map(|url| webhook_url(url, channel, id));
    let body = MessageBody::new(OutgoingMessage {
        sender: &channel.sender,
        recipient: &new.rendered.recipient,
        text: &new.rendered.text,
        webhook_url: webhook_url.as_deref(),
    })
    .map_err(|error| AppError::Internal(error.to_string()))?;
    let line = SenderKey {
        workspace: new.workspace,
        channel: channel.id,
        environment: new.environment,
        sender: channel.line(),
    };
    let turn = next_turn(runtime, &line, channel.per_minute).await?;
    let now = runtime.context.now();
    let is_now = turn <= now;
    let message = Message {
        key: MessageKey {
            workspace: new.workspace,
            id,
            channel: channel.id,
            environment: new.environment,
            conversation: new.conversation,
            call: new.call,
            created_at: now,
        },
        sender: line.sender,
        recipient: new.rendered.recipient.as_str().to_owned(),
        body: body.as_bytes().to_vec(),
        encoding: new.rendered.segments.encoding,
        parts: u32::try_from(new.rendered.segments.parts).unwrap_or(u32::MAX),
        life: Life::queued(now),
        provider_id: None,
        error: None,
        attempts: 0,
        due_at: Some(if is_now { now + OWN_TURN } else { turn }),
        instance: None,
        updated_at: now,
    };
    if let Some(conversation) = new.conversation {
        let change = MessageChange::Enqueue(Box::new(message.clone()));
        journal(runtime, new.workspace, conversation, id, change).await?;
    } else {
        let mut tx = runtime.db.write().await?;
        message::save(&mut tx.engine(), &message).await?;
        tx.commit().await?;
    }
    metrics::counter!("switchboard_messages_total", "step" => "queued").increment(1);
    if !is_now {
        runtime.outbox.notify_one();
    }
    Ok((message, is_now))
}

/// Where webhooks about a message go. It leads to the message even where the answer that would have
/// told its id was lost.
fn webhook_url(public_url: &str, channel: &Channel, id: MessageId) -> String {
    let base = public_url.trim_end_matches('/');
    format!("{base}/api/v1/webhooks/telnyx/{}?message={id}", channel.id)
}

async fn journal(
    runtime: &Runtime,
    workspace: WorkspaceId,
    conversation: ConversationId,
    id: MessageId,
    what: MessageChange,
) -> Result<Option<Message>, AppError> {
    let work = MessageWork {
        id,
        what,
        at: runtime.context.now(),
        event: EventId::from_uuid(runtime.context.uuid()),
    };
    let work = Work::Message(Box::new(work));
    match runtime
        .journal
        .submit((workspace, conversation), work)
        .await?
    {
        Done::Message(message) => Ok(message.map(|message| *message)),
        _ => Err(AppError::Internal(
            "the journal gave an answer to another question".to_owned(),
        )),
    }
}

/// Takes a message a step further, durably. None where the step came too late to change anything.
pub async fn step(
    runtime: &Runtime,
    key: &MessageKey,
    step: Step,
) -> Result<Option<Message>, AppError> {
    if let Some(conversation) = key.conversation {
        let change = MessageChange::Step(step);
        return journal(runtime, key.workspace, conversation, key.id, change).await;
    }
    let mut tx = runtime.db.write().await?;
    let engine = &mut tx.engine();
    let found = message::lock(engine, key.workspace, key.id).await?;
    let mut message = found.ok_or(AppError::NotFound("message"))?;
    if message.step(&step, runtime.context.now()) == Stepped::Nothing {
        return Ok(None);
    }
    message::save(engine, &message).await?;
    tx.commit().await?;
    Ok(Some(message))
}

/// When a message that comes now may leave. Where a channel has a rate, its turn is taken.
async fn next_turn(
    runtime: &Runtime,
    line: &SenderKey,
    per_minute: Option<u32>,
) -> Result<DateTime<Utc>, AppError> {
    let now = runtime.context.now();
    let Some(per_minute) = per_minute else {
        let blocked = blocked_until(runtime, line).await?;
        return Ok(blocked.unwrap_or(now).max(now));
    };
    let mut tx = runtime.db.write().await?;
    let turn = message::turn(&mut tx.engine(), line, now).await?;
    let at = turn.next_at.max(turn.blocked_until).max(now);
    let pause = TimeDelta::microseconds(60_000_000 / i64::from(per_minute.max(1)));
    let next = Turn {
        next_at: at + pause,
        ..turn
    };
    message::set_turn(&mut tx.engine(), line, next).await?;
    tx.commit().await?;
    Ok(at)
}

/// Until when the provider wants nothing of a sender.
pub async fn blocked_until(
    runtime: &Runtime,
    line: &SenderKey,
) -> Result<Option<DateTime<Utc>>, AppError> {
    let mut conn = runtime.db.read().await?;
    Ok(message::blocked_until(&mut conn.engine(), line).await?)
}

/// Lets every message of a sender wait, because the provider asks for it.
async fn block(runtime: &Runtime, line: &SenderKey, until: DateTime<Utc>) -> Result<(), AppError> {
    let mut tx = runtime.db.write().await?;
    let turn = message::turn(&mut tx.engine(), line, runtime.context.now()).await?;
    let blocked = Turn {
        blocked_until: turn.blocked_until.max(until),
        ..turn
    };
    message::set_turn(&mut tx.engine(), line, blocked).await?;
    Ok(tx.commit().await?)
}

/// What came of an attempt to send.
pub struct Attempt {
    /// The message as it is now.
    pub message: Message,
    /// The request without credentials, JSON text.
    pub request: String,
    /// The answer without credentials, JSON text.
    pub response: String,
}

/// Hands a message to its provider, if it is still waiting. None where somebody else does, or did.
pub async fn send(
    runtime: &Runtime,
    channel: &Channel,
    message: &Message,
    deadline: Instant,
) -> Result<Option<Attempt>, AppError> {
    let key = &message.key;
    let snapshot = runtime.catalog.snapshot(key.workspace).await?;
    let secrets = snapshot.secrets_in(key.environment);
    let origin = runtime.telnyx.origin();
    let secret = secrets.secret(&channel.api_key, origin);
    let secret = match secret {
        Ok(secret) => secret,
        Err(why) => {
            let error = no_key(why, channel, key.environment, origin);
            let rejected = step(runtime, key, Step::Rejected(error)).await?;
            return Ok(rejected.map(|message| Attempt {
                message,
                request: "null".to_owned(),
                response: "null".to_owned(),
            }));
        }
    };
    // From here on a crash leaves it as one that may have gone out.
    let Some(message) = step(runtime, key, Step::Sending(runtime.instance)).await? else {
        return Ok(None);
    };
    let idempotency_key = IdempotencyKey::parse(&key.id.to_string())
        .map_err(|error| AppError::Internal(error.to_string()))?;
    let body = MessageBody::kept(message.body.clone());
    let sent = runtime
        .telnyx
        .send(
            &secret,
            &secrets.redactor(),
            &body,
            &idempotency_key,
            deadline,
        )
        .await;
    let next = next_step(runtime, channel, &message, sent.outcome).await?;
    let label = match &next {
        Step::Accepted { .. } => "accepted",
        Step::Waiting(..) => "waiting",
        Step::Lost(_) => "outcome_unknown",
        _ => "rejected",
    };
    metrics::counter!("switchboard_messages_total", "step" => label).increment(1);
    let after = step(runtime, key, next).await?;
    let message = match after {
        Some(message) => message,
        // A webhook was quicker.
        None => current(runtime, key).await?,
    };
    Ok(Some(Attempt {
        message,
        request: sent.request,
        response: sent.response,
    }))
}

/// A message as it is now.
pub async fn current(runtime: &Runtime, key: &MessageKey) -> Result<Message, AppError> {
    let mut conn = runtime.db.read().await?;
    message::get(&mut conn.engine(), key.workspace, key.id)
        .await?
        .ok_or(AppError::NotFound("message"))
}

/// What an answer of the provider means.
async fn next_step(
    runtime: &Runtime,
    channel: &Channel,
    message: &Message,
    outcome: SendOutcome,
) -> Result<Step, AppError> {
    let now = runtime.context.now();
    Ok(match outcome {
        SendOutcome::Accepted(accepted) => Step::Accepted {
            provider_id: accepted.id.to_string(),
            parts: accepted.parts,
            status: accepted.status,
        },
        SendOutcome::Rejected(rejection) => Step::Rejected(MessageError {
            code: rejection.code,
            title: rejection.title,
            detail: rejection.detail,
            advice: rejection.advice.map(|advice| advice.sentence.to_owned()),
        }),
        SendOutcome::RetryLater { error, .. }
            if now - message.key.created_at > TRIED_FOR && message.attempts > 1 =>
        {
            Step::Rejected(reason(&error))
        }
        SendOutcome::RetryLater { after, error } => {
            let asked = TimeDelta::from_std(after).unwrap_or(LONGEST_PAUSE);
            let ours = TimeDelta::seconds(1 << message.attempts.min(6)).min(LONGEST_PAUSE);
            let until = now + asked.max(ours / 2);
            if error.upstream_status == Some(429) {
                block(runtime, &line(channel, message), now + asked).await?;
            }
            Step::Waiting(until, reason(&error))
        }
        SendOutcome::UnderWay => Step::Waiting(
            now + TimeDelta::seconds(2),
            MessageError {
                code: "under_way".to_owned(),
                title: "the first request for this message is still under way".to_owned(),
                detail: None,
                advice: None,
            },
        ),
        SendOutcome::Unknown(error) => Step::Lost(unknown(&error)),
    })
}

/// Whose turn a message takes.
pub fn line(channel: &Channel, message: &Message) -> SenderKey {
    SenderKey {
        workspace: message.key.workspace,
        channel: channel.id,
        environment: message.key.environment,
        sender: message.sender.clone(),
    }
}

fn reason(error: &CallError) -> MessageError {
    MessageError {
        code: error.code.to_owned(),
        title: error.message.clone(),
        detail: None,
        advice: None,
    }
}

fn unknown(error: &CallError) -> MessageError {
    MessageError {
        code: "outcome_unknown".to_owned(),
        title: "it is not known whether the provider accepted the message".to_owned(),
        detail: Some(error.message.clone()),
        advice: Some(
            "It is not sent again by itself. A delivery receipt settles it; otherwise look into the provider's log before you send it once more.".to_owned(),
        ),
    }
}

/// The error of a message whose server stopped while it was on its way.
pub fn interrupted() -> MessageError {
    unknown(&CallError::new(
        "outcome_unknown",
        "the server stopped while the message was on its way",
    ))
}

/// The error of a message whose channel has no key that may be sent.
pub fn no_key(
    why: NoSecret,
    channel: &Channel,
    environment: Environment,
    origin: &str,
) -> MessageError {
    if why != NoSecret::Missing {
        return reason(&auth::refused(why, &channel.api_key, origin));
    }
    MessageError {
        code: "missing_secret".to_owned(),
        title: format!(
            "the secret `{}` has no value for {environment}; set it, then send again",
            channel.api_key
        ),
        detail: None,
        advice: None,
    }
}
