//! Who uses an action, and whom a change affects.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Action;
use crate::impact::Report;
use crate::list::list;
use crate::wire::{AgentId, BindingId, IntegrationId, Version};

list!(
    /// The agents' versions that link an action.
    Usage, UsageEntry);

/// A changed action, or what the change would mean.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ActionOrReport {
    /// It was changed.
    Action(Action),
    /// It was asked for as a dry run.
    Report(Report),
}

/// Where to move an action.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    /// The integration that gets it.
    pub integration_id: IntegrationId,
}

/// What lists of actions can say of each beside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ActionExpansion {
    /// Which versions of agents link it.
    Usage,
}

/// An agent's version that links an action.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageEntry {
    /// The agent.
    pub agent_id: AgentId,
    /// What it is called.
    pub agent_name: String,
    /// The version.
    pub version: Version,
    /// Whether new conversations get it.
    pub published: bool,
    /// The bindings that link the action.
    pub binding_ids: Vec<BindingId>,
}
