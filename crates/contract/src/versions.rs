//! Locked versions, what publishing one would come to, and what changed of its links.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::environment::PerEnvironment;
use switchboard_domain::{drift, mention, publish};
use utoipa::ToSchema;

use crate::actions::all;
use crate::drafts::Document;
use crate::list::list;
use crate::problem::Refusal;
use crate::wire::{
    ActionId, AgentId, BindingId, BrokenReason, ChangeClass, ChangeKind, FindingSeverity,
    IntegrationId, NoteSeverity, PartChange, Time, ToolProvider, Version, Wire,
};

list!(
    /// A page of locked versions.
    VersionList, LockedVersion);
list!(
    /// The links that changed.
    LinkChangeList, LinkChange);

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

/// A published version, and what may go wrong with it in production.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishedVersion {
    /// The version.
    #[serde(flatten)]
    pub version: LockedVersion,
    /// What may go wrong.
    pub warnings: Vec<PublishWarning>,
}

fn ids<C: FromIterator<BindingId>>(
    ids: impl IntoIterator<Item = switchboard_domain::id::BindingId>,
) -> C {
    ids.into_iter().map(Wire).collect()
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

/// Something about a draft that is to be published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishFinding {
    /// `broken_references` and the codes of problems block. `unreviewed_breaking_drift`,
    /// `empty_production_slot`, `secret_missing_in_production` and
    /// `workspace_variable_missing_in_production` need to be accepted. `unreviewed_drift`,
    /// `variable_never_set` and `schema_limits` are only told.
    pub code: &'static str,
    /// How much it matters.
    pub severity: FindingSeverity,
    /// What it is.
    pub detail: String,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

impl From<publish::Finding> for PublishFinding {
    fn from(finding: publish::Finding) -> Self {
        Self {
            code: finding.code,
            severity: Wire(finding.severity),
            detail: finding.detail,
            binding_ids: ids(finding.binding_ids),
        }
    }
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

/// How two versions differ.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Differences {
    /// Fields of the version itself; `states` or `actions` where their order is another.
    pub fields: Vec<FieldDifference>,
    /// The states that differ.
    pub states: Vec<StateDifference>,
    /// The actions that differ.
    pub actions: Vec<ActionDifference>,
}

impl From<publish::Differences> for Differences {
    fn from(found: publish::Differences) -> Self {
        Self {
            fields: all(found.fields),
            states: all(found.states),
            actions: all(found.actions),
        }
    }
}

/// A field that differs; what is not there is null.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldDifference {
    /// The field. What is inside an action or its overrides is named with a point.
    pub field: String,
    /// What it was.
    #[schema(required = true)]
    pub before: Value,
    /// What it is.
    #[schema(required = true)]
    pub after: Value,
}

impl From<publish::FieldDifference> for FieldDifference {
    fn from(found: publish::FieldDifference) -> Self {
        Self {
            field: found.field,
            before: found.before,
            after: found.after,
        }
    }
}

/// A state that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StateDifference {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub change: PartChange,
    /// The fields that differ, of one that is in both.
    pub fields: Vec<FieldDifference>,
}

impl From<publish::StateDifference> for StateDifference {
    fn from(found: publish::StateDifference) -> Self {
        Self {
            name: found.name.to_string(),
            change: Wire(found.change),
            fields: all(found.fields),
        }
    }
}

/// An action of an agent that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActionDifference {
    /// The binding.
    pub binding_id: BindingId,
    /// The name of its action now.
    pub name: String,
    /// What became of it.
    pub change: PartChange,
    /// The fields that differ, of one that is in both.
    pub fields: Vec<FieldDifference>,
}

impl From<publish::ActionDifference> for ActionDifference {
    fn from(found: publish::ActionDifference) -> Self {
        Self {
            binding_id: Wire(found.binding_id),
            name: found.name,
            change: Wire(found.change),
            fields: all(found.fields),
        }
    }
}

/// The secrets without a value that actions need, by environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnsetSecrets {
    /// In `development`.
    pub development: Vec<UnsetSecret>,
    /// In `staging`.
    pub staging: Vec<UnsetSecret>,
    /// In `production`.
    pub production: Vec<UnsetSecret>,
}

impl From<PerEnvironment<Vec<publish::MissingSecret>>> for UnsetSecrets {
    fn from(found: PerEnvironment<Vec<publish::MissingSecret>>) -> Self {
        Self {
            development: all(found.development.unwrap_or_default()),
            staging: all(found.staging.unwrap_or_default()),
            production: all(found.production.unwrap_or_default()),
        }
    }
}

/// A secret that has no value where it is needed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnsetSecret {
    /// Its name.
    pub name: String,
    /// The bindings that need it.
    pub binding_ids: Vec<BindingId>,
}

impl From<publish::MissingSecret> for UnsetSecret {
    fn from(found: publish::MissingSecret) -> Self {
        Self {
            name: found.name.to_string(),
            binding_ids: ids(found.binding_ids),
        }
    }
}

/// A variable that templates read and nothing sets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnknownVariable {
    /// `variables` for one of the conversation, `workspace` for one of the workspace in production.
    #[schema(pattern = "^(variables|workspace)$")]
    pub root: &'static str,
    /// Its name.
    pub name: String,
    /// The places that read it: JSON Pointers into the draft.
    pub pointers: Vec<String>,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

impl From<publish::UnknownVariable> for UnknownVariable {
    fn from(found: publish::UnknownVariable) -> Self {
        Self {
            root: found.root,
            name: found.name,
            pointers: found.pointers.into_iter().collect(),
            binding_ids: ids(found.binding_ids),
        }
    }
}

/// What a provider of models refuses or passes over.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProviderLimit {
    /// Whose format.
    pub provider: ToolProvider,
    /// The rule, a stable code.
    pub rule: &'static str,
    /// The tool.
    pub tool: String,
    /// How much it matters.
    pub severity: NoteSeverity,
    /// What was found, as a sentence.
    pub detail: String,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

impl From<publish::ProviderLimit> for ProviderLimit {
    fn from(found: publish::ProviderLimit) -> Self {
        Self {
            provider: Wire(found.note.provider),
            rule: found.note.rule,
            tool: found.note.tool,
            severity: Wire(found.note.severity),
            detail: found.note.detail,
            binding_ids: ids(found.binding_ids),
        }
    }
}

/// A link that is broken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BrokenReference {
    /// The binding.
    pub binding_id: BindingId,
    /// The shared action.
    pub action_id: ActionId,
    /// Its name.
    pub name: String,
    /// What the model was told about it.
    pub description: String,
    /// What became of it.
    pub reason: BrokenReason,
    /// The integration that the link names.
    pub integration_id: IntegrationId,
    /// The integration the action is under now.
    pub current_integration_id: IntegrationId,
}

impl From<publish::BrokenReference> for BrokenReference {
    fn from(found: publish::BrokenReference) -> Self {
        Self {
            binding_id: Wire(found.binding_id),
            action_id: Wire(found.action_id),
            name: found.name.to_string(),
            description: found.description,
            reason: Wire(found.reason),
            integration_id: Wire(found.integration_id),
            current_integration_id: Wire(found.current_integration_id),
        }
    }
}

/// Something else that keeps a version from being published.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishProblem {
    /// `duplicate_name` or `unknown_state`.
    pub code: &'static str,
    /// A JSON Pointer into the version's document.
    pub pointer: String,
    /// What is wrong and what to do.
    pub detail: String,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

impl From<publish::PublishProblem> for PublishProblem {
    fn from(found: publish::PublishProblem) -> Self {
        Self {
            code: found.code,
            pointer: found.pointer,
            detail: found.detail,
            binding_ids: ids(found.binding_ids),
        }
    }
}

/// A place that mentions a name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mention {
    /// A JSON Pointer into the version's document.
    #[serde(rename = "where")]
    pub place: String,
    /// The words around it.
    pub quote: String,
}

impl From<mention::Mention> for Mention {
    fn from(found: mention::Mention) -> Self {
        Self {
            place: found.place,
            quote: found.quote,
        }
    }
}

/// A field that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What it was.
    #[schema(required = true)]
    pub before: Value,
    /// What it is.
    #[schema(required = true)]
    pub after: Value,
    /// How much it matters.
    pub class: ChangeClass,
    /// Where the agent mentions what is gone; absent where it does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
}

impl From<drift::FieldChange> for FieldChange {
    fn from(found: drift::FieldChange) -> Self {
        Self {
            field: found.field.into_owned(),
            before: found.before,
            after: found.after,
            class: Wire(found.class),
            mentions: all(found.mentions),
        }
    }
}

/// What changed of a link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkChange {
    /// The binding.
    pub binding_id: BindingId,
    /// The shared action.
    pub action_id: ActionId,
    /// The action's name now.
    pub name: String,
    /// What the model is told about it now.
    pub description: String,
    /// The integration it is under now.
    pub integration_id: IntegrationId,
    /// What that is called.
    pub integration_name: String,
    /// What became of it.
    pub change: ChangeKind,
    /// The most that any of its parts matters.
    pub class: ChangeClass,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
}

impl From<drift::LinkChange> for LinkChange {
    fn from(found: drift::LinkChange) -> Self {
        Self {
            binding_id: Wire(found.binding_id),
            action_id: Wire(found.action_id),
            name: found.name.to_string(),
            description: found.description,
            integration_id: Wire(found.integration_id),
            integration_name: found.integration_name,
            change: Wire(found.change),
            class: Wire(found.class),
            fields: all(found.fields),
        }
    }
}

/// What a restored version would come back into.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RestorePreview {
    /// The version.
    pub version: u32,
    /// Its links that changed since it was locked.
    pub changes: Vec<LinkChange>,
}

/// What a change would mean. Nothing was changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Report {
    /// True.
    pub dry_run: bool,
    /// The versions that it would affect.
    pub affected: Vec<Affected>,
    /// Why it would be refused.
    #[schema(required = true)]
    pub refusal: Option<Refusal>,
}

/// A version that a change would affect.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Affected {
    /// The agent.
    pub agent_id: AgentId,
    /// What it is called.
    pub agent_name: String,
    /// The version.
    pub version: Version,
    /// Whether new conversations get it.
    pub published: bool,
    /// How its bindings would be affected.
    pub changes: Vec<BindingChange>,
}

/// How a binding would be affected.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BindingChange {
    /// The binding.
    pub binding_id: BindingId,
    /// The shared action; null for an action of the agent's own.
    #[schema(required = true)]
    pub action_id: Option<ActionId>,
    /// The name of what it uses.
    pub name: String,
    /// What would become of it.
    pub change: ChangeKind,
    /// How much it would matter.
    pub class: ChangeClass,
    /// The fields that would differ.
    pub fields: Vec<FieldChange>,
}
