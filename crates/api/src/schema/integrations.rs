//! Shapes of integrations.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

use super::{Auth, Environment, SecretRef, ToolNote, ValueSource};

/// How an API is reached in one environment.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiSlot {
    base_url: String,
    #[schema(required = false, nullable = false)]
    auth: Option<Auth>,
    #[schema(required = false, nullable = false)]
    headers: Option<BTreeMap<String, ValueSource>>,
}

/// One slot for each environment; at least one is filled.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    development: Option<ApiSlot>,
    staging: Option<ApiSlot>,
    production: Option<ApiSlot>,
}

/// A new integration. An HTTP API has `environments`, an MCP server the fields from `url` on, a
/// messaging channel those from `provider` on.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationInput {
    #[schema(pattern = "^(custom_api|mcp_server|messaging_channel)$")]
    kind: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(required = false, nullable = false)]
    description: Option<String>,
    environments: Option<Slots>,
    url: Option<String>,
    auth: Option<Auth>,
    headers: Option<BTreeMap<String, ValueSource>>,
    on_change: Option<OnChange>,
    /// How often the tools are fetched without being asked.
    #[schema(minimum = 30, maximum = 604_800)]
    refresh_interval_s: Option<u32>,
    /// `telnyx`.
    #[schema(pattern = "^telnyx$")]
    provider: Option<String>,
    /// The provider's API key.
    api_key: Option<SecretRef>,
    /// What messages come from: a number in E.164 form, a short code, or a name, which needs a
    /// messaging profile.
    from: Option<String>,
    /// The provider's messaging profile; alone, it lets the provider choose a number.
    messaging_profile_id: Option<String>,
    /// The key that webhooks are signed with: 32 bytes in base64.
    webhook_public_key: Option<String>,
    /// How many messages may leave in a minute; what comes faster waits.
    #[schema(minimum = 1, maximum = 60_000)]
    messages_per_minute: Option<u32>,
}

/// What happens when an MCP server changes a tool: agents use it as it is now, or it is withheld
/// until somebody approves that.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnChange {
    Use,
    Hold,
}

/// A change of an integration.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationPatch {
    name: Option<String>,
    description: Option<String>,
    environments: Option<Slots>,
    url: Option<String>,
    auth: Option<Auth>,
    headers: Option<BTreeMap<String, ValueSource>>,
    on_change: Option<OnChange>,
    #[schema(minimum = 30, maximum = 604_800)]
    refresh_interval_s: Option<u32>,
    /// `telnyx`.
    #[schema(pattern = "^telnyx$")]
    provider: Option<String>,
    /// The provider's API key.
    api_key: Option<SecretRef>,
    /// What messages come from: a number in E.164 form, a short code, or a name, which needs a
    /// messaging profile.
    from: Option<String>,
    /// The provider's messaging profile; alone, it lets the provider choose a number.
    messaging_profile_id: Option<String>,
    /// The key that webhooks are signed with: 32 bytes in base64.
    webhook_public_key: Option<String>,
    /// How many messages may leave in a minute; what comes faster waits.
    #[schema(minimum = 1, maximum = 60_000)]
    messages_per_minute: Option<u32>,
}

/// An integration.
#[derive(ToSchema)]
pub struct Integration {
    id: String,
    kind: String,
    name: String,
    description: String,
    /// Of an HTTP API.
    #[schema(required = false, nullable = false)]
    environments: Option<Slots>,
    /// Of an MCP server, like what follows.
    #[schema(required = false, nullable = false)]
    url: Option<String>,
    #[schema(required = false, nullable = false)]
    auth: Option<Auth>,
    #[schema(required = false, nullable = false)]
    headers: Option<BTreeMap<String, ValueSource>>,
    #[schema(required = false, nullable = false)]
    on_change: Option<OnChange>,
    refresh_interval_s: Option<u32>,
    discovery: Option<Discovery>,
    /// Of a messaging channel, like what follows.
    #[schema(required = false, nullable = false)]
    provider: Option<String>,
    #[schema(required = false, nullable = false)]
    api_key: Option<SecretRef>,
    from: Option<String>,
    messaging_profile_id: Option<String>,
    webhook_public_key: Option<String>,
    messages_per_minute: Option<u32>,
    action_count: u64,
    agent_count: u64,
    /// Why the last call that failed did.
    #[schema(required = true, nullable = true)]
    last_error: Option<IntegrationError>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// A connection to try.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionTest {
    environment: Environment,
    integration: IntegrationInput,
}

/// What came of trying a connection.
#[derive(ToSchema)]
pub struct ConnectionTestAnswer {
    /// `succeeded` or `failed`.
    status: String,
    #[schema(required = true, nullable = true)]
    error: Option<ConnectionError>,
    /// The status that the service answered with.
    #[schema(required = true, nullable = true)]
    http_status: Option<u16>,
    /// Of an MCP server: how many tools it offers.
    #[schema(required = true, nullable = true)]
    tools: Option<u64>,
    duration_ms: u64,
}

/// Why a connection is not good.
#[derive(ToSchema)]
pub struct ConnectionError {
    code: String,
    message: String,
    #[schema(required = true, nullable = true)]
    upstream_status: Option<u16>,
}

/// Why a call of an integration failed.
#[derive(ToSchema)]
pub struct IntegrationError {
    code: String,
    message: String,
    environment: String,
    at: String,
}

/// What is known of an MCP server from fetching its tools.
#[derive(ToSchema)]
pub struct Discovery {
    #[schema(required = true, nullable = true)]
    fetched_at: Option<String>,
    /// Why the last try failed; the tools are those of the time before.
    error: Option<DiscoveryError>,
    left_out: Vec<LeftOutTool>,
    /// What the server says of itself.
    #[schema(required = false)]
    server: Option<Value>,
    protocol_version: Option<String>,
}

/// Why tools could not be fetched.
#[derive(ToSchema)]
pub struct DiscoveryError {
    code: String,
    message: String,
    at: String,
}

/// A tool that agents cannot link.
#[derive(ToSchema)]
pub struct LeftOutTool {
    #[schema(required = true, nullable = true)]
    name: Option<String>,
    reason: String,
}

/// What fetching the tools came to.
#[derive(ToSchema)]
pub struct Refreshed {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
    left_out: Vec<LeftOutTool>,
    /// What providers of models make of the tools that are new or other ones.
    schema_notes: Vec<ToolNote>,
}
