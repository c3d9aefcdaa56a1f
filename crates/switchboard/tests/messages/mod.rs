//! Text messages through a simulated Telnyx: sent at most once, and true states in the end.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod channel;
mod crash;
mod deleting;
mod receipts;
mod sending;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use switchboard_simulators::telnyx::{self, Settings, Simulator};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, eventually};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");
const SEED: [u8; 32] = [7; 32];
const SENDER: &str = "+13125550142";

/// The time.
#[expect(
    clippy::disallowed_methods,
    reason = "the server that is tested has the machine's clock"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A simulator with these settings.
async fn simulator(change: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings::new(SEED, Arc::new(now));
    change(&mut settings);
    telnyx::start(settings).await.unwrap()
}

/// A server whose Telnyx is a simulator, with a channel and an agent that sends through it.
struct Setup {
    server: Server,
    simulator: Simulator,
    client: Client,
    channel: String,
    agent: String,
}

impl Setup {
    async fn new(database: TestDatabase) -> Self {
        Self::with(database, |_| {}, json!({})).await
    }

    async fn with(
        database: TestDatabase,
        change: impl FnOnce(&mut Settings),
        channel: Value,
    ) -> Self {
        let simulator = simulator(change).await;
        let arguments = ["--telnyx-url", &simulator.url()];
        let server = Server::start_reachable(BINARY, database, &arguments).await;
        let client = server.client("admin");
        let values = json!({"values": {"production": "KEY_production"}});
        client.put("/secrets/telnyx_key", values).await.expect(201);
        let mut input = json!({
            "kind": "messaging_channel", "name": "SMS", "provider": "telnyx",
            "api_key": {"secret": "telnyx_key"}, "from": SENDER,
            "webhook_public_key": simulator.public_key(),
        });
        input
            .as_object_mut()
            .unwrap()
            .extend(channel.as_object().unwrap().clone());
        let made = client.post("/integrations", input).await.expect(201);
        let channel = made["id"].as_str().unwrap().to_owned();
        let build = Builder::new(&client);
        let shared = build
            .action(&channel, json!({"name": "remind", "recipient": "contact", "message_template": "See you at {{ parameters.time }}"}))
            .await;
        let agent = build.agent("Sender").await;
        let text = |name: &str, recipient: &str| json!({"action": {"kind": "send_text_message", "name": name, "channel_id": channel, "recipient": recipient}});
        let draft = json!({"actions": [
            {"link": {"action_id": shared}},
            text("text", "contact"),
            text("text_to", "{{ parameters.to }}"),
        ]});
        build.publish(&agent, draft).await;
        Self {
            server,
            simulator,
            client,
            channel,
            agent,
        }
    }

    /// Starts a conversation with somebody.
    async fn converse(&self, from: &str) -> String {
        let input = json!({
            "agent_id": self.agent, "environment": "production", "variables": {"call": {"from": from}},
        });
        let started = self.client.post("/conversations", input).await.expect(201);
        started["id"].as_str().unwrap().to_owned()
    }

    async fn call(&self, conversation: &str, name: &str, arguments: Value) -> Value {
        let path = format!("/conversations/{conversation}/actions/{name}/call");
        let called = self
            .client
            .post(&path, json!({"arguments": arguments}))
            .await;
        called.expect(200)
    }

    /// The messages that there are, the newest first.
    async fn messages(&self) -> Vec<Value> {
        let page = self.client.get("/messages?limit=200").await.expect(200);
        page["data"].as_array().unwrap().clone()
    }

    async fn message(&self, id: &Value) -> Value {
        let path = format!("/messages/{}", id.as_str().unwrap());
        self.client.get(&path).await.expect(200)
    }

    /// Waits until a message has come this far.
    async fn reaches(&self, id: &Value, status: &str) -> Value {
        eventually(status, || async {
            let message = self.message(id).await;
            (message["status"] == status).then_some(message)
        })
        .await
    }

    /// The statuses that a conversation was told of, in order.
    async fn told(&self, conversation: &str) -> Vec<String> {
        let path = format!("/conversations/{conversation}/events?limit=200");
        let page = self.client.get(&path).await.expect(200);
        let events = page["data"].as_array().unwrap().iter();
        events
            .filter(|event| event["type"] == "message.updated")
            .map(|event| event["status"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How often the simulator took a message with this text.
    fn taken(&self, text: &str) -> usize {
        let taken = self.simulator.taken();
        taken.iter().filter(|message| message.text == text).count()
    }
}
