//! Sessions of people who signed in: only the hash of a session's token is kept.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::account::Role;
use switchboard_domain::id::{UserId, WorkspaceId};
use uuid::Uuid;

use crate::account::{self, AccountRow};
use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::membership;

/// A session, with all that a request needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Who signed in.
    pub account: AccountRow,
    /// The workspace they are in now.
    pub workspace: WorkspaceId,
    /// That workspace's name.
    pub workspace_name: String,
    /// Their role there, as it is now.
    pub role: Role,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// When they last did anything there.
    pub seen_at: Option<DateTime<Utc>>,
}

/// A session that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// The SHA-256 of its token.
    pub hash: &'a [u8; 32],
    /// Who signed in.
    pub user: UserId,
    /// The workspace it begins in, of which they are a member.
    pub workspace: WorkspaceId,
    /// When it begins.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
}

type Row = (
    Uuid,
    String,
    String,
    DateTime<Utc>,
    Uuid,
    String,
    String,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
);

/// Begins a session.
pub async fn insert(engine: &mut Engine<'_>, new: NewSession<'_>) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO user_session (hash, user_id, workspace_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&new.hash[..]).bind(new.user.uuid()).bind(new.workspace.uuid())
    .bind(new.created_at).bind(new.expires_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The session of this hash, if it has not ended. Like the look-up of an API key, it finds its
/// workspace rather than being scoped by it.
pub async fn find(
    engine: &mut Engine<'_>,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<SessionRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT account.id, account.email, account.name, account.created_at, workspace.id, workspace.name, \
         membership.role, user_session.expires_at, membership.seen_at FROM user_session \
         JOIN account ON account.id = user_session.user_id \
         JOIN workspace ON workspace.id = user_session.workspace_id \
         JOIN membership ON membership.workspace_id = user_session.workspace_id AND membership.user_id = user_session.user_id \
         WHERE user_session.hash = $1 AND user_session.expires_at > $2",
    )
    .bind(&hash[..]).bind(now).fetch_optional(conn).await)?;
    row.map(|row| {
        let (id, email, name, created_at, workspace, workspace_name, role, expires_at, seen_at) =
            row;
        Ok(SessionRow {
            account: account::account((id, email, name, created_at))?,
            workspace: WorkspaceId::from_uuid(workspace),
            workspace_name,
            role: membership::role(&role)?,
            expires_at,
            seen_at,
        })
    })
    .transpose()
}

/// What sessions stand for, by hash: the workspace they are in and their person's role there. Those
/// that ended are left out.
pub async fn standing(
    engine: &mut Engine<'_>,
    hashes: &[[u8; 32]],
    now: DateTime<Utc>,
) -> Result<HashMap<[u8; 32], (WorkspaceId, Role)>, StoreError> {
    let mut found = HashMap::with_capacity(hashes.len());
    let mut rest = hashes;
    for size in dialect::chunk_sizes(hashes.len(), 256) {
        let (chunk, after) = rest.split_at(size);
        rest = after;
        let places: Vec<String> = (2..size + 2).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT user_session.hash, membership.workspace_id, membership.role FROM user_session \
             JOIN membership ON membership.workspace_id = user_session.workspace_id AND membership.user_id = user_session.user_id \
             WHERE user_session.expires_at > $1 AND user_session.hash IN ({})",
            places.join(", ")
        );
        let rows: Vec<(Vec<u8>, Uuid, String)> = on!(engine, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql)).bind(now);
            for hash in chunk {
                query = query.bind(&hash[..]);
            }
            query.fetch_all(conn).await
        })?;
        for (hash, workspace, role) in rows {
            if let Ok(hash) = hash.try_into() {
                let standing = (WorkspaceId::from_uuid(workspace), membership::role(&role)?);
                found.insert(hash, standing);
            }
        }
    }
    Ok(found)
}

/// Takes a session into another workspace, of which its person is a member.
pub async fn switch(
    engine: &mut Engine<'_>,
    hash: &[u8; 32],
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("UPDATE user_session SET workspace_id = $2 WHERE hash = $1")
        .bind(&hash[..]).bind(workspace.uuid()).execute(conn).await.map(drop))?;
    Ok(())
}

/// Ends a session.
pub async fn delete(engine: &mut Engine<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM user_session WHERE hash = $1")
        .bind(&hash[..]).execute(conn).await.map(drop))?;
    Ok(())
}

/// Ends every session of a person, in every workspace, but for one that may be kept.
pub async fn delete_of_user(
    engine: &mut Engine<'_>,
    user: UserId,
    keep: Option<&[u8; 32]>,
) -> Result<(), StoreError> {
    // No token has this hash.
    let keep = keep.map_or(&[][..], |hash| &hash[..]);
    on!(engine, conn => sqlx::query("DELETE FROM user_session WHERE user_id = $1 AND hash <> $2")
        .bind(user.uuid()).bind(keep).execute(conn).await.map(drop))?;
    Ok(())
}

/// Removes the sessions that ended by themselves.
pub async fn delete_expired(engine: &mut Engine<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM user_session WHERE expires_at <= $1")
        .bind(now).execute(conn).await.map(drop))?;
    Ok(())
}
