//! The built-in tool that goes on to another state.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use switchboard_connect::{CallError, Performed};
use switchboard_domain::agent::{AgentDocument, Gate};
use switchboard_domain::conversation::Phase;
use switchboard_domain::name::StateName;
use switchboard_domain::schema::ParameterSchema;

use crate::perform::{Call, Next};

/// Its name, and its kind's.
pub const NAME: &str = "go_to_state";
/// What the model is told of it.
pub const DESCRIPTION: &str = "Goes on to another step of the conversation.";

/// When it may be called.
pub fn gate() -> Gate {
    Gate {
        phases: Some(vec![Phase::InCall]),
        ..Gate::default()
    }
}

/// Its schema in each state, where an agent asks for it and there is somewhere to go.
pub fn schemas(document: &AgentDocument) -> BTreeMap<Option<StateName>, ParameterSchema> {
    let mut schemas = BTreeMap::new();
    if !document.go_to_state {
        return schemas;
    }
    let names = document.states.iter().map(|state| Some(&state.name));
    for from in names.chain([None]) {
        let next: Vec<_> = document
            .states
            .iter()
            .filter(|state| {
                let listed = document.next_states(from);
                Some(&state.name) != from && listed.is_none_or(|next| next.contains(&state.name))
            })
            .collect();
        if next.is_empty() {
            continue;
        }
        let told: Vec<_> = next
            .iter()
            .filter(|state| !state.description.is_empty())
            .map(|state| format!("{}: {}", state.name, state.description))
            .collect();
        let names: Vec<_> = next.iter().map(|state| state.name.as_str()).collect();
        let parameters = json!({
            "type": "object",
            "properties": {"state": {
                "type": "string", "enum": names, "description": told.join("\n"),
            }},
            "required": ["state"], "additionalProperties": false,
        });
        let compiled = ParameterSchema::compile(&parameters).inspect_err(|error| {
            tracing::error!(%error, "the built-in tool for states cannot be made in a state");
        });
        schemas.extend(compiled.map(|schema| (from.cloned(), schema)));
    }
    schemas
}

/// Has the conversation go on.
pub fn perform(of: &Call<'_>) -> Next {
    let wanted = of.parameters.get("state").and_then(Value::as_str);
    if let Some(to) = wanted.and_then(|name| StateName::parse(name).ok()) {
        return Next::GoTo(to);
    }
    let error = CallError::new("invalid_arguments", "name the state to go to");
    Performed::not_sent(error).into()
}
