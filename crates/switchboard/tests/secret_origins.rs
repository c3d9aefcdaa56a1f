//! A secret goes only where it may, and the audit log says where it went.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Client, Sample, Server, TestDatabase, Upstream, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    an_editor_sends_no_secret_elsewhere,
    a_list_that_is_changed_counts_for_the_next_call,
    the_audit_log_tells_what_and_where,
    a_query_key_stays_where_it_was_meant_for,
    values_are_kept_without_what_was_pasted_around_them,
);

fn slot(url: &str, name: &str) -> Value {
    json!({"production": {"base_url": url, "auth": {"type": "bearer", "token": {"secret": name}}}})
}

fn api(url: &str, name: &str) -> Value {
    json!({"kind": "custom_api", "name": "X", "environments": slot(url, name)})
}

async fn origins(client: &Client, name: &str) -> Value {
    let list = client.get("/secrets").await.expect(200);
    let all = list["data"].as_array().unwrap();
    let secret = all.iter().find(|secret| secret["name"] == name).unwrap();
    secret["allowed_origins"].clone()
}

async fn an_editor_sends_no_secret_elsewhere(database: TestDatabase) {
    let (good, evil) = (Upstream::echo().await, Upstream::echo().await);
    let server = Server::start(BINARY, database).await;
    let (admin, editor) = (server.client("admin"), server.client("manage"));
    let sample = Sample::create(&editor, &good.url, None).await;
    let (good_origin, evil_origin) = (&*good.url, &*evil.url);
    assert_eq!(origins(&admin, "token").await, json!([good_origin]));

    let own = |headers: Value, auth: Value| {
        json!({"action": {"kind": "api_call", "name": "own", "description": "d", "method": "GET",
            "url": format!("{evil_origin}/own"), "headers": headers, "auth": auth}})
    };
    let oauth = |token_url: &str| json!({"type": "oauth2_client_credentials", "token_url": token_url, "client_id": "me", "client_secret": {"secret": "token"}});
    let test =
        |integration: Value| json!({"environment": "production", "integration": integration});
    let with = |auth: Value, base: &str| json!({"kind": "custom_api", "name": "X", "environments": {"production": {"base_url": base, "auth": auth}}});
    let server_of = json!({"kind": "mcp_server", "name": "M", "url": format!("{evil_origin}/mcp"), "headers": {"x": {"secret": "token"}}});
    let channel = json!({"kind": "messaging_channel", "name": "C", "api_key": {"secret": "token"}, "from": "+13125550142"});
    let integration = format!("/integrations/{}", sample.integration);
    let draft = format!("/agents/{}/draft/actions", sample.agent);
    let none = json!({"type": "none"});
    let elsewhere = json!({"environments": slot(evil_origin, "token")});
    for (path, body) in [
        ("/integrations/test", test(api(evil_origin, "token"))),
        ("/integrations/test", test(server_of.clone())),
        ("/integrations/test", test(channel.clone())),
        (
            "/integrations/test",
            test(with(oauth(&format!("{evil_origin}/token")), good_origin)),
        ),
        (
            "/integrations/test",
            test(with(oauth(&format!("{good_origin}/token")), evil_origin)),
        ),
        ("/integrations", api(evil_origin, "token")),
        ("/integrations", server_of),
        ("/integrations", channel),
        (
            &*draft,
            own(json!({"X-Key": {"secret": "token"}}), none.clone()),
        ),
        (
            &*draft,
            own(
                json!({}),
                json!({"type": "bearer", "token": {"secret": "token"}}),
            ),
        ),
    ] {
        let reply = editor.post(path, body.clone()).await;
        let problem: Value = serde_json::from_str(&reply.text).unwrap();
        assert_eq!(reply.problem(403), "secret_origin_not_allowed", "{body}");
        assert_eq!(problem["secret"], "token");
        assert!(problem["detail"].as_str().unwrap().contains("`token`"));
    }
    let reply = editor.patch(&integration, elsewhere.clone()).await;
    assert_eq!(reply.problem(403), "secret_origin_not_allowed");
    // A list is the admins' to change, and so is to empty it.
    for list in [json!([]), json!([evil_origin])] {
        let reply = editor
            .put("/secrets/token", json!({"allowed_origins": list}))
            .await;
        assert_eq!(reply.problem(403), "forbidden");
    }
    assert_eq!(evil.hits(), 0);
    assert_eq!(origins(&admin, "token").await, json!([good_origin]));

    // A header secret of an action goes where its integration goes.
    let plain = json!({"kind": "custom_api", "name": "P", "environments": {"production": {"base_url": evil_origin}}});
    let plain = editor.post("/integrations", plain).await.expect(201);
    let action = json!({"name": "a", "method": "GET", "path": "/a", "headers": {"X-Key": {"secret": "token"}}});
    let path = format!("/integrations/{}/actions", plain["id"].as_str().unwrap());
    let reply = editor.post(&path, action.clone()).await;
    assert_eq!(reply.problem(403), "secret_origin_not_allowed");
    let path = format!("/integrations/{}/actions", sample.integration);
    editor.post(&path, action).await.expect(201);
    let away = json!({"environments": {"production": {"base_url": evil_origin}}});
    let reply = editor.patch(&integration, away).await;
    assert_eq!(reply.problem(403), "secret_origin_not_allowed");

    // Whoever administers may, and that adds the origin.
    admin.patch(&integration, elsewhere).await.expect(200);
    assert_eq!(
        origins(&admin, "token").await,
        json!([good_origin, evil_origin])
    );
    editor
        .post("/integrations", api(evil_origin, "token"))
        .await
        .expect(201);
}

async fn a_list_that_is_changed_counts_for_the_next_call(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let admin = server.client("admin");
    let sample = Sample::create(&admin, &upstream.url, None).await;
    let conversation = sample.converse(&admin).await;
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let arguments = json!({"arguments": {"id": "1"}});
    let answer = admin.post(&path, arguments.clone()).await.expect(200);
    assert_eq!(answer["status"], "succeeded");
    let list = json!({"allowed_origins": ["https://API.example:443/"]});
    let secret = admin.put("/secrets/token", list).await.expect(200);
    assert_eq!(secret["allowed_origins"], json!(["https://api.example"]));
    assert_eq!(secret["environments"], json!(["production"]));
    let before = upstream.hits();
    let answer = admin.post(&path, arguments).await.expect(200);
    assert_eq!(answer["error"]["code"], "secret_origin_not_allowed");
    assert_eq!(upstream.hits(), before);
    for wrong in ["https://a.example/x", "a.example", "*"] {
        let list = json!({"allowed_origins": [wrong]});
        let reply = admin.put("/secrets/token", list).await;
        assert_eq!(reply.problem(422), "invalid_input", "{wrong}");
    }
}

async fn the_audit_log_tells_what_and_where(database: TestDatabase) {
    let (good, evil) = (Upstream::echo().await, Upstream::echo().await);
    let server = Server::start(BINARY, database).await;
    let (admin, editor) = (server.client("admin"), server.client("manage"));
    let sample = Sample::create(&admin, &good.url, None).await;
    let test = |url: &str| json!({"environment": "production", "integration": api(url, "token")});
    editor
        .post("/integrations/test", test(&good.url))
        .await
        .expect(200);
    editor
        .post("/integrations/test", test(&evil.url))
        .await
        .expect(403);
    editor.get("/api-keys").await.expect(403);
    editor.get("/api-keys").await.expect(403);
    let test = json!({"environment": "production", "arguments": {"id": "1"}});
    let path = format!("/actions/{}/test", sample.read);
    editor.post(&path, test).await.expect(200);
    let path = format!("/integrations/{}", sample.integration);
    let slot = slot(&format!("{}/v2", good.url), "token");
    editor
        .patch(&path, json!({"environments": slot}))
        .await
        .expect(200);

    let owner = server.owner().await;
    let session = owner.get("/session").await.expect(200);
    let email = session["user"]["email"].as_str().unwrap();
    let wrong = json!({"email": email, "password": "wrong wrong wrong"});
    owner.post("/session", wrong).await.expect(401);
    let right = json!({"email": email, "password": Server::PASSWORD});
    owner.post("/session", right).await.expect(201);

    let log = admin.get("/audit?limit=200").await.expect(200);
    let rows = log["data"].as_array().unwrap();
    let of = |operation: &str| -> Vec<&Value> {
        let found = rows.iter().filter(|row| row["operation"] == operation);
        found.collect()
    };
    let tested = of("integration.test");
    assert_eq!(tested.len(), 1, "what was refused was not tried");
    let row = tested[0];
    assert_eq!(row["environment"], "production");
    assert_eq!(row["secrets"], json!(["token"]));
    assert_eq!(row["destination"], json!(good.url));
    assert_eq!(row["address"], "127.0.0.1");
    assert!(row["request_id"].as_str().unwrap().starts_with("req_"));
    assert_eq!(row["entity_id"], "");
    assert_eq!(of("action.test")[0]["destination"], json!(good.url));
    let updated = of("integration.update")[0];
    let base = "/definition/environments/production/base_url";
    assert_eq!(updated["before"].pointer(base).unwrap(), &json!(good.url));
    let after = json!(format!("{}/v2", good.url));
    assert_eq!(updated["after"].pointer(base).unwrap(), &after);
    assert!(updated["after"].get("name").is_none(), "it did not change");
    let refused = of("request.refuse");
    let codes: Vec<_> = refused.iter().map(|row| &row["after"]["code"]).collect();
    assert_eq!(codes, ["forbidden", "secret_origin_not_allowed"]);
    assert_eq!(refused[1]["secrets"], json!(["token"]));
    assert_eq!(refused[1]["destination"], json!(evil.url));
    assert_eq!(of("session.create").len(), 1);
    let failed = of("session.refuse");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["entity_id"], session["user"]["id"]);
    assert!(!log.to_string().contains("canary"));
}

/// The service leads to another origin, with the key's name in several spellings.
async fn a_query_key_stays_where_it_was_meant_for(database: TestDatabase) {
    let other = Upstream::echo().await;
    let away = other.url.clone();
    let upstream = Upstream::start(move |request| {
        let query = request.uri().query().unwrap_or_default();
        let spelled = query.replace("api_key", "%61pi%5Fkey");
        Answer::Redirect(302, format!("{away}/there?{query}&{spelled}&kept=1"))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let auth =
        json!({"type": "api_key", "in": "query", "name": "api_key", "value": {"secret": "token"}});
    let slot = json!({"environments": {"production": {"base_url": upstream.url, "auth": auth}}});
    let path = format!("/integrations/{}", sample.integration);
    client.patch(&path, slot).await.expect(200);
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let answer = client
        .post(&path, json!({"arguments": {"id": "1"}}))
        .await
        .expect(200);
    assert_eq!(answer["output"]["query"], "kept=1");
    for name in ["api_key", "API_KEY"] {
        let second = json!({"arguments": {"id": "1", name: "mine"}});
        let answer = client.post(&path, second).await.expect(200);
        assert_eq!(answer["error"]["code"], "argument_refused", "{name}");
    }
}

async fn values_are_kept_without_what_was_pasted_around_them(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let put = |value: &str| client.put("/secrets/token", json!({"values": {"production": value}}));
    let refused = put("two\nlines of it").await;
    assert!(!refused.text.contains("two"));
    assert_eq!(refused.problem(422), "invalid_input");
    put(" tok-ABCDEF-123456\n").await.expect(200);
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let answer = client
        .post(&path, json!({"arguments": {"id": "1"}}))
        .await
        .expect(200);
    assert_eq!(
        answer["output"]["headers"]["authorization"],
        "Bearer [redacted]"
    );
    let nul = json!({"name": "a\u{0}b"});
    assert_eq!(
        client.post("/agents", nul).await.problem(422),
        "invalid_input"
    );
    // A secret that is not sent in a header keeps its lines.
    let lines = json!({"values": {"production": "-----BEGIN\nx\n-----END\n"}});
    client.put("/secrets/pem", lines).await.expect(201);
}
