//! The audit log.

use std::collections::HashMap;

use switchboard_domain::id::AuditId;
use switchboard_store::audit::{self, AuditRow};

use crate::accounts::names::{self, Name};
use crate::{Administration, App, AppError, Page, Reader};

/// An entry of the log, with what its actor is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry.
    pub row: AuditRow,
    /// Who did it; none for `command line` and for who is not known any more.
    pub actor: Option<Name>,
}

/// A page of the audit log, the newest entry first.
pub async fn list(
    app: &App,
    reader: &Reader<Administration>,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Page<AuditEntry>, AppError> {
    let mut conn = app.db.read().await?;
    let engine = &mut conn.engine();
    let page = audit::list(engine, reader.workspace(), before, limit).await?;
    let mut known: HashMap<String, Option<Name>> = HashMap::new();
    for row in &page.rows {
        if !known.contains_key(&row.actor) {
            let name = names::of(engine, reader.workspace(), &row.actor).await?;
            known.insert(row.actor.clone(), name);
        }
    }
    page.try_map(|row| {
        let actor = known.get(&row.actor).cloned().flatten();
        Ok(AuditEntry { row, actor })
    })
}
