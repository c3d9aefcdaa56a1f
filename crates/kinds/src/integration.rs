//! Integrations of every kind: what each is in an environment.

use std::sync::Arc;
use std::time::Duration;

use switchboard_connect::{Endpoint, Secrets};
use switchboard_domain::admission::Refusal;
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::id::IntegrationId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::IntegrationDefinition;
use switchboard_domain::limits::REFRESH_INTERVALS_S;
use switchboard_domain::request::PathTemplate;
use switchboard_mcp::{McpClient, McpError, McpTarget};
use tokio::time::Instant;

use crate::channel::Channel;
use crate::mcp_tool::Found;
use crate::probe::{NotProbed, Probe, Probing};
use crate::scope::Scope;
use crate::{channel, http, mcp_tool, text_message};

/// How long fetching all tools of a server may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where requests of an integration go in one environment.
#[derive(Debug, Clone)]
pub struct Place(pub(crate) Where);

#[derive(Debug, Clone)]
pub enum Where {
    Http(Arc<Endpoint>),
    Mcp(Arc<McpTarget>),
    Message(Arc<Channel>),
}

impl Place {
    /// The channel, where messages are sent.
    pub const fn channel(&self) -> Option<&Arc<Channel>> {
        match &self.0 {
            Where::Message(channel) => Some(channel),
            Where::Http(_) | Where::Mcp(_) => None,
        }
    }
}

/// Prepares an integration for the calls of each environment. What is wrong with it is noted, with
/// pointers into it.
pub fn prepare_integration<'a>(
    id: IntegrationId,
    definition: &IntegrationDefinition,
    scope: impl Fn(Environment) -> Scope<'a>,
    errors: &mut InputErrors,
) -> PerEnvironment<Place> {
    let mut places = PerEnvironment::default();
    match definition {
        IntegrationDefinition::CustomApi { environments } => {
            if environments.is_empty() {
                errors.push(
                    "/environments",
                    "fill at least one of development, staging and production",
                );
            }
            for (environment, slot) in environments.iter() {
                let pointer = format!("/environments/{environment}");
                let endpoint = http::slot(slot, &scope(environment), &pointer, errors);
                let place = endpoint.map(|found| Place(Where::Http(Arc::new(found))));
                *places.slot(environment) = place;
            }
        }
        IntegrationDefinition::McpServer(server) => {
            for environment in Environment::ALL {
                let target = mcp_tool::target(server, &scope(environment), "", errors);
                let Some(target) = target else {
                    // It is the same in each environment, and so is what is wrong with it.
                    break;
                };
                *places.slot(environment) = Some(Place(Where::Mcp(Arc::new(target))));
            }
            let interval = server.refresh_interval_s;
            if interval.is_some_and(|seconds| !REFRESH_INTERVALS_S.contains(&seconds)) {
                errors.push(
                    "/refresh_interval_s",
                    "tools are fetched every 30 to 604800 seconds; null is never",
                );
            }
        }
        IntegrationDefinition::MessagingChannel(definition) => {
            let prepared = channel::channel(id, definition, "", errors).map(Arc::new);
            for environment in Environment::ALL {
                *places.slot(environment) =
                    prepared.clone().map(|found| Place(Where::Message(found)));
            }
        }
    }
    places
}

/// Asks an MCP server for its tools; none for other kinds.
pub async fn discover(
    client: &McpClient,
    definition: &IntegrationDefinition,
    scope: &Scope<'_>,
    secrets: Secrets<'_>,
    deadline: Instant,
) -> Option<Result<Found, McpError>> {
    let server = definition.mcp_server()?;
    let mut errors = InputErrors::new();
    let Some(target) = mcp_tool::target(server, scope, "", &mut errors) else {
        return Some(Err(McpError::Protocol {
            detail: "its settings are no longer valid".to_owned(),
        }));
    };
    Some(mcp_tool::discover(client, &target, secrets, deadline).await)
}

/// Asks the service of an integration for something that changes nothing, with its credentials.
pub async fn probe(
    name: &str,
    definition: &IntegrationDefinition,
    scope: &Scope<'_>,
    probing: &Probing<'_>,
) -> Result<Probe, NotProbed> {
    let mut errors = InputErrors::new();
    match definition {
        IntegrationDefinition::CustomApi { environments } => {
            let slot = environments.get(probing.environment).ok_or_else(|| {
                NotProbed::Refused(Refusal::EmptySlot {
                    integration: name.to_owned(),
                    environment: probing.environment,
                })
            })?;
            let endpoint = http::slot(slot, scope, "", &mut errors);
            let path = errors.check("", PathTemplate::parse(""));
            let (Some(endpoint), Some(path)) = (endpoint, path) else {
                return Err(NotProbed::Invalid(errors));
            };
            Ok(http::probe(&endpoint, path, probing).await)
        }
        IntegrationDefinition::McpServer(server) => {
            let Some(target) = mcp_tool::target(server, scope, "", &mut errors) else {
                return Err(NotProbed::Invalid(errors));
            };
            let client = probing.hands.mcp;
            let deadline = probing.start + PATIENCE;
            let found = mcp_tool::discover(client, &target, probing.secrets, deadline).await;
            Ok(mcp_tool::probe(found))
        }
        IntegrationDefinition::MessagingChannel(definition) => {
            let nowhere = IntegrationId::from_uuid(uuid::Uuid::nil());
            let Some(channel) = channel::channel(nowhere, definition, "", &mut errors) else {
                return Err(NotProbed::Invalid(errors));
            };
            Ok(text_message::probe(&channel, probing.telnyx, probing).await)
        }
    }
}
