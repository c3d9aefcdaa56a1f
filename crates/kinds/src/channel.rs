//! Messaging channels: who sends text messages, and how quickly.

use switchboard_connect::telnyx::WebhookKey;
use switchboard_domain::id::IntegrationId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::MessagingChannel;
use switchboard_domain::limits::MESSAGES_PER_MINUTE;
use switchboard_domain::name::SecretName;
use switchboard_domain::sms::{Sender, SmsError};

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
    if rate.is_some_and(|rate| !MESSAGES_PER_MINUTE.contains(&rate)) {
        errors.push(
            format!("{pointer}/messages_per_minute"),
            "a channel sends from 1 to 60000 messages a minute; leave it out for no limit",
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
