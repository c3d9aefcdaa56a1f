//! E-mail addresses, as names of accounts.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The longest address that can be delivered to (RFC 5321, section 4.5.3.1).
const MAX_LENGTH: usize = 254;

/// An e-mail address, in lower case: one person has one account, however they spell it. Nothing is
/// sent to it, so it is only checked for what would make it no address at all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EmailAddress(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address; it looks like `name@example.com`")]
pub struct InvalidEmail;

impl EmailAddress {
    /// Reads an address. Space around it is not part of it.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        let is_printable = |c: char| !c.is_whitespace() && !c.is_control();
        let (local, host) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let valid = text.len() <= MAX_LENGTH
            && text.chars().all(is_printable)
            && !local.is_empty()
            && !local.contains(['@', '<', '>', ',', ';', '"'])
            && !host.starts_with(['.', '-'])
            && !host.ends_with(['.', '-'])
            && !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_alphanumeric() || c == '.' || c == '-');
        if valid {
            Ok(Self(text.to_lowercase()))
        } else {
            Err(InvalidEmail)
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_spelling() {
        for (text, expected) in [
            ("ada@example.com", Some("ada@example.com")),
            (" Ada@Example.COM\n", Some("ada@example.com")),
            ("ada+hub@mail.example.com", Some("ada+hub@mail.example.com")),
            ("o'brien@example.com", Some("o'brien@example.com")),
            ("ada@localhost", Some("ada@localhost")),
            ("jürgen@müller.example", Some("jürgen@müller.example")),
            ("", None),
            ("ada", None),
            ("@example.com", None),
            ("ada@", None),
            ("ada@.com", None),
            ("ada@example.", None),
            ("ada lovelace@example.com", None),
            ("ada@exa mple.com", None),
            ("ada@b@example.com", None),
            ("Ada <ada@example.com>", None),
            ("ada@example.com,eve@example.com", None),
            ("ada\u{0}@example.com", None),
        ] {
            let parsed = EmailAddress::parse(text).ok();
            let parsed = parsed.as_ref().map(EmailAddress::as_str);
            assert_eq!(parsed, expected, "{text:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(300))).is_err());
    }
}
