//! What changed of the actions that a version links.

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::{drift, mention};
use utoipa::ToSchema;

use crate::list::{all, list};
use crate::problem::Refusal;
use crate::wire::{
    ActionId, AgentId, BindingId, ChangeClass, ChangeKind, IntegrationId, Version, Wire,
};

list!(
    /// The links that changed.
    LinkChangeList, LinkChange);

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
