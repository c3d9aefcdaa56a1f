//! What the answers of operations have beside their bodies, and the operations that are no part of the
//! API's router: health, metrics, and each agent as an MCP server.

use serde_json::{Map, Value, json};

/// The operations whose answer is a resource with its revision as `ETag`.
const TAGGED: &[&str] = &[
    "put_secret",
    "put_variable",
    "create_integration",
    "get_integration",
    "update_integration",
    "undelete_integration",
    "create_action",
    "get_action",
    "undelete_action",
    "approve_action",
    "create_agent",
    "get_agent",
    "update_agent",
    "unpublish_agent",
    "get_draft",
    "put_draft",
    "create_draft_action",
    "update_draft_action",
    "promote_draft_action",
    "relink_draft_action",
    "restore_version",
    "start_conversation",
    "get_conversation",
    "update_conversation",
    "end_conversation",
];
/// The same, but for a dry run.
const TAGGED_WHEN_DONE: &[&str] = &["update_action", "move_action"];
/// The operations that begin a session.
const BEGINNING: &[&str] = &["sign_in", "complete_setup", "accept_invitation"];

fn header(description: &str, schema: &Value, is_required: bool) -> Value {
    json!({"description": description, "schema": schema, "required": is_required})
}

/// Adds the headers that an operation's answers have.
pub fn add_headers(operation: &mut Value) {
    let name = operation["operationId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let has = |list: &[&str]| list.contains(&name.as_str());
    let text = json!({"type": "string"});
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    let done = responses
        .iter_mut()
        .filter(|(status, _)| status.starts_with('2'));
    for (_, response) in done {
        if has(TAGGED) || has(TAGGED_WHEN_DONE) {
            let tag = "The revision, for `If-Match` of a change.";
            response["headers"]["ETag"] = header(tag, &text, has(TAGGED));
        }
        if has(BEGINNING) {
            let cookie = "The session's cookie.";
            response["headers"]["Set-Cookie"] = header(cookie, &text, true);
        }
        if name == "call_action" {
            let replayed = "`true` where it is the answer of an earlier call with this key.";
            let schema = json!({"type": "string", "enum": ["true"]});
            response["headers"]["Idempotency-Replayed"] = header(replayed, &schema, false);
        }
    }
}

/// Where what an operation answers leads to: the operation, and what its parameters are.
type Link = (&'static str, &'static [(&'static str, &'static str)]);

const OF_ID: &[(&str, &str)] = &[("id", "$response.body#/id")];
const OF_BINDING: &[(&str, &str)] = &[
    ("id", "$request.path.id"),
    ("binding_id", "$response.body#/id"),
];
const OF_NUMBER: &[(&str, &str)] = &[
    ("id", "$request.path.id"),
    ("number", "$response.body#/number"),
];

/// The links of what is made.
fn links(operation: &str) -> &'static [Link] {
    match operation {
        "create_integration" => &[
            ("get_integration", OF_ID),
            ("update_integration", OF_ID),
            ("list_actions", OF_ID),
            ("create_action", OF_ID),
            ("delete_integration", OF_ID),
        ],
        "create_action" => &[
            ("get_action", OF_ID),
            ("update_action", OF_ID),
            ("get_action_usage", OF_ID),
            ("list_action_revisions", OF_ID),
            ("test_action", OF_ID),
            ("delete_action", OF_ID),
        ],
        "create_agent" => &[
            ("get_agent", OF_ID),
            ("update_agent", OF_ID),
            ("get_draft", OF_ID),
            ("put_draft", OF_ID),
            ("create_draft_action", OF_ID),
            ("lock_version", OF_ID),
            ("publish_draft", OF_ID),
            ("delete_agent", OF_ID),
        ],
        "create_draft_action" => &[
            ("update_draft_action", OF_BINDING),
            ("delete_draft_action", OF_BINDING),
        ],
        "lock_version" => &[
            ("get_version", OF_NUMBER),
            ("get_version_drift", OF_NUMBER),
            ("preview_restore", OF_NUMBER),
            ("restore_version", OF_NUMBER),
            ("publish_version", OF_NUMBER),
        ],
        "start_conversation" => &[
            ("get_conversation", OF_ID),
            ("update_conversation", OF_ID),
            ("list_tools", OF_ID),
            ("list_events", OF_ID),
            ("end_conversation", OF_ID),
        ],
        "create_invitation" => &[("revoke_invitation", OF_ID)],
        _ => &[],
    }
}

/// Adds where what an operation made leads to.
pub fn add_links(operation: &mut Value) {
    let name = operation["operationId"].as_str().unwrap_or_default();
    let links = links(name);
    if links.is_empty() {
        return;
    }
    let mut made = Map::new();
    for (to, parameters) in links {
        let parameters = parameters.iter();
        let parameters: Map<_, _> = parameters
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect();
        let link = json!({"operationId": to, "parameters": parameters});
        made.insert((*to).to_owned(), link);
    }
    operation["responses"]["201"]["links"] = Value::Object(made);
}

/// The operations beside the API's own: their paths, each with what is there.
pub fn beside() -> Value {
    let text = |description: &str| json!({"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}});
    let readiness = |description: &str| {
        json!({
            "description": description,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}},
        })
    };
    json!({
        "/healthz": {"get": {
            "tags": ["health"], "operationId": "get_health", "security": [],
            "summary": "Whether the process lives.",
            "responses": {"200": text("It lives.")},
        }},
        "/readyz": {"get": {
            "tags": ["health"], "operationId": "get_readiness", "security": [],
            "summary": "Whether the server takes calls, and if not, why. Asking costs nothing.",
            "responses": {"200": readiness("It does."), "503": readiness("It does not.")},
        }},
        "/metrics": {"get": {
            "tags": ["health"], "operationId": "get_metrics", "security": [],
            "summary": "Metrics, for Prometheus.",
            "responses": {"200": text("The metrics.")},
        }},
        "/mcp/agents/{agent_id}": mcp(),
    })
}

/// Each agent as an MCP server.
fn mcp() -> Value {
    let object = json!({"$ref": "#/components/schemas/JsonObject"});
    let message = json!({"oneOf": [object, {"type": "array", "items": object}]});
    let stream = json!({"schema": {"type": "string"}});
    let agent = json!({"name": "agent_id", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/AgentId"}});
    let environment = json!({"name": "environment", "in": "query", "schema": {"$ref": "#/components/schemas/Environment"}});
    let session = json!({"name": "mcp-session-id", "in": "header", "schema": {"type": "string"}});
    let failed = json!({
        "description": "A JSON-RPC error; `data.code` is a code of the API or of the protocol.",
        "content": {"application/json": {"schema": object}},
    });
    json!({
        "post": {
            "tags": ["mcp"], "operationId": "call_mcp", "security": [{"api_key": []}],
            "summary": "Speak to an agent as an MCP server.",
            "description": "Streamable HTTP of the Model Context Protocol: its revisions with sessions and the stateless one. docs/agents-over-mcp.md says more.",
            "parameters": [agent, environment, session],
            "requestBody": {"required": true, "content": {"application/json": {"schema": message}}},
            "responses": {
                "200": {
                    "description": "The JSON-RPC answer, or a stream with it.",
                    "content": {"application/json": {"schema": message}, "text/event-stream": stream},
                },
                "202": {"description": "A notification was taken."},
                "default": failed,
            },
        },
        "get": {
            "tags": ["mcp"], "operationId": "follow_mcp", "security": [{"api_key": []}],
            "summary": "Follow what a session's agent tells on its own.",
            "parameters": [agent, session],
            "responses": {
                "200": {"description": "The stream.", "content": {"text/event-stream": stream}},
                "default": failed,
            },
        },
        "delete": {
            "tags": ["mcp"], "operationId": "end_mcp", "security": [{"api_key": []}],
            "summary": "End a session.",
            "parameters": [agent, session],
            "responses": {"204": {"description": "It has ended."}, "default": failed},
        },
    })
}
