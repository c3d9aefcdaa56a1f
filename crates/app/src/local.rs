//! Actions of an agent's own: preparing each kind, and performing those that need no request of
//! ours.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use switchboard_connect::{CallError, Performed};
use switchboard_domain::agent::{
    AgentActionKind, AgentDocument, Binding, BindingTarget, ClientEvent, Gate,
};
use switchboard_domain::conversation::{Outcome, Phase};
use switchboard_domain::handover::HandoverTemplate;
use switchboard_domain::id::{AgentId, BindingId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::name::StateName;
use switchboard_domain::response::ResponseTemplate;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::template::RenderContext;
use switchboard_domain::text_message::MessageTemplate;
use switchboard_store::stat::Called;

use crate::catalog::{GO_TO_STATE, OwnCall, PreparedBinding, PreparedTarget};
use crate::journal::Effect;
use crate::prepare::Scope;
use crate::{AppError, prepare};

/// The longest name of a client event, in bytes.
const MAX_EVENT_NAME: usize = 100;
/// How long a call may wait for its client, in milliseconds.
const WAITS: std::ops::RangeInclusive<u32> = 1..=600_000;

/// What needs no request of ours.
#[derive(Debug)]
pub enum LocalAction {
    /// Gives an answer that is written down.
    Respond(ResponseTemplate),
    /// Ends the dialogue.
    EndCall,
    /// Gives the conversation to somebody else.
    HandOver(HandoverTemplate),
    /// Tells the client.
    TellClient {
        /// What the client knows it by.
        event: String,
        /// How long to wait for its answer.
        wait: Option<Duration>,
    },
    /// Changes the state: the built-in tool.
    GoToState,
}

impl LocalAction {
    /// Whether a call of it changes nothing.
    pub const fn is_safe(&self) -> bool {
        matches!(self, Self::Respond(_) | Self::GoToState)
    }
}

/// Prepares an action of an agent's own.
pub fn prepare(
    kind: &AgentActionKind,
    scope: &Scope<'_>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<OwnCall> {
    let local = |action| OwnCall::Local(Arc::new(action));
    match kind {
        AgentActionKind::StaticResponse(fixed) => {
            let parsed = ResponseTemplate::parse(&fixed.response);
            let template = errors.check(format!("{pointer}/response"), parsed)?;
            Some(local(LocalAction::Respond(template)))
        }
        AgentActionKind::EndCall {} => Some(local(LocalAction::EndCall)),
        AgentActionKind::Handover(handover) => match HandoverTemplate::parse(handover) {
            Ok(template) => Some(local(LocalAction::HandOver(template))),
            Err(wrong) => {
                errors.push(format!("{pointer}/{}", wrong.field), wrong.error);
                None
            }
        },
        AgentActionKind::ClientEvent(event) => client_event(event, pointer, errors).map(local),
        AgentActionKind::SendTextMessage(message) => {
            let template = message.message_template.as_deref();
            let parsed = MessageTemplate::parse(&message.recipient, template);
            let template = prepare::field(parsed, pointer, errors)?;
            Some(OwnCall::Message(message.channel_id, Arc::new(template)))
        }
        AgentActionKind::ApiCall(call) => {
            let (endpoint, call) = prepare::agent_api_call(call, scope, pointer, errors)?;
            Some(OwnCall::Http(Arc::new(endpoint), Arc::new(call)))
        }
    }
}

fn client_event(
    event: &ClientEvent,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<LocalAction> {
    let name = &event.event;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/-".contains(&byte);
    let is_name = (1..=MAX_EVENT_NAME).contains(&name.len()) && name.bytes().all(allowed);
    if !is_name {
        errors.push(
            format!("{pointer}/event"),
            "the name of an event has 1 to 100 letters, digits, `_`, `.`, `:`, `/` or `-`",
        );
    }
    let waits = event
        .await_result_ms
        .is_none_or(|wait| WAITS.contains(&wait));
    if !waits {
        errors.push(
            format!("{pointer}/await_result_ms"),
            "a client is waited for from 1 to 600000 milliseconds; leave it out not to wait",
        );
    }
    (is_name && waits).then(|| LocalAction::TellClient {
        event: name.clone(),
        wait: event
            .await_result_ms
            .map(|wait| Duration::from_millis(u64::from(wait))),
    })
}

/// When and how often a binding may be called. What ends the call is for the call alone.
pub fn gate(binding: &Binding) -> Gate {
    let mut gate = binding.gate().clone();
    let is_end = matches!(
        &binding.target,
        BindingTarget::Action { action, .. } if matches!(action.kind, AgentActionKind::EndCall {})
    );
    if is_end {
        gate.phases
            .get_or_insert_with(|| vec![Phase::InCall])
            .retain(|phase| *phase == Phase::InCall);
    }
    gate
}

/// The built-in tool `go_to_state` as it is in each state, where an agent asks for it.
pub fn go_to_state(
    agent: AgentId,
    document: &AgentDocument,
) -> Result<BTreeMap<Option<StateName>, Arc<PreparedBinding>>, AppError> {
    let mut tools = BTreeMap::new();
    if !document.go_to_state {
        return Ok(tools);
    }
    let action = Arc::new(LocalAction::GoToState);
    let called = Arc::new(Called {
        source: format!("{agent}/{GO_TO_STATE}"),
        name: GO_TO_STATE.to_owned(),
        integration: None,
        action: None,
    });
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
        let schema = ParameterSchema::compile(&parameters)
            .map_err(|error| AppError::Internal(error.to_string()))?;
        let binding = PreparedBinding {
            id: BindingId::from_uuid(uuid::Uuid::nil()),
            name: GO_TO_STATE.to_owned(),
            description: "Goes on to another step of the conversation.".to_owned(),
            kind: GO_TO_STATE,
            gate: Gate {
                phases: Some(vec![Phase::InCall]),
                ..Gate::default()
            },
            schema,
            target: PreparedTarget::Local(action.clone()),
            called: called.clone(),
            formats: std::sync::OnceLock::new(),
        };
        tools.insert(from.cloned(), Arc::new(binding));
    }
    Ok(tools)
}

/// What came of an action that needs nobody else.
pub struct Local {
    /// What the call answers.
    pub performed: Performed,
    /// What it does to the conversation.
    pub effect: Option<Effect>,
}

impl Local {
    fn failed(error: impl Into<CallError>) -> Self {
        Self {
            performed: Performed::not_sent(error.into()),
            effect: None,
        }
    }
}

/// A call that succeeded with this answer.
pub fn answered(output: String) -> Performed {
    Performed {
        outcome: Outcome::Succeeded,
        output,
        variables: vec![],
        unmatched: vec![],
        left_out: vec![],
        error: None,
        request: "null".to_owned(),
        response: "null".to_owned(),
        tool_result: false,
        held: None,
    }
}

/// Gives an answer that is written down.
pub fn respond(template: &ResponseTemplate, context: &RenderContext<'_>) -> Local {
    match template.render(context) {
        Ok(output) => Local {
            performed: answered(output),
            effect: None,
        },
        Err(error) => Local::failed(error),
    }
}

/// Ends the dialogue.
pub fn end_call() -> Local {
    Local {
        performed: answered(json!({"ended": true}).to_string()),
        effect: Some(Effect::EndCall),
    }
}

/// Gives the conversation to somebody else.
pub fn hand_over(
    template: &HandoverTemplate,
    context: &RenderContext<'_>,
    arguments: &Map<String, Value>,
) -> Local {
    match template.render(context, arguments) {
        Ok(request) => Local {
            performed: answered(json!(request).to_string()),
            effect: Some(Effect::HandOver(request)),
        },
        Err(error) => Local::failed(error),
    }
}
