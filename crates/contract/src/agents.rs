//! Agents.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::list::list;
use crate::patch::Patch;
use crate::wire::{AgentId, Retention, Time};

list!(
    /// A page of agents.
    AgentList, Agent);

/// A new agent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentInput {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// For how many days events of its conversations are kept, or `"forever"`; null is as the workspace says.
    pub retain_events_days: Option<Retention>,
}

/// A change of an agent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentPatch {
    /// What it is called.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// For how many days events of its conversations are kept, or `"forever"`; null is as the workspace says.
    #[serde(default)]
    #[schema(value_type = Option<Retention>)]
    pub retain_events_days: Patch<Retention>,
}

/// An agent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The version that new conversations get; null where none is published.
    #[schema(required = true)]
    pub published_version: Option<u32>,
    /// For how many days events of its conversations are kept, or `"forever"`; null is as the workspace says.
    #[schema(required = true)]
    pub retain_events_days: Option<Retention>,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
    /// How many links of the published version changed since it was locked, null where none is
    /// published; where agents are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<usize>)]
    pub drifted_links: Option<Option<usize>>,
}
