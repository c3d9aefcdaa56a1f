//! Whether a call is allowed now, and if not, why.

use crate::agent::Gate;
use crate::conversation::{Conversation, Phase, Status};
use crate::environment::Environment;
use crate::error_code::ErrorCode;
use crate::id::BindingId;
use crate::name::StateName;

/// Why a call is not admitted. The code is stable, the sentence is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The version has no action of this name.
    #[error(
        "this agent's version has no action named `{name}`; ask for its tools to see which there are"
    )]
    UnknownAction {
        /// The name that was called.
        name: String,
    },
    /// The conversation is closed.
    #[error("the conversation is closed; start a new one")]
    Closed,
    /// Somebody else took the conversation over.
    #[error(
        "the conversation was handed over, so nothing is called in it until the dialogue is ended"
    )]
    HandedOver,
    /// The conversation's phase is not one of the binding's.
    #[error("`{name}` may be called in {allowed} only, and the conversation is in {phase}")]
    Phase {
        /// The action.
        name: String,
        /// The phases it may be called in.
        allowed: String,
        /// The conversation's phase.
        phase: &'static str,
    },
    /// The conversation's state is not one of the binding's.
    #[error(
        "`{name}` may be called in the states {allowed} only, and the conversation is in {state}"
    )]
    State {
        /// The action.
        name: String,
        /// The states it may be called in.
        allowed: String,
        /// The conversation's state.
        state: String,
    },
    /// No state follows the one that the conversation is in.
    #[error("no state follows {state}, so `{name}` cannot be used now")]
    LastState {
        /// The action.
        name: String,
        /// The conversation's state.
        state: String,
    },
    /// The limit of successful calls is used up, calls under way included.
    #[error(
        "`{name}` may succeed {limit} times in a conversation: {taken} did and {in_flight} are under way"
    )]
    LimitReached {
        /// The action.
        name: String,
        /// The limit.
        limit: u32,
        /// Places that stay taken.
        taken: u32,
        /// Places held by calls under way.
        in_flight: u32,
    },
    /// The integration has no slot for the conversation's environment.
    #[error(
        "the integration `{integration}` is not set up for {environment}; fill its {environment} slot"
    )]
    EmptySlot {
        /// The integration's name.
        integration: String,
        /// The conversation's environment.
        environment: Environment,
    },
    /// The linked action, or its integration, is gone.
    #[error(
        "the shared action behind `{name}` was {what}; link it again or remove it from the agent"
    )]
    BrokenLink {
        /// The action, or the binding when its name is not known any more.
        name: String,
        /// What happened to it.
        what: &'static str,
    },
    /// The messaging channel that the action sends through is gone.
    #[error("the channel that `{name}` sends through was deleted; name another one")]
    ChannelDeleted {
        /// The action.
        name: String,
    },
    /// What the action is made of cannot be used by this release.
    #[error("`{name}` cannot be used: {reason}; open it, correct it and save it again")]
    Unusable {
        /// The action, or the binding when its name cannot be read.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The MCP server changed the tool, and the integration withholds it until that is approved.
    #[error(
        "the MCP server changed `{name}` and the change is not approved yet; review it and approve it"
    )]
    UnapprovedChange {
        /// The action.
        name: String,
    },
}

impl Refusal {
    /// No state follows the one that a conversation is in.
    pub fn last_state(name: &str, state: Option<&StateName>) -> Self {
        Self::LastState {
            name: name.to_owned(),
            state: state.map_or_else(|| "no state".to_owned(), |state| format!("`{state}`")),
        }
    }

    /// The stable code of the API.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownAction { .. } => ErrorCode::UnknownAction,
            Self::Closed | Self::HandedOver | Self::Phase { .. } => ErrorCode::PhaseNotAllowed,
            Self::State { .. } | Self::LastState { .. } => ErrorCode::StateNotAllowed,
            Self::LimitReached { .. } => ErrorCode::MaxSuccessfulCallsReached,
            Self::EmptySlot { .. }
            | Self::BrokenLink { .. }
            | Self::ChannelDeleted { .. }
            | Self::Unusable { .. } => ErrorCode::IntegrationUnavailable,
            Self::UnapprovedChange { .. } => ErrorCode::ToolChangeUnapproved,
        }
    }
}

/// Applies a binding's gate to a conversation: phase, then state, then limit.
///
/// Arguments are checked apart from this, because listing what is callable has none.
pub fn admit(
    name: &str,
    binding: BindingId,
    gate: &Gate,
    strict_states: bool,
    conversation: &Conversation,
) -> Result<(), Refusal> {
    match (conversation.status, conversation.phase) {
        (Status::Closed, _) => return Err(Refusal::Closed),
        (Status::HandedOver, Phase::InCall) => return Err(Refusal::HandedOver),
        _ => {}
    }
    check_phase(name, gate, conversation.phase)?;
    if strict_states {
        check_state(name, gate, conversation)?;
    }
    check_limit(name, binding, gate, conversation)
}

fn check_phase(name: &str, gate: &Gate, phase: Phase) -> Result<(), Refusal> {
    match &gate.phases {
        Some(phases) if !phases.contains(&phase) => Err(Refusal::Phase {
            name: name.to_owned(),
            allowed: list(phases.iter().map(|phase| phase.as_str())),
            phase: phase.as_str(),
        }),
        _ => Ok(()),
    }
}

fn check_state(name: &str, gate: &Gate, conversation: &Conversation) -> Result<(), Refusal> {
    match &gate.allowed_states {
        Some(states)
            if !states.is_empty()
                && !conversation
                    .state
                    .as_ref()
                    .is_some_and(|state| states.contains(state)) =>
        {
            Err(Refusal::State {
                name: name.to_owned(),
                allowed: list(states.iter().map(StateName::as_str)),
                state: conversation
                    .state
                    .as_ref()
                    .map_or_else(|| "no state".to_owned(), |state| format!("`{state}`")),
            })
        }
        _ => Ok(()),
    }
}

fn check_limit(
    name: &str,
    binding: BindingId,
    gate: &Gate,
    conversation: &Conversation,
) -> Result<(), Refusal> {
    let Some(limit) = gate.max_successful_calls else {
        return Ok(());
    };
    let usage = conversation.usage(binding);
    if usage.taken.saturating_add(usage.in_flight) < limit {
        return Ok(());
    }
    Err(Refusal::LimitReached {
        name: name.to_owned(),
        limit,
        taken: usage.taken,
        in_flight: usage.in_flight,
    })
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "no phase".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::agent::VersionRef;
    use crate::conversation::{ConversationKey, Outcome};
    use crate::id::{AgentId, ConversationId, WorkspaceId};

    const BINDING: BindingId = BindingId::from_uuid(Uuid::nil());

    fn conversation() -> Conversation {
        Conversation {
            key: ConversationKey {
                workspace: WorkspaceId::from_uuid(Uuid::nil()),
                id: ConversationId::from_uuid(Uuid::nil()),
                agent: AgentId::from_uuid(Uuid::nil()),
                version: VersionRef::Draft,
                environment: Environment::Production,
                created_at: DateTime::UNIX_EPOCH,
            },
            status: Status::Active,
            phase: Phase::InCall,
            state: None,
            variables: serde_json::Map::new(),
            usage: BTreeMap::new(),
            last_sequence: 0,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn states(names: &[&str]) -> Vec<StateName> {
        names.iter().map(|n| StateName::parse(n).unwrap()).collect()
    }

    fn code(gate: &Gate, strict: bool, conversation: &Conversation) -> Option<&'static str> {
        admit("a", BINDING, gate, strict, conversation)
            .err()
            .map(|refusal| refusal.code().as_str())
    }

    #[test]
    fn phases_restrict_only_when_given() {
        let mut conversation = conversation();
        let open = Gate::default();
        let post = Gate {
            phases: Some(vec![Phase::PostCall]),
            ..Gate::default()
        };
        assert_eq!(code(&open, true, &conversation), None);
        assert_eq!(code(&post, true, &conversation), Some("phase_not_allowed"));
        conversation.end();
        assert_eq!(code(&open, true, &conversation), None);
        assert_eq!(code(&post, true, &conversation), None);
        conversation.end();
        assert_eq!(code(&post, true, &conversation), Some("phase_not_allowed"));
    }

    #[test]
    fn states_restrict_only_when_strict_and_named() {
        let mut conversation = conversation();
        let named = Gate {
            allowed_states: Some(states(&["pay"])),
            ..Gate::default()
        };
        let empty = Gate {
            allowed_states: Some(vec![]),
            ..Gate::default()
        };
        assert_eq!(code(&named, false, &conversation), None);
        assert_eq!(code(&named, true, &conversation), Some("state_not_allowed"));
        assert_eq!(code(&empty, true, &conversation), None);
        conversation.state = states(&["pay"]).pop();
        assert_eq!(code(&named, true, &conversation), None);
        conversation.state = states(&["other"]).pop();
        assert_eq!(code(&named, true, &conversation), Some("state_not_allowed"));
    }

    proptest! {
        /// Whatever the order in which calls are admitted and end, successes, unknown outcomes and
        /// calls under way never exceed the limit, and a failed call gives its place back.
        #[test]
        fn the_limit_is_never_exceeded(limit in 1u32..5, steps in prop::collection::vec(0u8..4, 0..60)) {
            let gate = Gate { max_successful_calls: Some(limit), ..Gate::default() };
            let mut conversation = conversation();
            let (mut open, mut kept) = (0u32, 0u32);
            for step in steps {
                if step == 0 {
                    let admitted = admit("a", BINDING, &gate, false, &conversation).is_ok();
                    prop_assert_eq!(admitted, open + kept < limit);
                    if admitted {
                        conversation.reserve(BINDING);
                        open += 1;
                    }
                } else if open > 0 {
                    open -= 1;
                    let outcome = [Outcome::Failed, Outcome::Succeeded, Outcome::Unknown][usize::from(step) - 1];
                    kept += u32::from(outcome != Outcome::Failed);
                    conversation.settle(BINDING, true, outcome);
                }
                prop_assert!(open + kept <= limit);
            }
        }
    }
}
