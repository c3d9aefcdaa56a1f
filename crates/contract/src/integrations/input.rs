//! New integrations.

use serde::Deserialize;
use switchboard_domain::input::InputError;
use switchboard_domain::integration as domain;
use switchboard_domain::integration::IntegrationKind::{
    CustomApi, McpServer as Server, MessagingChannel as Channel,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::{Headers, Slots, check_fields, filled, headers};
use crate::auth::{Auth, SecretRef, ValueSource};
use crate::wire::{IntegrationKind, MessageProvider, OnChange};

/// The members of a new integration of whatever kind, as they are read. [`Self::into_new`] makes the one
/// it is of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationInput {
    /// The kind.
    pub kind: IntegrationKind,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    environments: Option<Slots>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    auth: Option<Auth>,
    #[serde(default)]
    headers: Option<Headers>,
    #[serde(default)]
    on_change: Option<OnChange>,
    #[serde(default)]
    refresh_interval_s: Option<u32>,
    #[serde(default)]
    provider: Option<MessageProvider>,
    #[serde(default)]
    api_key: Option<SecretRef>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    messaging_profile_id: Option<String>,
    #[serde(default)]
    webhook_public_key: Option<String>,
    #[serde(default)]
    messages_per_minute: Option<u32>,
}

/// A new integration.
#[derive(Debug, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "one is made from an input, and taken apart at once"
)]
pub enum NewIntegration {
    /// An HTTP API.
    #[schema(title = "CustomApiInput")]
    CustomApi {
        /// What it is called.
        #[schema(min_length = 1, max_length = 200)]
        name: String,
        /// What it is for.
        #[serde(default)]
        description: String,
        /// How it is reached. At least one slot is filled.
        environments: Slots,
    },
    /// An MCP server.
    #[schema(title = "McpServerInput")]
    McpServer {
        /// What it is called.
        #[schema(min_length = 1, max_length = 200)]
        name: String,
        /// What it is for.
        #[serde(default)]
        description: String,
        /// Its URL.
        url: String,
        /// How requests to it are authenticated.
        #[serde(default)]
        auth: Option<Auth>,
        /// Headers of every request to it.
        #[serde(default)]
        #[schema(value_type = Option<BTreeMap<String, ValueSource>>)]
        headers: Option<Headers>,
        /// What happens when it changes a tool.
        #[serde(default)]
        on_change: Option<OnChange>,
        /// How often its tools are fetched without being asked.
        #[serde(default)]
        #[schema(minimum = 30, maximum = 604_800)]
        refresh_interval_s: Option<u32>,
    },
    /// Text messages through a provider. It has `from`, `messaging_profile_id` or both.
    #[schema(title = "MessagingChannelInput")]
    MessagingChannel {
        /// What it is called.
        #[schema(min_length = 1, max_length = 200)]
        name: String,
        /// What it is for.
        #[serde(default)]
        description: String,
        /// Who carries the messages.
        #[serde(default)]
        provider: Option<MessageProvider>,
        /// The provider's API key.
        api_key: SecretRef,
        /// What messages come from: a number in E.164 form, a short code, or a name, which needs a
        /// messaging profile.
        #[serde(default)]
        from: Option<String>,
        /// The provider's messaging profile; alone, it lets the provider choose a number.
        #[serde(default)]
        messaging_profile_id: Option<String>,
        /// The key that webhooks are signed with: 32 bytes in base64.
        #[serde(default)]
        webhook_public_key: Option<String>,
        /// How many messages may leave in a minute; what comes faster waits.
        #[serde(default)]
        #[schema(minimum = 1, maximum = 60_000)]
        messages_per_minute: Option<u32>,
    },
}

impl PartialSchema for IntegrationInput {
    fn schema() -> RefOr<Schema> {
        NewIntegration::schema()
    }
}

impl ToSchema for IntegrationInput {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        NewIntegration::schemas(schemas);
    }
}

impl IntegrationInput {
    /// The integration it describes. A member of another kind is an error.
    pub fn into_new(self) -> Result<NewIntegration, Vec<InputError>> {
        check_fields(
            *self.kind,
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
        let (name, description) = (self.name, self.description);
        Ok(match *self.kind {
            CustomApi => NewIntegration::CustomApi {
                name,
                description,
                environments: self.environments.unwrap_or_default(),
            },
            Server => NewIntegration::McpServer {
                name,
                description,
                url: self.url.unwrap_or_default(),
                auth: self.auth,
                headers: self.headers,
                on_change: self.on_change,
                refresh_interval_s: self.refresh_interval_s,
            },
            Channel => NewIntegration::MessagingChannel {
                name,
                description,
                provider: self.provider,
                api_key: self.api_key.ok_or_else(|| {
                    vec![InputError {
                        pointer: "/api_key".to_owned(),
                        detail: "name the secret that holds the provider's API key: {\"secret\": \"name\"}".to_owned(),
                    }]
                })?,
                from: self.from,
                messaging_profile_id: self.messaging_profile_id,
                webhook_public_key: self.webhook_public_key,
                messages_per_minute: self.messages_per_minute,
            },
        })
    }
}

impl NewIntegration {
    /// Its name, its description, and what is particular to its kind.
    pub fn into_parts(self) -> (String, String, domain::IntegrationDefinition) {
        match self {
            Self::CustomApi {
                name,
                description,
                environments,
            } => {
                let environments = environments.into();
                let definition = domain::IntegrationDefinition::CustomApi { environments };
                (name, description, definition)
            }
            Self::McpServer {
                name,
                description,
                url,
                auth,
                headers: given,
                on_change,
                refresh_interval_s,
            } => {
                let server = domain::McpServer {
                    url,
                    auth: auth.unwrap_or_default().into(),
                    headers: headers(given.unwrap_or_default()),
                    on_change: on_change.unwrap_or_default().0,
                    refresh_interval_s,
                };
                let definition = domain::IntegrationDefinition::McpServer(server);
                (name, description, definition)
            }
            Self::MessagingChannel {
                name,
                description,
                provider,
                api_key,
                from,
                messaging_profile_id,
                webhook_public_key,
                messages_per_minute,
            } => {
                let channel = domain::MessagingChannel {
                    provider: provider.unwrap_or_default().0,
                    api_key: api_key.into(),
                    from: filled(from),
                    messaging_profile_id: filled(messaging_profile_id),
                    webhook_public_key: filled(webhook_public_key),
                    messages_per_minute,
                };
                let definition = domain::IntegrationDefinition::MessagingChannel(channel);
                (name, description, definition)
            }
        }
    }
}
