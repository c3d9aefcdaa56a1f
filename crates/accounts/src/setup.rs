//! The first owner: their account is made by a one-use link that the first start prints.

use switchboard_contract::accounts::SetupInput;
use switchboard_domain::account::{EmailAddress, GivenToken, Password, Role};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::UserId;
use switchboard_domain::name::Title;
use switchboard_store::account::{self, AccountRow};
use switchboard_store::workspace::WorkspaceRow;
use switchboard_store::{Db, Engine, StoreError, membership, setup};

pub use switchboard_store::setup::STANDS_SECONDS;

use switchboard_operation::{AccountError, AppError, Context};

use crate::sessions::{self, Session};
use crate::tokens::{self, Token};
use crate::{Accounts, audit, workspaces};

async fn default_workspace(db: &Db) -> Result<WorkspaceRow, AppError> {
    workspaces::by_name(db, workspaces::DEFAULT)
        .await?
        .ok_or(AppError::NotFound("workspace"))
}

/// Whether the default workspace has no owner yet.
pub async fn is_needed(accounts: &Accounts) -> Result<bool, AppError> {
    let workspace = default_workspace(&accounts.db).await?.id;
    let mut conn = accounts.db.read().await?;
    Ok(membership::count_owners(&mut conn.engine(), workspace).await? == 0)
}

/// What a start says of the link.
#[derive(Debug)]
pub enum Offer {
    /// There is an owner.
    NotNeeded,
    /// The link's token.
    Token(Token),
    /// Another server made one a moment ago, which counts.
    Elsewhere,
}

/// Makes the token of the link, where there is no owner yet. The one before it stops working, unless
/// another server that started at the same time has just made it.
pub async fn offer(accounts: &Accounts) -> Result<Offer, AppError> {
    let workspace = default_workspace(&accounts.db).await?.id;
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    if membership::count_owners(engine, workspace).await? > 0 {
        return Ok(Offer::NotNeeded);
    }
    let token = tokens::new(&accounts.context);
    if !setup::put(engine, token.hash().bytes(), accounts.instance).await? {
        return Ok(Offer::Elsewhere);
    }
    tx.commit().await?;
    Ok(Offer::Token(token))
}

/// Refuses what is not the link's token, or comes when there is an owner. What else asks waits until
/// this transaction ends.
async fn check(
    engine: &mut Engine<'_>,
    workspace: &WorkspaceRow,
    token: &GivenToken,
) -> Result<(), AppError> {
    let expected = setup::lock(engine).await?;
    if membership::count_owners(engine, workspace.id).await? > 0 {
        return Err(AppError::conflict(
            ErrorCode::AlreadySetUp,
            "there is an owner already; sign in, or ask them for an invitation",
        ));
    }
    let given = tokens::parse(token).map(|token| token.hash().bytes().to_vec());
    if given.is_none() || given != expected {
        return Err(AccountError::InvalidSetupToken.into());
    }
    Ok(())
}

/// Makes the owner's account of the default workspace, and signs them in.
pub async fn complete(accounts: &Accounts, input: SetupInput) -> Result<Session, AppError> {
    let workspace = default_workspace(&accounts.db).await?;
    let mut tx = accounts.db.write().await?;
    check(&mut tx.engine(), &workspace, &input.token).await?;
    drop(tx);
    let password =
        Password::parse(input.password.0).map_err(|error| AppError::invalid("/password", error))?;
    // Hashing takes its time; the database is not held meanwhile, so all is checked again.
    let digest = accounts.hashing.digest(&accounts.context, password).await?;
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    check(engine, &workspace, &input.token).await?;
    let now = accounts.context.now();
    let account = new_account(&accounts.context, input.email.0, &input.name);
    match account::insert(engine, &account, digest.as_str()).await {
        Err(StoreError::Duplicate) => {
            let detail = "there is an account with this address already; use another address";
            return Err(AppError::invalid("/email", detail));
        }
        inserted => inserted?,
    }
    membership::insert(engine, workspace.id, account.id, Role::Owner, now).await?;
    setup::mark_used(engine, now).await?;
    let actor = account.id.to_string();
    let (context, id) = (&accounts.context, workspace.id);
    audit::note(engine, context, id, &actor, "member.create", &actor).await?;
    sessions::begin(accounts, tx, account.id, workspace.id).await
}

/// A new account.
pub(super) fn new_account(context: &Context, email: EmailAddress, name: &Title) -> AccountRow {
    AccountRow {
        id: UserId::from_uuid(context.uuid()),
        email,
        name: name.to_string(),
        created_at: context.now(),
    }
}
