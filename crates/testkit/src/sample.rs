//! The usual set-up: an integration with bearer auth, two actions, an agent that links both.

use serde_json::{Value, json};

use crate::client::Client;

/// The credential of the sample integration, with all that encodings write in their own way.
pub const TOKEN: &str = r#"canary-7f3a/9b&51<c2+d8"4e\é60"#;

/// What was made.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The integration.
    pub integration: String,
    /// `read_item`: GET `/items/{id}`, one output variable `seen` from `$.path`.
    pub read: String,
    /// `write_item`: POST `/items/{id}`.
    pub write: String,
    /// The agent.
    pub agent: String,
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

impl Sample {
    /// The credential that must never be seen.
    pub const TOKEN: &'static str = TOKEN;

    /// Makes the set-up. `limit` is the limit of both bindings.
    pub async fn create(client: &Client, upstream: &str, limit: Option<u32>) -> Self {
        client
            .put("/secrets/token", json!({"values": {"production": TOKEN}}))
            .await
            .expect(201);
        let integration = client
            .post("/integrations", json!({
                "kind": "custom_api", "name": "Items", "description": "",
                "environments": {"production": {
                    "base_url": upstream, "auth": {"type": "bearer", "token": {"secret": "token"}},
                }},
            }))
            .await
            .expect(201);
        let integration = id(&integration);
        let schema = json!({
            "type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"],
        });
        let action = |name: &str, method: &str| {
            json!({
                "name": name, "description": "", "method": method, "path": "/items/{id}",
                "parameters": schema, "output_variables": [{"name": "seen", "path": "$.path"}],
                "timeout_ms": 5000,
            })
        };
        let path = format!("/integrations/{integration}/actions");
        let read = id(&client
            .post(&path, action("read_item", "GET"))
            .await
            .expect(201));
        let write = id(&client
            .post(&path, action("write_item", "POST"))
            .await
            .expect(201));
        let agent = id(&client
            .post("/agents", json!({"name": "Agent"}))
            .await
            .expect(201));
        let link = |action: &str| json!({"link": {"action_id": action}, "overrides": {"max_successful_calls": limit}});
        client
            .put(
                &format!("/agents/{agent}/draft"),
                json!({
                    "instructions": "Help.", "actions": [link(&read), link(&write)],
                }),
            )
            .await
            .expect(200);
        Self {
            integration,
            read,
            write,
            agent,
        }
    }

    /// Starts a conversation on the draft.
    pub async fn converse(&self, client: &Client) -> String {
        let started = client
            .post(
                "/conversations",
                json!({
                    "agent_id": self.agent, "environment": "production", "version": "draft",
                }),
            )
            .await
            .expect(201);
        id(&started)
    }
}
