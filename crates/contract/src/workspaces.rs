//! The workspace that somebody works in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::patch::Patch;
use crate::wire::{Days, Time, WorkspaceId};

/// A workspace and its settings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// What it is called.
    pub name: String,
    /// For how many days events of conversations are kept, where their agent does not say; null is for ever.
    #[schema(required = true)]
    pub retain_events_days: Option<Days>,
    /// Counts the changes of its settings.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When its settings were changed last.
    pub updated_at: Time,
}

/// A change of a workspace's settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspacePatch {
    /// For how many days events of conversations are kept, where their agent does not say; null is for ever.
    #[serde(default)]
    #[schema(value_type = Option<Days>)]
    pub retain_events_days: Patch<Days>,
}
