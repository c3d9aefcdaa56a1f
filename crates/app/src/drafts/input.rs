//! What drafts take from outside.

use serde::Deserialize;
use serde_json::Value;
use switchboard_domain::agent::{
    AgentAction, AgentActionKind, Binding, BindingTarget, Gate, Link, Overrides, State,
};
use switchboard_domain::conversation::Phase;
use switchboard_domain::id::{ActionId, BindingId, IntegrationId};
use switchboard_domain::input::{InputErrors, pointer_token};
use switchboard_domain::name::StateName;
use switchboard_domain::strict;

/// What PUT takes.
#[derive(Debug, Deserialize)]
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
    pub states: Vec<State>,
    /// The actions it may call.
    #[serde(default)]
    pub actions: Vec<BindingInput>,
    /// Ignored, so that what was read can be sent back; `If-Match` is what is checked.
    #[serde(default)]
    #[expect(dead_code, reason = "it is accepted and ignored")]
    revision: Option<u64>,
    /// Ignored in the same way.
    #[serde(default)]
    #[expect(dead_code, reason = "it is accepted and ignored")]
    restored_from: Option<serde::de::IgnoredAny>,
    /// Ignored in the same way.
    #[serde(default)]
    #[expect(dead_code, reason = "it is accepted and ignored")]
    created_at: Option<serde::de::IgnoredAny>,
    /// Ignored in the same way.
    #[serde(default)]
    #[expect(dead_code, reason = "it is accepted and ignored")]
    updated_at: Option<serde::de::IgnoredAny>,
}

/// A binding as it comes in.
#[derive(Debug, Clone, Deserialize)]
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
    pub overrides: Option<OverridesInput>,
    /// An agent-specific action.
    #[serde(default)]
    pub action: Option<Value>,
    /// For an agent-specific action: the phases.
    #[serde(default)]
    pub phases: Option<Vec<Phase>>,
    /// For an agent-specific action: the limit.
    #[serde(default)]
    pub max_successful_calls: Option<u32>,
    /// For an agent-specific action: the states.
    #[serde(default)]
    pub allowed_states: Option<Vec<StateName>>,
}

/// A link as it comes in.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The shared action.
    pub action_id: ActionId,
    /// Its integration; left out, it is the one the action is under.
    #[serde(default)]
    pub integration_id: Option<IntegrationId>,
}

/// Overrides as they come in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverridesInput {
    #[serde(default)]
    parameters: Option<Value>,
    #[serde(default)]
    body_template: Option<String>,
    #[serde(default)]
    phases: Option<Vec<Phase>>,
    #[serde(default)]
    max_successful_calls: Option<u32>,
    #[serde(default)]
    allowed_states: Option<Vec<StateName>>,
}

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

/// Reads a binding under the id it has or gets.
pub fn read_binding(
    id: BindingId,
    input: BindingInput,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<Binding> {
    let gate_of = |phases, max_successful_calls, allowed_states| Gate {
        phases,
        max_successful_calls,
        allowed_states,
    };
    let target = match (input.link, input.action) {
        (Some(link), None) => {
            if input.phases.is_some()
                || input.max_successful_calls.is_some()
                || input.allowed_states.is_some()
            {
                errors.push(
                    pointer,
                    "what a link sets differently stands in its `overrides`",
                );
            }
            let overrides = input.overrides.unwrap_or_default();
            BindingTarget::Link {
                link: Link {
                    action_id: link.action_id,
                    // Filled in with the action's own, where it is left out.
                    integration_id: link
                        .integration_id
                        .unwrap_or(IntegrationId::from_uuid(uuid::Uuid::nil())),
                },
                overrides: Overrides {
                    parameters: overrides.parameters,
                    body_template: overrides.body_template,
                    gate: gate_of(
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
                gate: gate_of(
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
    errors.check(pointer, strict::from_value(action))
}
