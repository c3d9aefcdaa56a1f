//! The one-use token that makes the first owner's account.

use chrono::{DateTime, Utc};

use crate::dialect;
use crate::engine::{Engine, on};
use crate::error::StoreError;

/// Sets the token, by its SHA-256, in place of any before it.
pub async fn put(
    engine: &mut Engine<'_>,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO setup_token (id, hash, created_at, used_at) VALUES (1, $1, $2, NULL) \
         ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, used_at = NULL",
    )
    .bind(&hash[..]).bind(now).execute(conn).await.map(drop))?;
    Ok(())
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
