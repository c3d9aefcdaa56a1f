//! Signing webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signer as _, SigningKey};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Signs webhooks (Ed25519 over `timestamp|body`).
#[derive(Clone)]
pub struct Signer(SigningKey);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// The signer of this seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The public key in base64, as the vendor's portal shows it.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.verifying_key().as_bytes())
    }

    /// The headers of a webhook that is sent now.
    pub fn headers(&self, body: &[u8], now: DateTime<Utc>) -> HeaderMap {
        let timestamp = now.timestamp();
        let signed = [timestamp.to_string().as_bytes(), b"|", body].concat();
        let signature = STANDARD.encode(self.0.sign(&signed).to_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static("telnyx-timestamp"),
            HeaderValue::from(timestamp),
        );
        // Base64 always can stand in a header.
        if let Ok(signature) = HeaderValue::from_str(&signature) {
            headers.insert(
                HeaderName::from_static("telnyx-signature-ed25519"),
                signature,
            );
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers
    }

    /// Bytes that look random and are the same for the same seed and number.
    pub(super) fn bytes(&self, number: u64) -> [u8; 16] {
        let signature = self.0.sign(&number.to_be_bytes()).to_bytes();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&signature[..16]);
        bytes
    }
}
