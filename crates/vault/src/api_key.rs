//! API keys: shown once, kept as hashes.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::Entropy;

/// `sb_`, eight characters that may be shown, an underscore, and 40 that may not.
const PREFIX_CHARACTERS: usize = 11;
const SECRET_CHARACTERS: usize = 40;
const LENGTH: usize = PREFIX_CHARACTERS + 1 + SECRET_CHARACTERS;
/// Five bits a character: the secret part has 200 bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A new key in the clear, to be shown once.
pub struct ApiKeyPlain(Zeroizing<String>);

/// The SHA-256 of a key. A key has 200 random bits, so a fast hash cannot be searched backwards;
/// slow hashes are for passwords, which people choose.
#[derive(Clone, Copy)]
pub struct ApiKeyHash([u8; 32]);

/// A key that a caller sent, as far as it is needed to look it up.
#[derive(Debug, Clone, Copy)]
pub struct ParsedApiKey<'a> {
    /// The part that may be shown and searched, such as `sb_k3x8r2mq`.
    pub prefix: &'a str,
    /// What is looked up.
    pub hash: ApiKeyHash,
}

impl std::fmt::Debug for ApiKeyPlain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKeyPlain")
    }
}

impl std::fmt::Debug for ApiKeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKeyHash")
    }
}

impl ApiKeyPlain {
    /// Makes a new key.
    pub fn generate(entropy: Entropy<'_>) -> Self {
        let mut bytes = Zeroizing::new([0u8; LENGTH]);
        entropy(&mut bytes[..]);
        let text: String = bytes
            .iter()
            .enumerate()
            .map(|(at, byte)| match at {
                0 => 's',
                1 => 'b',
                2 | PREFIX_CHARACTERS => '_',
                _ => char::from(ALPHABET[usize::from(byte % 32)]),
            })
            .collect();
        Self(Zeroizing::new(text))
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part that may be shown and searched.
    pub fn prefix(&self) -> &str {
        &self.0[..PREFIX_CHARACTERS]
    }

    /// What is kept.
    pub fn hash(&self) -> ApiKeyHash {
        ApiKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl ApiKeyHash {
    /// The bytes that are kept.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for ApiKeyHash {
    /// Takes the same time wherever they differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for ApiKeyHash {}

impl std::hash::Hash for ApiKeyHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<'a> ParsedApiKey<'a> {
    /// Reads a key that a caller sent. None when it has not the form of a key.
    pub fn parse(text: &'a str) -> Option<Self> {
        let well_formed = text.len() == LENGTH
            && text.starts_with("sb_")
            && text.as_bytes()[PREFIX_CHARACTERS] == b'_'
            && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
        well_formed.then(|| Self {
            prefix: &text[..PREFIX_CHARACTERS],
            hash: ApiKeyHash(Sha256::digest(text.as_bytes()).into()),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_hash_and_its_prefix() {
        let key = ApiKeyPlain::generate(&|buffer: &mut [u8]| buffer.fill(9));
        let parsed = ParsedApiKey::parse(key.expose()).unwrap();
        assert_eq!(parsed.prefix, key.prefix());
        assert_eq!(parsed.hash, key.hash());
        assert!(key.expose().starts_with("sb_"));
        assert!(!format!("{key:?} {parsed:?}").contains(&key.expose()[PREFIX_CHARACTERS..]));
    }

    #[test]
    fn other_texts_are_no_keys() {
        let key = ApiKeyPlain::generate(&|buffer: &mut [u8]| buffer.fill(1));
        for text in [
            "",
            "sb_",
            "Bearer x",
            &key.expose()[1..],
            &format!("{}x", key.expose()),
        ] {
            assert!(ParsedApiKey::parse(text).is_none(), "{text}");
        }
        assert!(ParsedApiKey::parse(&"ä".repeat(26)).is_none());
    }

    #[test]
    fn any_other_character_is_another_key_or_none() {
        let key = ApiKeyPlain::generate(&|buffer: &mut [u8]| buffer.fill(3));
        for at in 0..LENGTH {
            let mut other = key.expose().as_bytes().to_vec();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            let other = String::from_utf8(other).unwrap();
            let parsed = ParsedApiKey::parse(&other);
            assert!(
                parsed.is_none_or(|parsed| parsed.hash != key.hash()),
                "{at}"
            );
        }
    }
}
