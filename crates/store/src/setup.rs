//! The one-use token that makes the first owner's account.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use switchboard_domain::id::InstanceId;

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// For how long the token that a server made stands against those of others, in seconds.
pub const STANDS_SECONDS: u32 = 20;

/// Sets the token, by its SHA-256, in place of any before it. False where another server set one a
/// moment ago, by the clock of the database: of servers that start together the first one's counts.
pub async fn put(
    engine: &mut Engine<'_>,
    hash: &[u8; 32],
    by: InstanceId,
) -> Result<bool, StoreError> {
    let sql = format!(
        "INSERT INTO setup_token (id, hash, created_at, used_at, offered_by) VALUES (1, $1, {now}, NULL, $2) \
         ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, used_at = NULL, offered_by = excluded.offered_by \
         WHERE setup_token.offered_by IS NULL OR setup_token.offered_by = excluded.offered_by OR setup_token.created_at < {before}",
        now = dialect::database_time(engine),
        before = dialect::database_time_before(engine, STANDS_SECONDS),
    );
    let changed = on!(engine, conn => sqlx::query(AssertSqlSafe(sql))
        .bind(&hash[..]).bind(by.uuid()).execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// The token's hash, if it was not used. Others who ask wait until this transaction ends.
pub async fn lock(engine: &mut Engine<'_>) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = match dialect::for_update(engine) {
        "" => "SELECT hash FROM setup_token WHERE id = 1 AND used_at IS NULL",
        _ => "SELECT hash FROM setup_token WHERE id = 1 AND used_at IS NULL FOR UPDATE",
    };
    let hash = on!(engine, conn => sqlx::query_scalar(sql).fetch_optional(conn).await)?;
    Ok(hash)
}

/// Notes that the token was used.
pub async fn mark_used(engine: &mut Engine<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("UPDATE setup_token SET used_at = $1 WHERE id = 1")
        .bind(now).execute(conn).await.map(drop))?;
    Ok(())
}
