//! Passwords are kept as Argon2id hashes, which are slow and large on purpose: people choose
//! passwords, so a stolen hash would be searched.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::{Entropy, VaultError};

/// 19 MiB, two passes, one lane: what OWASP's cheat sheet on password storage recommends.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// A hash with its salt and its parameters, as it is kept (the PHC string format).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl std::fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordDigest")
    }
}

impl PasswordDigest {
    /// Hashes a password. It takes tens of milliseconds and 19 MiB: not on a thread that serves
    /// others, and not many at once.
    pub fn of(password: &str, entropy: Entropy<'_>) -> Result<Self, VaultError> {
        let mut salt = [0u8; SALT_BYTES];
        entropy(&mut salt);
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .map_err(|error| VaultError::Password(error.to_string()))?;
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = hasher
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(|error| VaultError::Password(error.to_string()))?;
        Ok(Self(hash.to_string()))
    }

    /// What is checked where there is no account: it costs as much as any other and nothing matches
    /// it, so that nobody learns from the time who has an account.
    pub fn of_nobody() -> Self {
        // Zeros, in the alphabet of the format.
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        Self(format!(
            "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"
        ))
    }

    /// A hash that was kept.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text that is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the password that was hashed. It costs what hashing does, with the
    /// parameters that the hash was made with.
    pub fn matches(&self, password: &str) -> bool {
        PasswordHash::new(&self.0).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_matches_its_hash() {
        let digest =
            PasswordDigest::of("correct horse battery", &|buffer: &mut [u8]| buffer.fill(7))
                .unwrap();
        assert!(
            digest
                .as_str()
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
        assert!(digest.matches("correct horse battery"));
        for wrong in ["", "correct horse batter", "Correct horse battery"] {
            assert!(!digest.matches(wrong), "{wrong}");
        }
        assert!(!format!("{digest:?}").contains("argon2"));
    }

    #[test]
    fn nobody_costs_what_others_cost() {
        let somebody = PasswordDigest::of("x", &|buffer: &mut [u8]| buffer.fill(7)).unwrap();
        let nobody = PasswordDigest::of_nobody();
        let parameters = |digest: &PasswordDigest| {
            let hash = PasswordHash::new(digest.as_str()).unwrap();
            (hash.algorithm, hash.version, hash.params.to_string())
        };
        assert_eq!(parameters(&nobody), parameters(&somebody));
        assert_eq!(nobody.as_str().len(), somebody.as_str().len());
        assert!(!nobody.matches("") && !nobody.matches("x"));
    }

    #[test]
    fn each_hash_has_its_salt() {
        let hash = |salt| PasswordDigest::of("same", &move |buffer: &mut [u8]| buffer.fill(salt));
        assert_ne!(hash(1).unwrap(), hash(2).unwrap());
        assert!(!PasswordDigest::from_stored("no hash".to_owned()).matches("same"));
    }
}
