//! Taking credentials out of what is kept and answered.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use switchboard_vault::SecretText;

/// What stands in the place of a credential.
pub const MASK: &str = "[redacted]";

/// Shorter credentials would turn up in ordinary text.
const SHORTEST: usize = 4;

/// Knows the credentials of one call, in the forms they may come back in.
#[derive(Default)]
pub struct Redactor {
    needles: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// Adds a credential: as it is, percent-encoded, and as JSON writes it.
    pub fn add(&mut self, secret: &SecretText) {
        self.add_text(secret.expose());
    }

    /// Adds a text that holds a credential.
    pub fn add_text(&mut self, text: &str) {
        if text.len() < SHORTEST {
            return;
        }
        self.needle(text.to_owned());
        // Most credentials look the same in every form.
        if !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            self.needle(utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
            let json = serde_json::Value::from(text).to_string();
            self.needle(json[1..json.len() - 1].to_owned());
        }
    }

    /// Adds the user name and password of basic authentication, as the header carries them.
    pub fn add_basic(&mut self, credentials: &str) {
        self.needle(STANDARD.encode(credentials));
    }

    fn needle(&mut self, text: String) {
        if !self.needles.contains(&text) {
            self.needles.push(text);
            // The longest first: one may hold another.
            self.needles
                .sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        }
    }

    /// The text without the credentials. A text that has none is not copied.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for needle in &self.needles {
            if memmem::find(text.as_bytes(), needle.as_bytes()).is_some() {
                text = Cow::Owned(text.replace(needle.as_str(), MASK));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_credential_is_taken_out() {
        let mut redactor = Redactor::default();
        redactor.add(&SecretText::new("p\"w/1 2".to_owned()));
        redactor.add_basic("user:p\"w/1 2");
        for text in [
            "x p\"w/1 2 y",
            "q=p%22w%2F1%202",
            r#"{"a":"p\"w/1 2"}"#,
            &format!("Basic {}", STANDARD.encode("user:p\"w/1 2")),
        ] {
            let clean = redactor.clean(text);
            assert!(clean.contains(MASK), "{text} -> {clean}");
        }
        assert!(matches!(redactor.clean("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn very_short_credentials_do_not_eat_the_text() {
        let mut redactor = Redactor::default();
        redactor.add(&SecretText::new("a".to_owned()));
        assert_eq!(redactor.clean("banana"), "banana");
    }
}
