//! The states of an agent's version, and which may follow which.

use std::collections::BTreeMap;

use crate::agent::AgentDocument;
use crate::name::StateName;

/// The states of a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateGraph {
    initial: Option<StateName>,
    states: Vec<StateName>,
    /// What may follow a state, for those that say so.
    transitions: BTreeMap<StateName, Vec<StateName>>,
}

/// A step that the version's states do not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{allowed} may follow `{from}`, and `{to}` may not")]
pub struct TransitionNotAllowed {
    from: StateName,
    to: StateName,
    allowed: String,
}

impl StateGraph {
    /// Those of a version.
    pub fn of(document: &AgentDocument) -> Self {
        let states = document.states.iter();
        let transitions = states.clone();
        Self {
            initial: document.initial_state.clone(),
            states: states.map(|state| state.name.clone()).collect(),
            transitions: transitions
                .filter_map(|state| Some((state.name.clone(), state.transitions.clone()?)))
                .collect(),
        }
    }

    /// The state that a conversation starts in.
    pub const fn initial(&self) -> Option<&StateName> {
        self.initial.as_ref()
    }

    /// Whether there is a state of this name.
    pub fn contains(&self, state: &StateName) -> bool {
        self.states.contains(state)
    }

    /// Whether a conversation may go from one state to another.
    pub fn check(
        &self,
        from: Option<&StateName>,
        to: &StateName,
    ) -> Result<(), TransitionNotAllowed> {
        let next = from.and_then(|from| Some((from, self.transitions.get(from)?)));
        match next {
            Some((from, next)) if !next.contains(to) => {
                let names: Vec<_> = next.iter().map(|state| format!("`{state}`")).collect();
                Err(TransitionNotAllowed {
                    from: from.clone(),
                    to: to.clone(),
                    allowed: if names.is_empty() {
                        "no state".to_owned()
                    } else {
                        names.join(", ")
                    },
                })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_state_does_not_name_may_not_follow_it() {
        let document: AgentDocument = serde_json::from_value(json!({
            "initial_state": "start",
            "states": [
                {"name": "start", "transitions": ["next"]},
                {"name": "next"},
                {"name": "end", "transitions": []},
            ],
        }))
        .unwrap();
        let graph = StateGraph::of(&document);
        let name = |text| StateName::parse(text).unwrap();
        assert_eq!(graph.initial(), Some(&name("start")));
        assert!(graph.contains(&name("end")) && !graph.contains(&name("other")));
        for (from, to, refused) in [
            (None, "end", None),
            (Some("start"), "next", None),
            (Some("next"), "end", None),
            (
                Some("start"),
                "end",
                Some("`next` may follow `start`, and `end` may not"),
            ),
            (
                Some("end"),
                "start",
                Some("no state may follow `end`, and `start` may not"),
            ),
        ] {
            let checked = graph.check(from.map(name).as_ref(), &name(to));
            let error = checked.err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), refused, "{from:?} {to}");
        }
    }
}
