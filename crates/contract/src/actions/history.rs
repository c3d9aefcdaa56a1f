//! What an action was before.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::list::list;
use crate::wire::{IntegrationId, JsonObject, Time};

list!(
    /// A page of an action's changes.
    RevisionList, Revision);

/// What happened to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionChange {
    /// It was made.
    Created,
    /// It was changed.
    Updated,
    /// It was moved to another integration.
    Moved,
    /// It was deleted.
    Deleted,
    /// It was brought back.
    Undeleted,
    /// What its server changed was approved.
    Approved,
}

/// A change of an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Revision {
    /// The action's revision since.
    pub revision: u64,
    /// What happened.
    pub change: ActionChange,
    /// When it was made.
    pub at: Time,
    /// Who made it.
    pub by: String,
    /// The integration it is under since.
    pub integration_id: IntegrationId,
    /// The digest of its shape since.
    pub shape_digest: String,
    /// The shape before; null for the first that is known.
    #[schema(required = true, value_type = Option<JsonObject>)]
    pub before: Option<Value>,
    /// The shape after.
    #[schema(value_type = JsonObject)]
    pub after: Value,
    /// The fields that differ.
    pub fields: Vec<RevisionField>,
}

/// A field of an action that a change made different.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RevisionField {
    /// The field.
    pub field: String,
    /// What it was.
    #[schema(required = true)]
    pub before: Value,
    /// What it is.
    #[schema(required = true)]
    pub after: Value,
}
