//! Shared actions of every kind: what each asks of its integration.

use std::sync::Arc;

use serde_json::Value;
use switchboard_connect::ApiCall;
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::agent::Overrides;
use switchboard_domain::input::InputErrors;
use switchboard_domain::request::BodyTemplate;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::text_message::MessageTemplate;

use crate::mcp_tool::McpCall;
use crate::{http, mcp_tool, text_message};

/// What a shared action asks for, wherever its integration is.
#[derive(Debug, Clone)]
pub struct Request(pub(crate) Asks);

#[derive(Debug, Clone)]
pub enum Asks {
    Http(Arc<ApiCall>),
    Mcp(Arc<McpCall>),
    Message(Arc<MessageTemplate>),
}

/// A body template that a link sets. What it is a template of depends on what is linked.
#[derive(Debug, Clone)]
pub struct BodyOverride {
    /// As it was written.
    pub source: String,
    /// As the body of a request; none where it is no JSON.
    pub json: Option<BodyTemplate>,
}

impl BodyOverride {
    /// The body template of a link, if it sets one.
    pub fn of(overrides: &Overrides) -> Option<Self> {
        let text = overrides.body_template.as_deref();
        let text = text.filter(|text| !text.trim().is_empty())?;
        Some(Self {
            source: text.to_owned(),
            json: BodyTemplate::parse(text).ok(),
        })
    }
}

/// Prepares a shared action, with its default schema. What is wrong with it is noted.
pub fn prepare_action(
    definition: &ActionDefinition,
    errors: &mut InputErrors,
) -> Option<(Request, ParameterSchema)> {
    let (asks, schema) = match definition {
        ActionDefinition::Api(api) => {
            let (call, schema) = http::api_action(api, "", errors)?;
            (Asks::Http(Arc::new(call)), schema)
        }
        ActionDefinition::Mcp(action) => {
            let (call, schema) = mcp_tool::tool(action, "", errors)?;
            (Asks::Mcp(Arc::new(call)), schema)
        }
        ActionDefinition::Message(message) => {
            let (template, schema) = text_message::message_action(message, "", errors)?;
            (Asks::Message(Arc::new(template)), schema)
        }
    };
    Some((Request(asks), schema))
}

impl Request {
    /// The kind that a runtime is told of a link to it.
    pub const fn kind(&self) -> &'static str {
        match &self.0 {
            Asks::Mcp(_) => mcp_tool::NAME,
            Asks::Message(_) => text_message::NAME,
            Asks::Http(_) => http::NAME,
        }
    }

    /// Whether a call of it changes nothing outside, as far as is known.
    pub fn is_safe(&self) -> bool {
        match &self.0 {
            Asks::Http(call) => call.request.method.is_safe(),
            Asks::Mcp(call) => call.tool.read_only(),
            Asks::Message(_) => false,
        }
    }

    /// The wire object of a tool, for whoever asks in MCP's format.
    pub fn wire(&self) -> Option<&Value> {
        match &self.0 {
            Asks::Mcp(call) => Some(&call.wire),
            Asks::Http(_) | Asks::Message(_) => None,
        }
    }

    /// The same with what a link sets of its body.
    #[must_use]
    pub fn with_body(&self, body: Option<&BodyOverride>) -> Self {
        let changed = match (&self.0, body) {
            (Asks::Http(call), Some(body)) => body.json.as_ref().map(|body| {
                let mut changed = ApiCall::clone(call);
                changed.request.body = Some(body.clone());
                Asks::Http(Arc::new(changed))
            }),
            (Asks::Message(message), Some(body)) => {
                // It was checked when it was saved.
                let changed = message.with_text(&body.source).ok();
                changed.map(|changed| Asks::Message(Arc::new(changed)))
            }
            _ => None,
        };
        changed.map_or_else(|| self.clone(), Self)
    }

    /// Whether its schema depends on what a link sets of its body.
    pub(crate) const fn is_written_by_the_model(&self) -> bool {
        matches!(self.0, Asks::Message(_))
    }
}
