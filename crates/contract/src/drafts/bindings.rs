//! Bindings: links and actions of its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::agent as domain;
use utoipa::ToSchema;

use super::AgentAction;
use crate::list::all;
use crate::wire::{ActionId, BindingId, IntegrationId, JsonObject, Phase, StateName, Wire};

/// A link to a shared action, as it is sent.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The shared action.
    pub action_id: ActionId,
    /// Left out, it is the one the action is under.
    #[serde(default)]
    pub integration_id: Option<IntegrationId>,
}

/// A link to a shared action.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Link {
    /// The shared action.
    pub action_id: ActionId,
    /// Its integration when it was linked; another one now means that it was moved.
    pub integration_id: IntegrationId,
}

/// What a link sets differently; what is absent is inherited.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// The JSON Schema of the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<JsonObject>)]
    pub parameters: Option<Value>,
    /// The template of the request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_template: Option<String>,
    /// The phases it may be called in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<Vec<Phase>>,
    /// How many calls may succeed in one conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub max_successful_calls: Option<u32>,
    /// The states it may be called in while `strict_states` is on; an empty list is every state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_states: Option<Vec<StateName>>,
}

/// A binding as it is sent: a link with overrides, or an action of the agent's own.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingInput {
    /// The id of a binding that is there already; a new one gets its own.
    #[serde(default)]
    pub id: Option<BindingId>,
    /// A link to a shared action.
    #[serde(default)]
    pub link: Option<LinkInput>,
    /// What a link sets differently.
    #[serde(default)]
    pub overrides: Option<Overrides>,
    /// An action of the agent's own.
    #[serde(default)]
    #[schema(value_type = Option<AgentAction>)]
    pub action: Option<Value>,
    /// For an action of its own: the phases it may be called in.
    #[serde(default)]
    pub phases: Option<Vec<Phase>>,
    /// For an action of its own: how many calls may succeed in one conversation.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub max_successful_calls: Option<u32>,
    /// For an action of its own: the states it may be called in while `strict_states` is on.
    #[serde(default)]
    pub allowed_states: Option<Vec<StateName>>,
}

/// A change of a binding (RFC 7396): members replace those that are there, null removes. It is applied to
/// the binding's JSON, and what comes of it is read as a [`BindingInput`].
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingPatch {
    /// A link to a shared action.
    pub link: Option<LinkInput>,
    /// What a link sets differently.
    pub overrides: Option<Overrides>,
    /// Members of an action of the agent's own.
    pub action: Option<JsonObject>,
    /// For an action of its own: the phases it may be called in.
    pub phases: Option<Vec<Phase>>,
    /// For an action of its own: how many calls may succeed in one conversation.
    #[schema(minimum = 1)]
    pub max_successful_calls: Option<u32>,
    /// For an action of its own: the states it may be called in while `strict_states` is on.
    pub allowed_states: Option<Vec<StateName>>,
}

/// An agent's use of an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Binding {
    /// A link to a shared action.
    Linked(LinkBinding),
    /// An action of the agent's own.
    Own(OwnBinding),
}

/// A link to a shared action, with what it sets differently.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkBinding {
    /// The binding's id, kept from version to version.
    pub id: BindingId,
    /// To which action.
    pub link: Link,
    /// What it sets differently.
    pub overrides: Overrides,
}

/// An action of the agent's own, and when and how often it may be called.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnBinding {
    /// The binding's id, kept from version to version.
    pub id: BindingId,
    /// The action.
    pub action: AgentAction,
    /// The phases it may be called in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub phases: Option<Vec<Phase>>,
    /// How many calls may succeed in one conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_successful_calls: Option<u32>,
    /// The states it may be called in while `strict_states` is on; an empty list is every state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub allowed_states: Option<Vec<StateName>>,
}

impl From<domain::Binding> for Binding {
    fn from(binding: domain::Binding) -> Self {
        let id = Wire(binding.id);
        match binding.target {
            domain::BindingTarget::Link { link, overrides } => Self::Linked(LinkBinding {
                id,
                link: Link {
                    action_id: Wire(link.action_id),
                    integration_id: Wire(link.integration_id),
                },
                overrides: Overrides {
                    parameters: overrides.parameters,
                    body_template: overrides.body_template,
                    phases: overrides.gate.phases.map(all),
                    max_successful_calls: overrides.gate.max_successful_calls,
                    allowed_states: overrides.gate.allowed_states.map(all),
                },
            }),
            domain::BindingTarget::Action { action, gate } => Self::Own(OwnBinding {
                id,
                action: action.into(),
                phases: gate.phases.map(all),
                max_successful_calls: gate.max_successful_calls,
                allowed_states: gate.allowed_states.map(all),
            }),
        }
    }
}

/// What promoting takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteInput {
    /// The integration that gets the action.
    pub integration_id: IntegrationId,
    /// Its path under the integration's base URLs, where the call's URL does not start with one.
    #[serde(default)]
    pub path: Option<String>,
}

/// What relinking takes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelinkInput {
    /// The action to link instead; left out, the same one where it is now.
    #[serde(default)]
    pub action_id: Option<ActionId>,
}
