//! Reading what drafts take from outside.

use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_contract::drafts::{self, BindingInput, LinkInput};
use switchboard_contract::wire::{Phase, StateName};
use switchboard_domain::agent::{
    AgentAction, AgentActionKind, Binding, BindingTarget, Gate, Link, Overrides,
};
use switchboard_domain::id::{ActionId, BindingId, IntegrationId};
use switchboard_domain::input::{InputErrors, pointer_token};
use switchboard_domain::strict;

/// A merge of JSON documents (RFC 7396), but for schemas, which are replaced as a whole.
pub fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                if value.is_null() {
                    target.shift_remove(&key);
                } else if key == "parameters" {
                    target.insert(key, value);
                } else {
                    merge(target.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}

fn gate(
    phases: Option<Vec<Phase>>,
    max_successful_calls: Option<u32>,
    allowed_states: Option<Vec<StateName>>,
) -> Gate {
    Gate {
        phases: phases.map(|phases| phases.into_iter().map(|phase| phase.0).collect()),
        max_successful_calls,
        allowed_states: allowed_states
            .map(|states| states.into_iter().map(|state| state.0).collect()),
    }
}

/// Reads a binding under the id it has or gets. `places` says where the actions are that are linked
/// without naming an integration.
pub fn read_binding(
    id: BindingId,
    input: BindingInput,
    pointer: &str,
    places: &BTreeMap<ActionId, IntegrationId>,
    errors: &mut InputErrors,
) -> Option<Binding> {
    let target = match (input.link, input.action) {
        (Some(link), None) => {
            if input.phases.is_some()
                || input.max_successful_calls.is_some()
                || input.allowed_states.is_some()
            {
                errors.push(
                    pointer,
                    "put what a link sets differently into its `overrides`",
                );
            }
            let overrides = input.overrides.unwrap_or_default();
            BindingTarget::Link {
                link: read_link(link, pointer, places, errors)?,
                overrides: Overrides {
                    parameters: overrides.parameters,
                    body_template: overrides.body_template,
                    gate: gate(
                        overrides.phases,
                        overrides.max_successful_calls,
                        overrides.allowed_states,
                    ),
                },
            }
        }
        (None, Some(action)) => {
            if input.overrides.is_some() {
                errors.push(format!("{pointer}/overrides"), "only links have overrides");
            }
            BindingTarget::Action {
                action: read_action(action, pointer, errors)?,
                gate: gate(
                    input.phases,
                    input.max_successful_calls,
                    input.allowed_states,
                ),
            }
        }
        _ => {
            errors.push(pointer, "a binding has either a `link` or an `action`");
            return None;
        }
    };
    Some(Binding { id, target })
}

fn read_link(
    link: LinkInput,
    pointer: &str,
    places: &BTreeMap<ActionId, IntegrationId>,
    errors: &mut InputErrors,
) -> Option<Link> {
    let action_id = *link.action_id;
    let named = link.integration_id.map(|named| named.0);
    let Some(integration_id) = named.or_else(|| places.get(&action_id).copied()) else {
        errors.push(
            format!("{pointer}/link/action_id"),
            "there is no such action in this workspace",
        );
        return None;
    };
    Some(Link {
        action_id,
        integration_id,
    })
}

/// The members that every agent-specific action may have.
const COMMON_FIELDS: [&str; 4] = ["kind", "name", "description", "parameters"];

fn read_action(action: Value, pointer: &str, errors: &mut InputErrors) -> Option<AgentAction> {
    let pointer = format!("{pointer}/action");
    let kind = action.get("kind").and_then(Value::as_str);
    let Some(fields) = kind.and_then(AgentActionKind::fields) else {
        let kinds = AgentActionKind::NAMES.join("`, `");
        errors.push(format!("{pointer}/kind"), format!("it is one of `{kinds}`"));
        return None;
    };
    if let Value::Object(members) = &action {
        let is_known = |key: &str| COMMON_FIELDS.contains(&key) || fields.contains(&key);
        for key in members.keys().filter(|key| !is_known(key)) {
            errors.push(
                format!("{pointer}/{}", pointer_token(key)),
                "there is no such field in this kind of action",
            );
        }
    }
    let read = errors.check(pointer, strict::from_value::<drafts::AgentAction>(action));
    read.map(Into::into)
}
