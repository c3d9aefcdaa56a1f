//! An agent's draft: its states and its bindings.

mod bindings;
mod own_action;
mod states;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use switchboard_domain::agent as domain;
use utoipa::ToSchema;

use crate::list::all;
use crate::wire::{StateName, Time, Wire};

pub use bindings::{
    Binding, BindingInput, BindingPatch, Link, LinkBinding, LinkInput, Overrides, OwnBinding,
    PromoteInput, RelinkInput,
};
pub use own_action::{AgentAction, AgentActionKind};
pub use states::AgentState;

/// A draft as it is sent. What was read may be sent back; what is not a draft's own is ignored then.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftInput {
    /// What the model is told.
    #[serde(default)]
    pub instructions: String,
    /// Whether `allowed_states` are applied.
    #[serde(default)]
    pub strict_states: bool,
    /// The state a conversation starts in.
    #[serde(default)]
    pub initial_state: Option<StateName>,
    /// Whether the model is given the built-in tool `go_to_state`.
    #[serde(default)]
    pub go_to_state: bool,
    /// The steps of the dialogue.
    #[serde(default)]
    pub states: Vec<AgentState>,
    /// The actions it may call.
    #[serde(default)]
    pub actions: Vec<BindingInput>,
    /// Ignored; send `If-Match` to guard against others' changes.
    #[serde(default)]
    pub revision: Option<u64>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    pub restored_from: Option<IgnoredAny>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub created_at: Option<IgnoredAny>,
    /// Ignored.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub updated_at: Option<IgnoredAny>,
}

/// What a version holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Document {
    /// What the model is told.
    pub instructions: String,
    /// Whether `allowed_states` are applied.
    pub strict_states: bool,
    /// The state a conversation starts in.
    #[schema(required = true)]
    pub initial_state: Option<StateName>,
    /// Whether the model is given the built-in tool `go_to_state`; absent where it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub go_to_state: bool,
    /// The steps of the dialogue.
    pub states: Vec<AgentState>,
    /// The actions it may call.
    pub actions: Vec<Binding>,
}

impl From<domain::AgentDocument> for Document {
    fn from(document: domain::AgentDocument) -> Self {
        Self {
            instructions: document.instructions,
            strict_states: document.strict_states,
            initial_state: document.initial_state.map(Wire),
            go_to_state: document.go_to_state,
            states: all(document.states),
            actions: all(document.actions),
        }
    }
}

/// A draft.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Draft {
    /// What it holds.
    #[serde(flatten)]
    pub document: Document,
    /// The version that was restored into it last.
    #[schema(required = true)]
    pub restored_from: Option<u32>,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}
