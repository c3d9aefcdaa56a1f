//! Names as types: what was parsed is right from then on.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// A text that breaks the rules of the name it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct InvalidName {
    /// The rule, as a sentence.
    pub rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text against the rule of this name.
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { rule: $rule })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

fn token(text: &str, extra: &[u8]) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
}

/// Text a person reads in a list: something visible, no control characters, not endless.
fn title(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 200 && !text.chars().any(char::is_control)
}

name!(
    /// The name of an action, and of the tool a model sees. Unique within an integration and
    /// within an agent.
    ActionName,
    "an action's name has 1 to 64 letters, digits, `_` or `-`",
    |text| token(text, b"_-")
);
name!(
    /// The name of a secret. It never changes.
    SecretName,
    "a secret's name has 1 to 64 letters, digits, `_`, `-` or `.`",
    |text| token(text, b"_-.")
);
name!(
    /// The name of a workspace variable or of a variable that an action sets.
    VariableName,
    "a variable's name has 1 to 64 letters, digits, `_` or `-`",
    |text| token(text, b"_-")
);
name!(
    /// The name of a state of an agent's dialogue.
    StateName,
    "a state's name has 1 to 200 characters and no control characters",
    title
);
name!(
    /// The name of an integration, an agent, a key or a workspace.
    Title,
    "a name has 1 to 200 characters and no control characters",
    title
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_names_follow_the_pattern() {
        let long = "a".repeat(64);
        let too_long = "a".repeat(65);
        for (text, valid) in [
            ("get_invoice", true),
            ("Get-2", true),
            (long.as_str(), true),
            ("", false),
            (too_long.as_str(), false),
            ("get invoice", false),
            ("get.invoice", false),
            ("prüfen", false),
            ("a\n", false),
        ] {
            assert_eq!(ActionName::parse(text).is_ok(), valid, "{text:?}");
        }
    }

    #[test]
    fn titles_are_visible_text() {
        assert!(Title::parse("Billing (EU)").is_ok());
        assert!(Title::parse("  ").is_err());
        assert!(Title::parse("a\u{0}b").is_err());
    }
}
