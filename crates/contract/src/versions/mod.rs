//! Locked versions, what publishing one would come to, and what changed of its links.

mod differences;
mod publishing;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::drafts::Document;
use crate::list::list;
use crate::wire::Time;

pub use crate::findings::{
    BrokenReference, ProviderLimit, PublishFinding, PublishProblem, UnknownVariable, UnsetSecret,
    UnsetSecrets,
};
pub use crate::impact::{
    Affected, BindingChange, FieldChange, LinkChange, LinkChangeList, Mention, Report,
    RestorePreview,
};
pub use differences::{ActionDifference, Differences, FieldDifference, StateDifference};
pub use publishing::{
    PublishInput, PublishReview, PublishWarning, PublishedOrReview, PublishedVersion,
};

list!(
    /// A page of locked versions.
    VersionList, LockedVersion);

/// What locking takes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LockInput {
    /// What you have to say about the version.
    #[serde(default)]
    pub notes: String,
}

/// A locked version. It never changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LockedVersion {
    /// Its number, from 1 on.
    pub number: u32,
    /// What whoever locked it wrote about it.
    pub notes: String,
    /// When it was locked.
    pub locked_at: Time,
    /// Who locked it.
    pub locked_by: String,
    /// Whether new conversations get it.
    pub published: bool,
    /// What it holds; absent where a list was asked for without.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub document: Option<Document>,
}
