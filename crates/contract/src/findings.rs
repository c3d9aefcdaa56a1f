//! What is missing for a version, in its way, or to be known before it is published.

use serde::Serialize;
use switchboard_domain::environment::PerEnvironment;
use switchboard_domain::publish;
use utoipa::ToSchema;

use crate::list::all;
use crate::wire::{
    ActionId, BindingId, BrokenReason, FindingSeverity, IntegrationId, NoteSeverity, ToolProvider,
    Wire,
};

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

/// The bindings concerned.
pub(crate) fn ids<C: FromIterator<BindingId>>(
    ids: impl IntoIterator<Item = switchboard_domain::id::BindingId>,
) -> C {
    ids.into_iter().map(Wire).collect()
}
