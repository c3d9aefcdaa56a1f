//! Agents as MCP servers, as their clients see them.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod access;
mod client;
mod input;
mod repeated;
mod same_events;
mod sessions;
mod stateless;

use serde_json::json;
use switchboard_testkit::{Builder, Client};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

/// An agent with `read_item` (GET), `write_item` (POST, at most twice) and `note` (post call).
pub async fn agent(client: &Client, upstream: &str) -> String {
    let builder = Builder::new(client);
    let integration = builder.integration("Items", upstream).await;
    let mut bindings = vec![];
    for (name, method, gate) in [
        ("read_item", "GET", json!({})),
        ("write_item", "POST", json!({"max_successful_calls": 2})),
        ("note", "POST", json!({"phases": ["post_call"]})),
        ("pay", "POST", json!({"allowed_states": ["paying"]})),
    ] {
        let action = json!({
            "name": name, "description": format!("Does {name}"), "method": method,
            "path": "/items/{id}", "parameters": {"properties": {"id": {"type": "string"}}, "required": ["id"]},
        });
        let action = builder.action(&integration, action).await;
        bindings.push(json!({"link": {"action_id": action}, "overrides": gate}));
    }
    let agent = builder.agent("Desk").await;
    let state = |name: &str| json!({"name": name, "description": "", "instructions": ""});
    let draft = json!({
        "instructions": "Help.", "strict_states": true, "initial_state": "start",
        "states": [state("start"), state("paying")], "actions": bindings,
    });
    builder.publish(&agent, draft).await;
    agent
}
