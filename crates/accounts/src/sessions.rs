//! Signing in and out, and what a person does with their own account.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_contract::accounts::{PasswordInput, SignInInput};
use switchboard_domain::account::{EmailAddress, Password};
use switchboard_domain::id::{UserId, WorkspaceId};
use switchboard_store::account;
use switchboard_store::membership::{self, OwnMembership};
use switchboard_store::session::{self, NewSession, SessionRow};
use switchboard_store::{Engine, Tx, ended};

use switchboard_operation::{
    Access, AccountError, Actor, AppError, By, Context, Principal, RequestInfo,
};

use crate::limits::CameFrom;
use crate::tokens::{self, Token};
use crate::{Accounts, audit, passwords};

/// How long a session lasts. It ends at the same time whatever is done with it, so a stolen one ends
/// too.
const LIFETIME: TimeDelta = TimeDelta::days(14);
/// How old the note of when a member was last there may get.
const SEEN_EVERY: TimeDelta = TimeDelta::seconds(60);

/// Somebody who is signed in. It is looked up again with each request, so its end and a change of
/// its person's role take effect at once, on every server.
#[derive(Debug, Clone)]
pub struct Session {
    token: Token,
    row: SessionRow,
}

impl Session {
    /// The session's token, for the cookie.
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// What is known of it.
    pub const fn row(&self) -> &SessionRow {
        &self.row
    }

    /// Whom it stands for.
    pub const fn principal(&self) -> Principal {
        Principal {
            workspace: self.row.workspace,
            actor: Actor::Person(self.row.account.id),
            access: Access::Member(self.row.role),
            request: None,
        }
    }

    fn actor(&self) -> String {
        self.row.account.id.to_string()
    }
}

/// Signs a person in, in the workspace they were in last.
pub async fn sign_in(
    accounts: &Accounts,
    input: &SignInInput,
    from: &CameFrom,
    request: Option<Arc<RequestInfo>>,
) -> Result<Session, AppError> {
    let authenticated =
        passwords::authenticate(accounts, &input.email, &input.password, from).await;
    if let Err(AppError::Account(AccountError::InvalidCredentials)) = &authenticated {
        note_failed(accounts, &input.email, request.clone()).await?;
    }
    let account = authenticated?;
    let mut tx = accounts.db.write().await?;
    let own = membership::of_user(&mut tx.engine(), account.id).await?;
    // Of those that were never used, the first.
    let latest = own.iter().rev().max_by_key(|own| own.seen_at);
    let workspace = latest.ok_or(AccountError::NoWorkspace)?.workspace;
    let session = begin(accounts, tx, account.id, workspace).await?;
    let by = By::from(account.id.to_string()).by_request(request);
    audit::signed_in(accounts, workspace, account.id, by).await?;
    Ok(session)
}

/// Notes in the audit log of an account's workspaces that signing in failed.
async fn note_failed(
    accounts: &Accounts,
    email: &str,
    request: Option<Arc<RequestInfo>>,
) -> Result<(), AppError> {
    let Ok(email) = EmailAddress::parse(email) else {
        return Ok(());
    };
    let mut conn = accounts.db.read().await?;
    let found = account::by_email(&mut conn.engine(), &email).await?;
    drop(conn);
    let Some((account, _)) = found else {
        return Ok(());
    };
    audit::sign_in_failed(accounts, account.id, audit::nobody().by_request(request)).await
}

/// Begins a session, and commits what it comes with.
pub(super) async fn begin(
    accounts: &Accounts,
    mut tx: Tx,
    user: UserId,
    workspace: WorkspaceId,
) -> Result<Session, AppError> {
    let token = tokens::new(&accounts.context);
    let hash = token.hash();
    let now = accounts.context.now();
    let engine = &mut tx.engine();
    session::delete_expired(engine, now).await?;
    let new = NewSession {
        hash: hash.bytes(),
        user,
        workspace,
        created_at: now,
        expires_at: now + LIFETIME,
    };
    session::insert(engine, new).await?;
    membership::seen(engine, workspace, user, now).await?;
    let begun = existing(engine, token, now).await?;
    tx.commit().await?;
    Ok(begun)
}

async fn existing(
    engine: &mut Engine<'_>,
    token: Token,
    now: DateTime<Utc>,
) -> Result<Session, AppError> {
    let row = session::find(engine, token.hash().bytes(), now).await?;
    let row = row.ok_or(AppError::Unauthenticated)?;
    Ok(Session { token, row })
}

/// The session of a token, if it has not ended.
pub async fn find(accounts: &Accounts, text: &str) -> Result<Session, AppError> {
    let token = Token::parse(text).ok_or(AppError::Unauthenticated)?;
    let now = accounts.context.now();
    let mut conn = accounts.db.read().await?;
    let found = existing(&mut conn.engine(), token, now).await?;
    drop(conn);
    if found
        .row
        .seen_at
        .is_none_or(|seen_at| now - seen_at > SEEN_EVERY)
        && let Err(error) = note_seen(accounts, &found, now).await
    {
        // It is no reason not to serve them.
        tracing::warn!(%error, "when a member was last there could not be noted");
    }
    Ok(found)
}

async fn note_seen(
    accounts: &Accounts,
    session: &Session,
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let mut tx = accounts.db.write().await?;
    let (workspace, user) = (session.row.workspace, session.row.account.id);
    membership::seen(&mut tx.engine(), workspace, user, now).await?;
    Ok(tx.commit().await?)
}

/// The workspaces that the person of a session is a member of.
pub async fn workspaces(
    accounts: &Accounts,
    session: &Session,
) -> Result<Vec<OwnMembership>, AppError> {
    let mut conn = accounts.db.read().await?;
    Ok(membership::of_user(&mut conn.engine(), session.row.account.id).await?)
}

/// Ends a session.
pub async fn sign_out(accounts: &Accounts, session: &Session) -> Result<(), AppError> {
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    session::delete(engine, session.token.hash().bytes()).await?;
    ended::count(engine).await?;
    tx.commit().await?;
    accounts.sessions_changed();
    Ok(())
}

/// Ends every session of the person, this one too.
pub async fn sign_out_everywhere(accounts: &Accounts, session: &Session) -> Result<(), AppError> {
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    session::delete_of_user(engine, session.row.account.id, None).await?;
    note_own(
        engine,
        &accounts.context,
        session,
        "user.sign_out_everywhere",
    )
    .await?;
    ended::count(engine).await?;
    tx.commit().await?;
    accounts.sessions_changed();
    Ok(())
}

/// Takes a session into another workspace of its person.
pub async fn switch(
    accounts: &Accounts,
    session: &Session,
    workspace: WorkspaceId,
) -> Result<Session, AppError> {
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    let user = session.row.account.id;
    if membership::get(engine, workspace, user).await?.is_none() {
        return Err(AppError::NotFound("workspace"));
    }
    let now = accounts.context.now();
    session::switch(engine, session.token.hash().bytes(), workspace).await?;
    membership::seen(engine, workspace, user, now).await?;
    let switched = existing(engine, session.token.clone(), now).await?;
    tx.commit().await?;
    accounts.sessions_changed();
    Ok(switched)
}

/// Changes the person's password. Their other sessions end.
pub async fn change_password(
    accounts: &Accounts,
    session: &Session,
    input: PasswordInput,
    from: &CameFrom,
) -> Result<(), AppError> {
    let new = Password::parse(input.new_password.0)
        .map_err(|error| AppError::invalid("/new_password", error))?;
    let email = session.row.account.email.as_str();
    passwords::authenticate(accounts, email, &input.current_password, from).await?;
    let digest = accounts.hashing.digest(&accounts.context, new).await?;
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    let (user, now) = (session.row.account.id, accounts.context.now());
    account::set_password(engine, user, digest.as_str(), now).await?;
    session::delete_of_user(engine, user, Some(session.token.hash().bytes())).await?;
    note_own(engine, &accounts.context, session, "user.change_password").await?;
    ended::count(engine).await?;
    tx.commit().await?;
    accounts.sessions_changed();
    Ok(())
}

/// Notes what a person did with their own account, in the workspace they are in.
async fn note_own(
    engine: &mut Engine<'_>,
    context: &Context,
    session: &Session,
    operation: &str,
) -> Result<(), AppError> {
    let actor = session.actor();
    audit::note(
        engine,
        context,
        session.row.workspace,
        &actor,
        operation,
        &actor,
    )
    .await
}
