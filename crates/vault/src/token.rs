//! Tokens of sessions and of one-use links: 32 random bytes, of which only a hash is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::Entropy;

const BYTES: usize = 32;
/// What is hashed before the token to get what proves that a request comes from our pages. Another
/// text than nothing, so that the hash that is kept does not give it away.
const CSRF: &[u8] = b"switchboard csrf v1\0";

/// A token in the clear: in a cookie or a link, and nowhere else.
#[derive(Clone)]
pub struct Token(Zeroizing<[u8; BYTES]>);

/// The SHA-256 of a token. A token has 256 random bits, so a fast hash cannot be searched backwards.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash")
    }
}

impl Token {
    /// Makes a new token.
    pub fn generate(entropy: Entropy<'_>) -> Self {
        let mut bytes = Zeroizing::new([0u8; BYTES]);
        entropy(&mut bytes[..]);
        Self(bytes)
    }

    /// Reads a token that somebody sent. None when it has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        let bytes: [u8; BYTES] = bytes.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The token as text, for a cookie or a link.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&self.0[..]))
    }

    /// What is kept.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(&self.0[..]).into())
    }

    /// What a page that has the session sends with what it changes. Other pages can make a browser
    /// send the cookie, but cannot read this.
    pub fn csrf(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(CSRF);
        hash.update(&self.0[..]);
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }

    /// Whether a text is [`Token::csrf`], in the same time wherever it differs.
    pub fn csrf_matches(&self, text: &str) -> bool {
        self.csrf().as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl TokenHash {
    /// The bytes that are kept.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_hash() {
        let token = Token::generate(&|buffer: &mut [u8]| buffer.fill(9));
        let text = token.expose();
        assert_eq!(text.len(), 43);
        let parsed = Token::parse(&text).unwrap();
        assert_eq!(parsed.hash().bytes(), token.hash().bytes());
        let printed = format!("{token:?} {:?}", token.hash());
        assert_eq!(printed, "Token TokenHash");
        for other in ["", &text[1..], &format!("{}A", *text), "ä", &"!".repeat(43)] {
            assert!(Token::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn csrf_belongs_to_one_token_and_is_not_what_is_kept() {
        let token = Token::generate(&|buffer: &mut [u8]| buffer.fill(1));
        let other = Token::generate(&|buffer: &mut [u8]| buffer.fill(2));
        assert!(token.csrf_matches(&token.csrf()));
        for wrong in ["", &other.csrf(), &token.expose()] {
            assert!(!token.csrf_matches(wrong));
        }
        assert_ne!(token.csrf(), URL_SAFE_NO_PAD.encode(token.hash().bytes()));
    }
}
