//! Shapes of agents and their drafts.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

use super::{Auth, Method, OutputVariable, ValueSource};

/// A new agent.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentInput {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(required = false, nullable = false)]
    description: Option<String>,
}

/// A change of an agent.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentPatch {
    name: Option<String>,
    description: Option<String>,
}

/// An agent.
#[derive(ToSchema)]
pub struct Agent {
    id: String,
    name: String,
    description: String,
    #[schema(required = true, nullable = true)]
    published_version: Option<u32>,
    /// How many links of the published version changed since it was locked; where agents
    /// are read.
    #[schema(required = false, nullable = true)]
    drifted_links: Option<u32>,
    revision: u64,
    created_at: String,
    updated_at: String,
}

/// A half of a conversation's life.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    InCall,
    PostCall,
}

/// A step of the dialogue.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentState {
    name: String,
    #[schema(required = false, nullable = false)]
    description: Option<String>,
    #[schema(required = false, nullable = false)]
    instructions: Option<String>,
    transitions: Option<Vec<String>>,
}

/// A link to a shared action.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    action_id: String,
    /// Left out, it is the one the action is under.
    integration_id: Option<String>,
}

/// What a link sets differently; what is left out is inherited.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    parameters: Option<BTreeMap<String, Value>>,
    body_template: Option<String>,
    phases: Option<Vec<Phase>>,
    #[schema(minimum = 1)]
    max_successful_calls: Option<u32>,
    allowed_states: Option<Vec<String>>,
}

/// An action of the agent's own. Which fields it has follows from its kind.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentAction {
    #[schema(
        pattern = "^(static_response|end_call|handover|client_event|send_text_message|api_call)$"
    )]
    kind: String,
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    name: String,
    #[schema(required = false, nullable = false)]
    description: Option<String>,
    parameters: Option<BTreeMap<String, Value>>,
    /// Of a static response: a template of text or of JSON, or JSON whose texts are templates.
    #[schema(required = false)]
    response: Option<Value>,
    /// Of a handover.
    #[schema(required = false, nullable = false, pattern = "^(phone|queue|sip)$")]
    handover_type: Option<String>,
    /// Of a handover: a number, the name of a queue or a SIP URI, or a template of one.
    #[schema(required = false, nullable = false)]
    target: Option<String>,
    /// Of a handover: a template of what is said before.
    announcement: Option<String>,
    /// Of a client event: what the client knows it by.
    #[schema(
        required = false,
        nullable = false,
        pattern = "^[A-Za-z0-9_.:/-]{1,100}$"
    )]
    event: Option<String>,
    /// Of a client event: how long the call waits for the client's answer.
    #[schema(minimum = 1, maximum = 600_000)]
    await_result_ms: Option<u32>,
    /// Of a text message: the messaging channel.
    #[schema(required = false, nullable = false)]
    channel_id: Option<String>,
    /// Of a text message: `contact`, a number, or a template.
    #[schema(required = false, nullable = false)]
    recipient: Option<String>,
    /// Of a text message: what it says; left out, the model writes `message`.
    message_template: Option<String>,
    /// Of an API call.
    #[schema(required = false, nullable = false)]
    method: Option<Method>,
    /// Of an API call.
    #[schema(required = false, nullable = false)]
    url: Option<String>,
    #[schema(required = false, nullable = false)]
    auth: Option<Auth>,
    #[schema(required = false, nullable = false)]
    headers: Option<BTreeMap<String, ValueSource>>,
    body_template: Option<String>,
    #[schema(required = false, nullable = false)]
    output_variables: Option<Vec<OutputVariable>>,
    #[schema(minimum = 1, maximum = 600_000)]
    timeout_ms: Option<u32>,
}

/// A binding: a link with overrides, or an action of the agent's own.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingInput {
    id: Option<String>,
    link: Option<Link>,
    overrides: Option<Overrides>,
    action: Option<AgentAction>,
    phases: Option<Vec<Phase>>,
    #[schema(minimum = 1)]
    max_successful_calls: Option<u32>,
    allowed_states: Option<Vec<String>>,
}

/// A change of a binding: members replace those that are there, null removes.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingPatch {
    link: Option<Link>,
    overrides: Option<Overrides>,
    action: Option<BTreeMap<String, Value>>,
    phases: Option<Vec<Phase>>,
    #[schema(minimum = 1)]
    max_successful_calls: Option<u32>,
    allowed_states: Option<Vec<String>>,
}

/// A binding.
#[derive(ToSchema)]
pub struct Binding {
    id: String,
    #[schema(required = false, nullable = false)]
    link: Option<Link>,
    #[schema(required = false, nullable = false)]
    overrides: Option<Overrides>,
    #[schema(required = false, nullable = false)]
    action: Option<AgentAction>,
    #[schema(required = false, nullable = false)]
    phases: Option<Vec<Phase>>,
    #[schema(required = false, nullable = false)]
    max_successful_calls: Option<u32>,
    #[schema(required = false, nullable = false)]
    allowed_states: Option<Vec<String>>,
}

/// A draft as it is sent.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftInput {
    #[schema(required = false, nullable = false)]
    instructions: Option<String>,
    #[schema(required = false, nullable = false)]
    strict_states: Option<bool>,
    initial_state: Option<String>,
    /// Whether the model is given the built-in tool `go_to_state`.
    #[schema(required = false, nullable = false)]
    go_to_state: Option<bool>,
    #[schema(required = false, nullable = false)]
    states: Option<Vec<AgentState>>,
    #[schema(required = false, nullable = false)]
    actions: Option<Vec<BindingInput>>,
    /// Ignored; send `If-Match` to guard against others' changes.
    revision: Option<u64>,
    /// Ignored, so that what was read can be sent back.
    restored_from: Option<u32>,
    /// Ignored, so that what was read can be sent back.
    created_at: Option<String>,
    /// Ignored, so that what was read can be sent back.
    updated_at: Option<String>,
}

/// A draft.
#[derive(ToSchema)]
pub struct Draft {
    instructions: String,
    strict_states: bool,
    #[schema(required = true, nullable = true)]
    initial_state: Option<String>,
    /// Whether the model is given the built-in tool `go_to_state`; absent where it is not.
    #[schema(required = false, nullable = false)]
    go_to_state: Option<bool>,
    states: Vec<AgentState>,
    actions: Vec<Binding>,
    /// The version that was restored into it last.
    #[schema(required = true, nullable = true)]
    restored_from: Option<u32>,
    revision: u64,
    created_at: String,
    updated_at: String,
}
