//! Agents: one mutable draft and locked versions, each a document of states and bindings.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::id::{ActionId, BindingId, IntegrationId};
use crate::name::{SecretName, StateName};
pub use crate::own_action::{
    AgentAction, AgentActionKind, AgentApiCall, AgentTextMessage, ClientEvent, Handover,
    HandoverType, StaticResponse,
};
use crate::phase::Phase;

/// Which version of an agent: its draft or a locked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionRef {
    /// The one mutable version.
    Draft,
    /// A locked version; the first is 1.
    Number(u32),
}

impl VersionRef {
    /// As it is stored: the draft is 0.
    pub const fn number(self) -> u32 {
        match self {
            Self::Draft => 0,
            Self::Number(number) => number,
        }
    }

    /// From what is stored.
    pub const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Draft,
            number => Self::Number(number),
        }
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draft => f.write_str("draft"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl Serialize for VersionRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Draft => serializer.serialize_str("draft"),
            Self::Number(number) => serializer.serialize_u32(*number),
        }
    }
}

impl<'de> Deserialize<'de> for VersionRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "draft" => Ok(Self::Draft),
            Value::Number(number) => number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok())
                .filter(|number| *number > 0)
                .map(Self::Number)
                .ok_or_else(|| serde::de::Error::custom("a version's number starts at 1")),
            _ => Err(serde::de::Error::custom(
                "expected \"draft\" or a version's number",
            )),
        }
    }
}

/// A step of an agent's dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Its name, unique within the agent.
    pub name: StateName,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// What the model is told in it.
    #[serde(default)]
    pub instructions: String,
    /// The states that may follow; none means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<StateName>>,
}

/// When and how often a binding may be called. What is absent does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Gate {
    /// The phases it may be called in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<Vec<Phase>>,
    /// How many calls may succeed in one conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_successful_calls: Option<u32>,
    /// The states it may be called in while the agent's `strict_states` is on; an empty list is
    /// every state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_states: Option<Vec<StateName>>,
}

/// A reference to a shared action and to the integration it was under when it was linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The shared action.
    pub action_id: ActionId,
    /// Its integration when it was linked; a different one now means that it was moved.
    pub integration_id: IntegrationId,
}

/// What a link sets in place of what the shared action has. What is absent is inherited.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Overrides {
    /// The JSON Schema of the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// The template of the request body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_template: Option<String>,
    /// When and how often.
    #[serde(flatten)]
    pub gate: Gate,
}

/// What a binding uses: a shared action, or one of the agent's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BindingTarget {
    /// A link to a shared action.
    Link {
        /// To which.
        link: Link,
        /// What it sets differently.
        #[serde(default)]
        overrides: Overrides,
    },
    /// An agent-specific action.
    Action {
        /// The action, inline.
        action: AgentAction,
        /// When and how often.
        #[serde(flatten)]
        gate: Gate,
    },
}

/// An agent's use of an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// Its id, kept from version to version.
    pub id: BindingId,
    /// What it uses.
    #[serde(flatten)]
    pub target: BindingTarget,
}

impl Binding {
    /// When and how often it may be called.
    pub const fn gate(&self) -> &Gate {
        match &self.target {
            BindingTarget::Link { overrides, .. } => &overrides.gate,
            BindingTarget::Action { gate, .. } => gate,
        }
    }

    /// The link, if it is one.
    pub const fn link(&self) -> Option<&Link> {
        match &self.target {
            BindingTarget::Link { link, .. } => Some(link),
            BindingTarget::Action { .. } => None,
        }
    }
}

/// The whole of one version: what a draft holds and what locking freezes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AgentDocument {
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
    #[serde(default, skip_serializing_if = "is_false")]
    pub go_to_state: bool,
    /// The steps of the dialogue.
    #[serde(default)]
    pub states: Vec<State>,
    /// The actions it may call.
    #[serde(default)]
    pub actions: Vec<Binding>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl AgentDocument {
    /// The actions of its own, each with its binding.
    pub fn own_actions(&self) -> impl Iterator<Item = (BindingId, &AgentAction)> {
        self.actions
            .iter()
            .filter_map(|binding| match &binding.target {
                BindingTarget::Action { action, .. } => Some((binding.id, action)),
                BindingTarget::Link { .. } => None,
            })
    }

    /// Every secret its own actions refer to, each once.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let mut names: Vec<_> = self
            .own_actions()
            .flat_map(|(_, action)| action.kind.secrets())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The messaging channels that its own actions name.
    pub fn channels(&self) -> BTreeSet<IntegrationId> {
        self.own_actions()
            .filter_map(|(_, action)| action.kind.channel())
            .collect()
    }

    /// Where a conversation in a state may go. None is everywhere.
    pub fn next_states(&self, from: Option<&StateName>) -> Option<&[StateName]> {
        let state = self.states.iter().find(|state| Some(&state.name) == from)?;
        state.transitions.as_deref()
    }
}

/// A version that was locked. It is made whole and has no way to change.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedVersion {
    number: u32,
    notes: String,
    locked_at: DateTime<Utc>,
    locked_by: String,
    document: AgentDocument,
}

impl LockedVersion {
    /// Freezes a document under a number, from 1 on.
    pub const fn new(
        number: u32,
        notes: String,
        locked_at: DateTime<Utc>,
        locked_by: String,
        document: AgentDocument,
    ) -> Self {
        Self {
            number,
            notes,
            locked_at,
            locked_by,
            document,
        }
    }

    /// Its number.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// What whoever locked it wrote about it.
    pub fn notes(&self) -> &str {
        &self.notes
    }

    /// When it was locked.
    pub const fn locked_at(&self) -> DateTime<Utc> {
        self.locked_at
    }

    /// Who locked it.
    pub fn locked_by(&self) -> &str {
        &self.locked_by
    }

    /// What it holds.
    pub const fn document(&self) -> &AgentDocument {
        &self.document
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_reads_back_as_it_was_written() {
        let value = json!({
            "instructions": "Help.",
            "strict_states": true,
            "initial_state": "start",
            "states": [{"name": "start", "description": "", "instructions": "", "transitions": ["start"]}],
            "actions": [
                {
                    "id": "bnd_01980000000070008000000000000001",
                    "link": {
                        "action_id": "act_01980000000070008000000000000001",
                        "integration_id": "int_01980000000070008000000000000001"
                    },
                    "overrides": {"phases": ["in_call"], "max_successful_calls": 3}
                },
                {
                    "id": "bnd_01980000000070008000000000000002",
                    "action": {
                        "kind": "api_call", "method": "GET", "url": "https://a.example/x",
                        "auth": {"type": "none"}, "headers": {}, "output_variables": [],
                        "name": "ping", "description": ""
                    },
                    "allowed_states": []
                }
            ]
        });
        let document: AgentDocument = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&document).unwrap(), value);
        assert_eq!(document.actions[0].gate().max_successful_calls, Some(3));
    }

    #[test]
    fn versions_are_draft_or_a_number() {
        assert_eq!(
            serde_json::from_str::<VersionRef>("\"draft\"").unwrap(),
            VersionRef::Draft
        );
        assert_eq!(
            serde_json::from_str::<VersionRef>("7").unwrap(),
            VersionRef::Number(7)
        );
        for text in ["0", "-1", "\"v1\"", "1.5", "null"] {
            assert!(serde_json::from_str::<VersionRef>(text).is_err(), "{text}");
        }
    }
}
