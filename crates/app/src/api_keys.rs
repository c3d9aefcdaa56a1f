//! API keys: made, listed and revoked; and asking whom a key stands for.

use serde_json::json;
use switchboard_domain::id::{ApiKeyId, WorkspaceId};
use switchboard_domain::name::Title;
use switchboard_domain::scope::Scope;
use switchboard_store::api_key::{self, ApiKeyRow};
use switchboard_store::audit;
use switchboard_store::change::{self, Entity};
use switchboard_store::{Db, Page, workspace};
use switchboard_vault::{ApiKeyPlain, ParsedApiKey};

use crate::audit::Details;
use crate::{Admin, Administration, App, AppError, By, Context, Principal, Reader};

/// Whom the key of a request stands for.
pub async fn authenticate(app: &App, text: &str) -> Result<Principal, AppError> {
    let parsed = ParsedApiKey::parse(text).ok_or(AppError::Unauthenticated)?;
    if let Some(principal) = app.catalog.known_principal(&parsed.hash) {
        return Ok(principal);
    }
    app.catalog
        .find_principal(parsed.hash)
        .await?
        .ok_or(AppError::Unauthenticated)
}

/// Makes a key. Its text is in the answer and nowhere else.
pub async fn create(
    app: &App,
    admin: &Admin,
    name: &str,
    scope: Scope,
) -> Result<(ApiKeyRow, ApiKeyPlain), AppError> {
    let actor = admin.actor();
    let made = create_in(
        &app.db,
        &app.context,
        admin.workspace(),
        &actor,
        name,
        scope,
    )
    .await?;
    app.catalog.catch_up(admin.workspace()).await?;
    Ok(made)
}

/// Makes a key, also beside a running server.
pub async fn create_in(
    db: &Db,
    context: &Context,
    workspace_id: WorkspaceId,
    by: impl Into<By>,
    name: &str,
    scope: Scope,
) -> Result<(ApiKeyRow, ApiKeyPlain), AppError> {
    let name = Title::parse(name).map_err(|error| AppError::invalid("/name", error))?;
    let plain = ApiKeyPlain::generate(&|buffer: &mut [u8]| context.fill(buffer));
    let row = ApiKeyRow {
        workspace: workspace_id,
        id: ApiKeyId::from_uuid(context.uuid()),
        name: name.to_string(),
        scope,
        prefix: plain.prefix().to_owned(),
        created_at: context.now(),
        revoked_at: None,
    };
    let mut tx = db.write().await?;
    let engine = &mut tx.engine();
    workspace::lock(engine, workspace_id).await?;
    api_key::insert(engine, &row, plain.hash().bytes()).await?;
    note(engine, context, &row, &by.into(), "api_key.create").await?;
    tx.commit().await?;
    Ok((row, plain))
}

/// A page of keys, optionally those that start with a prefix.
pub async fn list(
    db: &Db,
    workspace_id: WorkspaceId,
    prefix: Option<&str>,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Page<ApiKeyRow>, AppError> {
    let mut conn = db.read().await?;
    Ok(api_key::list(&mut conn.engine(), workspace_id, prefix, after, limit).await?)
}

/// A page of the caller's workspace's keys.
pub async fn list_for(
    app: &App,
    reader: &Reader<Administration>,
    prefix: Option<&str>,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Page<ApiKeyRow>, AppError> {
    list(&app.db, reader.workspace(), prefix, after, limit).await
}

/// Revokes a key. It is refused from then on.
pub async fn revoke(app: &App, admin: &Admin, id: ApiKeyId) -> Result<(), AppError> {
    revoke_in(&app.db, &app.context, admin.workspace(), &admin.actor(), id).await?;
    app.catalog.catch_up(admin.workspace()).await
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
    };
    note(engine, context, &row, &by.into(), "api_key.revoke").await?;
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
    let row = crate::audit::row(context, by, what, details);
    audit::insert(engine, key.workspace, &row).await?;
    Ok(())
}
