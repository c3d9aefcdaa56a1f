//! Sealed values: AES-256-GCM (NIST SP 800-38D) with a random nonce, bound to where they are kept.

use aes_gcm::aead::{Aead as _, Nonce, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use uuid::Uuid;

use crate::VaultError;

const NONCE_BYTES: usize = 12;

/// Where a value is kept. A sealed value opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The workspace.
    pub workspace: Uuid,
    /// The row, such as `secret/name`.
    pub row: &'a str,
    /// The environment.
    pub environment: &'a str,
}

impl Binding<'_> {
    /// The additional data that is authenticated: each part with its length before it, so that no
    /// two bindings look alike.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.workspace.as_bytes().to_vec();
        for part in [self.row, self.environment] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// A sealed value, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key sealed it.
    pub key_id: String,
    /// The nonce, then the ciphertext with its tag.
    pub bytes: Vec<u8>,
}

pub(crate) fn seal(
    key: &[u8; 32],
    nonce: [u8; NONCE_BYTES],
    binding: Binding<'_>,
    plain: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let cipher = Aes256Gcm::new(key.into());
    let payload = Payload {
        msg: plain,
        aad: &binding.bytes(),
    };
    let sealed = cipher
        .encrypt(&Nonce::<Aes256Gcm>::from(nonce), payload)
        .map_err(|_| VaultError::Tampered)?;
    let mut bytes = nonce.to_vec();
    bytes.extend(sealed);
    Ok(bytes)
}

pub(crate) fn open(
    key: &[u8; 32],
    binding: Binding<'_>,
    bytes: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let (nonce, sealed) = bytes
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(VaultError::Tampered)?;
    let payload = Payload {
        msg: sealed,
        aad: &binding.bytes(),
    };
    Aes256Gcm::new(key.into())
        .decrypt(&Nonce::<Aes256Gcm>::from(*nonce), payload)
        .map_err(|_| VaultError::Tampered)
}
