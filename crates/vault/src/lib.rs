//! Secrets: text that never prints itself, sealed values, the keys that seal them, and API keys,
//! tokens and passwords of which only a hash is kept.

mod api_key;
mod envelope;
mod key_ring;
mod password;
mod secret_text;
mod token;

pub use api_key::{ApiKeyHash, ApiKeyPlain, ParsedApiKey};
pub use envelope::{Binding, Sealed};
pub use key_ring::{KeyRing, file_problem};
pub use password::PasswordDigest;
pub use secret_text::SecretText;
pub use token::{Token, TokenHash};

/// Fills a buffer with random bytes that are fit for keys.
pub type Entropy<'a> = &'a dyn Fn(&mut [u8]);

/// What can go wrong with secrets.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read or written.
    #[error("the key file {path} cannot be used: {detail}")]
    KeyFile {
        /// Where it is.
        path: String,
        /// Why not.
        detail: String,
    },
    /// A value was sealed with a key that is not in the ring.
    #[error(
        "a value was sealed with the key `{0}`, which is not in the key file; put that key back"
    )]
    UnknownKey(String),
    /// A sealed value was changed, or stands where it was not put.
    #[error("a sealed value cannot be opened: it was changed, or moved from another place")]
    Tampered,
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Password(String),
}
