//! Building configuration in a line each.

use serde_json::{Value, json};

use crate::client::Client;

/// Makes things by the API, as one client.
#[derive(Debug, Clone)]
pub struct Builder(Client);

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

impl Builder {
    /// As this client.
    pub fn new(client: &Client) -> Self {
        Self(client.clone())
    }

    /// A `custom_api` without authentication, the same in every environment.
    pub async fn integration(&self, name: &str, base_url: &str) -> String {
        let slot = json!({"base_url": base_url});
        let input = json!({
            "kind": "custom_api", "name": name,
            "environments": {"development": slot, "staging": slot, "production": slot},
        });
        id(&self.0.post("/integrations", input).await.expect(201))
    }

    /// A shared action.
    pub async fn action(&self, integration: &str, action: Value) -> String {
        let path = format!("/integrations/{integration}/actions");
        id(&self.0.post(&path, action).await.expect(201))
    }

    /// An agent with an empty draft.
    pub async fn agent(&self, name: &str) -> String {
        let input = json!({"name": name});
        id(&self.0.post("/agents", input).await.expect(201))
    }

    /// Saves a draft, locks it and publishes that; answers the draft.
    pub async fn publish(&self, agent: &str, draft: Value) -> Value {
        let path = format!("/agents/{agent}");
        let draft = self
            .0
            .put(&format!("{path}/draft"), draft)
            .await
            .expect(200);
        let locked = self
            .0
            .post(&format!("{path}/versions"), json!({}))
            .await
            .expect(201);
        let publish = format!("{path}/versions/{}/publish", locked["number"]);
        self.0.post(&publish, json!({})).await.expect(200);
        draft
    }

    /// Starts a conversation on the published version, in production.
    pub async fn converse(&self, agent: &str) -> String {
        let input = json!({"agent_id": agent, "environment": "production"});
        id(&self.0.post("/conversations", input).await.expect(201))
    }
}
