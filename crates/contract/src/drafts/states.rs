//! Steps of the dialogue.

use serde::{Deserialize, Serialize};
use switchboard_domain::agent as domain;
use utoipa::ToSchema;

use crate::list::all;
use crate::wire::{StateName, Wire};

/// A step of the dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentState {
    /// Its name, unique within the agent.
    pub name: StateName,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What the model is told in it.
    #[serde(default)]
    pub instructions: String,
    /// The states that may follow; without it, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<StateName>>,
}

impl From<domain::State> for AgentState {
    fn from(state: domain::State) -> Self {
        Self {
            name: Wire(state.name),
            description: state.description,
            instructions: state.instructions,
            transitions: state.transitions.map(all),
        }
    }
}

impl From<AgentState> for domain::State {
    fn from(state: AgentState) -> Self {
        let names = |names: Vec<StateName>| names.into_iter().map(|name| name.0).collect();
        Self {
            name: state.name.0,
            description: state.description,
            instructions: state.instructions,
            transitions: state.transitions.map(names),
        }
    }
}
