//! Accounts: people who sign in. They belong to the installation; what a person may do in a workspace
//! is their [membership](crate::membership) there.

use chrono::{DateTime, Utc};
use switchboard_domain::account::EmailAddress;
use switchboard_domain::id::UserId;
use uuid::Uuid;

use crate::engine::{Engine, on};
use crate::error::StoreError;

/// An account as it is stored, without its password's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The person's id.
    pub id: UserId,
    /// What they sign in with, unique in the installation.
    pub email: EmailAddress,
    /// What they are called.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

pub(crate) type Row = (Uuid, String, String, DateTime<Utc>);

pub(crate) fn account((id, email, name, created_at): Row) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        id: UserId::from_uuid(id),
        email: EmailAddress::parse(&email)
            .map_err(|error| StoreError::corrupt("e-mail address", error))?,
        name,
        created_at,
    })
}

/// Adds an account. [`StoreError::Duplicate`] when the address has one.
pub async fn insert(
    engine: &mut Engine<'_>,
    row: &AccountRow,
    password_hash: &str,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO account (id, email, name, password_hash, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(row.id.uuid()).bind(row.email.as_str()).bind(&row.name).bind(password_hash).bind(row.created_at)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The account of a person.
pub async fn get(engine: &mut Engine<'_>, id: UserId) -> Result<Option<AccountRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT id, email, name, created_at FROM account WHERE id = $1",
    )
    .bind(id.uuid()).fetch_optional(conn).await)?;
    row.map(account).transpose()
}

/// The account of an address, with its password's hash.
pub async fn by_email(
    engine: &mut Engine<'_>,
    email: &EmailAddress,
) -> Result<Option<(AccountRow, String)>, StoreError> {
    let row: Option<(Uuid, String, String, DateTime<Utc>, String)> = on!(engine, conn => sqlx::query_as(
        "SELECT id, email, name, created_at, password_hash FROM account WHERE email = $1",
    )
    .bind(email.as_str()).fetch_optional(conn).await)?;
    row.map(|(id, email, name, created_at, hash)| {
        Ok((account((id, email, name, created_at))?, hash))
    })
    .transpose()
}

/// Sets a person's password.
pub async fn set_password(
    engine: &mut Engine<'_>,
    id: UserId,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "UPDATE account SET password_hash = $2, updated_at = $3 WHERE id = $1",
    )
    .bind(id.uuid()).bind(password_hash).bind(now)
    .execute(conn).await.map(drop))?;
    Ok(())
}
