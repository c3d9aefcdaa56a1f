//! How often somebody may try to sign in. What is counted is failures: for an account from one
//! network, for an account from everywhere, and for a network. All servers count together.
//!
//! A browser that signed in to the account before is known by a cookie, and has an allowance of its
//! own: strangers who use up the others do not lock its owner out.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use switchboard_domain::id::UserId;
use switchboard_store::sign_in::{self, Allowance};
use switchboard_vault::{Binding, Sealed, SecretText};

use switchboard_operation::{AccountError, AppError};

use crate::Accounts;

/// From one network for one account: guessing is slow, and mistyping is forgiven.
const FOR_ACCOUNT: Allowance = allowance(20, 5);
/// From everywhere for one account, by those who are not known.
const FOR_ACCOUNT_ANYWHERE: Allowance = allowance(200, 10);
/// From one network, which an office may share, for all accounts.
const FROM_NETWORK: Allowance = allowance(60, 20);
/// From one browser that is known.
const FROM_DEVICE: Allowance = allowance(20, 5);
/// How long a browser is known, in seconds. Browsers keep no cookie longer.
pub const KNOWN_FOR: i64 = 400 * 24 * 3600;
/// The longest text that is remembered as an account.
const MAX_EMAIL: usize = 254;

/// So many at once, then so many a minute.
const fn allowance(at_once: i64, a_minute: i64) -> Allowance {
    Allowance {
        at_once,
        interval: 60_000 / a_minute,
    }
}

/// Where an attempt comes from.
#[derive(Debug, Clone)]
pub struct CameFrom {
    /// The address.
    pub address: IpAddr,
    /// What the browser's cookie says of itself, if it has one.
    pub device: Option<String>,
}

/// The network of an address: whoever has one address of it may well have the others.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// However it is spelled; databases take no NUL.
fn account(email: &str) -> String {
    let email = email.trim().to_lowercase();
    email
        .chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_EMAIL)
        .collect()
}

/// What one attempt is counted in.
#[derive(Debug)]
pub struct Attempt {
    buckets: Vec<(String, Allowance)>,
}

impl Attempt {
    fn new(email: &str, address: IpAddr, device: Option<&str>) -> Self {
        if let Some(device) = device {
            let buckets = vec![(format!("device {device}"), FROM_DEVICE)];
            return Self { buckets };
        }
        let (network, account) = (network(address), account(email));
        let buckets = vec![
            (format!("account {account} {network}"), FOR_ACCOUNT),
            (format!("account {account}"), FOR_ACCOUNT_ANYWHERE),
            (format!("network {network}"), FROM_NETWORK),
        ];
        Self { buckets }
    }
}

/// Counts an attempt, or refuses it. `user` is whose account it is for, if there is one.
pub async fn attempt(
    accounts: &Accounts,
    email: &str,
    user: Option<UserId>,
    from: &CameFrom,
) -> Result<Attempt, AppError> {
    let device = from.device.as_deref().zip(user);
    let device = device.and_then(|(cookie, user)| known(accounts, cookie, user));
    let attempt = Attempt::new(email, from.address, device.as_deref());
    let now = accounts.context.now().timestamp_millis();
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    sign_in::forget_full(engine, now).await?;
    for (bucket, allowance) in &attempt.buckets {
        if let Some(wait) = sign_in::take(engine, bucket, *allowance, now).await? {
            let retry_after = u64::try_from(wait / 1000).unwrap_or_default() + 1;
            return Err(AccountError::TooManyAttempts { retry_after }.into());
        }
    }
    tx.commit().await?;
    Ok(attempt)
}

/// Takes back an attempt whose password was right. What was counted for the account from there is
/// forgotten; of what others share, only this one is.
pub async fn succeeded(accounts: &Accounts, attempt: &Attempt) -> Result<(), AppError> {
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    for (at, (bucket, allowance)) in attempt.buckets.iter().enumerate() {
        if at == 0 {
            sign_in::forget(engine, bucket).await?;
        } else {
            sign_in::give_back(engine, bucket, *allowance).await?;
        }
    }
    Ok(tx.commit().await?)
}

const fn binding(user: UserId) -> Binding<'static> {
    Binding {
        workspace: user.uuid(),
        row: "known device",
        environment: "",
    }
}

/// What a browser that signed in is known by: sealed, so that only we can have written it.
pub fn device(accounts: &Accounts, user: UserId) -> Result<String, AppError> {
    let id = accounts.context.uuid().simple();
    let text = SecretText::new(format!("{id}.{}", accounts.context.now().timestamp()));
    let entropy = |buffer: &mut [u8]| accounts.context.fill(buffer);
    let sealed = accounts.keys.seal(binding(user), &text, &entropy)?;
    Ok(format!("{}.{}", sealed.key_id, BASE64.encode(sealed.bytes)))
}

/// The id of a browser that is known to have signed in to this account.
fn known(accounts: &Accounts, cookie: &str, user: UserId) -> Option<String> {
    let (key_id, bytes) = cookie.rsplit_once('.')?;
    let sealed = Sealed {
        key_id: key_id.to_owned(),
        bytes: BASE64.decode(bytes).ok()?,
    };
    let text = accounts.keys.open(binding(user), &sealed).ok()?;
    let (id, since) = text.expose().split_once('.')?;
    let age = accounts.context.now().timestamp() - since.parse::<i64>().ok()?;
    (0..KNOWN_FOR).contains(&age).then(|| id.to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn networks_and_accounts_have_one_spelling() {
        for (address, expected) in [
            ("10.1.2.3", "10.1.2.0/24"),
            ("::ffff:10.1.2.9", "10.1.2.0/24"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(network(address.parse().unwrap()), expected);
        }
        assert_eq!(account(" Ada@EXAMPLE.com\0 "), "ada@example.com");
    }

    #[test]
    fn a_known_browser_is_counted_apart() {
        let address = "10.1.2.3".parse().unwrap();
        let names = |device| {
            let attempt = Attempt::new("a@b.example", address, device);
            let names = attempt.buckets.into_iter().map(|(name, _)| name);
            names.collect::<Vec<_>>()
        };
        let strangers = names(None);
        assert_eq!(strangers.len(), 3);
        assert!(
            names(Some("x"))
                .iter()
                .all(|name| !strangers.contains(name))
        );
    }
}
