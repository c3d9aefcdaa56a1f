//! How two versions differ.

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::publish;
use utoipa::ToSchema;

use crate::list::all;
use crate::wire::{BindingId, PartChange, Wire};

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
