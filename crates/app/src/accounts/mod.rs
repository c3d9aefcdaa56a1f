//! People: how they get an account, sign in, and what they may do where.

mod error;
mod hashing;
mod limits;

pub mod invitations;
pub mod members;
pub mod names;
pub mod sessions;
pub mod setup;

use switchboard_domain::account::{EmailAddress, GivenPassword, GivenToken};
use switchboard_domain::id::WorkspaceId;
use switchboard_store::account::{self, AccountRow};
use switchboard_store::audit;
use switchboard_store::{Db, Engine, ended, membership, session};
use switchboard_vault::PasswordDigest;
use zeroize::Zeroizing;

pub use error::AccountError;
pub use limits::{CameFrom, KNOWN_FOR, device};
pub use switchboard_vault::Token;

use crate::audit::Details;
use crate::{App, AppError, By, Context};
use hashing::Hashing;

/// What accounts keep in memory.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    hashing: Hashing,
}

/// The token that somebody sent. What cannot be one is one that is not known, like any other.
fn parse_token(given: &GivenToken) -> Option<Token> {
    Token::parse(given.expose().trim())
}

fn new_token(context: &Context) -> Token {
    Token::generate(&|buffer: &mut [u8]| context.fill(buffer))
}

async fn find_account(
    db: &Db,
    email: &EmailAddress,
) -> Result<Option<(AccountRow, String)>, AppError> {
    let mut conn = db.read().await?;
    Ok(account::by_email(&mut conn.engine(), email).await?)
}

/// Checks a password against an account, if there is one. It takes the same time when there is
/// none, so that nobody learns who has one.
async fn authenticate(
    app: &App,
    email: &str,
    password: &GivenPassword,
    from: &CameFrom,
) -> Result<AccountRow, AppError> {
    let found = match EmailAddress::parse(email) {
        Ok(email) => find_account(&app.db, &email).await?,
        Err(_) => None,
    };
    let user = found.as_ref().map(|(account, _)| account.id);
    let attempt = limits::attempt(app, email, user, from).await?;
    let (account, digest) = match found {
        Some((account, hash)) => (Some(account), PasswordDigest::from_stored(hash)),
        None => (None, PasswordDigest::of_nobody()),
    };
    let matches = app.accounts.hashing.matches(digest, password).await?;
    let account = account
        .filter(|_| matches)
        .ok_or(AccountError::InvalidCredentials)?;
    limits::succeeded(app, &attempt).await?;
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
    let password = new_token(context).expose();
    let entropy = |buffer: &mut [u8]| context.fill(buffer);
    let digest = PasswordDigest::of(&password, &entropy)?;
    let mut tx = db.write().await?;
    let engine = &mut tx.engine();
    account::set_password(engine, account.id, digest.as_str(), context.now()).await?;
    session::delete_of_user(engine, account.id, None).await?;
    let id = account.id.to_string();
    for own in membership::of_user(engine, account.id).await? {
        let operation = "user.reset_password";
        note(engine, context, own.workspace, actor, operation, &id).await?;
    }
    ended::count(engine).await?;
    tx.commit().await?;
    Ok(password)
}

/// Notes in the audit log what was changed. People are no part of what the catalog serves, so that
/// is not told of it.
async fn note(
    engine: &mut Engine<'_>,
    context: &Context,
    workspace: WorkspaceId,
    by: impl Into<By>,
    operation: &str,
    entity_id: &str,
) -> Result<(), AppError> {
    let entity = operation.split('.').next().unwrap_or_default();
    let what = (operation, entity, entity_id);
    let row = crate::audit::row(context, &by.into(), what, Details::default());
    Ok(audit::insert(engine, workspace, &row).await?)
}
