//! API keys: made, listed and revoked.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::json;
use switchboard_domain::id::{ApiKeyId, WorkspaceId};
use switchboard_domain::name::Title;
use switchboard_domain::scope::Scope;
use switchboard_store::api_key::{self, ApiKeyRow};
use switchboard_store::audit;
use switchboard_store::change::{self, Entity};
use switchboard_store::{Db, Page, ended, workspace};
use switchboard_vault::ApiKeyPlain;

use switchboard_operation::audit::{Details, row as audit_row};
use switchboard_operation::{Admin, Administration, AppError, By, Context, Reader};

use crate::Accounts;
pub use switchboard_store::api_key::Which;

/// What a new key is.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it ends; none is when somebody revokes it.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as it is listed.
#[derive(Debug, Clone)]
pub struct KeyView {
    /// The key.
    pub row: ApiKeyRow,
    /// Whether whoever made it is not there any more.
    pub is_maker_gone: bool,
}

/// Makes a key. Its text is in the answer and nowhere else.
pub async fn create(
    accounts: &Accounts,
    admin: &Admin,
    new: &NewKey,
) -> Result<(ApiKeyRow, ApiKeyPlain), AppError> {
    let actor = admin.actor();
    let made = create_in(
        &accounts.db,
        &accounts.context,
        admin.workspace(),
        &actor,
        new,
    )
    .await?;
    accounts.announce.committed(admin.workspace()).await;
    Ok(made)
}

/// Makes a key, also beside a running server.
pub async fn create_in(
    db: &Db,
    context: &Context,
    workspace_id: WorkspaceId,
    by: impl Into<By>,
    new: &NewKey,
) -> Result<(ApiKeyRow, ApiKeyPlain), AppError> {
    let by: By = by.into();
    let name = Title::parse(&new.name).map_err(|error| AppError::invalid("/name", error))?;
    // Whole microseconds, which is what both databases keep.
    let expires_at = new.expires_at.map(|at| at.trunc_subsecs(6));
    if expires_at.is_some_and(|at| at <= context.now()) {
        let detail = "this is in the past; give a time in the future, or leave it out";
        return Err(AppError::invalid("/expires_at", detail));
    }
    let plain = ApiKeyPlain::generate(&|buffer: &mut [u8]| context.fill(buffer));
    let row = ApiKeyRow {
        workspace: workspace_id,
        id: ApiKeyId::from_uuid(context.uuid()),
        name: name.to_string(),
        scope: new.scope,
        prefix: plain.prefix().to_owned(),
        created_at: context.now(),
        revoked_at: None,
        created_by: Some((*by).to_owned()),
        last_used_at: None,
        expires_at,
    };
    let mut tx = db.write().await?;
    let engine = &mut tx.engine();
    workspace::lock(engine, workspace_id).await?;
    api_key::insert(engine, &row, plain.hash().bytes()).await?;
    note(engine, context, &row, &by, "api_key.create").await?;
    tx.commit().await?;
    Ok((row, plain))
}

/// A page of keys.
pub async fn list(
    db: &Db,
    workspace_id: WorkspaceId,
    which: Which<'_>,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Page<ApiKeyRow>, AppError> {
    let mut conn = db.read().await?;
    Ok(api_key::list(&mut conn.engine(), workspace_id, which, after, limit).await?)
}

/// A page of the caller's workspace's keys.
pub async fn list_for(
    accounts: &Accounts,
    reader: &Reader<Administration>,
    which: Which<'_>,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Page<KeyView>, AppError> {
    let workspace = reader.workspace();
    let mut conn = accounts.db.read().await?;
    let engine = &mut conn.engine();
    let page = api_key::list(engine, workspace, which, after, limit).await?;
    let makers = page.rows.iter().filter_map(|row| row.created_by.as_deref());
    let gone = api_key::orphans(engine, workspace, &makers.collect()).await?;
    page.try_map(|row| {
        Ok(KeyView {
            is_maker_gone: row
                .created_by
                .as_ref()
                .is_some_and(|maker| gone.contains(maker)),
            row,
        })
    })
}

/// Revokes a key. It is refused from then on.
pub async fn revoke(accounts: &Accounts, admin: &Admin, id: ApiKeyId) -> Result<(), AppError> {
    revoke_in(
        &accounts.db,
        &accounts.context,
        admin.workspace(),
        &admin.actor(),
        id,
    )
    .await?;
    accounts.announce.committed(admin.workspace()).await;
    Ok(())
}

/// Revokes a key, also beside a running server, which refuses it within a second.
pub async fn revoke_in(
    db: &Db,
    context: &Context,
    workspace_id: WorkspaceId,
    by: impl Into<By>,
    id: ApiKeyId,
) -> Result<(), AppError> {
    let mut tx = db.write().await?;
    let engine = &mut tx.engine();
    workspace::lock(engine, workspace_id).await?;
    let now = context.now();
    if !api_key::revoke(engine, workspace_id, id, now).await? {
        return Err(AppError::NotFound("API key"));
    }
    let row = ApiKeyRow {
        workspace: workspace_id,
        id,
        name: String::new(),
        scope: Scope::Run,
        prefix: String::new(),
        created_at: now,
        revoked_at: Some(now),
        created_by: None,
        last_used_at: None,
        expires_at: None,
    };
    note(engine, context, &row, &by.into(), "api_key.revoke").await?;
    ended::count(engine).await?;
    tx.commit().await?;
    Ok(())
}

async fn note(
    engine: &mut switchboard_store::Engine<'_>,
    context: &Context,
    key: &ApiKeyRow,
    by: &By,
    operation: &str,
) -> Result<(), AppError> {
    let id = key.id.to_string();
    let now = context.now();
    change::record(engine, key.workspace, Entity::ApiKey, &id, now).await?;
    let mut details = Details::default();
    if operation == "api_key.create" {
        details.after = Some(json!({"name": key.name, "scope": key.scope, "prefix": key.prefix}));
    }
    let what = (operation, Entity::ApiKey.as_str(), &*id);
    let row = audit_row(context, by, what, details);
    audit::insert(engine, key.workspace, &row).await?;
    Ok(())
}
