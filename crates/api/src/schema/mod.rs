//! The shapes of the contract, for the OpenAPI document. Requests are read into the types of
//! `switchboard-app`; a test walks both against each other over real answers.
#![expect(dead_code, reason = "these types describe JSON and are never made")]

macro_rules! list {
    ($(#[$doc:meta])* $name:ident, $item:ty) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        pub struct $name {
            data: Vec<$item>,
            /// Where the next page starts: its `after`. Null at the end.
            #[schema(required = true, nullable = true)]
            next: Option<String>,
        }
    };
}

mod accounts;
mod agents;
mod integrations;
mod messages;
mod overview;
mod versions;

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

pub use accounts::*;
pub use agents::*;
pub use integrations::*;
pub use messages::*;
pub use overview::*;
pub use versions::*;

/// An error (RFC 9457).
#[derive(ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says what kind of problem it is.
    r#type: String,
    title: String,
    status: u16,
    /// The stable code.
    code: String,
    /// What happened and what to do.
    detail: String,
    /// The wrong places of an input.
    #[schema(required = false, nullable = false)]
    errors: Option<Vec<InputError>>,
    #[serde(flatten)]
    details: ProblemDetails,
}

/// What a problem of some codes has beside what every problem has.
#[derive(ToSchema)]
pub struct ProblemDetails {
    /// With `broken_references` and `not_publishable`.
    #[schema(required = false, nullable = false)]
    broken_references: Option<Vec<BrokenReference>>,
    /// With `broken_references` and `not_publishable`.
    #[schema(required = false, nullable = false)]
    problems: Option<Vec<PublishProblem>>,
    /// With `needs_accept`: what has to be accepted.
    #[schema(required = false, nullable = false)]
    findings: Option<Vec<PublishFinding>>,
    /// With `needs_accept`: the codes to name in `accept`.
    #[schema(required = false, nullable = false)]
    accept: Option<Vec<String>>,
    /// With `secret_in_use`: what uses it.
    #[schema(required = false, nullable = false)]
    used_by: Option<Vec<User>>,
    /// With `name_collision`: the published agents that would have two actions of one name.
    #[schema(required = false, nullable = false)]
    agents: Option<Vec<NameCollision>>,
    /// With `secret_origin_not_allowed`: the secret.
    #[schema(required = false, nullable = false)]
    secret: Option<String>,
    /// With `secret_origin_not_allowed`: where it would go.
    #[schema(required = false, nullable = false)]
    origin: Option<String>,
    /// With `secret_origin_not_allowed`: where it may go.
    #[schema(required = false, nullable = false)]
    allowed_origins: Option<Vec<String>>,
    /// With `workspace_changed`: the workspace that the session is in.
    #[schema(required = false, nullable = false)]
    workspace: Option<SessionWorkspace>,
}

/// A published agent that would have two actions of one name.
#[derive(ToSchema)]
pub struct NameCollision {
    agent_id: String,
    agent_name: String,
    version: Version,
    /// The bindings that would have the name.
    binding_ids: Vec<String>,
}

/// One wrong place of an input.
#[derive(ToSchema)]
pub struct InputError {
    /// A JSON Pointer (RFC 6901) into what was sent.
    pointer: String,
    detail: String,
}

/// Where a conversation runs.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Development,
    Staging,
    Production,
}

list!(
    /// A page of secrets.
    SecretList, Secret);
list!(
    /// A page of variables.
    VariableList, Variable);
list!(
    /// A page of integrations.
    IntegrationList, Integration);
list!(
    /// A page of actions.
    ActionList, Action);
list!(
    /// A page of agents.
    AgentList, Agent);
list!(
    /// A page of conversations.
    ConversationList, Conversation);
list!(
    /// A page of events.
    EventList, Event);
list!(
    /// A page of API keys.
    ApiKeyList, ApiKey);
list!(
    /// A page of the audit log.
    AuditList, AuditEntry);
list!(
    /// The agents' versions that link an action.
    Usage, UsageEntry);

/// Values of a secret; null removes one.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretInput {
    #[schema(required = false)]
    values: SecretValues,
    /// The origins that it may go to, all of them, such as `https://api.example.com`. Once it exists,
    /// only an admin may change them.
    #[schema(required = false)]
    allowed_origins: Vec<String>,
}

/// One value for each environment.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretValues {
    #[schema(min_length = 1, max_length = 16_384)]
    development: Option<String>,
    #[schema(min_length = 1, max_length = 16_384)]
    staging: Option<String>,
    #[schema(min_length = 1, max_length = 16_384)]
    production: Option<String>,
}

/// A secret, without its values.
#[derive(ToSchema)]
pub struct Secret {
    id: String,
    name: String,
    /// Where it has a value.
    environments: Vec<Environment>,
    /// The origins that it may go to. An empty list is filled by the first use.
    allowed_origins: Vec<String>,
    used_by: Vec<User>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// Something that uses a secret.
#[derive(ToSchema)]
pub struct User {
    /// `integration`, `action` or `agent`.
    kind: String,
    id: String,
}

/// Values of a workspace variable.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableInput {
    values: VariableValues,
}

/// One value for each environment.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableValues {
    #[schema(required = false)]
    development: Value,
    #[schema(required = false)]
    staging: Value,
    #[schema(required = false)]
    production: Value,
}

/// A workspace variable.
#[derive(ToSchema)]
pub struct Variable {
    id: String,
    name: String,
    values: VariableValues,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// A reference to a secret.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    #[schema(pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    secret: String,
}

/// Text, a template where templates are allowed, or a reference to a secret.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum ValueSource {
    Text(String),
    Secret(SecretRef),
}

/// How requests are authenticated.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Auth {
    None,
    Bearer {
        token: SecretRef,
    },
    ApiKey {
        /// `header` or `query`.
        #[serde(rename = "in")]
        #[schema(pattern = "^(header|query)$")]
        place: String,
        name: String,
        value: ValueSource,
    },
    Basic {
        username: ValueSource,
        password: SecretRef,
    },
    #[serde(rename = "oauth2_client_credentials")]
    OAuth2ClientCredentials {
        token_url: String,
        client_id: ValueSource,
        client_secret: SecretRef,
        #[schema(required = false, nullable = false)]
        scope: Option<String>,
        /// `basic` or `body`.
        #[schema(required = false, nullable = false, pattern = "^(basic|body)$")]
        client_auth: Option<String>,
    },
}

/// A request's method.
#[derive(ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A variable that is taken from an answer.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputVariable {
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    name: String,
    /// A JSONPath (RFC 9535).
    path: String,
}

/// A new shared action.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    name: String,
    #[schema(required = false, nullable = false)]
    description: Option<String>,
    /// A JSON Schema (draft 2020-12) of an object.
    parameters: Option<BTreeMap<String, Value>>,
    /// Under an HTTP API, where it must be there, like `path`.
    #[schema(required = false, nullable = false)]
    method: Option<Method>,
    #[schema(required = false, nullable = false)]
    path: Option<String>,
    #[schema(required = false, nullable = false)]
    headers: Option<BTreeMap<String, ValueSource>>,
    body_template: Option<String>,
    #[schema(required = false, nullable = false)]
    output_variables: Option<Vec<OutputVariable>>,
    #[schema(minimum = 1, maximum = 600_000)]
    timeout_ms: Option<u32>,
    /// Under a messaging channel, where it must be there: `contact`, a number, or a template.
    #[schema(required = false, nullable = false)]
    recipient: Option<String>,
    /// Under a messaging channel: what it says; left out, the model writes `message`.
    message_template: Option<String>,
}

/// A change of a shared action.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionPatch {
    name: Option<String>,
    description: Option<String>,
    method: Option<Method>,
    path: Option<String>,
    headers: Option<BTreeMap<String, ValueSource>>,
    parameters: Option<BTreeMap<String, Value>>,
    body_template: Option<String>,
    output_variables: Option<Vec<OutputVariable>>,
    #[schema(minimum = 1, maximum = 600_000)]
    timeout_ms: Option<u32>,
    recipient: Option<String>,
    message_template: Option<String>,
}

/// A shared action: a request of an HTTP API, a tool of an MCP server, or a text message.
#[derive(ToSchema)]
pub struct Action {
    id: String,
    integration_id: String,
    /// `custom_api`, `mcp_server` or `messaging_channel`.
    integration_kind: String,
    name: String,
    description: String,
    #[schema(required = false, nullable = false)]
    method: Option<Method>,
    #[schema(required = false, nullable = false)]
    path: Option<String>,
    #[schema(required = false, nullable = false)]
    headers: Option<BTreeMap<String, ValueSource>>,
    parameters: Option<BTreeMap<String, Value>>,
    body_template: Option<String>,
    #[schema(required = false, nullable = false)]
    output_variables: Option<Vec<OutputVariable>>,
    timeout_ms: Option<u32>,
    #[schema(required = false, nullable = false)]
    recipient: Option<String>,
    message_template: Option<String>,
    /// The tool as its server sent it.
    #[schema(required = false, nullable = false)]
    tool: Option<BTreeMap<String, Value>>,
    /// True when the server changed the tool and nobody approved that yet.
    #[schema(required = false, nullable = false)]
    change_unapproved: Option<bool>,
    /// The SHA-256 of the canonical JSON of its shape.
    shape_digest: String,
    /// What providers of models make of the schema, in the answer to a change.
    #[schema(required = false, nullable = false)]
    schema_notes: Option<Vec<ToolNote>>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// Where to move an action.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    integration_id: String,
}

/// A version of an agent.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum Version {
    /// `draft`, and where a conversation starts also `published`.
    Name(String),
    Number(u32),
}

/// An agent's version that links an action.
#[derive(ToSchema)]
pub struct UsageEntry {
    agent_id: String,
    agent_name: String,
    version: Version,
    /// Whether new conversations get it.
    published: bool,
    /// The bindings that link it.
    binding_ids: Vec<String>,
}

/// What a test takes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestInput {
    environment: Environment,
    #[schema(required = false, nullable = false)]
    arguments: Option<BTreeMap<String, Value>>,
    #[schema(required = false, nullable = false)]
    variables: Option<BTreeMap<String, Value>>,
}

/// What came of a test.
#[derive(ToSchema)]
pub struct TestAnswer {
    /// `succeeded` or `failed`.
    status: String,
    output: Value,
    variables: BTreeMap<String, Value>,
    unmatched_variables: Vec<String>,
    /// The names of those that cost too much to take; absent where there are none.
    #[schema(required = false, nullable = false)]
    left_out_variables: Option<Vec<String>>,
    /// Why each of them was left out.
    #[schema(required = false, nullable = false)]
    left_out_reasons: Option<BTreeMap<String, String>>,
    error: Option<CallError>,
    request: Value,
    response: Value,
    duration_ms: u64,
}

/// A new conversation.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationInput {
    agent_id: String,
    environment: Environment,
    /// `published` when left out.
    #[schema(required = false, nullable = false)]
    version: Option<Version>,
    #[schema(required = false, nullable = false)]
    variables: Option<BTreeMap<String, Value>>,
}

/// A change of a conversation.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    state: Option<String>,
    #[schema(required = false, nullable = false)]
    variables: Option<BTreeMap<String, Value>>,
}

/// A conversation.
#[derive(ToSchema)]
pub struct Conversation {
    id: String,
    agent_id: String,
    version: Version,
    environment: Environment,
    /// `active`, `handed_over`, `ended` or `closed`.
    status: String,
    phase: Phase,
    #[schema(required = true, nullable = true)]
    state: Option<String>,
    /// In a list only the built-in ones: `call`, where it was given, and `conversation`.
    variables: BTreeMap<String, Value>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// An action that is callable now.
#[derive(ToSchema)]
pub struct Tool {
    name: String,
    description: String,
    parameters: BTreeMap<String, Value>,
    /// Null for the built-in tool `go_to_state`.
    #[schema(required = true, nullable = true)]
    binding_id: Option<String>,
    kind: String,
    #[schema(required = false, nullable = false)]
    remaining_successful_calls: Option<u32>,
    /// What providers' formats say differently, pass over, or leave out; absent where there is nothing.
    #[schema(required = false, nullable = false)]
    notes: Option<Vec<ToolNote>>,
}

/// Something about a tool in a provider's format.
#[derive(ToSchema)]
pub struct ToolNote {
    /// `openai`, `anthropic` or `mcp`.
    provider: String,
    /// The rule, a stable code.
    rule: String,
    tool: String,
    /// `rewritten`, `warning` or `left_out`.
    severity: String,
    detail: String,
}

/// An action that is not callable now.
#[derive(ToSchema)]
pub struct UnavailableTool {
    name: String,
    binding_id: String,
    /// The code a call would be refused with.
    code: String,
    reason: String,
}

/// What is callable now and what is not.
#[derive(ToSchema)]
pub struct Tools {
    tools: Vec<Tool>,
    unavailable: Vec<UnavailableTool>,
}

/// The tools, in the format that was asked for.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum ToolsAnswer {
    /// `switchboard`.
    Switchboard(Tools),
    /// `openai`, `anthropic` or `mcp`: the list that the API takes as it is.
    Provider(Vec<BTreeMap<String, Value>>),
}

/// A call's arguments.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallInput {
    #[schema(required = false, nullable = false)]
    arguments: Option<BTreeMap<String, Value>>,
}

/// Why a call failed.
#[derive(ToSchema)]
pub struct CallError {
    code: String,
    message: String,
    #[schema(required = false, nullable = false)]
    upstream_status: Option<u16>,
}

/// What came of a call.
#[derive(ToSchema)]
pub struct CallAnswer {
    call_id: String,
    /// `succeeded` or `failed`.
    status: String,
    output: Value,
    /// The variables that this call set.
    variables: BTreeMap<String, Value>,
    /// The names of those that were too large to be set, or cost too much to take; absent where all
    /// were set.
    #[schema(required = false, nullable = false)]
    left_out_variables: Option<Vec<String>>,
    /// Why each of those that cost too much was left out.
    #[schema(required = false, nullable = false)]
    left_out_reasons: Option<BTreeMap<String, String>>,
    #[schema(required = true, nullable = true)]
    error: Option<CallError>,
    #[schema(required = true, nullable = true)]
    duration_ms: Option<u64>,
}

/// An entry of a conversation's log; more members follow from its type.
#[derive(ToSchema)]
pub struct Event {
    id: String,
    sequence: u64,
    at: String,
    r#type: String,
}

/// A new API key.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyInput {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// `admin`, `manage` or `run`.
    #[schema(pattern = "^(admin|manage|run)$")]
    scope: String,
    /// When it ends; left out, it is good until somebody revokes it.
    #[schema(nullable = true, format = DateTime)]
    expires_at: Option<String>,
}

/// An API key, without its text.
#[derive(ToSchema)]
pub struct ApiKey {
    id: String,
    name: String,
    scope: String,
    /// How the key's text starts.
    prefix: String,
    #[schema(required = true, nullable = true)]
    revoked_at: Option<String>,
    /// Who made it: a person's or an API key's id, or `command line`; null where it was not noted.
    #[schema(required = true, nullable = true)]
    created_by: Option<String>,
    /// Whether whoever made it is no member any more, or is a key that was revoked.
    maker_gone: bool,
    /// When it was used last, to the minute.
    #[schema(required = true, nullable = true)]
    last_used_at: Option<String>,
    /// When it ends; null where it does not by itself.
    #[schema(required = true, nullable = true)]
    expires_at: Option<String>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// An API key with its text, once.
#[derive(ToSchema)]
pub struct NewApiKey {
    id: String,
    name: String,
    scope: String,
    prefix: String,
    /// The key. It is not shown again.
    key: String,
    #[schema(required = true, nullable = true)]
    revoked_at: Option<String>,
    /// Who made it: a person's or an API key's id, or `command line`; null where it was not noted.
    #[schema(required = true, nullable = true)]
    created_by: Option<String>,
    /// Whether whoever made it is no member any more, or is a key that was revoked.
    maker_gone: bool,
    /// When it was used last, to the minute.
    #[schema(required = true, nullable = true)]
    last_used_at: Option<String>,
    /// When it ends; null where it does not by itself.
    #[schema(required = true, nullable = true)]
    expires_at: Option<String>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// An entry of the audit log.
#[derive(ToSchema)]
pub struct AuditEntry {
    id: String,
    at: String,
    /// A person's or an API key's id, or `command line`.
    actor: String,
    /// What the person or the key is called.
    #[schema(required = true, nullable = true)]
    actor_name: Option<String>,
    /// The person's e-mail address; null for a key.
    #[schema(required = true, nullable = true)]
    actor_email: Option<String>,
    operation: String,
    entity: String,
    /// Empty where it was done to nothing that is saved.
    entity_id: String,
    /// The environment it was done in.
    #[schema(required = true, nullable = true)]
    environment: Option<String>,
    /// The names of the secrets it used or concerned.
    secrets: Vec<String>,
    /// The origins they went to, or would have gone to, with spaces between.
    #[schema(required = true, nullable = true)]
    destination: Option<String>,
    /// The address the request came from.
    #[schema(required = true, nullable = true)]
    address: Option<String>,
    /// The request's id, as the answer's `x-request-id` and the log name it.
    #[schema(required = true, nullable = true)]
    request_id: Option<String>,
    /// What was different before, without values of secrets.
    #[schema(required = true)]
    before: Value,
    /// What is different since.
    #[schema(required = true)]
    after: Value,
}
