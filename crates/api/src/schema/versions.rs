//! Versions, what changed of their links, and what a change would mean.

use serde_json::Value;
use utoipa::ToSchema;

use super::{Action, AgentState, Binding, Version};

/// What locking takes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LockInput {
    /// What you have to say about the version.
    #[schema(required = false, nullable = false)]
    notes: Option<String>,
}

/// A locked version. It never changes.
#[derive(ToSchema)]
pub struct LockedVersion {
    number: u32,
    notes: String,
    locked_at: String,
    /// Who locked it.
    locked_by: String,
    /// Whether new conversations get it.
    published: bool,
    #[schema(required = false, nullable = false)]
    document: Option<Document>,
}

/// What a version holds.
#[derive(ToSchema)]
pub struct Document {
    instructions: String,
    strict_states: bool,
    #[schema(required = true, nullable = true)]
    initial_state: Option<String>,
    /// Whether the model is given the built-in tool `go_to_state`; absent where it is not.
    #[schema(required = false, nullable = false)]
    go_to_state: Option<bool>,
    states: Vec<AgentState>,
    actions: Vec<Binding>,
}

list!(
    /// A page of locked versions.
    VersionList, LockedVersion);
list!(
    /// The links that changed.
    LinkChangeList, LinkChange);
list!(
    /// A page of an action's changes.
    RevisionList, Revision);

/// A published version, and what may go wrong with it in production.
#[derive(ToSchema)]
pub struct PublishedVersion {
    #[serde(flatten)]
    version: LockedVersion,
    warnings: Vec<PublishWarning>,
}

/// What may go wrong.
#[derive(ToSchema)]
pub struct PublishWarning {
    /// `empty_production_slot`, `secret_missing_in_production`, `variable_never_set`,
    /// `workspace_variable_missing_in_production` or `schema_limits`; where a draft is published,
    /// `unreviewed_breaking_drift` or `unreviewed_drift` too.
    code: String,
    detail: String,
    binding_ids: Vec<String>,
}

/// What publishing a draft takes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishInput {
    /// What you have to say about the version.
    #[schema(required = false, nullable = false)]
    notes: Option<String>,
    /// The codes of the findings of severity `needs_accept` that you accept. What blocks cannot be
    /// accepted.
    #[schema(required = false, nullable = false)]
    accept: Option<Vec<String>>,
}

/// How much a finding matters.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    Blocks,
    NeedsAccept,
    Warns,
}

/// Something about a draft that is to be published.
#[derive(ToSchema)]
pub struct PublishFinding {
    /// `broken_references` and the codes of problems block. `unreviewed_breaking_drift`,
    /// `empty_production_slot`, `secret_missing_in_production` and
    /// `workspace_variable_missing_in_production` need to be accepted. `unreviewed_drift`,
    /// `variable_never_set` and `schema_limits` are only told.
    code: String,
    severity: FindingSeverity,
    detail: String,
    binding_ids: Vec<String>,
}

/// What publishing a draft would come to. Nothing was changed.
#[derive(ToSchema)]
pub struct PublishReview {
    dry_run: bool,
    would_publish: bool,
    /// Why it would be refused; further members as in the problem.
    #[schema(required = true, nullable = true)]
    refusal: Option<Refusal>,
    /// The version that would be published.
    number: u32,
    /// Whether it would be locked for this; false where the last locked version is the same.
    locks: bool,
    /// The version that is published now.
    #[schema(required = true, nullable = true)]
    published_version: Option<u32>,
    draft_revision: u64,
    /// All that matters, the worst first.
    findings: Vec<PublishFinding>,
    /// How the draft differs from the published version, or from an empty one.
    differences: Differences,
    broken_references: Vec<BrokenReference>,
    problems: Vec<PublishProblem>,
    /// What changed since the version that was restored into the draft, and nobody reviewed.
    drift: Vec<LinkChange>,
    missing_secrets: MissingSecrets,
    /// Variables that templates read and nothing sets.
    unknown_variables: Vec<UnknownVariable>,
    /// What providers of models refuse or pass over.
    provider_limits: Vec<ProviderLimit>,
}

/// A published version, or what publishing would come to.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "it describes JSON and is never made"
)]
pub enum PublishedOrReview {
    Published(PublishedVersion),
    Review(PublishReview),
}

/// How two versions differ.
#[derive(ToSchema)]
pub struct Differences {
    /// Fields of the version itself; `states` or `actions` where their order is another.
    fields: Vec<FieldDifference>,
    states: Vec<StateDifference>,
    actions: Vec<ActionDifference>,
}

/// A field that differs; what is not there is null.
#[derive(ToSchema)]
pub struct FieldDifference {
    field: String,
    #[schema(required = true)]
    before: Value,
    #[schema(required = true)]
    after: Value,
}

/// What became of a state or an action.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartChange {
    Added,
    Removed,
    Changed,
}

/// A state that differs.
#[derive(ToSchema)]
pub struct StateDifference {
    name: String,
    change: PartChange,
    fields: Vec<FieldDifference>,
}

/// An action of an agent that differs.
#[derive(ToSchema)]
pub struct ActionDifference {
    binding_id: String,
    name: String,
    change: PartChange,
    fields: Vec<FieldDifference>,
}

/// The secrets without a value that actions need, by environment.
#[derive(ToSchema)]
pub struct MissingSecrets {
    development: Vec<UnsetSecret>,
    staging: Vec<UnsetSecret>,
    production: Vec<UnsetSecret>,
}

/// A secret that has no value where it is needed.
#[derive(ToSchema)]
pub struct UnsetSecret {
    name: String,
    binding_ids: Vec<String>,
}

/// A variable that templates read and nothing sets.
#[derive(ToSchema)]
pub struct UnknownVariable {
    /// `variables` or `workspace`.
    root: String,
    name: String,
    /// The places that read it: JSON Pointers into the draft.
    pointers: Vec<String>,
    binding_ids: Vec<String>,
}

/// What a provider of models refuses or passes over.
#[derive(ToSchema)]
pub struct ProviderLimit {
    provider: String,
    rule: String,
    tool: String,
    /// `warning` or `left_out`.
    severity: String,
    detail: String,
    binding_ids: Vec<String>,
}

/// What became of a linked action.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrokenReason {
    Deleted,
    Moved,
    IntegrationDeleted,
}

/// A link that leads nowhere.
#[derive(ToSchema)]
pub struct BrokenReference {
    binding_id: String,
    action_id: String,
    name: String,
    description: String,
    reason: BrokenReason,
    /// The integration that the link names.
    integration_id: String,
    /// The integration the action is under now.
    current_integration_id: String,
}

/// Something else that keeps a version from being published.
#[derive(ToSchema)]
pub struct PublishProblem {
    /// `duplicate_name` or `unknown_state`.
    code: String,
    /// A JSON Pointer into the version's document.
    pointer: String,
    detail: String,
    binding_ids: Vec<String>,
}

/// How much a change matters to one agent.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Cosmetic,
    Risky,
    Breaking,
}

/// What became of what a binding uses.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Changed,
    Deleted,
    Moved,
    IntegrationDeleted,
    SecretDeleted,
}

/// A place that mentions a name.
#[derive(ToSchema)]
pub struct Mention {
    /// A JSON Pointer into the version's document.
    r#where: String,
    /// The words around it.
    quote: String,
}

/// A field that differs.
#[derive(ToSchema)]
pub struct FieldChange {
    field: String,
    #[schema(required = true)]
    before: Value,
    #[schema(required = true)]
    after: Value,
    class: Class,
    /// Where the agent mentions what is gone.
    #[schema(required = false, nullable = false)]
    mentions: Option<Vec<Mention>>,
}

/// What changed of a link.
#[derive(ToSchema)]
pub struct LinkChange {
    binding_id: String,
    action_id: String,
    /// The action's name now.
    name: String,
    description: String,
    integration_id: String,
    integration_name: String,
    change: ChangeKind,
    class: Class,
    fields: Vec<FieldChange>,
}

/// What a restored version would come back into.
#[derive(ToSchema)]
pub struct RestorePreview {
    version: u32,
    changes: Vec<LinkChange>,
}

/// What a change would mean.
#[derive(ToSchema)]
pub struct Report {
    dry_run: bool,
    affected: Vec<Affected>,
    /// Why it would be refused.
    refusal: Option<Refusal>,
}

/// Why a change would be refused; further members as in the problem.
#[derive(ToSchema)]
pub struct Refusal {
    code: String,
    detail: String,
    #[serde(flatten)]
    details: super::ProblemDetails,
}

/// A version that a change would affect.
#[derive(ToSchema)]
pub struct Affected {
    agent_id: String,
    agent_name: String,
    version: Version,
    published: bool,
    changes: Vec<BindingChange>,
}

/// How a binding would be affected.
#[derive(ToSchema)]
pub struct BindingChange {
    binding_id: String,
    /// Null for an action of the agent's own.
    #[schema(required = true, nullable = true)]
    action_id: Option<String>,
    name: String,
    change: ChangeKind,
    class: Class,
    fields: Vec<FieldChange>,
}

/// A changed action, or what the change would mean.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum ActionOrReport {
    Action(Action),
    Report(Report),
}

/// What happened to an action.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionChange {
    Created,
    Updated,
    Moved,
    Deleted,
    Undeleted,
    Approved,
}

/// A change of an action.
#[derive(ToSchema)]
#[expect(
    clippy::struct_field_names,
    reason = "the field is named so in the API"
)]
pub struct Revision {
    revision: u64,
    change: ActionChange,
    at: String,
    /// Who made it.
    by: String,
    integration_id: String,
    shape_digest: String,
    /// The shape before; null for the first that is known.
    #[schema(required = true, nullable = true)]
    before: Option<Value>,
    /// The shape after.
    after: Value,
    fields: Vec<RevisionField>,
}

/// A field of an action that a change made different.
#[derive(ToSchema)]
pub struct RevisionField {
    field: String,
    #[schema(required = true)]
    before: Value,
    #[schema(required = true)]
    after: Value,
}

/// What promoting takes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteInput {
    /// The integration that gets the action.
    integration_id: String,
    /// Its path under the integration's base URLs, where the call's URL does not start with one.
    path: Option<String>,
}

/// What relinking takes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelinkInput {
    /// The action to link instead; left out, the same one where it is now.
    action_id: Option<String>,
}
