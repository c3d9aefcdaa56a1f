//! Secrets: names, and one sealed value per environment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use switchboard_domain::environment::Environment;
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::name::SecretName;

use crate::dialect::in_chunks;
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::{Listing, Page};
use crate::search;

/// A secret without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// Its name.
    pub name: SecretName,
    /// The origins that it may go to; none yet, if it was never used.
    pub allowed_origins: Vec<String>,
    /// How often it was changed, from 1 on.
    pub revision: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// One sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValueRow {
    /// The secret.
    pub name: SecretName,
    /// The environment it is for.
    pub environment: Environment,
    /// The key that sealed it.
    pub key_id: String,
    /// Nonce and ciphertext.
    pub sealed: Vec<u8>,
}

fn name(text: &str) -> Result<SecretName, StoreError> {
    SecretName::parse(text).map_err(|error| StoreError::corrupt("secret's name", error))
}

type Row = (String, String, i64, DateTime<Utc>, DateTime<Utc>);

fn origins(text: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::corrupt("secret's origins", error))
}

fn secret((text, allowed, revision, created_at, updated_at): Row) -> Result<SecretRow, StoreError> {
    Ok(SecretRow {
        name: name(&text)?,
        allowed_origins: origins(&allowed)?,
        revision: revision.unsigned_abs(),
        created_at,
        updated_at,
    })
}

/// Adds a secret or marks it as changed. Answers it as it is then.
pub async fn upsert(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &SecretName,
    now: DateTime<Utc>,
) -> Result<SecretRow, StoreError> {
    let row: Row = on!(engine, conn => sqlx::query_as(
        "INSERT INTO secret (workspace_id, name, revision, created_at, updated_at) VALUES ($1, $2, 1, $3, $3) \
         ON CONFLICT (workspace_id, name) DO UPDATE SET revision = secret.revision + 1, updated_at = excluded.updated_at \
         RETURNING name, allowed_origins, revision, created_at, updated_at",
    )
    .bind(workspace.uuid()).bind(name.as_str()).bind(now)
    .fetch_one(conn).await)?;
    secret(row)
}

/// Sets the origins that a secret may go to.
pub async fn set_origins(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &SecretName,
    origins: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let origins = serde_json::to_string(origins)
        .map_err(|error| StoreError::corrupt("secret's origins", error))?;
    on!(engine, conn => sqlx::query(
        "UPDATE secret SET allowed_origins = $3, revision = revision + 1, updated_at = $4 WHERE workspace_id = $1 AND name = $2",
    )
    .bind(workspace.uuid()).bind(name.as_str()).bind(&origins).bind(now)
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The origins that each secret of a workspace may go to, for those that have any.
pub async fn all_origins(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(SecretName, Vec<String>)>, StoreError> {
    let rows: Vec<(String, String)> = on!(engine, conn => sqlx::query_as(
        "SELECT name, allowed_origins FROM secret WHERE workspace_id = $1 AND allowed_origins <> '[]'",
    )
    .bind(workspace.uuid()).fetch_all(conn).await)?;
    rows.iter()
        .map(|(text, allowed)| Ok((name(text)?, origins(allowed)?)))
        .collect()
}

/// Sets the sealed value of one environment.
pub async fn set_value(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    value: &SealedValueRow,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "INSERT INTO secret_value (workspace_id, name, environment, key_id, sealed) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, name, environment) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
    )
    .bind(workspace.uuid()).bind(value.name.as_str()).bind(value.environment.as_str())
    .bind(&value.key_id).bind(&value.sealed[..])
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// Removes the value of one environment.
pub async fn clear_value(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &SecretName,
    environment: Environment,
) -> Result<(), StoreError> {
    on!(engine, conn => sqlx::query(
        "DELETE FROM secret_value WHERE workspace_id = $1 AND name = $2 AND environment = $3",
    )
    .bind(workspace.uuid()).bind(name.as_str()).bind(environment.as_str())
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// A secret without its values.
pub async fn get(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &SecretName,
) -> Result<Option<SecretRow>, StoreError> {
    let row: Option<Row> = on!(engine, conn => sqlx::query_as(
        "SELECT name, allowed_origins, revision, created_at, updated_at FROM secret WHERE workspace_id = $1 AND name = $2",
    )
    .bind(workspace.uuid()).bind(name.as_str())
    .fetch_optional(conn).await)?;
    row.map(secret).transpose()
}

/// A page of secrets, by name.
pub async fn list(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    listing: &Listing<SecretName>,
) -> Result<Page<SecretRow>, StoreError> {
    let select = "SELECT name, allowed_origins, revision, created_at, updated_at FROM secret";
    let page = search::page_by_name::<Row, _>(engine, select, workspace, listing);
    page.await?.try_map(secret)
}

/// Which environments each of these secrets is set in.
pub async fn environments(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    names: &[SecretName],
) -> Result<BTreeMap<SecretName, Vec<Environment>>, StoreError> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let rows: Vec<(String, String)> = in_chunks(
        engine,
        "SELECT name, environment FROM secret_value WHERE workspace_id = $1 AND name IN",
        "",
        workspace,
        &names,
    )
    .await?;
    by_name(rows)
}

/// Which environments each secret of a workspace is set in.
pub async fn all_environments(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<BTreeMap<SecretName, Vec<Environment>>, StoreError> {
    let rows: Vec<(String, String)> = on!(engine, conn => sqlx::query_as(
        "SELECT name, environment FROM secret_value WHERE workspace_id = $1",
    )
    .bind(workspace.uuid()).fetch_all(conn).await)?;
    by_name(rows)
}

fn by_name(
    rows: Vec<(String, String)>,
) -> Result<BTreeMap<SecretName, Vec<Environment>>, StoreError> {
    let mut set: BTreeMap<SecretName, Vec<Environment>> = BTreeMap::new();
    for (text, environment) in rows {
        let environment = environment
            .parse()
            .map_err(|error| StoreError::corrupt("environment", error))?;
        set.entry(name(&text)?).or_default().push(environment);
    }
    for environments in set.values_mut() {
        environments.sort();
    }
    Ok(set)
}

/// Every sealed value of a workspace, with the revision of its secret.
pub async fn values(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<(SealedValueRow, u64)>, StoreError> {
    let rows: Vec<(String, String, String, Vec<u8>, i64)> = on!(engine, conn => sqlx::query_as(
        "SELECT v.name, v.environment, v.key_id, v.sealed, s.revision FROM secret_value v \
         JOIN secret s ON s.workspace_id = v.workspace_id AND s.name = v.name WHERE v.workspace_id = $1",
    )
    .bind(workspace.uuid()).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(text, environment, key_id, sealed, revision)| {
            let value = SealedValueRow {
                name: name(&text)?,
                environment: environment
                    .parse()
                    .map_err(|error| StoreError::corrupt("environment", error))?,
                key_id,
                sealed,
            };
            Ok((value, revision.unsigned_abs()))
        })
        .collect()
}

/// Removes a secret and its values. False when there is none of this name.
pub async fn delete(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &SecretName,
) -> Result<bool, StoreError> {
    let changed = on!(engine, conn => sqlx::query(
        "DELETE FROM secret WHERE workspace_id = $1 AND name = $2",
    )
    .bind(workspace.uuid()).bind(name.as_str())
    .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}
