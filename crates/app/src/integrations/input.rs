//! What integrations take from outside. Which fields there are follows from the kind.

use std::collections::BTreeMap;

use serde::Deserialize;
use switchboard_domain::auth::{Auth, SecretRef, ValueSource};
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::{
    ApiSlot, IntegrationDefinition, IntegrationKind, McpServer, MessagingChannel, OnChange,
    Provider,
};

use crate::{AppError, Patch};

use IntegrationKind::{CustomApi, McpServer as Server, MessagingChannel as Channel};

/// Refuses the fields that a kind does not have. Each comes with the kind that has it.
fn check_fields(
    kind: IntegrationKind,
    fields: &[(&str, IntegrationKind, bool)],
) -> Result<(), AppError> {
    let mut errors = InputErrors::new();
    for (field, of, is_there) in fields {
        if *is_there && *of != kind {
            errors.push(
                format!("/{field}"),
                "this kind of integration has no such field",
            );
        }
    }
    errors.finish(()).map_err(AppError::Invalid)
}

/// What POST takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationInput {
    /// The kind.
    pub kind: IntegrationKind,
    /// The name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Of an HTTP API: the slots.
    #[serde(default)]
    pub environments: Option<PerEnvironment<ApiSlot>>,
    /// Of an MCP server: its URL.
    #[serde(default)]
    pub url: Option<String>,
    /// Of an MCP server: how requests to it are authenticated.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Of an MCP server: headers of every request to it.
    #[serde(default)]
    pub headers: Option<BTreeMap<String, ValueSource>>,
    /// Of an MCP server: what happens when it changes a tool.
    #[serde(default)]
    pub on_change: Option<OnChange>,
    /// Of an MCP server: how often its tools are fetched without being asked, in seconds.
    #[serde(default)]
    pub refresh_interval_s: Option<u32>,
    /// Of a messaging channel: who carries its messages.
    #[serde(default)]
    pub provider: Option<Provider>,
    /// Of a messaging channel: the provider's API key.
    #[serde(default)]
    pub api_key: Option<SecretRef>,
    /// Of a messaging channel: what messages come from.
    #[serde(default)]
    pub from: Option<String>,
    /// Of a messaging channel: the provider's messaging profile.
    #[serde(default)]
    pub messaging_profile_id: Option<String>,
    /// Of a messaging channel: the key that webhooks are signed with.
    #[serde(default)]
    pub webhook_public_key: Option<String>,
    /// Of a messaging channel: how many messages may leave in a minute.
    #[serde(default)]
    pub messages_per_minute: Option<u32>,
}

impl IntegrationInput {
    /// What is particular to the kind. A field of another kind is an error.
    pub(super) fn definition(self) -> Result<IntegrationDefinition, AppError> {
        check_fields(
            self.kind,
            &[
                ("environments", CustomApi, self.environments.is_some()),
                ("url", Server, self.url.is_some()),
                ("auth", Server, self.auth.is_some()),
                ("headers", Server, self.headers.is_some()),
                ("on_change", Server, self.on_change.is_some()),
                (
                    "refresh_interval_s",
                    Server,
                    self.refresh_interval_s.is_some(),
                ),
                ("provider", Channel, self.provider.is_some()),
                ("api_key", Channel, self.api_key.is_some()),
                ("from", Channel, self.from.is_some()),
                (
                    "messaging_profile_id",
                    Channel,
                    self.messaging_profile_id.is_some(),
                ),
                (
                    "webhook_public_key",
                    Channel,
                    self.webhook_public_key.is_some(),
                ),
                (
                    "messages_per_minute",
                    Channel,
                    self.messages_per_minute.is_some(),
                ),
            ],
        )?;
        Ok(match self.kind {
            CustomApi => IntegrationDefinition::CustomApi {
                environments: self.environments.unwrap_or_default(),
            },
            Server => IntegrationDefinition::McpServer(McpServer {
                url: self.url.unwrap_or_default(),
                auth: self.auth.unwrap_or_default(),
                headers: self.headers.unwrap_or_default(),
                on_change: self.on_change.unwrap_or_default(),
                refresh_interval_s: self.refresh_interval_s,
            }),
            Channel => IntegrationDefinition::MessagingChannel(MessagingChannel {
                provider: self.provider.unwrap_or_default(),
                api_key: self.api_key.ok_or_else(|| {
                    AppError::invalid(
                        "/api_key",
                        "name the secret that holds the provider's API key: {\"secret\": \"name\"}",
                    )
                })?,
                from: filled(self.from),
                messaging_profile_id: filled(self.messaging_profile_id),
                webhook_public_key: filled(self.webhook_public_key),
                messages_per_minute: self.messages_per_minute,
            }),
        })
    }
}

/// An empty text is none.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// What PATCH takes. A slot that is given replaces the one that is there, null empties it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationPatch {
    /// The name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Of an HTTP API: the slots.
    pub environments: Option<SlotPatches>,
    /// Of an MCP server: its URL.
    pub url: Option<String>,
    /// Of an MCP server: how requests to it are authenticated.
    pub auth: Option<Auth>,
    /// Of an MCP server: headers of every request to it.
    pub headers: Option<BTreeMap<String, ValueSource>>,
    /// Of an MCP server: what happens when it changes a tool.
    pub on_change: Option<OnChange>,
    /// Of an MCP server: how often its tools are fetched without being asked, in seconds; null is
    /// never.
    #[serde(default)]
    pub refresh_interval_s: Patch<u32>,
    /// Of a messaging channel: who carries its messages.
    pub provider: Option<Provider>,
    /// Of a messaging channel: the provider's API key.
    pub api_key: Option<SecretRef>,
    /// Of a messaging channel: what messages come from.
    #[serde(default)]
    pub from: Patch<String>,
    /// Of a messaging channel: the provider's messaging profile.
    #[serde(default)]
    pub messaging_profile_id: Patch<String>,
    /// Of a messaging channel: the key that webhooks are signed with.
    #[serde(default)]
    pub webhook_public_key: Patch<String>,
    /// Of a messaging channel: how many messages may leave in a minute; null is no limit of ours.
    #[serde(default)]
    pub messages_per_minute: Patch<u32>,
}

impl IntegrationPatch {
    /// Applies what is particular to the kind. A field of another kind is an error.
    pub(super) fn apply(self, definition: &mut IntegrationDefinition) -> Result<(), AppError> {
        check_fields(
            definition.kind(),
            &[
                ("environments", CustomApi, self.environments.is_some()),
                ("url", Server, self.url.is_some()),
                ("auth", Server, self.auth.is_some()),
                ("headers", Server, self.headers.is_some()),
                ("on_change", Server, self.on_change.is_some()),
                (
                    "refresh_interval_s",
                    Server,
                    self.refresh_interval_s != Patch::Keep,
                ),
                ("provider", Channel, self.provider.is_some()),
                ("api_key", Channel, self.api_key.is_some()),
                ("from", Channel, self.from != Patch::Keep),
                (
                    "messaging_profile_id",
                    Channel,
                    self.messaging_profile_id != Patch::Keep,
                ),
                (
                    "webhook_public_key",
                    Channel,
                    self.webhook_public_key != Patch::Keep,
                ),
                (
                    "messages_per_minute",
                    Channel,
                    self.messages_per_minute != Patch::Keep,
                ),
            ],
        )?;
        match definition {
            IntegrationDefinition::CustomApi { environments } => {
                let slots = self.environments.unwrap_or_default();
                slots
                    .development
                    .apply(environments.slot(Environment::Development));
                slots.staging.apply(environments.slot(Environment::Staging));
                slots
                    .production
                    .apply(environments.slot(Environment::Production));
            }
            IntegrationDefinition::McpServer(server) => {
                server.url = self.url.unwrap_or_else(|| server.url.clone());
                server.auth = self.auth.unwrap_or_else(|| server.auth.clone());
                server.headers = self.headers.unwrap_or_else(|| server.headers.clone());
                server.on_change = self.on_change.unwrap_or(server.on_change);
                self.refresh_interval_s
                    .apply(&mut server.refresh_interval_s);
            }
            IntegrationDefinition::MessagingChannel(channel) => {
                channel.provider = self.provider.unwrap_or(channel.provider);
                channel.api_key = self.api_key.unwrap_or_else(|| channel.api_key.clone());
                for (patch, field) in [
                    (self.from, &mut channel.from),
                    (self.messaging_profile_id, &mut channel.messaging_profile_id),
                    (self.webhook_public_key, &mut channel.webhook_public_key),
                ] {
                    patch.apply(field);
                    *field = filled(field.take());
                }
                self.messages_per_minute
                    .apply(&mut channel.messages_per_minute);
            }
        }
        Ok(())
    }
}

/// Slots of a PATCH.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotPatches {
    #[serde(default)]
    development: Patch<ApiSlot>,
    #[serde(default)]
    staging: Patch<ApiSlot>,
    #[serde(default)]
    production: Patch<ApiSlot>,
}
