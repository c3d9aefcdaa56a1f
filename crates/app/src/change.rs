//! A change of a workspace's configuration: one transaction, its audit entries, and the news of it
//! to the catalog.

use chrono::{DateTime, Utc};
use switchboard_domain::id::{AuditId, WorkspaceId};
use switchboard_store::audit::AuditRow;
use switchboard_store::change::Entity;
use switchboard_store::{Engine, Tx, audit, change, workspace};

use crate::App;
use crate::error::AppError;

/// An open change. Dropped before [`ConfigChange::commit`], it changes nothing.
///
/// Changes of one workspace happen one after the other, on every replica, so what a change reads
/// stays true until it commits.
#[derive(Debug)]
pub struct ConfigChange<'a> {
    app: &'a App,
    tx: Tx,
    workspace: WorkspaceId,
    actor: String,
    /// The time of the change.
    pub now: DateTime<Utc>,
}

impl<'a> ConfigChange<'a> {
    /// Begins a change.
    pub async fn begin(
        app: &'a App,
        workspace: WorkspaceId,
        actor: String,
    ) -> Result<Self, AppError> {
        let mut tx = app.db.write().await?;
        workspace::lock(&mut tx.engine(), workspace).await?;
        Ok(Self {
            app,
            tx,
            workspace,
            actor,
            now: app.context.now(),
        })
    }

    /// The workspace.
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// Who makes the change.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The engine for store functions.
    pub fn engine(&mut self) -> Engine<'_> {
        self.tx.engine()
    }

    /// Notes what was changed, for the catalog and for the audit log. The operation is named
    /// `entity.verb`, such as `integration.create`.
    pub async fn note(
        &mut self,
        entity: Entity,
        entity_id: &str,
        operation: &str,
    ) -> Result<(), AppError> {
        let row = AuditRow {
            id: AuditId::from_uuid(self.app.context.uuid()),
            at: self.now,
            actor: self.actor.clone(),
            operation: operation.to_owned(),
            entity: entity.as_str().to_owned(),
            entity_id: entity_id.to_owned(),
        };
        let engine = &mut self.tx.engine();
        change::record(engine, self.workspace, entity, entity_id, self.now).await?;
        audit::insert(engine, self.workspace, &row).await?;
        Ok(())
    }

    /// Makes the change durable, and returns when this server's catalog serves it. A change that is
    /// made is never answered as one that failed: what the catalog lacks it catches up with later.
    pub async fn commit(self) -> Result<(), AppError> {
        self.tx.commit().await?;
        self.app.catalog.committed(self.workspace).await;
        Ok(())
    }
}

/// Refuses a change whose `If-Match` names another revision than the current one.
pub const fn check_revision(expected: Option<u64>, current: u64) -> Result<(), AppError> {
    match expected {
        Some(expected) if expected != current => Err(AppError::Stale { current }),
        _ => Ok(()),
    }
}
