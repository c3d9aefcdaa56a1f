//! What belongs to a whole installation: the check of its key file.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// The known text, as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCheckRow {
    /// Which key sealed it.
    pub key_id: String,
    /// The sealed text.
    pub sealed: Vec<u8>,
}

/// The sealed text that tells whether a key file is this database's. None before the first start.
pub async fn key_check(engine: &mut Engine<'_>) -> Result<Option<KeyCheckRow>, StoreError> {
    let row: Option<(String, Vec<u8>)> = on!(engine, conn => sqlx::query_as(
        "SELECT key_id, sealed FROM key_check WHERE id = 1",
    )
    .fetch_optional(conn).await)?;
    Ok(row.map(|(key_id, sealed)| KeyCheckRow { key_id, sealed }))
}

/// Adds the sealed text, where there is none. Others who add one wait until this transaction ends.
pub async fn add_key_check(
    engine: &mut Engine<'_>,
    row: &KeyCheckRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO key_check (id, key_id, sealed, made_at) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING",
    )
    .bind(&row.key_id).bind(&row.sealed).bind(now).execute(conn).await.map(drop))?;
    Ok(())
}

/// Replaces the sealed text: another key seals from now on.
pub async fn set_key_check(
    engine: &mut Engine<'_>,
    row: &KeyCheckRow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE key_check SET key_id = $1, sealed = $2, made_at = $3 WHERE id = 1",
    )
    .bind(&row.key_id).bind(&row.sealed).bind(now).execute(conn).await.map(drop))?;
    Ok(())
}

/// The ids of the keys that seal what is there.
pub async fn sealing_keys(engine: &mut Engine<'_>) -> Result<BTreeSet<String>, StoreError> {
    let ids: Vec<String> = on!(engine, conn => sqlx::query_scalar(
        "SELECT DISTINCT key_id FROM secret_value",
    )
    .fetch_all(conn).await)?;
    Ok(ids.into_iter().collect())
}
