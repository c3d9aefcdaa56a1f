//! Publishing a draft by one request: it is locked and live, or nothing happened.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Reply, Server, TestDatabase, on_both_databases};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_draft_is_published_or_nothing_happens,
    what_fails_in_production_is_accepted_by_its_code,
    breaking_drift_is_reviewed_or_accepted,
    publishing_races_with_deleting,
);

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// One agent, seen through its API.
struct Desk {
    client: Client,
    agent: String,
}

impl Desk {
    async fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            agent: Builder::new(client).agent("Helper").await,
        }
    }

    async fn draft(&self, draft: Value) -> Value {
        let path = format!("/agents/{}/draft", self.agent);
        self.client.put(&path, draft).await.expect(200)
    }

    async fn publish(&self, body: Value) -> Reply {
        let path = format!("/agents/{}/publish", self.agent);
        self.client.post(&path, body).await
    }

    async fn publish_at(&self, revision: u64) -> Reply {
        let path = format!("/agents/{}/publish", self.agent);
        let tag = format!("\"{revision}\"");
        self.client
            .send(Method::POST, &path, &[("if-match", &tag)], Some(json!({})))
            .await
    }

    async fn review(&self, body: Value) -> Value {
        let path = format!("/agents/{}/publish?dry_run=true", self.agent);
        self.client.post(&path, body).await.expect(200)
    }

    /// How many versions are locked, and the one that is published.
    async fn state(&self) -> (usize, Value) {
        let versions = format!("/agents/{}/versions", self.agent);
        let versions = self.client.get(&versions).await.expect(200);
        let agent = format!("/agents/{}", self.agent);
        let agent = self.client.get(&agent).await.expect(200);
        (
            versions["data"].as_array().unwrap().len(),
            agent["published_version"].clone(),
        )
    }
}

#[expect(clippy::too_many_lines, reason = "one story from draft to publication")]
async fn a_draft_is_published_or_nothing_happens(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let items = build.integration("Items", "http://127.0.0.1:9").await;
    let action = |name: &str| json!({"name": name, "method": "GET", "path": "/"});
    let (look, find) = (
        build.action(&items, action("look")).await,
        build.action(&items, action("find")).await,
    );
    let desk = Desk::new(&client).await;
    let links = json!([{"link": {"action_id": look}}, {"link": {"action_id": find}}]);
    let draft = desk
        .draft(json!({"instructions": "Help.", "actions": links}))
        .await;
    client.delete(&format!("/actions/{look}")).await.expect(204);

    let review = desk.review(json!({})).await;
    assert_eq!(review["would_publish"], false);
    assert_eq!(review["refusal"]["code"], "broken_references");
    assert_eq!(review["broken_references"][0]["name"], "look");
    assert_eq!(review["findings"][0]["severity"], "blocks");
    for accept in [json!([]), json!(["broken_references", "deleted"])] {
        let reply = desk
            .publish(json!({"notes": "first", "accept": accept}))
            .await;
        let problem = reply.json();
        assert_eq!(reply.problem(409), "broken_references");
        assert_eq!(
            problem["broken_references"][0]["binding_id"],
            draft["actions"][0]["id"]
        );
    }
    assert_eq!(desk.state().await, (0, Value::Null));

    let binding = text(&draft["actions"][0]["id"]);
    let path = format!("/agents/{}/draft/actions/{binding}", desk.agent);
    client.delete(&path).await.expect(204);
    let revision = draft["revision"].as_u64().unwrap();
    assert_eq!(
        desk.publish_at(revision).await.problem(412),
        "stale_revision"
    );
    assert_eq!(desk.state().await, (0, Value::Null));
    let review = desk.review(json!({"notes": "first"})).await;
    assert_eq!(
        [
            &review["would_publish"],
            &review["refusal"],
            &review["number"],
            &review["locks"]
        ],
        [&json!(true), &Value::Null, &json!(1), &json!(true)]
    );
    assert_eq!(review["draft_revision"], revision + 1);
    assert_eq!(review["differences"]["fields"][0]["field"], "instructions");
    assert_eq!(review["differences"]["actions"][0]["name"], "find");
    assert_eq!(desk.state().await, (0, Value::Null));

    let made = desk.publish(json!({"notes": "first"})).await.expect(201);
    assert_eq!(
        [
            &made["number"],
            &made["published"],
            &made["notes"],
            &made["warnings"]
        ],
        [&json!(1), &json!(true), &json!("first"), &json!([])]
    );
    assert_eq!(made["document"]["actions"][0]["link"]["action_id"], find);
    assert_eq!(desk.state().await, (1, json!(1)));
    let review = desk.review(json!({})).await;
    assert_eq!(
        review["differences"],
        json!({"fields": [], "states": [], "actions": []})
    );
    assert_eq!(
        [&review["number"], &review["locks"]],
        [&json!(1), &json!(false)]
    );
    // Whoever did not hear the answer asks again.
    for body in [json!({"notes": "first"}), json!({})] {
        let again = desk.publish(body).await.expect(200);
        assert_eq!(
            [&again["number"], &again["published"]],
            [&json!(1), &json!(true)]
        );
    }
    assert_eq!(desk.state().await, (1, json!(1)));
    let other = desk.publish(json!({"notes": "second"})).await.expect(201);
    assert_eq!(other["number"], 2);
    let unknown = desk.publish(json!({"note": "third"})).await;
    assert_eq!(unknown.problem(422), "invalid_input");

    let audit = client.get("/audit?limit=50").await.expect(200);
    let operations: Vec<_> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| text(&entry["operation"]))
        .filter(|operation| operation.starts_with("version."))
        .collect();
    let once = ["version.publish", "version.lock"];
    assert_eq!(operations, [once, once].concat());
    // What is published is what conversations get.
    let start =
        json!({"agent_id": desk.agent, "environment": "production", "version": "published"});
    let conversation = client.post("/conversations", start).await.expect(201);
    assert_eq!(conversation["version"], 2);
}

async fn what_fails_in_production_is_accepted_by_its_code(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let value = json!({"values": {"staging": "s"}});
    client.put("/secrets/token", value).await.expect(201);
    let slot = json!({
        "base_url": "http://127.0.0.1:9",
        "auth": {"type": "bearer", "token": {"secret": "token"}},
    });
    let integration = json!({
        "name": "Items", "kind": "custom_api",
        "environments": {"staging": slot, "production": slot},
    });
    let items = client.post("/integrations", integration).await.expect(201);
    let action = Builder::new(&client)
        .action(
            text(&items["id"]),
            json!({"name": "look", "method": "GET", "path": "/", "headers": {"x-a": "{{ variables.a }}"}}),
        )
        .await;
    let desk = Desk::new(&client).await;
    desk.draft(json!({"actions": [{"link": {"action_id": action}}]}))
        .await;
    let code = "secret_missing_in_production";
    let review = desk.review(json!({})).await;
    let missing = &review["missing_secrets"];
    assert_eq!(
        [
            &missing["development"],
            &missing["staging"],
            &missing["production"][0]["name"]
        ],
        [&json!([]), &json!([]), &json!("token")]
    );
    assert_eq!(review["unknown_variables"][0]["name"], "a");
    assert_eq!(review["would_publish"], false);
    assert_eq!(review["refusal"]["code"], "needs_accept");
    let reply = desk
        .publish(json!({"accept": ["variable_never_set"]}))
        .await;
    let problem = reply.json();
    assert_eq!(reply.problem(409), "needs_accept");
    assert_eq!(problem["accept"], json!([code]));
    assert_eq!(problem["findings"][0]["code"], code);
    assert_eq!(desk.state().await, (0, Value::Null));
    let review = desk.review(json!({"accept": [code]})).await;
    assert_eq!(review["would_publish"], true);
    let made = desk.publish(json!({"accept": [code]})).await.expect(201);
    let codes: Vec<_> = made["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| text(&warning["code"]))
        .collect();
    assert_eq!(codes, [code, "variable_never_set"]);
    assert_eq!(desk.state().await, (1, json!(1)));
}

async fn breaking_drift_is_reviewed_or_accepted(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let items = build.integration("Items", "http://127.0.0.1:9").await;
    let action = json!({"name": "look", "method": "GET", "path": "/"});
    let action = build.action(&items, action).await;
    let desk = Desk::new(&client).await;
    let draft = json!({"instructions": "Use look.", "actions": [{"link": {"action_id": action}}]});
    let draft = desk.draft(draft).await;
    desk.publish(json!({})).await.expect(201);
    let renamed = json!({"name": "watch"});
    client
        .patch(&format!("/actions/{action}"), renamed)
        .await
        .expect(200);
    let restore = format!("/agents/{}/versions/1/restore", desk.agent);
    client.post(&restore, json!({})).await.expect(200);
    let review = desk.review(json!({})).await;
    assert_eq!(review["drift"][0]["class"], "breaking");
    let reply = desk.publish(json!({})).await;
    let problem = reply.json();
    assert_eq!(reply.problem(409), "needs_accept");
    assert_eq!(problem["accept"], json!(["unreviewed_breaking_drift"]));
    assert_eq!(desk.state().await, (1, json!(1)));
    let binding = text(&draft["actions"][0]["id"]);
    let seen = format!("/agents/{}/draft/drift/{binding}/review", desk.agent);
    client.post(&seen, json!({})).await.expect(200);
    // The action is another than the one that version 1 saw, so it is locked again.
    let made = desk.publish(json!({})).await.expect(201);
    assert_eq!(made["number"], 2);
}

/// Whoever comes first, a draft that was published had whole links at that moment, and one that was
/// refused left no version.
async fn publishing_races_with_deleting(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let items = build.integration("Items", "http://127.0.0.1:9").await;
    let (mut first, mut refused) = (0, 0);
    for round in 0..40 {
        let action = json!({"name": format!("a{round}"), "method": "GET", "path": "/"});
        let action = build.action(&items, action).await;
        let desk = Desk::new(&client).await;
        desk.draft(json!({"actions": [{"link": {"action_id": action}}]}))
            .await;
        let path = format!("/actions/{action}");
        let (publish, delete) = (desk.publish(json!({})), client.delete(&path));
        let (published, deleted) = if round % 2 == 0 {
            tokio::join!(publish, delete)
        } else {
            let (deleted, published) = tokio::join!(delete, publish);
            (published, deleted)
        };
        deleted.expect(204);
        if published.status == 201 {
            assert_eq!(desk.state().await, (1, json!(1)));
            let audit = client.get("/audit?limit=2").await.expect(200);
            assert_eq!(audit["data"][0]["operation"], "action.delete");
            first += 1;
        } else {
            assert_eq!(published.problem(409), "broken_references");
            assert_eq!(desk.state().await, (0, Value::Null));
            refused += 1;
        }
        if first > 2 && refused > 2 {
            break;
        }
    }
    assert!(
        first > 0 && refused > 0,
        "published {first} times, refused {refused} times"
    );
}
