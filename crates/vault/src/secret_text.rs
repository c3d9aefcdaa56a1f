//! Text that never prints itself.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

/// A credential in the clear. It is wiped from memory when the last copy goes; printing it for
/// debugging shows nothing of it, and it cannot be serialised.
#[derive(Clone)]
pub struct SecretText(Arc<SecretString>);

impl SecretText {
    /// Takes over a text.
    pub fn new(text: String) -> Self {
        Self(Arc::new(SecretString::from(text)))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debugging_shows_nothing() {
        let secret = SecretText::new("hunter2".to_owned());
        assert!(!format!("{secret:?}").contains("hunter2"));
        assert_eq!(secret.clone().expose(), "hunter2");
    }
}
