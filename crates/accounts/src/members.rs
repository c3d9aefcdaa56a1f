//! The members of a workspace and their roles.

use switchboard_contract::accounts::MemberPatch;
use switchboard_domain::account::{Role, may_change};
use switchboard_domain::id::UserId;
use switchboard_store::membership::{self, MemberRow};
use switchboard_store::search::Search;
use switchboard_store::{Engine, ended, invitation, workspace};

use switchboard_operation::{Actor, Admin, Administration, AppError, Page, Reader};

use crate::{Accounts, audit};

/// A page of members, optionally only those that are found by their name or e-mail address.
pub async fn list(
    accounts: &Accounts,
    reader: &Reader<Administration>,
    search: Option<&Search>,
    after: Option<UserId>,
    limit: u32,
) -> Result<Page<MemberRow>, AppError> {
    let mut conn = accounts.db.read().await?;
    let engine = &mut conn.engine();
    Ok(membership::list(engine, reader.workspace(), search, after, limit).await?)
}

/// Gives a member another role.
pub async fn update(
    accounts: &Accounts,
    admin: &Admin,
    id: UserId,
    patch: &MemberPatch,
) -> Result<MemberRow, AppError> {
    let workspace = admin.workspace();
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    let mut member = changeable(engine, admin, id, Some(*patch.role)).await?;
    if member.role != *patch.role {
        membership::set_role(engine, workspace, id, *patch.role).await?;
        member.role = *patch.role;
        let actor = admin.actor();
        let operation = "member.update";
        audit::note(
            engine,
            &accounts.context,
            workspace,
            &actor,
            operation,
            &id.to_string(),
        )
        .await?;
    }
    tx.commit().await?;
    accounts.sessions_changed();
    Ok(member)
}

/// Removes a member. Their sessions in this workspace end, and so does an invitation that would
/// bring them back.
pub async fn remove(accounts: &Accounts, admin: &Admin, id: UserId) -> Result<(), AppError> {
    let workspace = admin.workspace();
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    let member = changeable(engine, admin, id, None).await?;
    membership::delete(engine, workspace, id).await?;
    let now = accounts.context.now();
    invitation::end_all_of(engine, workspace, &member.account.email, now).await?;
    let actor = admin.actor();
    let operation = "member.delete";
    audit::note(
        engine,
        &accounts.context,
        workspace,
        &actor,
        operation,
        &id.to_string(),
    )
    .await?;
    ended::count(engine).await?;
    tx.commit().await?;
    accounts.sessions_changed();
    Ok(())
}

/// A member, if they may be given this role; none stands for removing them. Until the transaction
/// ends nobody else changes members of this workspace, so that two owners cannot remove each other.
async fn changeable(
    engine: &mut Engine<'_>,
    admin: &Admin,
    id: UserId,
    to: Option<Role>,
) -> Result<MemberRow, AppError> {
    let workspace = admin.workspace();
    workspace::lock(engine, workspace).await?;
    let by = role_now(engine, admin).await?;
    let member = membership::get(engine, workspace, id).await?;
    let member = member.ok_or(AppError::NotFound("member"))?;
    let owners = membership::count_owners(engine, workspace).await?;
    may_change(by, member.role, to, owners)?;
    Ok(member)
}

/// The role of whoever asks, as it is inside this transaction: it may have changed since their
/// request came in.
pub(super) async fn role_now(engine: &mut Engine<'_>, admin: &Admin) -> Result<Role, AppError> {
    match admin.who() {
        Actor::Key(_) => Ok(admin.role()),
        Actor::Person(id) => membership::get(engine, admin.workspace(), id)
            .await?
            .map(|member| member.role)
            .ok_or(AppError::Unauthenticated),
    }
}
