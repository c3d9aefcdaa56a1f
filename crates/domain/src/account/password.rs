//! Passwords and tokens of links. No type here prints itself, and all are wiped from memory when they go.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// How long a password is, in characters. Length is what makes one hard to guess, so there is no
/// rule about which characters it has (NIST SP 800-63B, section 5.1.1.2).
const LENGTH: std::ops::RangeInclusive<usize> = 12..=200;

/// What somebody typed as their password, right or wrong.
#[derive(Clone)]
pub struct GivenPassword(Zeroizing<String>);

/// What somebody sent as the token of a link, right or wrong.
#[derive(Clone)]
pub struct GivenToken(Zeroizing<String>);

/// A password that follows the rules: one that an account may get.
#[derive(Clone)]
pub struct Password(GivenPassword);

/// The text is too short or too long for a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a password has {} to {} characters", LENGTH.start(), LENGTH.end())]
pub struct WeakPassword;

impl GivenPassword {
    /// Takes over a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, to be hashed. None when no account can have it: whoever sends a megabyte
    /// does not get it hashed.
    pub fn expose(&self) -> Option<&str> {
        let fits = self.0.len() <= 4 * LENGTH.end();
        fits.then_some(self.0.as_str())
    }
}

impl GivenToken {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GivenToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenToken")
    }
}

impl<'de> Deserialize<'de> for GivenToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(Zeroizing::new(text)))
    }
}

impl Password {
    /// Checks a password that an account is to get.
    pub fn parse(given: GivenPassword) -> Result<Self, WeakPassword> {
        if LENGTH.contains(&given.0.chars().count()) {
            Ok(Self(given))
        } else {
            Err(WeakPassword)
        }
    }

    /// The text itself, to be hashed.
    pub fn expose(&self) -> &str {
        &self.0.0
    }
}

impl fmt::Debug for GivenPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenPassword")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl<'de> Deserialize<'de> for GivenPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters() {
        for (text, valid) in [
            ("a".repeat(11), false),
            ("a".repeat(12), true),
            ("ä".repeat(12), true),
            ("ä".repeat(11), false),
            ("𝄞".repeat(200), true),
            ("a".repeat(201), false),
            (String::new(), false),
            (" ".repeat(12), true),
        ] {
            let given = GivenPassword::new(text.clone());
            assert_eq!(Password::parse(given.clone()).is_ok(), valid, "{text}");
            // What may be a password can be tried as one.
            assert!(!valid || given.expose() == Some(text.as_str()));
        }
        assert_eq!(GivenPassword::new("a".repeat(801)).expose(), None);
    }

    #[test]
    fn debugging_shows_nothing() {
        let given: GivenPassword = serde_json::from_str("\"correct horse battery\"").unwrap();
        let password = Password::parse(given.clone()).unwrap();
        assert_eq!(password.expose(), "correct horse battery");
        let printed = format!("{given:?} {password:?}");
        assert!(!printed.contains("horse"), "{printed}");
    }
}
