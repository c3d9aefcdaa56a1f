//! Integrations. Which members one has follows from its kind.

mod connection;
mod custom_api;
mod input;
mod mcp_server;
mod patch;

use serde::Serialize;
use switchboard_domain::input::{InputError, InputErrors};
use switchboard_domain::integration as domain;
use utoipa::ToSchema;

use crate::auth::{Auth, SecretRef, ValueSource};
use crate::list::list;
use crate::wire::{Environment, IntegrationId, MessageProvider, OnChange, Time, Wire};

pub use connection::{ConnectionError, ConnectionTest, ConnectionTestAnswer, Outcome};
pub use custom_api::{ApiSlot, Headers, Slots, headers};
pub use input::{IntegrationInput, NewIntegration};
pub use mcp_server::{Discovery, DiscoveryError, LeftOutTool, Refreshed};
pub use patch::{IntegrationPatch, SlotPatches};

list!(
    /// A page of integrations.
    IntegrationList, Integration);

/// Refuses the members that a kind does not have. Each comes with the kind that has it.
fn check_fields(
    kind: domain::IntegrationKind,
    fields: &[(&str, domain::IntegrationKind, bool)],
) -> Result<(), Vec<InputError>> {
    let mut errors = InputErrors::new();
    for (field, of, is_there) in fields {
        if *is_there && *of != kind {
            errors.push(
                format!("/{field}"),
                "this kind of integration has no such field",
            );
        }
    }
    errors.finish(())
}

/// An empty text is none.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// An integration.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What is particular to its kind.
    #[serde(flatten)]
    pub definition: IntegrationDefinition,
    /// How many actions it has.
    pub action_count: u64,
    /// How many agents use it.
    pub agent_count: u64,
    /// Why the last call that failed did.
    #[schema(required = true)]
    pub last_error: Option<IntegrationError>,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}

/// What is particular to the kind of an integration.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IntegrationDefinition {
    /// An HTTP API. An empty slot makes it unavailable in that environment.
    #[schema(title = "CustomApi")]
    CustomApi {
        /// How it is reached.
        environments: Slots,
    },
    /// An MCP server.
    #[schema(title = "McpServer")]
    McpServer {
        /// Its URL.
        url: String,
        /// How requests to it are authenticated.
        auth: Auth,
        /// Headers of every request to it.
        #[schema(value_type = BTreeMap<String, ValueSource>)]
        headers: Headers,
        /// What happens when it changes a tool.
        on_change: OnChange,
        /// How often its tools are fetched without being asked, in seconds; null is never.
        #[schema(required = true)]
        refresh_interval_s: Option<u32>,
        /// What is known from fetching its tools; null before that was tried.
        #[schema(required = true)]
        discovery: Option<Discovery>,
    },
    /// Text messages through a provider.
    #[schema(title = "MessagingChannel")]
    MessagingChannel {
        /// Who carries them.
        provider: MessageProvider,
        /// The provider's API key.
        api_key: SecretRef,
        /// What they come from.
        #[schema(required = true)]
        from: Option<String>,
        /// The provider's messaging profile.
        #[schema(required = true)]
        messaging_profile_id: Option<String>,
        /// The key that webhooks are signed with.
        #[schema(required = true)]
        webhook_public_key: Option<String>,
        /// How many may leave in a minute.
        #[schema(required = true)]
        messages_per_minute: Option<u32>,
    },
}

impl IntegrationDefinition {
    /// From the domain's, and what is known of a server from fetching its tools.
    pub fn new(
        definition: domain::IntegrationDefinition,
        discovery: Option<domain::Discovery>,
    ) -> Self {
        match definition {
            domain::IntegrationDefinition::CustomApi { environments } => Self::CustomApi {
                environments: environments.into(),
            },
            domain::IntegrationDefinition::McpServer(server) => Self::McpServer {
                url: server.url,
                auth: server.auth.into(),
                headers: headers(server.headers),
                on_change: Wire(server.on_change),
                refresh_interval_s: server.refresh_interval_s,
                discovery: discovery.map(Into::into),
            },
            domain::IntegrationDefinition::MessagingChannel(channel) => Self::MessagingChannel {
                provider: Wire(channel.provider),
                api_key: channel.api_key.into(),
                from: channel.from,
                messaging_profile_id: channel.messaging_profile_id,
                webhook_public_key: channel.webhook_public_key,
                messages_per_minute: channel.messages_per_minute,
            },
        }
    }
}

/// Why a call of an integration failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IntegrationError {
    /// The stable code.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// The environment of the call.
    pub environment: Environment,
    /// When it failed.
    pub at: Time,
}
