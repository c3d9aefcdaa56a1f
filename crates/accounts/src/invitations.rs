//! Invitations: a link that makes its holder a member.

use chrono::TimeDelta;
use switchboard_contract::accounts::{AcceptInput, InvitationInput};
use switchboard_domain::account::{EmailAddress, GivenToken, Password, may_invite};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::InvitationId;
use switchboard_domain::name::Title;
use switchboard_store::account::{self, AccountRow};
use switchboard_store::invitation::{self, InvitationRow};
use switchboard_store::search::Search;
use switchboard_store::{StoreError, membership, workspace};

use switchboard_operation::{AccountError, Admin, Administration, AppError, Page, Reader};

use crate::limits::CameFrom;
use crate::members::role_now;
use crate::names::{self, Name};
use crate::sessions::{self, Session};
use crate::setup::new_account;
use crate::tokens::{self, Token};
use crate::{Accounts, audit, passwords};

/// How long a link works.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// An invitation with what whoever invited is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The invitation.
    pub row: InvitationRow,
    /// Who invited; none when they are not known any more.
    pub inviter: Option<Name>,
}

/// What an invitation leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The invitation.
    pub row: InvitationRow,
    /// The name of its workspace.
    pub workspace_name: String,
    /// Whether its address has an account already.
    pub has_account: bool,
}

/// A page of the invitations that can be accepted, optionally only those that are found by their e-mail
/// address.
pub async fn list(
    accounts: &Accounts,
    reader: &Reader<Administration>,
    search: Option<&Search>,
    after: Option<InvitationId>,
    limit: u32,
) -> Result<Page<Invitation>, AppError> {
    let workspace = reader.workspace();
    let mut conn = accounts.db.read().await?;
    let engine = &mut conn.engine();
    let now = accounts.context.now();
    let page = invitation::list(engine, workspace, search, after, limit, now).await?;
    let mut inviters = Vec::with_capacity(page.rows.len());
    for row in &page.rows {
        inviters.push(names::of(engine, workspace, &row.invited_by).await?);
    }
    let mut inviters = inviters.into_iter();
    page.try_map(|row| {
        let inviter = inviters.next().flatten();
        Ok(Invitation { row, inviter })
    })
}

/// Invites somebody. One that they had before stops working, so that there is one link.
pub async fn create(
    accounts: &Accounts,
    admin: &Admin,
    input: InvitationInput,
) -> Result<(Invitation, Token), AppError> {
    let (workspace, actor, now) = (admin.workspace(), admin.actor(), accounts.context.now());
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    workspace::lock(engine, workspace).await?;
    may_invite(role_now(engine, admin).await?, *input.role)?;
    if membership::has_email(engine, workspace, &input.email).await? {
        return Err(already_a_member(&input.email));
    }
    for id in invitation::end_all_of(engine, workspace, &input.email, now).await? {
        let id = id.to_string();
        audit::note(
            engine,
            &accounts.context,
            workspace,
            &actor,
            "invitation.delete",
            &id,
        )
        .await?;
    }
    let row = InvitationRow {
        workspace,
        id: InvitationId::from_uuid(accounts.context.uuid()),
        email: input.email.0,
        role: *input.role,
        invited_by: actor.to_string(),
        created_at: now,
        expires_at: now + LIFETIME,
    };
    let token = tokens::new(&accounts.context);
    invitation::insert(engine, &row, token.hash().bytes()).await?;
    let id = row.id.to_string();
    audit::note(
        engine,
        &accounts.context,
        workspace,
        &actor,
        "invitation.create",
        &id,
    )
    .await?;
    let inviter = names::of(engine, workspace, &actor).await?;
    tx.commit().await?;
    Ok((Invitation { row, inviter }, token))
}

fn already_a_member(email: &EmailAddress) -> AppError {
    AppError::conflict(
        ErrorCode::AlreadyAMember,
        format!("{email} is a member of this workspace already; change their role instead"),
    )
}

/// Takes an invitation back.
pub async fn revoke(accounts: &Accounts, admin: &Admin, id: InvitationId) -> Result<(), AppError> {
    let (workspace, actor) = (admin.workspace(), admin.actor());
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    if !invitation::end(engine, workspace, id, accounts.context.now()).await? {
        return Err(AppError::NotFound("invitation"));
    }
    let id = id.to_string();
    audit::note(
        engine,
        &accounts.context,
        workspace,
        &actor,
        "invitation.delete",
        &id,
    )
    .await?;
    Ok(tx.commit().await?)
}

/// What the invitation of a token leads to.
pub async fn inspect(accounts: &Accounts, token: &GivenToken) -> Result<Inspection, AppError> {
    let token = tokens::parse(token).ok_or(AccountError::InvitationNotFound)?;
    let mut conn = accounts.db.read().await?;
    let engine = &mut conn.engine();
    let found = invitation::by_hash(engine, token.hash().bytes(), accounts.context.now()).await?;
    let (row, workspace_name) = found.ok_or(AccountError::InvitationNotFound)?;
    let has_account = account::by_email(engine, &row.email).await?.is_some();
    Ok(Inspection {
        row,
        workspace_name,
        has_account,
    })
}

/// Makes the holder of a link a member, and signs them in. Whoever has an account shows that it is
/// theirs by its password.
pub async fn accept(
    accounts: &Accounts,
    input: AcceptInput,
    from: &CameFrom,
) -> Result<Session, AppError> {
    let row = inspect(accounts, &input.token).await?.row;
    let known = passwords::find_account(&accounts.db, &row.email).await?;
    let (account, new_hash) = if known.is_some() {
        let email = row.email.as_str();
        let account = passwords::authenticate(accounts, email, &input.password, from).await?;
        (account, None)
    } else {
        let (account, hash) = prepare(accounts, &row, input).await?;
        (account, Some(hash))
    };
    let now = accounts.context.now();
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    workspace::lock(engine, row.workspace).await?;
    if !invitation::end(engine, row.workspace, row.id, now).await? {
        return Err(AccountError::InvitationNotFound.into());
    }
    if let Some(hash) = new_hash {
        match account::insert(engine, &account, &hash).await {
            // Another link of theirs was accepted in the meantime.
            Err(StoreError::Duplicate) => return Err(AccountError::InvalidCredentials.into()),
            inserted => inserted?,
        }
    }
    match membership::insert(engine, row.workspace, account.id, row.role, now).await {
        Err(StoreError::Duplicate) => return Err(already_a_member(&row.email)),
        inserted => inserted?,
    }
    let actor = account.id.to_string();
    let (context, workspace) = (&accounts.context, row.workspace);
    audit::note(engine, context, workspace, &actor, "member.create", &actor).await?;
    sessions::begin(accounts, tx, account.id, row.workspace).await
}

/// The account of somebody who has none, and its password's hash.
async fn prepare(
    accounts: &Accounts,
    row: &InvitationRow,
    input: AcceptInput,
) -> Result<(AccountRow, String), AppError> {
    let name = Title::parse(input.name.as_deref().unwrap_or_default())
        .map_err(|error| AppError::invalid("/name", error))?;
    let password =
        Password::parse(input.password.0).map_err(|error| AppError::invalid("/password", error))?;
    let digest = accounts.hashing.digest(&accounts.context, password).await?;
    let account = new_account(&accounts.context, row.email.clone(), &name);
    Ok((account, digest.as_str().to_owned()))
}
