//! Memberships: who may do what in which workspace.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::account::{EmailAddress, Role};
use switchboard_domain::id::{UserId, WorkspaceId};
use uuid::Uuid;

use crate::account::{self, AccountRow};
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::Page;
use crate::search::{self, Found, Search};

/// A member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The person.
    pub account: AccountRow,
    /// Their role in this workspace.
    pub role: Role,
    /// When they became a member.
    pub created_at: DateTime<Utc>,
    /// When they last did anything in this workspace, to about a minute.
    pub seen_at: Option<DateTime<Utc>>,
}

/// A workspace that a person is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMembership {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The person's role there.
    pub role: Role,
    /// When they were last there.
    pub seen_at: Option<DateTime<Utc>>,
}

type Row = (
    Uuid,
    String,
    String,
    DateTime<Utc>,
    String,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
);

pub(crate) fn role(text: &str) -> Result<Role, StoreError> {
    text.parse()
        .map_err(|error| StoreError::corrupt("role", error))
}

fn member(row: Row) -> Result<MemberRow, StoreError> {
    let (id, email, name, account_created_at, stored_role, created_at, seen_at) = row;
    Ok(MemberRow {
        account: account::account((id, email, name, account_created_at))?,
        role: role(&stored_role)?,
        created_at,
        seen_at,
    })
}

/// Makes a person a member. [`StoreError::Duplicate`] when they are one.
pub async fn insert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO membership (workspace_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(workspace.uuid()).bind(user.uuid()).bind(role.as_str()).bind(now)
    .execute(conn).await.map(drop))?;
    let (name, email): (String, String) = on!(engine, conn => sqlx::query_as(
        "SELECT name, email FROM account WHERE id = $1",
    )
    .bind(user.uuid()).fetch_one(conn).await)?;
    let texts = Some([&*name, &*email]);
    search::keep(engine, workspace, (Found::Member, user.uuid()), texts).await
}

/// One member.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<MemberRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT account.id, account.email, account.name, account.created_at, membership.role, membership.created_at, membership.seen_at \
         FROM membership JOIN account ON account.id = membership.user_id \
         WHERE membership.workspace_id = $1 AND membership.user_id = $2",
    )
    .bind(workspace.uuid()).bind(user.uuid()).fetch_optional(conn).await)?;
    row.map(member).transpose()
}

/// Whether the person of an address is a member.
pub async fn has_email(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    email: &EmailAddress,
) -> Result<bool, StoreError> {
    let found: i64 = on!(engine, conn => sqlx::query_scalar(
        "SELECT COUNT(*) FROM membership JOIN account ON account.id = membership.user_id \
         WHERE membership.workspace_id = $1 AND account.email = $2",
    )
    .bind(workspace.uuid()).bind(email.as_str()).fetch_one(conn).await)?;
    Ok(found > 0)
}

/// A page of members, by their ids, optionally only those that are found by their name or e-mail address.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    search: Option<&Search>,
    after: Option<UserId>,
    limit: u32,
) -> Result<Page<MemberRow>, StoreError> {
    let after = after.map_or(Uuid::nil(), UserId::uuid);
    let mut sql = "SELECT account.id, account.email, account.name, account.created_at, membership.role, membership.created_at, membership.seen_at \
         FROM membership JOIN account ON account.id = membership.user_id \
         WHERE membership.workspace_id = $1 AND membership.user_id > $2".to_owned();
    if let Some(search) = search {
        let found = search::among(engine, "membership.user_id", Found::Member, search, 4);
        let _ = write!(sql, " AND {found}");
    }
    sql.push_str(" ORDER BY membership.user_id LIMIT $3");
    let rows: Vec<Row> = on!(engine, conn => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(workspace.uuid()).bind(after).bind(i64::from(limit) + 1);
        for word in search.map_or(&[][..], Search::words) {
            query = query.bind(word);
        }
        query.fetch_all(conn).await
    })?;
    Page::cut(rows, limit).try_map(member)
}

/// How many owners a workspace has.
pub async fn count_owners(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<u64, StoreError> {
    let owners: i64 = on!(engine, conn => sqlx::query_scalar(
        "SELECT COUNT(*) FROM membership WHERE workspace_id = $1 AND role = $2",
    )
    .bind(workspace.uuid()).bind(Role::Owner.as_str()).fetch_one(conn).await)?;
    Ok(owners.unsigned_abs())
}

/// The workspaces that a person is a member of, in the order these were made.
pub async fn of_user(
    engine: &mut Engine<'_>,
    user: UserId,
) -> Result<Vec<OwnMembership>, StoreError> {
    let rows: Vec<(Uuid, String, String, Option<DateTime<Utc>>)> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace.id, workspace.name, membership.role, membership.seen_at \
         FROM membership JOIN workspace ON workspace.id = membership.workspace_id \
         WHERE membership.user_id = $1 ORDER BY workspace.id",
    )
    .bind(user.uuid()).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(workspace, name, stored_role, seen_at)| {
            Ok(OwnMembership {
                workspace: WorkspaceId::from_uuid(workspace),
                name,
                role: role(&stored_role)?,
                seen_at,
            })
        })
        .collect()
}

/// Gives a member another role.
pub async fn set_role(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    user: UserId,
    role: Role,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE membership SET role = $3 WHERE workspace_id = $1 AND user_id = $2",
    )
    .bind(workspace.uuid()).bind(user.uuid()).bind(role.as_str())
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Notes that a member is there.
pub async fn seen(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE membership SET seen_at = $3 WHERE workspace_id = $1 AND user_id = $2",
    )
    .bind(workspace.uuid()).bind(user.uuid()).bind(now)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Ends a membership, and with it the sessions in this workspace.
pub async fn delete(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM membership WHERE workspace_id = $1 AND user_id = $2",
    )
    .bind(workspace.uuid()).bind(user.uuid())
    .execute(conn).await.map(drop))?;
    search::keep(engine, workspace, (Found::Member, user.uuid()), None).await
}
