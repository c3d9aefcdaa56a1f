//! How often somebody may try to sign in: for one account, and from one address. Each server counts
//! for itself.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::sync::Cache;

use super::AccountError;

/// Attempts for one account: so many at once, then so many a minute.
const FOR_ACCOUNT: (NonZeroU32, NonZeroU32) = (number(10), number(5));
/// Attempts from one address, which an office or a proxy may share.
const FROM_ADDRESS: (NonZeroU32, NonZeroU32) = (number(60), number(20));
/// How many accounts and addresses are remembered, so that strangers cannot fill the memory.
const REMEMBERED: u64 = 50_000;
/// How long one that is quiet is remembered: all its attempts are back before that.
const MEMORY: Duration = Duration::from_mins(15);
/// The longest text that is remembered as an account; addresses are not longer.
const MAX_EMAIL: usize = 254;

const fn number(count: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(count - 1)
}

type Counter = Arc<DefaultDirectRateLimiter>;

/// Counts attempts to sign in.
pub struct Limits {
    clock: DefaultClock,
    accounts: Cache<String, Counter>,
    addresses: Cache<IpAddr, Counter>,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits")
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clock: DefaultClock::default(),
            accounts: cache(),
            addresses: cache(),
        }
    }
}

fn cache<K: std::hash::Hash + Eq + Send + Sync + 'static>() -> Cache<K, Counter> {
    Cache::builder()
        .max_capacity(REMEMBERED)
        .time_to_idle(MEMORY)
        .build()
}

fn counter((at_once, a_minute): (NonZeroU32, NonZeroU32)) -> Counter {
    Arc::new(RateLimiter::direct(
        Quota::per_minute(a_minute).allow_burst(at_once),
    ))
}

/// Whoever has one IPv6 address usually has all that share its first half.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let segments = address.segments();
            let [a, b, c, d, ..] = segments;
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

fn account(email: &str) -> String {
    let email = email.trim().to_lowercase();
    email.chars().take(MAX_EMAIL).collect()
}

impl Limits {
    /// Counts an attempt, or refuses it.
    pub fn attempt(&self, from: IpAddr, email: &str) -> Result<(), AccountError> {
        let address = self
            .addresses
            .get_with(network(from), || counter(FROM_ADDRESS));
        self.count(&address)?;
        let account = self
            .accounts
            .get_with(account(email), || counter(FOR_ACCOUNT));
        self.count(&account)
    }

    /// Forgets the attempts for an account whose password was right. Those from an address stay:
    /// somebody with an account of their own could clear them for their attempts at others.
    pub fn succeeded(&self, email: &str) {
        self.accounts.invalidate(&account(email));
    }

    fn count(&self, counter: &DefaultDirectRateLimiter) -> Result<(), AccountError> {
        counter.check().map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            AccountError::TooManyAttempts {
                retry_after: wait.as_secs() + 1,
            }
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_account_has_ten_attempts_however_it_is_spelled() {
        let limits = Limits::default();
        for number in 0..10u8 {
            let from = IpAddr::from([10, 0, 0, number]);
            limits.attempt(from, "Ada@example.com").unwrap();
        }
        let refused = limits.attempt(address("10.0.1.1"), " ada@EXAMPLE.com ");
        assert!(matches!(
            refused,
            Err(AccountError::TooManyAttempts {
                retry_after: 1..=13
            })
        ));
        limits
            .attempt(address("10.0.1.1"), "bob@example.com")
            .unwrap();
        limits.succeeded("ada@example.com");
        limits
            .attempt(address("10.0.1.1"), "ada@example.com")
            .unwrap();
    }

    #[test]
    fn an_address_has_sixty_attempts_for_all_accounts() {
        for (first, same, other) in [
            ("10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"),
            ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
        ] {
            let limits = Limits::default();
            for number in 0..60 {
                let email = format!("{number}@example.com");
                limits.attempt(address(first), &email).unwrap();
                limits.succeeded(&email);
            }
            assert!(limits.attempt(address(same), "x@example.com").is_err());
            limits.attempt(address(other), "x@example.com").unwrap();
        }
    }
}
