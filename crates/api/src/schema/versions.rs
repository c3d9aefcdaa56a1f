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
    /// `workspace_variable_missing_in_production` or `schema_limits`.
    code: String,
    detail: String,
    binding_ids: Vec<String>,
}

/// Why a version cannot be published.
#[derive(ToSchema)]
pub struct PublishRefusal {
    r#type: String,
    title: String,
    status: u16,
    /// `broken_references` or `not_publishable`.
    code: String,
    detail: String,
    #[schema(required = false)]
    broken_references: Option<Vec<BrokenReference>>,
    #[schema(required = false)]
    problems: Option<Vec<PublishProblem>>,
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
#[expect(
    clippy::large_enum_variant,
    reason = "it describes JSON and is never made"
)]
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
