//! Webhooks: who sent one is checked over its raw bytes, before anything in it is read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, VerifyingKey};
use http::{HeaderMap, HeaderValue};
use switchboard_domain::sms::status::Report;

use super::MessageId;
use super::wire::{Data, Message, Notice};

/// How far a webhook's time may lie from ours, in seconds, both ways.
const TOLERANCE_SECONDS: u64 = 300;
const TIMESTAMP: &str = "telnyx-timestamp";
const SIGNATURE: &str = "telnyx-signature-ed25519";

/// Why a webhook was refused. For our own log: whoever sent it hears the same for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A header is missing or malformed.
    Headers,
    /// It is too old, or from a clock that is ahead.
    Timestamp,
    /// The key did not sign these bytes.
    Signature,
}

/// What is wrong with a webhook or its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The text is no public key.
    #[error(
        "the webhook's public key is not valid; copy it from the provider's portal: 44 characters of base64, 32 bytes"
    )]
    InvalidKey,
    /// It is not the provider's, or not of now.
    #[error(
        "the webhook is not signed by the channel's key, or its timestamp is not within 300 seconds of now"
    )]
    Refused(Reason),
    /// It is signed, and is no event.
    #[error("the webhook is not an event of the provider")]
    Malformed,
}

impl WebhookError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidKey => "invalid_webhook_public_key",
            Self::Refused(_) => "invalid_signature",
            Self::Malformed => "malformed_webhook",
        }
    }
}

/// The key that an account's webhooks are signed with (Ed25519, RFC 8032).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookKey(VerifyingKey);

/// The body of a webhook that is the provider's.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a>(&'a [u8]);

/// What a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message came further.
    Message {
        /// Which.
        id: MessageId,
        /// The URL that the message itself named for its webhooks. Where the answer to a request
        /// was lost, nobody learned the id, and only what this URL says leads to the message.
        webhook_url: Option<String>,
        /// How far. It carries the id of the event.
        report: Report,
    },
    /// Something else, which is to be accepted and has no effect.
    Ignored {
        /// What the provider calls it.
        event_type: String,
    },
}

impl WebhookKey {
    /// Reads a public key in base64. One that would accept signatures of anybody is none.
    pub fn parse(text: &str) -> Result<Self, WebhookError> {
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| WebhookError::InvalidKey)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| WebhookError::InvalidKey)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| WebhookError::InvalidKey)?;
        if key.is_weak() {
            return Err(WebhookError::InvalidKey);
        }
        Ok(Self(key))
    }

    /// Checks a webhook: the signature over `timestamp|raw body`, and that it is of now. The same
    /// work is done whatever is wrong, and what the error says is the same too.
    pub fn verify<'a>(
        &self,
        headers: &HeaderMap,
        body: &'a [u8],
        now: DateTime<Utc>,
    ) -> Result<Verified<'a>, WebhookError> {
        let timestamp = headers.get(TIMESTAMP).map(HeaderValue::as_bytes);
        let signature = headers
            .get(SIGNATURE)
            .and_then(|value| STANDARD.decode(value.as_bytes()).ok())
            .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let sent_at = timestamp.and_then(seconds);
        let whole = sent_at.is_some() && signature.is_some();
        let fresh = sent_at.is_some_and(|sent| sent.abs_diff(now.timestamp()) <= TOLERANCE_SECONDS);
        let signed = [timestamp.unwrap_or_default(), b"|", body].concat();
        let signature = Signature::from_bytes(&signature.unwrap_or([0; 64]));
        let genuine = self.0.verify_strict(&signed, &signature).is_ok();
        match (whole, genuine, fresh) {
            (true, true, true) => Ok(Verified(body)),
            (false, ..) => Err(WebhookError::Refused(Reason::Headers)),
            (_, false, _) => Err(WebhookError::Refused(Reason::Signature)),
            (_, _, false) => Err(WebhookError::Refused(Reason::Timestamp)),
        }
    }
}

/// Seconds since 1970, in digits alone.
fn seconds(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl Verified<'_> {
    /// Reads the event. Types and statuses that are not known here are not errors: the provider
    /// adds some, and sends what nobody asked for.
    pub fn event(&self) -> Result<Event, WebhookError> {
        let Data { data } =
            serde_json::from_slice::<Data<Notice>>(self.0).map_err(|_| WebhookError::Malformed)?;
        let Notice {
            event_type,
            id,
            occurred_at,
            payload,
        } = data;
        if !matches!(event_type.as_str(), "message.sent" | "message.finalized") {
            return Ok(Event::Ignored { event_type });
        }
        let mut message: Message =
            serde_json::from_value(payload).map_err(|_| WebhookError::Malformed)?;
        let webhook_url = message.webhook_url.take();
        let occurred_at = occurred_at.ok_or(WebhookError::Malformed)?;
        let message_id = MessageId::parse(&message.id).map_err(|_| WebhookError::Malformed)?;
        Ok(match message.report(occurred_at, id) {
            Some(report) => Event::Message {
                id: message_id,
                webhook_url,
                report,
            },
            None => Event::Ignored { event_type },
        })
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
