//! What is done about messages beside the calls that send them: sending those whose turn comes,
//! asking after those that were taken.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use switchboard_connect::SecretLookup as _;
use switchboard_connect::telnyx::{Lookup, MessageId as ProviderMessageId};
use switchboard_domain::id::{InstanceId, MessageId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::sms::message::{Message, MessageError, Step, Task};
use switchboard_kinds::{Channel, channel};
use switchboard_store::{integration, message};
use tokio::time::Instant;

use super::outbox;
use crate::Runtime;
use switchboard_operation::AppError;

/// How often the outbox is looked at when nobody says that something is in it.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How many messages are handled at the same time.
const AT_ONCE: usize = 32;
/// How long one request to the provider may take.
const REQUEST: Duration = Duration::from_secs(15);

/// Settles the messages that a server was handing over when it died: nobody knows what came of them.
pub async fn recover(runtime: &Runtime, instance: InstanceId) -> Result<usize, AppError> {
    let mut settled = 0;
    loop {
        let mut conn = runtime.db.read().await?;
        let found = message::under_way(&mut conn.engine(), instance, 500).await?;
        drop(conn);
        if found.is_empty() {
            return Ok(settled);
        }
        for message in found {
            outbox::step(runtime, &message.key, Step::Lost(outbox::interrupted())).await?;
            settled += 1;
        }
    }
}

/// Handles what is due, for ever.
pub async fn deliver(runtime: Arc<Runtime>) {
    let busy = Arc::new(Mutex::new(HashSet::new()));
    let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    loop {
        runtime
            .context
            .timeout(LOOK_AGAIN, runtime.outbox.notified())
            .await;
        if let Err(error) = start_due(&runtime, &busy, &places).await {
            tracing::warn!(%error, "the outbox could not be read; it is read again");
        }
    }
}

type Busy = Arc<Mutex<HashSet<MessageId>>>;

/// A message that this server handles, until this goes.
struct Handled(Busy, MessageId);

impl Drop for Handled {
    fn drop(&mut self) {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.1);
    }
}

fn take(busy: &Busy, id: MessageId) -> Option<Handled> {
    let is_new = busy
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id);
    is_new.then(|| Handled(busy.clone(), id))
}

async fn start_due(
    runtime: &Arc<Runtime>,
    busy: &Busy,
    places: &Arc<tokio::sync::Semaphore>,
) -> Result<(), AppError> {
    if runtime.stopping.load(std::sync::atomic::Ordering::Acquire) {
        return Ok(());
    }
    let mut conn = runtime.db.read().await?;
    let limit = u32::try_from(AT_ONCE * 2).unwrap_or(64);
    let due = message::due(&mut conn.engine(), runtime.context.now(), limit).await?;
    drop(conn);
    for message in due {
        let Some(handled) = take(busy, message.key.id) else {
            continue;
        };
        let Ok(place) = places.clone().acquire_owned().await else {
            return Ok(());
        };
        let runtime = runtime.clone();
        // Counted among the calls, so that a stop waits for what is on its way.
        runtime.calls.clone().spawn(async move {
            let _held = (handled, place);
            if let Err(error) = handle(&runtime, &message).await {
                tracing::warn!(message = %message.key.id, %error, "a message could not be handled and is tried again");
            }
        });
    }
    Ok(())
}

async fn handle(runtime: &Runtime, message: &Message) -> Result<(), AppError> {
    let key = &message.key;
    match (message.task(), channel_of(runtime, message).await?) {
        (Task::Send, Some(channel)) => {
            let line = outbox::line(&channel, message);
            let blocked = outbox::blocked_until(runtime, &line).await?;
            if let Some(until) = blocked.filter(|until| *until > runtime.context.now()) {
                let error = message.error.clone().unwrap_or_else(their_turn);
                outbox::step(runtime, key, Step::Waiting(until, error)).await?;
                return Ok(());
            }
            outbox::send(runtime, &channel, message, Instant::now() + REQUEST).await?;
        }
        (Task::Send, None) => {
            let error = MessageError {
                code: "channel_deleted".to_owned(),
                title: "the channel was deleted before the message went out".to_owned(),
                detail: None,
                advice: None,
            };
            outbox::step(runtime, key, Step::Rejected(error)).await?;
        }
        (Task::Ask, Some(channel)) => ask(runtime, &channel, message).await?,
        (Task::Ask, None) | (Task::Nothing, _) => {
            outbox::step(runtime, key, Step::Asked).await?;
        }
    }
    Ok(())
}

fn their_turn() -> MessageError {
    MessageError {
        code: "rate_limited".to_owned(),
        title: "the provider wants no more messages of this sender for a while".to_owned(),
        detail: None,
        advice: None,
    }
}

/// The channel of a message, unless it was deleted.
async fn channel_of(runtime: &Runtime, message: &Message) -> Result<Option<Channel>, AppError> {
    let mut conn = runtime.db.read().await?;
    let key = &message.key;
    let row = integration::get(&mut conn.engine(), key.workspace, key.channel).await?;
    let Some(row) = row.filter(|row| row.deleted_at.is_none()) else {
        return Ok(None);
    };
    let Some(definition) = row.definition.messaging_channel() else {
        return Ok(None);
    };
    let mut errors = InputErrors::new();
    Ok(channel(row.id, definition, "", &mut errors))
}

/// Asks the provider what became of a message.
async fn ask(runtime: &Runtime, channel: &Channel, message: &Message) -> Result<(), AppError> {
    let key = &message.key;
    let snapshot = runtime.catalog.snapshot(key.workspace).await?;
    let secrets = snapshot.secrets_in(key.environment);
    let secret = secrets.secret(&channel.api_key, runtime.telnyx.origin());
    let id = message.provider_id.as_deref();
    let id = id.and_then(|id| ProviderMessageId::parse(id).ok());
    let mut step = Step::Asked;
    if let (Ok(secret), Some(id)) = (secret, id) {
        let now = runtime.context.now();
        let deadline = Instant::now() + REQUEST;
        let redactor = secrets.redactor();
        let asking = runtime
            .telnyx
            .look_up(&secret, &redactor, &id, now, deadline);
        match asking.await {
            Lookup::Found(report) => step = Step::Reported(report, None),
            Lookup::NotFound => {}
            Lookup::Failed { error, .. } => {
                tracing::info!(message = %key.id, code = error.code, "the provider did not say what became of a message");
            }
        }
    }
    let is_report = matches!(step, Step::Reported(..));
    if outbox::step(runtime, key, step).await?.is_none() && is_report {
        outbox::step(runtime, key, Step::Asked).await?;
    }
    Ok(())
}
