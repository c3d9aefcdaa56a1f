//! Text messages: channels, the outbox, and what providers say of what was sent.
//!
//! A message is in the outbox before its provider is asked, and goes out again only where the
//! provider surely did not take it. What is not known stays `outcome_unknown` until the provider
//! says more (`docs/decisions/0004-text-messages.md`).

mod outbox;
mod perform;
mod test_message;
mod webhook;
mod work;

use switchboard_connect::telnyx::WebhookKey;
use switchboard_domain::id::{IntegrationId, MessageId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::MessagingChannel;
use switchboard_domain::name::SecretName;
use switchboard_domain::sms::message::Message;
use switchboard_domain::sms::{Sender, SmsError};
use switchboard_store::message;

use crate::{App, AppError, Conversations, Page, Reader};
pub use switchboard_store::message::Filter;
pub use test_message::{Preview, TestMessage, send_test};
pub use webhook::{Received, receive};

pub(crate) use perform::{Outgoing, perform};
pub(crate) use work::{deliver, recover};

/// How many messages may leave a channel in a minute at most.
const RATES: std::ops::RangeInclusive<u32> = 1..=60_000;

/// A channel that is ready to send.
#[derive(Debug)]
pub struct Channel {
    /// The integration.
    pub id: IntegrationId,
    /// The provider's API key.
    pub api_key: SecretName,
    /// Who sends.
    pub sender: Sender,
    /// How many messages may leave in a minute.
    pub per_minute: Option<u32>,
    /// Whether the provider's webhooks can be told from others'.
    pub hears_webhooks: bool,
}

impl Channel {
    /// Whose turns are counted: the sender as the provider knows it.
    pub fn line(&self) -> String {
        match (self.sender.origin(), self.sender.profile()) {
            (Some(origin), _) => origin.as_str().to_owned(),
            (None, Some(profile)) => profile.to_string(),
            (None, None) => String::new(),
        }
    }
}

/// Prepares a channel.
pub fn channel(
    id: IntegrationId,
    channel: &MessagingChannel,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<Channel> {
    let sender = Sender::parse(
        channel.from.as_deref(),
        channel.messaging_profile_id.as_deref(),
    );
    let sender = match sender {
        Ok(sender) => Some(sender),
        Err(error) => {
            let field = match error {
                SmsError::ProfileNeeded | SmsError::InvalidProfile => "messaging_profile_id",
                _ => "from",
            };
            errors.push(format!("{pointer}/{field}"), error);
            None
        }
    };
    let key = channel
        .webhook_public_key
        .as_deref()
        .map(WebhookKey::parse)
        .transpose();
    let key = errors.check(format!("{pointer}/webhook_public_key"), key);
    let rate = channel.messages_per_minute;
    if rate.is_some_and(|rate| !RATES.contains(&rate)) {
        errors.push(
            format!("{pointer}/messages_per_minute"),
            "a channel sends from 1 to 60000 messages a minute; leave it out for no limit of ours",
        );
    }
    Some(Channel {
        id,
        api_key: channel.api_key.secret.clone(),
        sender: sender?,
        per_minute: rate,
        hears_webhooks: key?.is_some(),
    })
}

/// A page of messages, the newest first.
pub async fn list(
    app: &App,
    reader: &Reader<Conversations>,
    filter: Filter,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Page<Message>, AppError> {
    let mut conn = app.db.read().await?;
    let engine = &mut conn.engine();
    Ok(message::list(engine, reader.workspace(), filter, before, limit).await?)
}

/// One message.
pub async fn get(
    app: &App,
    reader: &Reader<Conversations>,
    id: MessageId,
) -> Result<Message, AppError> {
    let mut conn = app.db.read().await?;
    message::get(&mut conn.engine(), reader.workspace(), id)
        .await?
        .ok_or(AppError::NotFound("message"))
}
