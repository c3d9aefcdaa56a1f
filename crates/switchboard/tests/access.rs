//! Who may do what, and that nothing crosses a workspace or leaks.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::process::Output;

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{
    Client, Sample, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    another_workspaces_ids_are_unknown,
    the_canary_is_nowhere,
    keys_work_beside_the_server,
    a_revoked_key_ends_its_streams,
    a_run_key_starts_published_versions_only,
);

/// Every route of the document with ids in its path, asked with ids of another workspace.
async fn another_workspaces_ids_are_unknown(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let ours = server.client("admin");
    let sample = Sample::create(&ours, &upstream.url, None).await;
    let conversation = sample.converse(&ours).await;
    let draft = ours
        .get(&format!("/agents/{}/draft", sample.agent))
        .await
        .expect(200);
    let binding = draft["actions"][0]["id"].as_str().unwrap();
    let key = ours.get("/api-keys").await.expect(200)["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let owner = server.owner().await;
    let session = owner.get("/session").await.expect(200);
    let member = session["user"]["id"].as_str().unwrap();
    let invited = json!({"email": "somebody@example.com", "role": "viewer"});
    let invited = owner.post("/invitations", invited).await.expect(201);
    let invitation = invited["id"].as_str().unwrap();
    let message = message(&ours).await;
    assert!(
        server
            .command()
            .args(["workspaces", "create", "other"])
            .status()
            .unwrap()
            .success()
    );
    let theirs = ours.with_key(&server.key("admin", "other"));

    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if !path.contains("{id}") {
            continue;
        }
        let id = match path.split('/').nth(3).unwrap() {
            "integrations" => &sample.integration,
            "actions" => &sample.read,
            "agents" => &sample.agent,
            "conversations" => &conversation,
            "api-keys" => &key,
            "members" => member,
            "invitations" => invitation,
            "messages" => &message,
            other => panic!("a new kind of id: {other}"),
        };
        let path = path
            .replace("{id}", id)
            .replace("{binding_id}", binding)
            .replace("{number}", "1")
            .replace("{event_id}", "evt_01980000000070008000000000000001")
            .replace("{name}", "read_item");
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = operation
                .get("requestBody")
                .map(|_| body_for(&method, &path, &sample).to_string());
            let reply = theirs
                .try_send(method.clone(), &path, &[], body)
                .await
                .unwrap();
            assert_eq!(reply.problem(404), "not_found", "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked >= 20, "{asked}");
    assert_eq!(
        theirs.get("/integrations").await.expect(200)["data"],
        json!([])
    );
    assert_eq!(theirs.get("/secrets").await.expect(200)["data"], json!([]));
    let start = json!({"agent_id": sample.agent, "environment": "production", "version": "draft"});
    theirs.post("/conversations", start).await.expect(422);
    let link = json!({"link": {"action_id": sample.read}});
    let agent = theirs
        .post("/agents", json!({"name": "x"}))
        .await
        .expect(201);
    let path = format!("/agents/{}/draft/actions", agent["id"].as_str().unwrap());
    assert_eq!(theirs.post(&path, link).await.problem(422), "invalid_input");
    assert_eq!(upstream.hits(), 0);
}

/// A text message that failed for want of a key.
async fn message(client: &Client) -> String {
    let channel = json!({"kind": "messaging_channel", "name": "SMS", "api_key": {"secret": "no_such"}, "from": "+13125550142"});
    let channel = client.post("/integrations", channel).await.expect(201);
    let path = format!(
        "/integrations/{}/test-message",
        channel["id"].as_str().unwrap()
    );
    let input = json!({"environment": "production", "to": "+13125550100", "text": "x"});
    let message = client.post(&path, input).await.expect(201);
    message["id"].as_str().unwrap().to_owned()
}

/// A body that would be right, so that only the id is wrong.
fn body_for(method: &Method, path: &str, sample: &Sample) -> Value {
    match path.rsplit('/').next().unwrap() {
        "actions" if path.contains("integrations") => {
            json!({"name": "n", "method": "GET", "path": "/"})
        }
        "actions" => json!({"link": {"action_id": sample.read}}),
        "move" | "promote" => json!({"integration_id": sample.integration}),
        "test" => json!({"environment": "production", "arguments": {"id": "1"}}),
        "call" => json!({"arguments": {"id": "1"}}),
        _ if path.contains("/members/") => json!({"role": "viewer"}),
        "test-message" => json!({"environment": "production", "to": "+13125550100", "text": "x"}),
        "result" => json!({"result": null}),
        "draft" if *method == Method::PUT => json!({"instructions": ""}),
        _ => json!({}),
    }
}

/// A service that sends the credential back in every way; then everything that is kept or said is
/// searched for it.
async fn the_canary_is_nowhere(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let mut server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let secret = json!({"secret": "token"});
    let auths = [
        json!({"type": "bearer", "token": secret}),
        json!({"type": "basic", "username": "user", "password": secret}),
        json!({"type": "api_key", "in": "header", "name": "X-Key", "value": secret}),
        json!({"type": "api_key", "in": "query", "name": "key", "value": secret}),
        json!({"type": "oauth2_client_credentials", "token_url": format!("{}/token", upstream.url), "client_id": "me", "client_secret": secret}),
    ];
    let mut seen = String::new();
    for auth in auths {
        let slot = json!({"base_url": upstream.url, "auth": auth, "headers": {"x-extra": secret}});
        let patch = json!({"environments": {"production": slot}});
        let reply = client
            .patch(&format!("/integrations/{}", sample.integration), patch)
            .await;
        seen.push_str(&reply.text);
        let change = json!({"output_variables": [{"name": "everything", "path": "$"}]});
        client
            .patch(&format!("/actions/{}", sample.read), change)
            .await
            .expect(200);
        let conversation = sample.converse(&client).await;
        for action in ["read_item", "write_item"] {
            let path = format!("/conversations/{conversation}/actions/{action}/call");
            let reply = client.post(&path, json!({"arguments": {"id": "1"}})).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            seen.push_str(&reply.text);
        }
        let test = json!({"environment": "production", "arguments": {"id": "1"}});
        seen.push_str(
            &client
                .post(&format!("/actions/{}/test", sample.read), test)
                .await
                .text,
        );
        for path in [
            format!("/conversations/{conversation}"),
            format!("/conversations/{conversation}/events"),
        ] {
            seen.push_str(&client.get(&path).await.text);
        }
    }
    for path in ["/secrets", "/integrations", "/audit"] {
        seen.push_str(&client.get(path).await.text);
    }
    let metrics = client
        .try_send(Method::GET, "/metrics", &[], None)
        .await
        .unwrap();
    seen.push_str(&metrics.text);
    assert!(seen.contains("[redacted]"), "the service did send it back");
    server.ask_to_stop();
    server.stopped().await;
    seen.push_str(&server.stdout());
    seen.push_str(&server.stderr());
    seen.push_str(&server.database().dump());
    for entry in std::fs::read_dir(server.data_dir()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        seen.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(upstream.hits() >= 15, "{}", upstream.hits());
    // What every encoding leaves as it is, and what some of them do.
    for part in [
        "canary-7f3a",
        "9b&51",
        "9b%2651",
        "9b&amp;51",
        "9b\\u002651",
        "9b%26",
    ] {
        let near = around(&seen, part);
        assert!(!seen.contains(part), "the credential leaked near: {near}");
    }
}

fn around(text: &str, needle: &str) -> String {
    let at = text.find(needle).unwrap_or(0);
    text.chars()
        .skip(at.saturating_sub(200))
        .take(400)
        .collect()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn keys_work_beside_the_server(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let admin = server.client("admin");
    for (scope, integrations, conversations, keys) in [
        ("run", 403, 200, 403),
        ("manage", 200, 200, 403),
        ("admin", 200, 200, 200),
    ] {
        let client = server.client(scope);
        for (path, status) in [
            ("/integrations", integrations),
            ("/conversations", conversations),
            ("/api-keys", keys),
        ] {
            client.get(path).await.expect(status);
        }
    }
    assert_eq!(
        admin
            .with_key("sb_nothing")
            .get("/agents")
            .await
            .problem(401),
        "unauthenticated"
    );
    let challenge = admin.with_key("").get("/agents").await;
    assert!(challenge.headers.contains_key("www-authenticate"));

    let made = admin
        .post("/api-keys", json!({"name": "n", "scope": "run"}))
        .await
        .expect(201);
    let client = Client::new(server.address(), made["key"].as_str().unwrap());
    client.get("/conversations").await.expect(200);
    let listed = admin
        .get(&format!(
            "/api-keys?prefix={}",
            made["prefix"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert!(listed["data"][0].get("key").is_none());
    admin
        .delete(&format!("/api-keys/{}", made["id"].as_str().unwrap()))
        .await
        .expect(204);
    client.get("/conversations").await.expect(401);

    // Revoked on the command line, a key is refused within a second.
    let key = server.key("run", "default");
    let client = Client::new(server.address(), &key);
    client.get("/conversations").await.expect(200);
    let prefix = &key[..11];
    let output = server
        .command()
        .args(["keys", "revoke", prefix])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let start = std::time::Instant::now();
    eventually("the revocation", || async {
        (client.get("/conversations").await.status == 401).then_some(())
    })
    .await;
    assert!(start.elapsed().as_millis() < 1500, "{:?}", start.elapsed());
    let list = server.command().args(["keys", "list"]).output().unwrap();
    assert!(
        text(&list).contains(prefix)
            && text(&list).contains("revoked")
            && !text(&list).contains(&key)
    );
}

/// A stream lives no longer than the key it was opened with, and tells nothing after that.
async fn a_revoked_key_ends_its_streams(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let admin = server.client("admin");
    let sample = Sample::create(&admin, &upstream.url, None).await;
    let conversation = sample.converse(&admin).await;
    let made = json!({"name": "leaked", "scope": "run"});
    let made = admin.post("/api-keys", made).await.expect(201);
    let leaked = admin.with_key(made["key"].as_str().unwrap());
    let events = format!("/api/v1/conversations/{conversation}/events");
    let accept = [("accept", "text/event-stream")];
    let mut stream = leaked
        .open(Method::GET, &events, &accept, None)
        .await
        .unwrap();
    assert_eq!(stream.next().await.1["type"], "conversation.started");
    let mut kept = admin
        .open(Method::GET, &events, &accept, None)
        .await
        .unwrap();
    let path = format!("/api-keys/{}", made["id"].as_str().unwrap());
    admin.delete(&path).await.expect(204);
    stream.end().await;
    let call = format!("/conversations/{conversation}/actions/read_item/call");
    let body = json!({"arguments": {"id": "1"}});
    admin.post(&call, body).await.expect(200);
    assert_eq!(kept.next().await.1["type"], "conversation.started");
    assert_eq!(kept.next().await.1["type"], "action.succeeded");
    let refused = leaked
        .try_send(Method::GET, &events, &accept, None)
        .await
        .unwrap();
    assert_eq!(refused.problem(401), "unauthenticated");
}

/// Drafts and numbers are for those who work on the agent; what is not published takes nobody.
async fn a_run_key_starts_published_versions_only(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let admin = server.client("admin");
    let run = server.client("run");
    let sample = Sample::create(&admin, &upstream.url, None).await;
    let agent = format!("/agents/{}", sample.agent);
    let lock = json!({"notes": ""});
    admin
        .post(&format!("{agent}/versions"), lock)
        .await
        .expect(201);
    let start = |client: &Client, version: Value| {
        let (client, agent) = (client.clone(), sample.agent.clone());
        async move {
            let body = json!({"agent_id": agent, "environment": "production", "version": version});
            client.post("/conversations", body).await
        }
    };
    for version in [json!("draft"), json!(1)] {
        start(&admin, version.clone()).await.expect(201);
        assert_eq!(start(&run, version).await.problem(403), "forbidden");
    }
    let published = || json!("published");
    let refused = start(&run, published()).await;
    assert_eq!(refused.problem(409), "not_published");
    let publish = format!("{agent}/versions/1/publish");
    admin.post(&publish, json!({})).await.expect(200);
    start(&run, published()).await.expect(201);
    let unpublish = format!("{agent}/unpublish");
    admin.post(&unpublish, json!({})).await.expect(200);
    let refused = start(&run, published()).await;
    assert_eq!(refused.problem(409), "not_published");
    assert_eq!(start(&run, json!(1)).await.problem(403), "forbidden");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_one_file_says_who_holds_it() {
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let second = server
        .command()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success());
    assert!(said.contains(&format!("process {}", server.id())), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_finds_what_weakens_a_start() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let check = || server.command().arg("check").output().unwrap();
    assert!(check().status.success(), "{}", text(&check()));
    let key = server.data_dir().join("master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(check().status.code(), Some(1));
    assert!(text(&check()).contains("chmod 600"), "{}", text(&check()));
    let refused = server
        .command()
        .args(["serve", "--data-dir", "elsewhere", "--master-key-file"])
        .arg(&key)
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let unreachable = server
        .command()
        .args(["check", "--database-url", "postgres://127.0.0.1:1/x"])
        .output()
        .unwrap();
    assert_eq!(unreachable.status.code(), Some(1));
    let nameless = server
        .command()
        .args(["workspaces", "create", ""])
        .output()
        .unwrap();
    assert!(!nameless.status.success());
    let said = String::from_utf8_lossy(&nameless.stderr).into_owned();
    assert!(said.contains("1 to 200 characters"), "{said}");
    let unknown = server
        .command()
        .env("SWITCHBOARD_LISTN", "x")
        .arg("check")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("SWITCHBOARD_LISTN"));
}
