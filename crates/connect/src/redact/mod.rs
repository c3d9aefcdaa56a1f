//! Taking credentials out of what is kept and answered. A text is looked at as what it says, so a
//! credential is found in every spelling; what is no credential stays as the service wrote it.

mod decode;
mod masker;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr2};
use serde_json::Value;
use switchboard_domain::name::SecretName;

pub use masker::Masker;

/// What stands in the place of a credential.
pub const MASK: &str = "[redacted]";

/// How deep JSON inside strings of JSON is read.
const NESTED: usize = 4;

/// Takes credentials out of what one call, or one session, sends and hears.
#[derive(Debug, Default, Clone)]
pub struct Redactor {
    maskers: Vec<Arc<Masker>>,
    /// The secret that is a user name here: no credential.
    user: Option<SecretName>,
}

impl Redactor {
    /// One that knows the secrets of an environment.
    pub fn new(masker: Arc<Masker>) -> Self {
        Self {
            maskers: vec![masker],
            user: None,
        }
    }

    /// Adds a credential that is no secret of the workspace.
    pub fn add(&mut self, masker: &Arc<Masker>) {
        if !self.maskers.iter().any(|known| Arc::ptr_eq(known, masker)) {
            self.maskers.push(masker.clone());
        }
    }

    /// Leaves a secret alone that is used as a user name.
    pub fn spare(&mut self, name: &SecretName) {
        self.user = Some(name.clone());
    }

    /// Whether a text may hold a credential: quick, and too careful.
    pub fn may_be_in(&self, text: &str) -> bool {
        let text = text.as_bytes();
        self.maskers.iter().any(|masker| masker.may_be_in(text))
    }

    /// The text without credentials. One that has none is not copied.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.clean_nested(text, 0)
    }

    /// JSON text without credentials in its strings and names. Everything else stays as it is
    /// written. What is no JSON is cleaned as text.
    pub fn clean_json<'a>(&self, json: &'a str) -> Cow<'a, str> {
        if !self.may_be_in(json) {
            return Cow::Borrowed(json);
        }
        if is_json(json) {
            return self.clean_strings(json, 0);
        }
        self.clean_nested(json, 0)
    }

    /// A value without credentials in its strings and names.
    pub fn clean_value(&self, value: &mut Value) {
        let text = value.to_string();
        if let Cow::Owned(clean) = self.clean_json(&text)
            && let Ok(clean) = serde_json::from_str(&clean)
        {
            *value = clean;
        }
    }

    fn clean_nested<'a>(&self, text: &'a str, depth: usize) -> Cow<'a, str> {
        if !self.may_be_in(text) {
            return Cow::Borrowed(text);
        }
        if depth < NESTED && text.trim_start().starts_with(['{', '[', '"']) && is_json(text) {
            return self.clean_strings(text, depth + 1);
        }
        let mut found = vec![];
        for masker in &self.maskers {
            masker.find(text.as_bytes(), self.user.as_ref(), &mut found);
        }
        mask(text, found)
    }

    /// Cleans each string of a JSON text.
    fn clean_strings<'a>(&self, json: &'a str, depth: usize) -> Cow<'a, str> {
        let (mut clean, mut copied, mut at) = (String::new(), 0, 0);
        while let Some(literal) = next_string(json.as_bytes(), at) {
            at = literal.end;
            let raw = &json[literal.clone()];
            if !self.may_be_in(raw) {
                continue;
            }
            // It is valid JSON, so it reads.
            let Ok(text) = serde_json::from_str::<String>(raw) else {
                continue;
            };
            if let Cow::Owned(masked) = self.clean_nested(&text, depth) {
                clean.push_str(&json[copied..literal.start]);
                clean.push_str(&Value::String(masked).to_string());
                copied = literal.end;
            }
        }
        if copied == 0 {
            return Cow::Borrowed(json);
        }
        clean.push_str(&json[copied..]);
        Cow::Owned(clean)
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The next string of a JSON text, with its quotes.
fn next_string(json: &[u8], from: usize) -> Option<Range<usize>> {
    let start = from + memchr(b'"', json.get(from..)?)?;
    let mut at = start + 1;
    loop {
        at += memchr2(b'"', b'\\', json.get(at..)?)?;
        if json[at] == b'"' {
            return Some(start..at + 1);
        }
        at += 2;
    }
}

/// Puts the mask where credentials were found.
fn mask(text: &str, mut found: Vec<Range<usize>>) -> Cow<'_, str> {
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|part| (part.start, part.end));
    let (mut clean, mut copied) = (String::with_capacity(text.len()), 0);
    for part in found {
        if part.start >= copied {
            // An encoded byte may end inside a character of what surrounds it.
            let kept = text.get(copied..part.start).unwrap_or_default();
            clean.push_str(kept);
            clean.push_str(MASK);
        }
        copied = copied.max(part.end);
    }
    while !text.is_char_boundary(copied) {
        copied += 1;
    }
    clean.push_str(&text[copied..]);
    Cow::Owned(clean)
}
