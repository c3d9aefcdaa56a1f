//! Allowances of attempts to sign in, kept where all servers see them.

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// An allowance: so many attempts at once, and one more after each interval.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Attempts at once.
    pub at_once: i64,
    /// How long one takes to come back, in milliseconds.
    pub interval: i64,
}

/// Takes one attempt out of a bucket. Answers how many milliseconds to wait when none is left.
pub async fn take(
    engine: &mut Engine<'_>,
    bucket: &str,
    allowance: Allowance,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    let latest = now + allowance.interval * (allowance.at_once - 1);
    // One statement, so that attempts at the same time do not pass each other.
    let taken: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "INSERT INTO sign_in_limit (bucket, full_at) VALUES ($1, $2) ON CONFLICT (bucket) DO UPDATE SET full_at = \
         CASE WHEN sign_in_limit.full_at > $3 THEN sign_in_limit.full_at ELSE $3 END + $4 \
         WHERE sign_in_limit.full_at <= $5 RETURNING full_at",
    )
    .bind(bucket).bind(now + allowance.interval).bind(now).bind(allowance.interval).bind(latest)
    .fetch_optional(conn).await)?;
    if taken.is_some() {
        return Ok(None);
    }
    let full_at: Option<i64> = on!(engine, conn => sqlx::query_scalar(
        "SELECT full_at FROM sign_in_limit WHERE bucket = $1",
    )
    .bind(bucket).fetch_optional(conn).await)?;
    Ok(Some(full_at.map_or(0, |full_at| (full_at - latest).max(0))))
}

/// Puts one attempt back.
pub async fn give_back(
    engine: &mut Engine<'_>,
    bucket: &str,
    allowance: Allowance,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("UPDATE sign_in_limit SET full_at = full_at - $2 WHERE bucket = $1")
        .bind(bucket).bind(allowance.interval).execute(conn).await.map(drop))?;
    Ok(())
}

/// Puts all attempts back.
pub async fn forget(engine: &mut Engine<'_>, bucket: &str) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM sign_in_limit WHERE bucket = $1")
        .bind(bucket).execute(conn).await.map(drop))?;
    Ok(())
}

/// Removes the buckets whose attempts are all back.
pub async fn forget_full(engine: &mut Engine<'_>, now: i64) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query("DELETE FROM sign_in_limit WHERE full_at < $1")
        .bind(now).execute(conn).await.map(drop))?;
    Ok(())
}
