//! Changing what agents share: what it would mean, what is refused, and how it is undone.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Builder, Client, Sample, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_connection_is_tried_before_it_is_saved,
    a_dry_run_tells_and_changes_nothing,
    a_name_that_a_published_agent_has_is_refused,
    what_was_deleted_comes_back_as_it_was,
    an_own_call_becomes_a_shared_action,
    what_cannot_work_is_not_published,
    trying_announces_nothing,
    a_change_forgets_no_open_breaker
);

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Agent, version, what becomes of its first binding, and how much that matters.
fn affected(report: &Value) -> Vec<(String, Value, String, String)> {
    assert_eq!(report["dry_run"], true);
    let list = report["affected"].as_array().unwrap();
    list.iter()
        .map(|entry| {
            let change = &entry["changes"][0];
            (
                text(&entry["agent_name"]).to_owned(),
                json!([entry["version"], entry["published"]]),
                text(&change["change"]).to_owned(),
                text(&change["class"]).to_owned(),
            )
        })
        .collect()
}

async fn delete_dry(client: &Client, path: &str) -> Value {
    client
        .delete(&format!("{path}?dry_run=true"))
        .await
        .expect(200)
}

async fn a_dry_run_tells_and_changes_nothing(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let sample = Sample::create(&client, &upstream.url, None).await;
    let other = build.integration("Other", &upstream.url).await;
    let told = build.agent("Told").await;
    let link = json!({"link": {"action_id": sample.read}});
    let draft = json!({"instructions": "Say what was seen: seen.", "actions": [link]});
    build.publish(&told, draft).await;
    let action = format!("/actions/{}", sample.read);
    let before = client.get(&action).await.expect(200);

    let patch = json!({"output_variables": []});
    let report = client
        .patch(&format!("{action}?dry_run=true"), patch)
        .await
        .expect(200);
    let mut found = affected(&report);
    found.sort_by_key(|entry| entry.0.clone());
    let entry = |name: &str, version: Value, change: &str, class: &str| {
        (
            name.to_owned(),
            version,
            change.to_owned(),
            class.to_owned(),
        )
    };
    assert_eq!(
        found,
        [
            entry("Agent", json!(["draft", false]), "changed", "cosmetic"),
            entry("Told", json!(["draft", false]), "changed", "breaking"),
            entry("Told", json!([1, true]), "changed", "breaking"),
        ]
    );
    let target = json!({"integration_id": other});
    let report = client
        .post(&format!("{action}/move?dry_run=true"), target)
        .await
        .expect(200);
    assert!(
        affected(&report)
            .iter()
            .all(|entry| entry.2 == "moved" && entry.3 == "breaking")
    );
    let report = delete_dry(&client, &action).await;
    assert_eq!(affected(&report).len(), 3);
    assert_eq!(affected(&report)[0].2, "deleted");
    let integration = format!("/integrations/{}", sample.integration);
    let report = delete_dry(&client, &integration).await;
    assert_eq!(affected(&report).len(), 3);
    assert_eq!(affected(&report)[0].2, "integration_deleted");
    let report = delete_dry(&client, "/secrets/token").await;
    assert_eq!(affected(&report).len(), 3);
    assert_eq!(affected(&report)[0].2, "secret_deleted");
    assert_eq!(report["refusal"]["code"], "secret_in_use");

    assert_eq!(client.get(&action).await.expect(200), before);
    let usage = client.get(&format!("{action}/usage")).await.expect(200);
    assert_eq!(usage["data"].as_array().unwrap().len(), 3);
    assert_eq!(
        client.get("/secrets").await.expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn a_name_that_a_published_agent_has_is_refused(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let here = build.integration("Here", "http://127.0.0.1:9").await;
    let there = build.integration("There", "http://127.0.0.1:9").await;
    let get = |name: &str| json!({"name": name, "method": "GET", "path": "/"});
    let one = build.action(&here, get("look")).await;
    let two = build.action(&there, get("see")).await;
    let agent = build.agent("Both").await;
    let links = [&one, &two].map(|action| json!({"link": {"action_id": action}}));
    let draft = build.publish(&agent, json!({"actions": links})).await;

    let path = format!("/actions/{two}");
    let rename = json!({"name": "look"});
    let refused = client.patch(&path, rename.clone()).await.expect(409);
    assert_eq!(refused["code"], "name_collision");
    assert_eq!(refused["agents"][0]["agent_id"], json!(agent));
    assert_eq!(
        refused["agents"][0]["binding_ids"],
        json!([draft["actions"][0]["id"], draft["actions"][1]["id"]])
    );
    let report = client
        .patch(&format!("{path}?dry_run=true"), rename.clone())
        .await
        .expect(200);
    assert_eq!(report["refusal"]["code"], "name_collision");
    assert_eq!(client.get(&path).await.expect(200)["name"], "see");

    // Where only a draft or an older version is concerned, publishing is what is refused.
    client
        .post(&format!("/agents/{agent}/unpublish"), json!({}))
        .await
        .expect(200);
    client.patch(&path, rename).await.expect(200);
    let refused = client
        .post(&format!("/agents/{agent}/versions/1/publish"), json!({}))
        .await
        .expect(409);
    assert_eq!(refused["code"], "not_publishable");
    assert_eq!(refused["problems"][0]["code"], "duplicate_name");
}

async fn what_was_deleted_comes_back_as_it_was(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let integration = build.integration("Items", &upstream.url).await;
    let get = |name: &str| json!({"name": name, "method": "GET", "path": format!("/{name}")});
    let look = build.action(&integration, get("look")).await;
    let gone = build.action(&integration, get("gone")).await;
    let agent = build.agent("Looker").await;
    build
        .publish(&agent, json!({"actions": [{"link": {"action_id": look}}]}))
        .await;
    let conversation = build.converse(&agent).await;
    let call = format!("/conversations/{conversation}/actions/look/call");
    let arguments = json!({"arguments": {}});
    let path = format!("/actions/{look}");
    let digest = client.get(&path).await.expect(200)["shape_digest"].clone();

    client.delete(&path).await.expect(204);
    assert_eq!(client.get(&path).await.problem(404), "not_found");
    assert_eq!(
        client.post(&call, arguments.clone()).await.problem(409),
        "integration_unavailable"
    );
    // Its name is free, and taken when it would come back.
    let taker = build.action(&integration, get("look")).await;
    let undelete = format!("{path}/undelete");
    assert_eq!(
        client.post(&undelete, json!({})).await.problem(409),
        "name_taken"
    );
    client
        .delete(&format!("/actions/{taker}"))
        .await
        .expect(204);
    let back = client.post(&undelete, json!({})).await.expect(200);
    assert_eq!(
        (&back["id"], &back["shape_digest"]),
        (&json!(look), &digest)
    );
    client.post(&call, arguments.clone()).await.expect(200);

    // An integration takes its actions with it, and brings those back.
    client.delete(&format!("/actions/{gone}")).await.expect(204);
    client
        .delete(&format!("/integrations/{integration}"))
        .await
        .expect(204);
    let preview = format!("/agents/{agent}/versions/1/restore-preview");
    let seen = client.get(&preview).await.expect(200);
    assert_eq!(seen["changes"][0]["change"], "integration_deleted");
    assert_eq!(
        client.post(&undelete, json!({})).await.problem(409),
        "integration_deleted"
    );
    client
        .post(&format!("/integrations/{integration}/undelete"), json!({}))
        .await
        .expect(200);
    client.post(&call, arguments).await.expect(200);
    assert_eq!(
        client.get(&format!("/actions/{gone}")).await.problem(404),
        "not_found"
    );
    assert_eq!(client.get(&preview).await.expect(200)["changes"], json!([]));

    let revisions = client.get(&format!("{path}/revisions")).await.expect(200);
    let list = revisions["data"].as_array().unwrap();
    let changes: Vec<_> = list
        .iter()
        .map(|revision| text(&revision["change"]))
        .collect();
    assert_eq!(
        changes,
        ["undeleted", "deleted", "undeleted", "deleted", "created"]
    );
    client
        .patch(&path, json!({"path": "/new"}))
        .await
        .expect(200);
    let newest = client
        .get(&format!("{path}/revisions?limit=1"))
        .await
        .expect(200);
    let newest = &newest["data"][0];
    let field = json!([{"field": "path", "before": "/look", "after": "/new"}]);
    assert_eq!(newest["fields"], field);
    assert_eq!(
        (&newest["before"]["path"], &newest["after"]["path"]),
        (&json!("/look"), &json!("/new"))
    );
    assert!(text(&newest["by"]).starts_with("key_"));
}

async fn an_own_call_becomes_a_shared_action(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let integration = build.integration("Items", &upstream.url).await;
    let agent = build.agent("Owner").await;
    let own = |name: &str, url: &str| {
        json!({
            "action": {
                "kind": "api_call", "name": name, "description": "Own.", "method": "POST",
                "url": url, "parameters": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
                "output_variables": [{"name": "seen", "path": "$.path"}],
            },
            "phases": ["in_call"], "max_successful_calls": 2,
        })
    };
    let actions = [
        own("near", &format!("{}/items/{{id}}", upstream.url)),
        own("far", "https://elsewhere.example/items/{id}"),
    ];
    let draft = json!({"actions": actions});
    let draft = client
        .put(&format!("/agents/{agent}/draft"), draft)
        .await
        .expect(200);
    let promote = |at: usize| {
        format!(
            "/agents/{agent}/draft/actions/{}/promote",
            text(&draft["actions"][at]["id"])
        )
    };
    let input = json!({"integration_id": integration});
    assert_eq!(
        client.post(&promote(1), input.clone()).await.problem(422),
        "invalid_input"
    );
    let link = client.post(&promote(0), input.clone()).await.expect(200);
    assert_eq!(link["id"], draft["actions"][0]["id"]);
    assert_eq!(
        link["overrides"],
        json!({"phases": ["in_call"], "max_successful_calls": 2})
    );
    let shared = client
        .get(&format!("/actions/{}", text(&link["link"]["action_id"])))
        .await
        .expect(200);
    assert_eq!(
        (&shared["path"], &shared["name"]),
        (&json!("/items/{id}"), &json!("near"))
    );
    assert_eq!(shared["integration_id"], json!(integration));
    let with_path = json!({"integration_id": integration, "path": "/far/{id}"});
    client.post(&promote(1), with_path).await.expect(200);
    assert_eq!(
        client.post(&promote(0), input).await.problem(409),
        "not_an_own_action"
    );

    let started = json!({"agent_id": agent, "environment": "production", "version": "draft"});
    let conversation = client.post("/conversations", started).await.expect(201);
    let path = format!(
        "/conversations/{}/actions/near/call",
        text(&conversation["id"])
    );
    let answer = client
        .post(&path, json!({"arguments": {"id": "7"}}))
        .await
        .expect(200);
    assert_eq!(answer["variables"]["seen"], "/items/7");
}

async fn what_cannot_work_is_not_published(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let slot = json!({"base_url": "http://127.0.0.1:9", "auth": {"type": "bearer", "token": {"secret": "only_staging"}}});
    let values = json!({"values": {"staging": "abcdefgh"}});
    client
        .put("/secrets/only_staging", values)
        .await
        .expect(201);
    let integration =
        json!({"kind": "custom_api", "name": "Half", "environments": {"staging": slot}});
    let half = client.post("/integrations", integration).await.expect(201);
    let whole =
        json!({"kind": "custom_api", "name": "Whole", "environments": {"production": slot}});
    let whole = client.post("/integrations", whole).await.expect(201);
    let post = |name: &str| json!({"name": name, "method": "POST", "path": "/", "body_template": "{\"a\": {{ variables.never }}, \"b\": {{ workspace.unset }}}"});
    let one = build.action(text(&half["id"]), post("one")).await;
    let two = build.action(text(&whole["id"]), post("two")).await;
    let agent = build.agent("Careless").await;
    let draft = |allowed: &str| {
        json!({
            "strict_states": true, "states": [{"name": "start"}], "initial_state": "start",
            "actions": [
                {"link": {"action_id": one}, "overrides": {"allowed_states": [allowed]}},
                {"link": {"action_id": two}},
            ],
        })
    };
    let path = format!("/agents/{agent}");
    for (number, allowed) in [(1, "finish"), (2, "start")] {
        client
            .put(&format!("{path}/draft"), draft(allowed))
            .await
            .expect(200);
        client
            .post(&format!("{path}/versions"), json!({}))
            .await
            .expect(201);
        let reply = client
            .post(&format!("{path}/versions/{number}/publish"), json!({}))
            .await;
        if number == 1 {
            let refused = reply.expect(409);
            assert_eq!(refused["problems"][0]["code"], "unknown_state");
            assert_eq!(
                refused["problems"][0]["pointer"],
                "/actions/0/overrides/allowed_states/0"
            );
            continue;
        }
        let warnings = reply.expect(200)["warnings"].clone();
        let codes: Vec<_> = warnings
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| text(&warning["code"]))
            .collect();
        assert_eq!(
            codes,
            [
                "empty_production_slot",
                "secret_missing_in_production",
                "variable_never_set",
                "workspace_variable_missing_in_production",
            ]
        );
    }
    assert_eq!(
        client
            .post(&format!("{path}/versions/7/publish"), json!({}))
            .await
            .problem(404),
        "not_found"
    );
    let versions = client
        .get(&format!("{path}/versions?limit=1"))
        .await
        .expect(200);
    assert_eq!(
        (&versions["data"][0]["number"], &versions["next"]),
        (&json!(2), &json!("2"))
    );
    let older = client
        .get(&format!("{path}/versions?after=2"))
        .await
        .expect(200);
    assert_eq!(
        (&older["data"][0]["number"], &older["next"]),
        (&json!(1), &Value::Null)
    );
    let versions = format!("{path}/versions");
    let old = [("if-match", "\"1\"")];
    let stale = client.send(http::Method::POST, &versions, &old, None).await;
    assert_eq!(stale.problem(412), "stale_revision");
}

/// Two servers on one database: a change made on one is served by the other within a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_reaches_another_replica_within_a_second() {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::postgres()).await;
    let replica = server.replica().await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let integration = build.integration("Items", &upstream.url).await;
    let look = json!({"name": "look", "method": "GET", "path": "/0"});
    let action = build.action(&integration, look).await;
    let agent = build.agent("Looker").await;
    build
        .publish(
            &agent,
            json!({"actions": [{"link": {"action_id": action}}]}),
        )
        .await;
    let other = Client::new(replica.address(), &server.key("run", "default"));
    let conversation = build.converse(&agent).await;
    let call = format!("/conversations/{conversation}/actions/look/call");
    let arguments = json!({"arguments": {}});
    other.post(&call, arguments.clone()).await.expect(200);
    for round in 1..=10 {
        let path = format!("/{round}");
        client
            .patch(&format!("/actions/{action}"), json!({"path": path}))
            .await
            .expect(200);
        let changed = Instant::now();
        eventually("the new shape on the replica", || async {
            let answer = other.post(&call, arguments.clone()).await.expect(200);
            (answer["output"]["path"] == json!(path)).then_some(())
        })
        .await;
        assert!(
            changed.elapsed() < Duration::from_secs(1),
            "{:?}",
            changed.elapsed()
        );
    }
}

async fn a_connection_is_tried_before_it_is_saved(database: TestDatabase) {
    let upstream = Upstream::start(|request| match request.headers().get("authorization") {
        Some(value) if value == "Bearer right" => Answer::Json(404, json!({})),
        _ => Answer::Json(401, json!({})),
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    for (name, value) in [("right", "right"), ("wrong", "wrong")] {
        let values = json!({"values": {"production": value}});
        client
            .put(&format!("/secrets/{name}"), values)
            .await
            .expect(201);
    }
    let api = |url: &str, secret: &str| {
        let slot =
            json!({"base_url": url, "auth": {"type": "bearer", "token": {"secret": secret}}});
        json!({"kind": "custom_api", "name": "Billing", "environments": {"production": slot}})
    };
    let nobody = "http://127.0.0.1:9";
    for (integration, status, code, http_status) in [
        (
            api(&upstream.url, "right"),
            "succeeded",
            Value::Null,
            json!(404),
        ),
        (
            api(&upstream.url, "wrong"),
            "failed",
            json!("credentials_refused"),
            json!(401),
        ),
        (
            api(&upstream.url, "gone"),
            "failed",
            json!("missing_secret"),
            Value::Null,
        ),
        (
            api(nobody, "right"),
            "failed",
            json!("connect_failed"),
            Value::Null,
        ),
        (
            json!({"kind": "mcp_server", "name": "Tools", "url": upstream.url}),
            "failed",
            json!("unauthorized"),
            Value::Null,
        ),
    ] {
        let test = json!({"environment": "production", "integration": integration});
        let answer = client.post("/integrations/test", test).await.expect(200);
        assert_eq!(answer["status"], status, "{integration} {answer}");
        assert_eq!(answer["error"]["code"], code, "{answer}");
        assert_eq!(answer["http_status"], http_status, "{answer}");
    }
    // What could not be saved is not tried, an empty slot neither, and nothing is kept.
    let test = json!({"environment": "production", "integration": {"kind": "custom_api", "name": "x", "environments": {"production": {"base_url": "ftp://a"}}}});
    assert_eq!(
        client.post("/integrations/test", test).await.problem(422),
        "invalid_input"
    );
    let test = json!({"environment": "staging", "integration": api(&upstream.url, "right")});
    assert_eq!(
        client.post("/integrations/test", test).await.problem(409),
        "integration_unavailable"
    );
    assert_eq!(
        client.get("/integrations").await.expect(200)["data"],
        json!([])
    );
}

/// What is tried is written down and changes nothing that is served.
async fn trying_announces_nothing(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let revision = "SELECT config_revision FROM workspace";
    // The first use of a secret settles where it may go, which is a change.
    let try_it = json!({"environment": "production", "arguments": {"id": "1"}});
    let test = format!("/actions/{}/test", sample.read);
    client.post(&test, try_it.clone()).await.expect(200);
    let before = server.try_rows(revision).await.unwrap();
    client.post(&test, try_it).await.expect(200);
    let saved = client
        .get(&format!("/integrations/{}", sample.integration))
        .await
        .expect(200);
    let connection = json!({"environment": "production", "integration": {
        "kind": "custom_api", "name": "Items", "environments": saved["environments"],
    }});
    client
        .post("/integrations/test", connection)
        .await
        .expect(200);
    assert_eq!(server.try_rows(revision).await.unwrap(), before);
    let log = client.get("/audit?limit=3").await.expect(200);
    let noted: Vec<_> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| text(&entry["operation"]))
        .collect();
    assert_eq!(noted, ["integration.test", "action.test", "action.test"]);
}

/// A service that keeps failing is left alone, whoever changes its integration, and by those who try it.
async fn a_change_forgets_no_open_breaker(database: TestDatabase) {
    let upstream = Upstream::start(|_| Answer::Json(503, json!({"sorry": true}))).await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let call = json!({"environment": "production", "arguments": {"id": "1"}});
    let test = format!("/actions/{}/test", sample.write);
    let failed = |answer: Value| text(&answer["error"]["code"]).to_owned();
    let mut code = String::new();
    for _ in 0..30 {
        code = failed(client.post(&test, call.clone()).await.expect(200));
        if code == "circuit_open" {
            break;
        }
    }
    assert_eq!(code, "circuit_open");
    let sent = upstream.hits();
    let path = format!("/integrations/{}", sample.integration);
    client
        .patch(&path, json!({"description": "Another one."}))
        .await
        .expect(200);
    let conversation = client
        .post(
            "/conversations",
            json!({"agent_id": sample.agent, "environment": "production", "version": "draft"}),
        )
        .await
        .expect(201);
    let called = format!(
        "/conversations/{}/actions/write_item/call",
        text(&conversation["id"])
    );
    let answer = client
        .post(&called, json!({"arguments": {"id": "1"}}))
        .await
        .expect(200);
    assert_eq!(failed(answer), "circuit_open");
    assert_eq!(
        failed(client.post(&test, call).await.expect(200)),
        "circuit_open"
    );
    assert_eq!(upstream.hits(), sent, "nothing went out meanwhile");
}
