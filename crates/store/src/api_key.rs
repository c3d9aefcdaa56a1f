//! API keys: only their hashes are kept.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::id::{ApiKeyId, UserId, WorkspaceId};
use switchboard_domain::scope::Scope;
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::membership;
use crate::page::Page;
use crate::search::{self, Found, Search};

/// An API key as it is stored, without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its id.
    pub id: ApiKeyId,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// How the key's text starts.
    pub prefix: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who made it, as the audit log names them; none for keys that are older than this note.
    pub created_by: Option<String>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "workspace_id, id, name, scope, prefix, created_at, revoked_at, created_by, last_used_at, expires_at";

type Row = (
    Uuid,
    Uuid,
    String,
    String,
    String,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    Option<String>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
);

fn api_key(row: Row) -> Result<ApiKeyRow, StoreError> {
    let (workspace, id, name, scope, prefix, created_at, revoked_at, created_by, used, expires) =
        row;
    Ok(ApiKeyRow {
        workspace: WorkspaceId::from_uuid(workspace),
        id: ApiKeyId::from_uuid(id),
        name,
        scope: scope
            .parse()
            .map_err(|error| StoreError::corrupt("scope", error))?,
        prefix,
        created_at,
        revoked_at,
        created_by,
        last_used_at: used,
        expires_at: expires,
    })
}

/// Adds a key by its SHA-256.
pub async fn insert(
    engine: &mut Engine<'_>,
    key: &ApiKeyRow,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO api_key (workspace_id, id, name, scope, prefix, hash, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(key.workspace.uuid()).bind(key.id.uuid()).bind(&key.name).bind(key.scope.as_str())
    .bind(&key.prefix).bind(&hash[..]).bind(key.created_at).bind(&key.created_by).bind(key.expires_at)
    .execute(conn).await.map(drop))?;
    let texts = Some([&*key.name, &*key.prefix]);
    search::keep(engine, key.workspace, (Found::ApiKey, key.id.uuid()), texts).await
}

/// What a key is called, also when it is revoked.
pub async fn name(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ApiKeyId,
) -> Result<Option<String>, StoreError> {
    let name = on!(engine, conn => sqlx::query_scalar(
        "SELECT name FROM api_key WHERE workspace_id = $1 AND id = $2",
    )
    .bind(workspace.uuid()).bind(id.uuid()).fetch_optional(conn).await)?;
    Ok(name)
}

/// The key with this hash, if it is not revoked. As with sessions and invitations, the query finds
/// its workspace rather than being scoped by it.
pub async fn by_hash(
    engine: &mut Engine<'_>,
    hash: &[u8; 32],
) -> Result<Option<ApiKeyRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM api_key WHERE hash = $1 AND revoked_at IS NULL");
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
    .bind(&hash[..]).fetch_optional(conn).await)?;
    row.map(api_key).transpose()
}

/// Which keys are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    /// Only those whose text starts with this.
    pub prefix: Option<&'a str>,
    /// Only those that are found by their name or the start of their text.
    pub search: Option<&'a Search>,
}

/// A page of a workspace's keys, in the order they were made.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    which: Which<'_>,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Page<ApiKeyRow>, StoreError> {
    let after = after.map_or(Uuid::nil(), ApiKeyId::uuid);
    let mut sql = format!(
        "SELECT {COLUMNS} FROM api_key \
         WHERE workspace_id = $1 AND id > $2 AND ($3 IS NULL OR prefix = $3)"
    );
    if let Some(search) = which.search {
        let found = search::among(engine, "id", Found::ApiKey, search, 5);
        let _ = write!(sql, " AND {found}");
    }
    sql.push_str(" ORDER BY id LIMIT $4");
    let rows: Vec<Row> = on!(engine, conn => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(workspace.uuid()).bind(after).bind(which.prefix).bind(i64::from(limit) + 1);
        for word in which.search.map_or(&[][..], Search::words) {
            query = query.bind(word);
        }
        query.fetch_all(conn).await
    })?;
    Page::cut(rows, limit).try_map(api_key)
}

/// Revokes a key. False when there is none of this id that is not revoked.
pub async fn revoke(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "UPDATE api_key SET revoked_at = $3 WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL",
    )
    .bind(workspace.uuid()).bind(id.uuid()).bind(now)
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Notes that a key was used.
pub async fn used(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ApiKeyId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE api_key SET last_used_at = $3 WHERE workspace_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
    )
    .bind(workspace.uuid()).bind(id.uuid()).bind(at).execute(conn).await.map(drop))?;
    Ok(())
}

/// The keys that were made by somebody who is not there any more: no member of the workspace now, or a
/// key that was revoked.
pub async fn orphans(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    makers: &BTreeSet<&str>,
) -> Result<BTreeSet<String>, StoreError> {
    let mut gone = BTreeSet::new();
    for maker in makers {
        let is_there = if let Ok(user) = maker.parse::<UserId>() {
            membership::get(engine, workspace, user).await?.is_some()
        } else if let Ok(key) = maker.parse::<ApiKeyId>() {
            is_active(engine, workspace, key).await?
        } else {
            true
        };
        if !is_there {
            gone.insert((*maker).to_owned());
        }
    }
    Ok(gone)
}

async fn is_active(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ApiKeyId,
) -> Result<bool, StoreError> {
    let found: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT CAST(1 AS BIGINT) FROM api_key WHERE workspace_id = $1 AND id = $2 AND revoked_at IS NULL",
    )
    .bind(workspace.uuid()).bind(id.uuid()).fetch_optional(conn).await)?;
    Ok(found.is_some())
}
