//! What a server remembers counts for a moment only: what it missed, it looks for.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_testkit::{
    Client, Proxy, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_paused_server_serves_no_request_on_a_key_that_was_revoked_meanwhile,
    a_change_of_a_kind_that_this_release_does_not_know_freezes_nothing,
    a_secret_that_cannot_be_opened_is_its_users_matter,
);

fn revoke(server: &Server, key: &str) {
    let prefix = &key[..key.rfind('_').unwrap()];
    let revoked = server
        .command()
        .args(["keys", "revoke", prefix])
        .output()
        .unwrap();
    assert!(
        revoked.status.success(),
        "{}",
        String::from_utf8_lossy(&revoked.stderr)
    );
}

async fn a_paused_server_serves_no_request_on_a_key_that_was_revoked_meanwhile(
    database: TestDatabase,
) {
    let server = Server::start(BINARY, database).await;
    let key = server.key("run", "default");
    let client = Client::new(server.address(), &key);
    client.get("/conversations").await.expect(200);
    server.pause();
    revoke(&server, &key);
    // Longer than anything is remembered without a look.
    tokio::time::sleep(Duration::from_millis(3300)).await;
    server.go_on();
    for _ in 0..3 {
        client.get("/conversations").await.problem(401);
    }
}

async fn a_change_of_a_kind_that_this_release_does_not_know_freezes_nothing(
    database: TestDatabase,
) {
    let server = Server::start(BINARY, database).await;
    let admin = server.client("admin");
    let key = server.key("run", "default");
    let client = Client::new(server.address(), &key);
    client.get("/conversations").await.expect(200);
    server
        .sql(
            "UPDATE workspace SET config_revision = config_revision + 1; \
         INSERT INTO change (workspace_id, revision, entity, entity_id, at) \
         SELECT id, config_revision, 'hologram', 'x', config_changed_at FROM workspace;",
        )
        .await;
    let variable = json!({"values": {"production": 1}});
    admin.put("/variables/x", variable).await.expect(201);
    revoke(&server, &key);
    eventually("the key is refused", || async {
        (client.get("/conversations").await.status == 401).then_some(())
    })
    .await;
}

async fn a_secret_that_cannot_be_opened_is_its_users_matter(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let admin = server.client("admin");
    for name in ["good", "bad"] {
        let value = json!({"values": {"production": "a-long-enough-value"}});
        admin
            .put(&format!("/secrets/{name}"), value)
            .await
            .expect(201);
    }
    let good = converse(&admin, &upstream.url, "good").await;
    let bad = converse(&admin, &upstream.url, "bad").await;
    server
        .sql(
            "UPDATE secret_value SET key_id = 'ffffffff' WHERE name = 'bad'; \
         UPDATE workspace SET config_revision = config_revision + 1; \
         INSERT INTO change (workspace_id, revision, entity, entity_id, at) \
         SELECT id, config_revision, 'secret', 'bad', config_changed_at FROM workspace;",
        )
        .await;
    let path = |id: &str| format!("/conversations/{id}/actions/act/call");
    let answer = eventually("the secret is unreadable", || async {
        let answer = admin
            .post(&path(&bad), json!({"arguments": {}}))
            .await
            .expect(200);
        (answer["status"] == "failed").then_some(answer)
    })
    .await;
    assert_eq!(answer["error"]["code"], "secret_unreadable", "{answer}");
    let answer = admin
        .post(&path(&good), json!({"arguments": {}}))
        .await
        .expect(200);
    assert_eq!(answer["status"], "succeeded", "{answer}");
    let value = json!({"values": {"production": "another-long-value"}});
    admin.put("/secrets/bad", value).await.expect(200);
    let answer = admin
        .post(&path(&bad), json!({"arguments": {}}))
        .await
        .expect(200);
    assert_eq!(answer["status"], "succeeded", "{answer}");
}

/// A conversation with an agent whose one action sends a secret.
async fn converse(admin: &Client, url: &str, secret: &str) -> String {
    let integration = json!({
        "kind": "custom_api", "name": secret,
        "environments": {"production": {"base_url": url, "auth": {"type": "bearer", "token": {"secret": secret}}}},
    });
    let integration = admin.post("/integrations", integration).await.expect(201);
    let id = integration["id"].as_str().unwrap();
    let action = json!({"name": "act", "description": "d", "method": "GET", "path": "/x"});
    let action = admin
        .post(&format!("/integrations/{id}/actions"), action)
        .await
        .expect(201);
    let agent = admin
        .post("/agents", json!({"name": secret}))
        .await
        .expect(201);
    let agent = agent["id"].as_str().unwrap();
    let link = json!({"link": {"action_id": action["id"]}, "overrides": {}});
    admin
        .post(&format!("/agents/{agent}/draft/actions"), link)
        .await
        .expect(201);
    let conversation = json!({"agent_id": agent, "environment": "production", "version": "draft"});
    let made = admin.post("/conversations", conversation).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// A replica that was cut off hears of nothing, and then of everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_was_cut_off_catches_up_with_what_it_missed() {
    let server = Server::start(BINARY, TestDatabase::postgres()).await;
    let (proxy, through) = Proxy::before_postgres(&server.database().url().unwrap()).await;
    let replica = server.replica_at(&through).await;
    let admin = server.client("admin");
    let key = server.key("run", "default");
    let there = Client::new(replica.address(), &key);
    there.get("/conversations").await.expect(200);
    let ready = || async {
        let reply = there
            .try_send(http::Method::GET, "/readyz", &[], None)
            .await
            .unwrap();
        (
            reply.status.as_u16(),
            serde_json::from_str::<Value>(&reply.text).unwrap(),
        )
    };
    proxy.refuse();
    eventually("the replica says that it is not ready", || async {
        let (status, report) = ready().await;
        (status == 503 && report["problems"]["database"].is_string()).then_some(())
    })
    .await;
    revoke(&server, &key);
    assert_ne!(
        there.get("/conversations").await.status,
        200,
        "nobody is let in unseen"
    );
    proxy.pass();
    eventually("the replica is ready", || async {
        (ready().await.0 == 200).then_some(())
    })
    .await;
    there.get("/conversations").await.problem(401);
    admin.get("/conversations").await.expect(200);
}
