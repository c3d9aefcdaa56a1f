//! Workspaces: made on the command line.

use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::name::Title;
use switchboard_store::workspace::WorkspaceRow;
use switchboard_store::{Db, StoreError, workspace};

use switchboard_operation::{AppError, Context};

/// The workspace that is always there.
pub const DEFAULT: &str = "default";

/// Makes a workspace.
pub async fn create(db: &Db, context: &Context, name: &str) -> Result<WorkspaceRow, AppError> {
    let name = Title::parse(name).map_err(|error| AppError::invalid("/name", error))?;
    let id = WorkspaceId::from_uuid(context.uuid());
    let now = context.now();
    let mut tx = db.write().await?;
    match workspace::insert(&mut tx.engine(), id, name.as_str(), now).await {
        Ok(()) => {}
        Err(StoreError::Duplicate) => {
            return Err(AppError::conflict(
                ErrorCode::NameTaken,
                format!("there is a workspace named `{name}` already; choose another name"),
            ));
        }
        Err(error) => return Err(error.into()),
    }
    tx.commit().await?;
    Ok(WorkspaceRow {
        id,
        name: name.to_string(),
        created_at: now,
    })
}

/// Makes the default workspace where it is missing.
pub async fn ensure_default(db: &Db, context: &Context) -> Result<WorkspaceRow, AppError> {
    if let Some(found) = by_name(db, DEFAULT).await? {
        return Ok(found);
    }
    match create(db, context, DEFAULT).await {
        // Another server made it in the meantime.
        Err(AppError::Conflict { .. }) => by_name(db, DEFAULT)
            .await?
            .ok_or(AppError::NotFound("workspace")),
        made => made,
    }
}

/// The workspace of this name.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<WorkspaceRow>, AppError> {
    let mut conn = db.read().await?;
    Ok(workspace::by_name(&mut conn.engine(), name).await?)
}

/// Every workspace.
pub async fn list(db: &Db) -> Result<Vec<WorkspaceRow>, AppError> {
    let mut conn = db.read().await?;
    Ok(workspace::list(&mut conn.engine()).await?)
}
