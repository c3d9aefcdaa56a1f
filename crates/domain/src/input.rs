//! What is wrong with an input: a list of places, each with a sentence.

use serde::Serialize;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputError {
    /// A JSON Pointer (RFC 6901) into the body that was sent; empty for the whole of it.
    pub pointer: String,
    /// What is wrong there and what would be right.
    pub detail: String,
}

/// Collects what is wrong with an input, so that a user sees all of it at once.
#[derive(Debug, Clone, Default)]
pub struct InputErrors(Vec<InputError>);

impl InputErrors {
    /// No error yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes an error at a JSON Pointer.
    pub fn push(&mut self, pointer: impl Into<String>, detail: impl std::fmt::Display) {
        self.0.push(InputError {
            pointer: pointer.into(),
            detail: detail.to_string(),
        });
    }

    /// Keeps the value of a check that passed, notes the error of one that failed.
    pub fn check<T, E: std::fmt::Display>(
        &mut self,
        pointer: impl Into<String>,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.push(pointer, error.to_string());
                None
            }
        }
    }

    /// True when nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value when nothing is wrong, else the list.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<InputError>> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }

    /// The list, empty or not.
    pub fn into_inner(self) -> Vec<InputError> {
        self.0
    }
}

/// Escapes one reference token of a JSON Pointer (RFC 6901, section 3).
pub fn pointer_token(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}
