//! Hashing of passwords, beside the threads that serve: a hash takes its time and 19 MiB, on purpose,
//! so only a few are made at once.

use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::account::{GivenPassword, Password};
use switchboard_vault::PasswordDigest;
use tokio::sync::Semaphore;

use switchboard_operation::{AccountError, AppError, Context};

/// How many are hashed at once: at most 38 MiB, and a core or two that calls do not get.
const AT_ONCE: usize = 2;
/// How long a request waits for its turn. Whoever waits longer would not be there any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes passwords in turn.
#[derive(Debug)]
pub struct Hashing {
    places: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Hashing {
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AppError> {
        let place = tokio::time::timeout(PATIENCE, self.places.clone().acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            let retry_after = PATIENCE.as_secs();
            return Err(AccountError::TooManyAttempts { retry_after }.into());
        };
        // Whoever asked may go away; the place is free when the work ends, not before.
        tokio::task::spawn_blocking(move || {
            let made = work();
            drop(place);
            made
        })
        .await
        .map_err(|error| AppError::Internal(error.to_string()))
    }

    /// Hashes the password of an account.
    pub async fn digest(
        &self,
        context: &Context,
        password: Password,
    ) -> Result<PasswordDigest, AppError> {
        let context = context.clone();
        let made = self.in_turn(move || {
            PasswordDigest::of(password.expose(), &|buffer: &mut [u8]| context.fill(buffer))
        });
        Ok(made.await??)
    }

    /// Whether this is the password of a digest.
    pub async fn matches(
        &self,
        digest: PasswordDigest,
        password: &GivenPassword,
    ) -> Result<bool, AppError> {
        let password = password.clone();
        self.in_turn(move || {
            let text = password.expose();
            // One that is too long for any account takes as long as any other wrong one.
            digest.matches(text.unwrap_or_default()) && text.is_some()
        })
        .await
    }
}
