//! A message as it is sent: its body, made once, and the key that tells its request from others.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use switchboard_domain::sms::{Origin, PhoneNumber, Sender};

use super::TelnyxError;

/// What goes into a message.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingMessage<'a> {
    /// Who sends.
    pub sender: &'a Sender,
    /// Who receives.
    pub recipient: &'a PhoneNumber,
    /// What it says.
    pub text: &'a str,
    /// Where webhooks about it go, before those that its messaging profile names.
    pub webhook_url: Option<&'a str>,
}

/// Field names and order are those of the wire, and stay as they are: bodies are kept.
#[derive(Serialize)]
struct Wire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messaging_profile_id: Option<String>,
    to: &'a str,
    text: &'a str,
    // Without it a text with a link can be sent as MMS.
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<&'a str>,
}

/// The exact bytes of a request. They are made when a message enters the outbox and kept with it,
/// since the provider takes a second request for the same one only when each byte is the same.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageBody(Bytes);

impl MessageBody {
    /// Makes the body of a message.
    pub fn new(message: OutgoingMessage<'_>) -> Result<Self, serde_json::Error> {
        let wire = Wire {
            from: message.sender.origin().map(Origin::as_str),
            messaging_profile_id: message.sender.profile().map(|id| id.to_string()),
            to: message.recipient.as_str(),
            text: message.text,
            r#type: "SMS",
            webhook_url: message.webhook_url,
        };
        Ok(Self(serde_json::to_vec(&wire)?.into()))
    }

    /// The body that was made before.
    pub fn kept(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What it says is between two people.
        write!(f, "MessageBody({} bytes)", self.0.len())
    }
}

/// The key of a request, the same for each attempt to send a message and for no other message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// Reads a key: 1 to 255 letters, digits, `_`, `:` or `-`.
    pub fn parse(text: &str) -> Result<Self, TelnyxError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_:-".contains(&byte);
        if (1..=255).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(TelnyxError::IdempotencyKey)
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id that the provider gives a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// Reads an id. It becomes part of a path, so it holds nothing that means something there.
    pub fn parse(text: &str) -> Result<Self, TelnyxError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(TelnyxError::MessageId)
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    const PROFILE: &str = "4000eba1-a0c0-4563-9925-b25e842a7cb6";

    fn body(from: Option<&str>, profile: Option<&str>, webhook_url: Option<&str>) -> String {
        let message = MessageBody::new(OutgoingMessage {
            sender: &Sender::parse(from, profile).unwrap(),
            recipient: &PhoneNumber::parse("+13125550100").unwrap(),
            text: "5 \"€\"\n",
            webhook_url,
        });
        String::from_utf8(message.unwrap().as_bytes().to_vec()).unwrap()
    }

    /// Kept bodies of an older version must still be those that this one would make, so a change
    /// here is one that the provider refuses for messages under way.
    #[test]
    fn bodies_are_made_of_these_bytes() {
        assert_eq!(
            body(Some("+13125550142"), None, None),
            r#"{"from":"+13125550142","to":"+13125550100","text":"5 \"€\"\n","type":"SMS"}"#
        );
        assert_eq!(
            body(
                Some("Acme"),
                Some(PROFILE),
                Some("https://sb.example/hooks")
            ),
            format!(
                r#"{{"from":"Acme","messaging_profile_id":"{PROFILE}","to":"+13125550100","text":"5 \"€\"\n","type":"SMS","webhook_url":"https://sb.example/hooks"}}"#
            )
        );
        assert_eq!(
            body(None, Some(PROFILE), None),
            format!(
                r#"{{"messaging_profile_id":"{PROFILE}","to":"+13125550100","text":"5 \"€\"\n","type":"SMS"}}"#
            )
        );
    }

    #[test]
    fn debugging_shows_no_text() {
        let shown = format!("{:?}", MessageBody::kept("secret words"));
        assert_eq!(shown, "MessageBody(12 bytes)");
    }

    #[test]
    fn keys_and_ids_follow_their_rules() {
        for (text, valid) in [
            ("a", true),
            ("msg_0:Z-9", true),
            (&"k".repeat(255), true),
            (&"k".repeat(256), false),
            ("", false),
            ("a b", false),
            ("a\r\nb", false),
            ("ä", false),
        ] {
            assert_eq!(IdempotencyKey::parse(text).is_ok(), valid, "{text:?}");
        }
        assert!(MessageId::parse(PROFILE).is_ok());
        for text in ["", "..", "a/b", "a?b", "a%2f", &"a".repeat(65)] {
            assert!(MessageId::parse(text).is_err(), "{text:?}");
        }
    }
}
