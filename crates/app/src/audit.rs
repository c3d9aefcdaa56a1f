//! The audit log.

use switchboard_domain::id::AuditId;
use switchboard_store::audit::{self, AuditRow};

use crate::{Admin, App, AppError, Page};

/// A page of the audit log, the newest entry first.
pub async fn list(
    app: &App,
    admin: &Admin,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Page<AuditRow>, AppError> {
    let mut conn = app.db.read().await?;
    Ok(audit::list(&mut conn.engine(), admin.workspace(), before, limit).await?)
}
