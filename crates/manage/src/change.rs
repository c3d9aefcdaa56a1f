//! A change of a workspace's configuration: one transaction, its audit entries, and the news of it
//! to the catalog.

use chrono::{DateTime, Utc};
use switchboard_domain::id::WorkspaceId;
use switchboard_store::audit as store_audit;
use switchboard_store::change::Entity;
use switchboard_store::{Engine, Tx, change, workspace};

use crate::Manage;
use switchboard_operation::AppError;
use switchboard_operation::By;
use switchboard_operation::audit::{self, Details};

/// An open change. Dropped before [`ConfigChange::commit`], it changes nothing.
///
/// Changes of one workspace happen one after the other, on every replica, so what a change reads
/// stays true until it commits.
#[derive(Debug)]
pub struct ConfigChange<'a> {
    manage: &'a Manage,
    tx: Tx,
    workspace: WorkspaceId,
    by: By,
    details: Details,
    /// The time of the change.
    pub now: DateTime<Utc>,
}

impl<'a> ConfigChange<'a> {
    /// Begins a change.
    pub async fn begin(
        manage: &'a Manage,
        workspace: WorkspaceId,
        by: impl Into<By>,
    ) -> Result<Self, AppError> {
        let mut tx = manage.db.write().await?;
        workspace::lock(&mut tx.engine(), workspace).await?;
        Ok(Self {
            manage,
            tx,
            workspace,
            by: by.into(),
            details: Details::default(),
            now: manage.context.now(),
        })
    }

    /// The workspace.
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// Who makes the change.
    pub fn actor(&self) -> &str {
        &self.by
    }

    /// Who makes the change, and by which request.
    pub const fn by(&self) -> &By {
        &self.by
    }

    /// The application that the change is made in.
    pub const fn manage(&self) -> &'a Manage {
        self.manage
    }

    /// What the audit log's next entry says beyond what was done to what.
    pub const fn details(&mut self) -> &mut Details {
        &mut self.details
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
        let details = std::mem::take(&mut self.details);
        let what = (operation, entity.as_str(), entity_id);
        let row = audit::row(&self.manage.context, &self.by, what, details);
        let engine = &mut self.tx.engine();
        change::record(engine, self.workspace, entity, entity_id, self.now).await?;
        store_audit::insert(engine, self.workspace, &row).await?;
        Ok(())
    }

    /// Notes what was done and changes nothing that the catalog serves.
    pub async fn note_only(&mut self, what: (&str, &str, &str)) -> Result<(), AppError> {
        let details = std::mem::take(&mut self.details);
        let row = audit::row(&self.manage.context, &self.by, what, details);
        store_audit::insert(&mut self.tx.engine(), self.workspace, &row).await?;
        Ok(())
    }

    /// Makes the change durable, and returns when this server's catalog serves it. A change that is
    /// made is never answered as one that failed: what the catalog lacks it catches up with later.
    pub async fn commit(self) -> Result<(), AppError> {
        self.tx.commit().await?;
        self.manage.announce.committed(self.workspace).await;
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
