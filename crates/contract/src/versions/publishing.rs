//! Publishing, and what it would come to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use switchboard_domain::publish;
use utoipa::ToSchema;

use super::{
    BrokenReference, Differences, LinkChange, LockedVersion, ProviderLimit, PublishProblem,
    UnknownVariable, UnsetSecrets,
};
use crate::findings::{PublishFinding, ids};
use crate::problem::Refusal;
use crate::wire::BindingId;

/// A published version, and what may go wrong with it in production.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishedVersion {
    /// The version.
    #[serde(flatten)]
    pub version: LockedVersion,
    /// What may go wrong.
    pub warnings: Vec<PublishWarning>,
}

/// What may go wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishWarning {
    /// `empty_production_slot`, `secret_missing_in_production`, `variable_never_set`,
    /// `workspace_variable_missing_in_production` or `schema_limits`; where a draft is published,
    /// `unreviewed_breaking_drift` or `unreviewed_drift` too.
    pub code: &'static str,
    /// What it is.
    pub detail: String,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

impl From<publish::PublishWarning> for PublishWarning {
    fn from(warning: publish::PublishWarning) -> Self {
        Self {
            code: warning.code,
            detail: warning.detail,
            binding_ids: ids(warning.binding_ids),
        }
    }
}

/// What publishing a draft takes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishInput {
    /// What you have to say about the version.
    #[serde(default)]
    pub notes: String,
    /// The codes of the findings of severity `needs_accept` that you accept. What blocks cannot be
    /// accepted.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub accept: BTreeSet<String>,
}

/// What publishing a draft would come to. Nothing was changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishReview {
    /// True.
    pub dry_run: bool,
    /// Whether it would be published.
    pub would_publish: bool,
    /// Why it would be refused.
    #[schema(required = true)]
    pub refusal: Option<Refusal>,
    /// The version that would be published.
    pub number: u32,
    /// Whether it would be locked for this; false where the last locked version is the same.
    pub locks: bool,
    /// The version that is published now.
    #[schema(required = true)]
    pub published_version: Option<u32>,
    /// The draft's revision.
    pub draft_revision: u64,
    /// All that matters, the worst first.
    pub findings: Vec<PublishFinding>,
    /// How the draft differs from the published version, or from an empty one.
    pub differences: Differences,
    /// The broken links.
    pub broken_references: Vec<BrokenReference>,
    /// What else keeps it from being published.
    pub problems: Vec<PublishProblem>,
    /// What changed since the version that was restored into the draft, and nobody reviewed.
    pub drift: Vec<LinkChange>,
    /// The secrets without a value that actions need.
    pub missing_secrets: UnsetSecrets,
    /// Variables that templates read and nothing sets.
    pub unknown_variables: Vec<UnknownVariable>,
    /// What providers of models refuse or pass over.
    pub provider_limits: Vec<ProviderLimit>,
}

/// A published version, or what publishing would come to.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "made for an answer, and written at once"
)]
pub enum PublishedOrReview {
    /// It was published.
    Published(PublishedVersion),
    /// It was asked for as a dry run.
    Review(PublishReview),
}
