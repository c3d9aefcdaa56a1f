//! Invitations into a workspace: only the hash of a link's token is kept.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::account::{EmailAddress, Role};
use switchboard_domain::id::{InvitationId, WorkspaceId};
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::membership;
use crate::page::Page;
use crate::words::Search;

/// An invitation as it is stored, without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRow {
    /// The workspace it leads into.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: InvitationId,
    /// Whom it is for.
    pub email: EmailAddress,
    /// The role they get.
    pub role: Role,
    /// Who invited them: a person's or an API key's id.
    pub invited_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

type Row = (
    Uuid,
    Uuid,
    String,
    String,
    String,
    DateTime<Utc>,
    DateTime<Utc>,
);

fn invitation(row: Row) -> Result<InvitationRow, StoreError> {
    let (workspace, id, email, role, invited_by, created_at, expires_at) = row;
    Ok(InvitationRow {
        workspace: WorkspaceId::from_uuid(workspace),
        id: InvitationId::from_uuid(id),
        email: EmailAddress::parse(&email)
            .map_err(|error| StoreError::corrupt("e-mail address", error))?,
        role: membership::role(&role)?,
        invited_by,
        created_at,
        expires_at,
    })
}

/// Adds an invitation by the SHA-256 of its token.
pub async fn insert(
    engine: &mut Engine<'_>,
    row: &InvitationRow,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO invitation (workspace_id, id, email, role, hash, invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.workspace.uuid()).bind(row.id.uuid()).bind(row.email.as_str()).bind(row.role.as_str())
    .bind(&hash[..]).bind(&row.invited_by).bind(row.created_at).bind(row.expires_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// A page of the invitations that can be accepted, in the order they were made, optionally only those
/// that are found by their e-mail address.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    search: Option<&Search>,
    after: Option<InvitationId>,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Page<InvitationRow>, StoreError> {
    let after = after.map_or(Uuid::nil(), InvitationId::uuid);
    let mut sql =
        "SELECT workspace_id, id, email, role, invited_by, created_at, expires_at FROM invitation \
         WHERE workspace_id = $1 AND id > $2 AND ended_at IS NULL AND expires_at > $3"
            .to_owned();
    if let Some(search) = search {
        // Addresses are in lower case.
        let _ = write!(sql, " AND {}", search.condition(engine, "email", 5));
    }
    sql.push_str(" ORDER BY id LIMIT $4");
    let rows: Vec<Row> = on!(engine, conn => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(workspace.uuid()).bind(after).bind(now).bind(i64::from(limit) + 1);
        for word in search.map_or(&[][..], Search::words) {
            query = query.bind(word);
        }
        query.fetch_all(conn).await
    })?;
    Page::cut(rows, limit).try_map(invitation)
}

/// The invitation of this hash, if it can be accepted, and the name of its workspace. Like the
/// look-up of an API key, it finds its workspace rather than being scoped by it.
pub async fn by_hash(
    engine: &mut Engine<'_>,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<(InvitationRow, String)>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT workspace_id, id, email, role, invited_by, created_at, expires_at FROM invitation \
         WHERE hash = $1 AND ended_at IS NULL AND expires_at > $2",
    )
    .bind(&hash[..]).bind(now).fetch_optional(conn).await)?;
    let Some(row) = row else { return Ok(None) };
    let found = invitation(row)?;
    let name: String = on!(engine, conn => sqlx::query_scalar(
        "SELECT name FROM workspace WHERE id = $1",
    )
    .bind(found.workspace.uuid()).fetch_one(conn).await)?;
    Ok(Some((found, name)))
}

/// Ends an invitation, because it was accepted or is taken back. False when it cannot be accepted
/// any more.
pub async fn end(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "UPDATE invitation SET ended_at = $3 WHERE workspace_id = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3",
    )
    .bind(workspace.uuid()).bind(id.uuid()).bind(now)
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Ends every invitation of an address into a workspace. Answers their ids.
pub async fn end_all_of(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<Vec<InvitationId>, StoreError> {
    let ids: Vec<Uuid> = on!(engine, conn => sqlx::query_scalar(
        "UPDATE invitation SET ended_at = $3 WHERE workspace_id = $1 AND email = $2 AND ended_at IS NULL AND expires_at > $3 RETURNING id",
    )
    .bind(workspace.uuid()).bind(email.as_str()).bind(now)
    .fetch_all(conn).await)?;
    Ok(ids.into_iter().map(InvitationId::from_uuid).collect())
}
