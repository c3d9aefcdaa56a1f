//! Integrations: the connection to one outside service.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::{Auth, SecretRef, ValueSource};
use crate::environment::{Environment, PerEnvironment};
use crate::name::SecretName;

/// The kinds of integration, as they are named in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationKind {
    /// An HTTP API.
    CustomApi,
    /// An MCP server.
    McpServer,
    /// Text messages through a provider.
    MessagingChannel,
}

impl IntegrationKind {
    /// The name used in the API and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomApi => "custom_api",
            Self::McpServer => "mcp_server",
            Self::MessagingChannel => "messaging_channel",
        }
    }

    /// The kind whose actions are what its server offers.
    pub const WITH_TOOLS: Self = Self::McpServer;

    /// Whether text messages are sent through it.
    pub const fn sends_messages(self) -> bool {
        matches!(self, Self::MessagingChannel)
    }
}

/// How an HTTP API is reached in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSlot {
    /// Where its paths start: `https://host[:port][/prefix]`.
    pub base_url: String,
    /// How requests are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// Headers sent with every request.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueSource>,
}

impl ApiSlot {
    /// The secrets it refers to.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let headers = self.headers.values().filter_map(ValueSource::secret);
        self.auth.secrets().into_iter().chain(headers).collect()
    }
}

/// What happens when an MCP server changes a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    /// Agents use the tool as it is now.
    #[default]
    Use,
    /// The tool is withheld from agents until somebody approves the difference.
    Hold,
}

/// How an MCP server is reached, in every environment alike; its secrets have a value in each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpServer {
    /// Its URL.
    pub url: String,
    /// How requests are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// Headers sent with every request.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueSource>,
    /// What happens when it changes a tool.
    #[serde(default)]
    pub on_change: OnChange,
    /// How often its tools are fetched without being asked, in seconds; none is never.
    #[serde(default)]
    pub refresh_interval_s: Option<u32>,
}

/// Who carries a channel's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Telnyx, by its messaging API, version 2.
    #[default]
    Telnyx,
}

/// How text messages are sent, in every environment alike; the API key has a value in each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagingChannel {
    /// Who carries them.
    #[serde(default)]
    pub provider: Provider,
    /// The provider's API key.
    pub api_key: SecretRef,
    /// What they come from: a phone number, a short code or a name.
    #[serde(default)]
    pub from: Option<String>,
    /// The provider's messaging profile; alone, it lets the provider choose a number.
    #[serde(default)]
    pub messaging_profile_id: Option<String>,
    /// The key that the provider signs its webhooks with, in base64.
    #[serde(default)]
    pub webhook_public_key: Option<String>,
    /// How many messages may leave in a minute; what comes faster waits. None sets no limit of ours.
    #[serde(default)]
    pub messages_per_minute: Option<u32>,
}

/// What is particular to the kind of an integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few at a time, and none on the way of a call"
)]
pub enum IntegrationDefinition {
    /// An HTTP API with one slot per environment. An empty slot makes it unavailable there.
    CustomApi {
        /// The slots.
        environments: PerEnvironment<ApiSlot>,
    },
    /// An MCP server.
    McpServer(McpServer),
    /// Text messages through a provider.
    MessagingChannel(MessagingChannel),
}

impl IntegrationDefinition {
    /// Its kind.
    pub const fn kind(&self) -> IntegrationKind {
        match self {
            Self::CustomApi { .. } => IntegrationKind::CustomApi,
            Self::McpServer(_) => IntegrationKind::McpServer,
            Self::MessagingChannel(_) => IntegrationKind::MessagingChannel,
        }
    }

    /// Every secret it refers to, each once.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let mut names: Vec<&SecretName> = match self {
            Self::CustomApi { environments } => environments
                .iter()
                .flat_map(|(_, slot)| slot.secrets())
                .collect(),
            Self::McpServer(server) => {
                let headers = server.headers.values().filter_map(ValueSource::secret);
                server.auth.secrets().into_iter().chain(headers).collect()
            }
            Self::MessagingChannel(channel) => vec![&channel.api_key.secret],
        };
        names.sort();
        names.dedup();
        names
    }

    /// The settings of an MCP server, if it is one.
    pub const fn mcp_server(&self) -> Option<&McpServer> {
        match self {
            Self::McpServer(server) => Some(server),
            Self::CustomApi { .. } | Self::MessagingChannel(_) => None,
        }
    }

    /// The settings of a messaging channel, if it is one.
    pub const fn messaging_channel(&self) -> Option<&MessagingChannel> {
        match self {
            Self::MessagingChannel(channel) => Some(channel),
            Self::CustomApi { .. } | Self::McpServer(_) => None,
        }
    }

    /// Where an HTTP API is in each environment, if it is one.
    pub const fn slots(&self) -> Option<&PerEnvironment<ApiSlot>> {
        match self {
            Self::CustomApi { environments } => Some(environments),
            Self::McpServer(_) | Self::MessagingChannel(_) => None,
        }
    }

    /// As much of it as one environment uses.
    #[must_use]
    pub fn in_environment(&self, environment: Environment) -> Self {
        let Self::CustomApi { environments } = self else {
            return self.clone();
        };
        let mut only = PerEnvironment::default();
        *only.slot(environment) = environments.get(environment).cloned();
        Self::CustomApi { environments: only }
    }

    /// In which environments it needs a secret that it refers to.
    pub fn environments_with(&self, secret: &SecretName) -> Vec<Environment> {
        let Some(slots) = self.slots() else {
            return vec![Environment::Production];
        };
        let with = slots.iter();
        let with = with.filter(|(_, slot)| slot.secrets().contains(&secret));
        with.map(|(environment, _)| environment).collect()
    }
}

/// A tool that a server offers and agents cannot link, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutTool {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Why it is left out.
    pub reason: String,
}

/// Why the tools of a server could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryError {
    /// The stable code.
    pub code: String,
    /// A sentence that says what to do.
    pub message: String,
    /// When it was tried.
    pub at: DateTime<Utc>,
}

/// What is known of an MCP server from fetching its tools.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Discovery {
    /// When its tools were fetched last.
    pub fetched_at: Option<DateTime<Utc>>,
    /// Why the last try failed; the tools are those of the time before.
    pub error: Option<DiscoveryError>,
    /// What it offers and agents cannot link.
    #[serde(default)]
    pub left_out: Vec<LeftOutTool>,
    /// What it says of itself.
    #[serde(default)]
    pub server: Option<Value>,
    /// The protocol's revision that was agreed on.
    #[serde(default)]
    pub protocol_version: Option<String>,
}
