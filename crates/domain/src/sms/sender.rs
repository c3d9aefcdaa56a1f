//! Who a message comes from.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::error::SmsError;
use super::phone::PhoneNumber;

/// The longest name that a message can come from: what the sender's address of a message holds
/// (3GPP TS 23.040, section 9.1.2.5).
const MAX_NAME: usize = 11;

/// The id of a messaging profile of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessagingProfileId(Uuid);

impl MessagingProfileId {
    /// Reads an id.
    pub fn parse(text: &str) -> Result<Self, SmsError> {
        text.trim()
            .parse()
            .map(Self)
            .map_err(|_| SmsError::InvalidProfile)
    }
}

impl fmt::Display for MessagingProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// What a recipient sees a message come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A phone number.
    Number(PhoneNumber),
    /// A short code: 3 to 8 digits that one country's networks know.
    ShortCode(Arc<str>),
    /// A name: 1 to 11 letters, digits and spaces, one letter at least. Nobody can answer it.
    Name(Arc<str>),
}

impl Origin {
    /// Reads an origin: digits alone are a short code, a `+` starts a number, a letter makes a name.
    pub fn parse(text: &str) -> Result<Self, SmsError> {
        let text = text.trim();
        if text.starts_with('+') {
            return PhoneNumber::parse(text).map(Self::Number);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return if (3..=8).contains(&text.len()) {
                Ok(Self::ShortCode(text.into()))
            } else {
                Err(SmsError::InvalidSender)
            };
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ';
        if text.len() <= MAX_NAME
            && text.bytes().all(allowed)
            && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        {
            Ok(Self::Name(text.into()))
        } else {
            Err(SmsError::InvalidSender)
        }
    }

    /// The origin as it is sent.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::ShortCode(text) | Self::Name(text) => text,
        }
    }
}

/// A channel's sender: an origin, a messaging profile, or both. A profile alone lets the provider
/// choose from the profile's pool of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sender {
    origin: Option<Origin>,
    profile: Option<MessagingProfileId>,
}

impl Sender {
    /// Puts a sender together. One of the two must be there, and a name needs a profile.
    pub fn new(
        origin: Option<Origin>,
        profile: Option<MessagingProfileId>,
    ) -> Result<Self, SmsError> {
        match (&origin, profile) {
            (None, None) => Err(SmsError::SenderMissing),
            (Some(Origin::Name(_)), None) => Err(SmsError::ProfileNeeded),
            _ => Ok(Self { origin, profile }),
        }
    }

    /// Reads the fields of a channel.
    pub fn parse(from: Option<&str>, profile: Option<&str>) -> Result<Self, SmsError> {
        Self::new(
            from.map(Origin::parse).transpose()?,
            profile.map(MessagingProfileId::parse).transpose()?,
        )
    }

    /// What recipients see; none when the provider chooses.
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The messaging profile.
    pub const fn profile(&self) -> Option<MessagingProfileId> {
        self.profile
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    const PROFILE: &str = "4000eba1-a0c0-4563-9925-b25e842a7cb6";

    #[test]
    fn origins_are_told_apart() {
        let parse = |text| Origin::parse(text).unwrap();
        assert!(matches!(parse("+1 312 555 0100"), Origin::Number(_)));
        for text in ["123", "12345", "12345678"] {
            assert!(matches!(parse(text), Origin::ShortCode(_)), "{text}");
        }
        for text in ["A", "Example Ltd", " Acme ", "4you", "12345678901"] {
            let name = Origin::parse(text);
            if text == "12345678901" {
                assert_eq!(
                    name,
                    Err(SmsError::InvalidSender),
                    "no letter, no short code"
                );
            } else {
                assert!(matches!(name, Ok(Origin::Name(_))), "{text}");
            }
        }
        assert_eq!(parse(" Acme ").as_str(), "Acme");
    }

    #[test]
    fn other_senders_are_refused() {
        for text in [
            "",
            " ",
            "12",
            "123456789",
            "Example Limit",
            "Acme!",
            "A&B",
            "a_b",
            "a-b",
            "Müller",
            "a\nb",
            "1 2",
        ] {
            assert_eq!(
                Origin::parse(text),
                Err(SmsError::InvalidSender),
                "{text:?}"
            );
        }
        assert_eq!(Origin::parse("+12"), Err(SmsError::NotOfItsCountry));
    }

    #[test]
    fn a_sender_is_whole() {
        let parse = Sender::parse;
        assert_eq!(parse(None, None), Err(SmsError::SenderMissing));
        assert_eq!(parse(Some("Acme"), None), Err(SmsError::ProfileNeeded));
        assert_eq!(parse(None, Some("x")), Err(SmsError::InvalidProfile));
        let pool = parse(None, Some(PROFILE)).unwrap();
        assert_eq!(pool.origin(), None);
        assert_eq!(pool.profile().unwrap().to_string(), PROFILE);
        for from in ["Acme", "12345", "+13125550100"] {
            let sender = parse(Some(from), Some(PROFILE)).unwrap();
            assert_eq!(sender.origin().unwrap().as_str(), from);
        }
        assert!(parse(Some("+13125550100"), None).is_ok());
    }
}
