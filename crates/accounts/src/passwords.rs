//! Whose password it is, and giving somebody a new one.

use switchboard_domain::account::{EmailAddress, GivenPassword};
use switchboard_operation::{AccountError, AppError, Context};
use switchboard_store::account::{self, AccountRow};
use switchboard_store::{Db, ended, membership, session};
use switchboard_vault::PasswordDigest;
use zeroize::Zeroizing;

use crate::limits::{self, CameFrom};
use crate::{Accounts, audit, tokens};

/// The account of an address, with the digest of its password.
pub(crate) async fn find_account(
    db: &Db,
    email: &EmailAddress,
) -> Result<Option<(AccountRow, String)>, AppError> {
    let mut conn = db.read().await?;
    Ok(account::by_email(&mut conn.engine(), email).await?)
}

/// Checks a password against an account, if there is one. It takes the same time when there is
/// none, so that nobody learns who has one.
pub(crate) async fn authenticate(
    accounts: &Accounts,
    email: &str,
    password: &GivenPassword,
    from: &CameFrom,
) -> Result<AccountRow, AppError> {
    let found = match EmailAddress::parse(email) {
        Ok(email) => find_account(&accounts.db, &email).await?,
        Err(_) => None,
    };
    let user = found.as_ref().map(|(account, _)| account.id);
    let attempt = limits::attempt(accounts, email, user, from).await?;
    let (account, digest) = match found {
        Some((account, hash)) => (Some(account), PasswordDigest::from_stored(hash)),
        None => (None, PasswordDigest::of_nobody()),
    };
    let matches = accounts.hashing.matches(digest, password).await?;
    let account = account
        .filter(|_| matches)
        .ok_or(AccountError::InvalidCredentials)?;
    limits::succeeded(accounts, &attempt).await?;
    Ok(account)
}

/// Gives an account a new password, also beside a running server, and ends its sessions. Answers the
/// password, which is shown once.
pub async fn reset_password(
    db: &Db,
    context: &Context,
    actor: &str,
    email: &EmailAddress,
) -> Result<Zeroizing<String>, AppError> {
    let (account, _) = find_account(db, email)
        .await?
        .ok_or(AppError::NotFound("account"))?;
    // As much chance as in a session's token, and as easily typed as that can be.
    let password = tokens::new(context).expose();
    let entropy = |buffer: &mut [u8]| context.fill(buffer);
    let digest = PasswordDigest::of(&password, &entropy)?;
    let mut tx = db.write().await?;
    let engine = &mut tx.engine();
    account::set_password(engine, account.id, digest.as_str(), context.now()).await?;
    session::delete_of_user(engine, account.id, None).await?;
    let id = account.id.to_string();
    for own in membership::of_user(engine, account.id).await? {
        let operation = "user.reset_password";
        audit::note(engine, context, own.workspace, actor, operation, &id).await?;
    }
    ended::count(engine).await?;
    tx.commit().await?;
    Ok(password)
}
