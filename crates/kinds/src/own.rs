//! Actions of an agent's own, of every kind.

use std::sync::Arc;

use switchboard_connect::{ApiCall, Endpoint};
use switchboard_domain::agent::{AgentActionKind, Binding, BindingTarget, Gate};
use switchboard_domain::handover::HandoverTemplate;
use switchboard_domain::id::IntegrationId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::response::ResponseTemplate;
use switchboard_domain::text_message::MessageTemplate;

use crate::action::{Asks, Request};
use crate::client_event::PreparedEvent;
use crate::parts::field;
use crate::scope::Scope;
use crate::{client_event, end_call, handover, http, static_response};

/// What an action of an agent's own does.
#[derive(Debug, Clone)]
pub struct OwnCall(pub(crate) Own);

#[derive(Debug, Clone)]
pub enum Own {
    Http(Arc<Endpoint>, Arc<ApiCall>),
    Message(IntegrationId, Arc<MessageTemplate>),
    Respond(Arc<ResponseTemplate>),
    EndCall,
    HandOver(Arc<HandoverTemplate>),
    Tell(Arc<PreparedEvent>),
    GoToState,
}

/// Prepares an action of an agent's own. What is wrong with it is noted.
pub fn prepare_own(
    kind: &AgentActionKind,
    scope: &Scope<'_>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<OwnCall> {
    let own = match kind {
        AgentActionKind::StaticResponse(fixed) => {
            Own::Respond(Arc::new(static_response::prepare(fixed, pointer, errors)?))
        }
        AgentActionKind::EndCall {} => Own::EndCall,
        AgentActionKind::Handover(handover) => {
            Own::HandOver(Arc::new(handover::prepare(handover, pointer, errors)?))
        }
        AgentActionKind::ClientEvent(event) => {
            Own::Tell(Arc::new(client_event::prepare(event, pointer, errors)?))
        }
        AgentActionKind::SendTextMessage(message) => {
            let text = message.message_template.as_deref();
            let parsed = MessageTemplate::parse(&message.recipient, text);
            let template = field(parsed, pointer, errors)?;
            Own::Message(message.channel_id, Arc::new(template))
        }
        AgentActionKind::ApiCall(call) => {
            let (endpoint, call) = http::agent_api_call(call, scope, pointer, errors)?;
            Own::Http(Arc::new(endpoint), Arc::new(call))
        }
    };
    Some(OwnCall(own))
}

/// When and how often a binding may be called.
pub fn gate(binding: &Binding) -> Gate {
    let mut gate = binding.gate().clone();
    if let BindingTarget::Action { action, .. } = &binding.target
        && matches!(action.kind, AgentActionKind::EndCall {})
    {
        end_call::gate(&mut gate);
    }
    gate
}

impl OwnCall {
    /// The built-in tool that changes the state.
    pub const fn go_to_state() -> Self {
        Self(Own::GoToState)
    }

    /// What it asks of an integration, where it sends through one.
    pub fn through(&self) -> Option<(IntegrationId, Request)> {
        match &self.0 {
            Own::Message(channel, message) => {
                Some((*channel, Request(Asks::Message(message.clone()))))
            }
            _ => None,
        }
    }

    /// Whether a call of it changes nothing outside, as far as is known.
    pub fn is_safe(&self) -> bool {
        match &self.0 {
            Own::Http(_, call) => call.request.method.is_safe(),
            Own::Respond(_) | Own::GoToState => true,
            Own::Message(..) | Own::EndCall | Own::HandOver(_) | Own::Tell(_) => false,
        }
    }
}
