//! Changes of integrations.

use serde::Deserialize;
use switchboard_domain::input::InputError;
use switchboard_domain::integration as domain;
use switchboard_domain::integration::IntegrationKind::{
    CustomApi, McpServer as Server, MessagingChannel as Channel,
};
use utoipa::ToSchema;

use super::{ApiSlot, Headers, check_fields, filled, headers};
use crate::auth::{Auth, SecretRef, ValueSource};
use crate::patch::Patch;
use crate::wire::{MessageProvider, OnChange};

/// A change of an integration. It has the members of its kind; a slot that is given replaces the one
/// that is there, null empties it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationPatch {
    /// What it is called.
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
    #[schema(value_type = Option<BTreeMap<String, ValueSource>>)]
    pub headers: Option<Headers>,
    /// Of an MCP server: what happens when it changes a tool.
    pub on_change: Option<OnChange>,
    /// Of an MCP server: how often its tools are fetched without being asked, in seconds; null is
    /// never.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 30, maximum = 604_800)]
    pub refresh_interval_s: Patch<u32>,
    /// Of a messaging channel: who carries its messages.
    pub provider: Option<MessageProvider>,
    /// Of a messaging channel: the provider's API key.
    pub api_key: Option<SecretRef>,
    /// Of a messaging channel: what messages come from: a number in E.164 form, a short code, or a
    /// name, which needs a messaging profile.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub from: Patch<String>,
    /// Of a messaging channel: the provider's messaging profile; alone, it lets the provider choose a
    /// number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub messaging_profile_id: Patch<String>,
    /// Of a messaging channel: the key that webhooks are signed with: 32 bytes in base64.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub webhook_public_key: Patch<String>,
    /// Of a messaging channel: how many messages may leave in a minute, and what comes faster waits;
    /// null is no limit of ours.
    #[serde(default)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 60_000)]
    pub messages_per_minute: Patch<u32>,
}

/// Slots of a change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotPatches {
    /// The slot of `development`.
    #[serde(default)]
    #[schema(value_type = Option<ApiSlot>)]
    pub development: Patch<ApiSlot>,
    /// The slot of `staging`.
    #[serde(default)]
    #[schema(value_type = Option<ApiSlot>)]
    pub staging: Patch<ApiSlot>,
    /// The slot of `production`.
    #[serde(default)]
    #[schema(value_type = Option<ApiSlot>)]
    pub production: Patch<ApiSlot>,
}

impl IntegrationPatch {
    /// Applies what is particular to the kind. A member of another kind is an error.
    pub fn apply(
        self,
        definition: &mut domain::IntegrationDefinition,
    ) -> Result<(), Vec<InputError>> {
        self.check_kind(definition.kind())?;
        match definition {
            domain::IntegrationDefinition::CustomApi { environments } => {
                let slots = self.environments.unwrap_or_default();
                for (patch, slot) in [
                    (slots.development, &mut environments.development),
                    (slots.staging, &mut environments.staging),
                    (slots.production, &mut environments.production),
                ] {
                    patch.map(Into::into).apply(slot);
                }
            }
            domain::IntegrationDefinition::McpServer(server) => {
                if let Some(url) = self.url {
                    server.url = url;
                }
                if let Some(auth) = self.auth {
                    server.auth = auth.into();
                }
                if let Some(given) = self.headers {
                    server.headers = headers(given);
                }
                if let Some(on_change) = self.on_change {
                    server.on_change = on_change.0;
                }
                self.refresh_interval_s
                    .apply(&mut server.refresh_interval_s);
            }
            domain::IntegrationDefinition::MessagingChannel(channel) => {
                if let Some(provider) = self.provider {
                    channel.provider = provider.0;
                }
                if let Some(api_key) = self.api_key {
                    channel.api_key = api_key.into();
                }
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

    fn check_kind(&self, kind: domain::IntegrationKind) -> Result<(), Vec<InputError>> {
        check_fields(
            kind,
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
        )
    }
}
