//! Integrations. Which members one has follows from its kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::environment::PerEnvironment;
use switchboard_domain::input::{InputError, InputErrors};
use switchboard_domain::integration as domain;
use switchboard_domain::integration::IntegrationKind::{
    CustomApi, McpServer as Server, MessagingChannel as Channel,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::auth::{Auth, SecretRef, ValueSource};
use crate::list::list;
use crate::patch::Patch;
use crate::tools::ToolNote;
use crate::wire::{
    Environment, IntegrationId, IntegrationKind, MessageProvider, OnChange, Time, Wire,
};

list!(
    /// A page of integrations.
    IntegrationList, Integration);

/// Header values by the headers' names.
pub type Headers = BTreeMap<String, ValueSource>;

/// Headers of the wire as the domain has them, and the other way.
pub fn headers<A, B: From<A>>(headers: BTreeMap<String, A>) -> BTreeMap<String, B> {
    let headers = headers.into_iter();
    headers.map(|(name, value)| (name, value.into())).collect()
}

/// How an API is reached in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiSlot {
    /// Where its paths start: `https://host[:port][/prefix]`.
    pub base_url: String,
    /// How requests are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// Headers sent with every request.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, ValueSource>)]
    pub headers: Headers,
}

impl From<domain::ApiSlot> for ApiSlot {
    fn from(slot: domain::ApiSlot) -> Self {
        Self {
            base_url: slot.base_url,
            auth: slot.auth.into(),
            headers: headers(slot.headers),
        }
    }
}

impl From<ApiSlot> for domain::ApiSlot {
    fn from(slot: ApiSlot) -> Self {
        Self {
            base_url: slot.base_url,
            auth: slot.auth.into(),
            headers: headers(slot.headers),
        }
    }
}

/// One slot for each environment; at least one is filled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    /// The slot of `development`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<ApiSlot>,
    /// The slot of `staging`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staging: Option<ApiSlot>,
    /// The slot of `production`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<ApiSlot>,
}

impl From<PerEnvironment<domain::ApiSlot>> for Slots {
    fn from(slots: PerEnvironment<domain::ApiSlot>) -> Self {
        Self {
            development: slots.development.map(Into::into),
            staging: slots.staging.map(Into::into),
            production: slots.production.map(Into::into),
        }
    }
}

impl From<Slots> for PerEnvironment<domain::ApiSlot> {
    fn from(slots: Slots) -> Self {
        Self {
            development: slots.development.map(Into::into),
            staging: slots.staging.map(Into::into),
            production: slots.production.map(Into::into),
        }
    }
}

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

/// An empty text is none.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

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

/// What is known of an MCP server from fetching its tools.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Discovery {
    /// When they were fetched last.
    #[schema(required = true)]
    pub fetched_at: Option<Time>,
    /// Why the last try failed; the tools are those of the time before.
    #[schema(required = true)]
    pub error: Option<DiscoveryError>,
    /// The tools that agents cannot link.
    pub left_out: Vec<LeftOutTool>,
    /// What the server says of itself; null where nothing is known.
    #[schema(required = true)]
    pub server: Value,
    /// The protocol's revision that was agreed on.
    #[schema(required = true)]
    pub protocol_version: Option<String>,
}

impl From<domain::Discovery> for Discovery {
    fn from(discovery: domain::Discovery) -> Self {
        Self {
            fetched_at: discovery.fetched_at.map(Time),
            error: discovery.error.map(|error| DiscoveryError {
                code: error.code,
                message: error.message,
                at: Time(error.at),
            }),
            left_out: discovery.left_out.into_iter().map(Into::into).collect(),
            server: discovery.server.unwrap_or_default(),
            protocol_version: discovery.protocol_version,
        }
    }
}

/// Why tools could not be fetched.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiscoveryError {
    /// The stable code.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
    /// When it was tried.
    pub at: Time,
}

/// A tool that agents cannot link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LeftOutTool {
    /// Its name, if it has one.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Why it is left out.
    pub reason: String,
}

impl From<domain::LeftOutTool> for LeftOutTool {
    fn from(tool: domain::LeftOutTool) -> Self {
        Self {
            name: tool.name,
            reason: tool.reason,
        }
    }
}

/// What fetching the tools came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Refreshed {
    /// The names of new tools.
    pub added: Vec<String>,
    /// The names of tools that are gone.
    pub removed: Vec<String>,
    /// The names of tools that are others than before.
    pub changed: Vec<String>,
    /// The tools that agents cannot link.
    pub left_out: Vec<LeftOutTool>,
    /// What providers of models make of the tools that are new or other ones.
    pub schema_notes: Vec<ToolNote>,
}

/// A connection to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionTest {
    /// The environment whose slot and secrets are taken.
    pub environment: Environment,
    /// The integration as it would be saved.
    pub integration: IntegrationInput,
}

/// Whether something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was.
    Succeeded,
    /// It was not, or nobody can know.
    Failed,
}

impl Outcome {
    /// Whether it was.
    pub const fn of(is_done: bool) -> Self {
        if is_done {
            Self::Succeeded
        } else {
            Self::Failed
        }
    }
}

/// Why a connection is not good.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConnectionError {
    /// The stable code.
    pub code: &'static str,
    /// What happened and what to do.
    pub message: String,
    /// The status that the service answered with.
    #[schema(required = true)]
    pub upstream_status: Option<u16>,
}

/// What came of trying a connection.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConnectionTestAnswer {
    /// Whether it is good.
    pub status: Outcome,
    /// Why not.
    #[schema(required = true)]
    pub error: Option<ConnectionError>,
    /// The status that the service answered with.
    #[schema(required = true)]
    pub http_status: Option<u16>,
    /// Of an MCP server: how many tools it offers.
    #[schema(required = true)]
    pub tools: Option<usize>,
    /// How long it took.
    pub duration_ms: u64,
}
