//! An action in one environment, ready to be performed.

use std::sync::Arc;

use switchboard_connect::{ApiCall, Endpoint, Performed};
use switchboard_domain::handover::HandoverTemplate;
use switchboard_domain::response::ResponseTemplate;
use switchboard_domain::text_message::MessageTemplate;
use switchboard_mcp::McpTarget;

use crate::action::{Asks, Request};
use crate::channel::Channel;
use crate::client_event::PreparedEvent;
use crate::integration::{Place, Where};
use crate::mcp_tool::McpCall;
use crate::own::{Own, OwnCall};
use crate::perform::{Call, Hands, Next, Sending};
use crate::{
    client_event, end_call, go_to_state, handover, http, mcp_tool, static_response, text_message,
};

/// What is performed, and where.
#[derive(Debug, Clone)]
pub struct Ready(Does);

#[derive(Debug, Clone)]
enum Does {
    Http(Arc<Endpoint>, Arc<ApiCall>),
    Mcp(Arc<McpTarget>, Arc<McpCall>),
    Message(Arc<Channel>, Arc<MessageTemplate>),
    Respond(Arc<ResponseTemplate>),
    EndCall,
    HandOver(Arc<HandoverTemplate>),
    Tell(Arc<PreparedEvent>),
    GoToState,
}

impl Request {
    /// What it is at a place; none where that is of another kind.
    pub fn at(&self, place: &Place) -> Option<Ready> {
        let does = match (&self.0, &place.0) {
            (Asks::Http(call), Where::Http(endpoint)) => Does::Http(endpoint.clone(), call.clone()),
            (Asks::Mcp(call), Where::Mcp(target)) => Does::Mcp(target.clone(), call.clone()),
            (Asks::Message(template), Where::Message(channel)) => {
                Does::Message(channel.clone(), template.clone())
            }
            _ => return None,
        };
        Some(Ready(does))
    }
}

impl OwnCall {
    /// What it is by itself; none where it is sent through an integration.
    pub fn ready(&self) -> Option<Ready> {
        let does = match &self.0 {
            Own::Http(endpoint, call) => Does::Http(endpoint.clone(), call.clone()),
            Own::Respond(template) => Does::Respond(template.clone()),
            Own::EndCall => Does::EndCall,
            Own::HandOver(template) => Does::HandOver(template.clone()),
            Own::Tell(event) => Does::Tell(event.clone()),
            Own::GoToState => Does::GoToState,
            Own::Message(..) => return None,
        };
        Some(Ready(does))
    }
}

impl Ready {
    /// The host that it calls within the call itself.
    pub fn host(&self) -> Option<&Arc<str>> {
        match &self.0 {
            Does::Http(endpoint, _) => Some(endpoint.breaker.host()),
            Does::Mcp(target, _) => Some(target.breaker.host()),
            _ => None,
        }
    }

    /// Performs it, as far as its kind can by itself.
    pub async fn perform(&self, hands: Hands<'_>, call: &Call<'_>) -> Next {
        match &self.0 {
            Does::Http(endpoint, request) => {
                http::perform(endpoint, request, hands, call).await.into()
            }
            // On the heap, as its future is much larger than that of a request.
            Does::Mcp(target, tool) => Box::pin(mcp_tool::perform(target, tool, hands, call))
                .await
                .into(),
            Does::Message(channel, template) => match text_message::render(template, call) {
                Ok(rendered) => Next::Send(Sending {
                    channel: channel.clone(),
                    rendered,
                }),
                Err(error) => Performed::not_sent(error).into(),
            },
            Does::Respond(template) => static_response::perform(template, call),
            Does::EndCall => end_call::perform(),
            Does::HandOver(template) => handover::perform(template, call),
            Does::Tell(event) => client_event::perform(event),
            Does::GoToState => go_to_state::perform(call),
        }
    }
}
