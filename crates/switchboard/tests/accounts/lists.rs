//! A list is no object, in no body of any route.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{Client, Sample, Server, TestDatabase, Upstream};

use super::BINARY;

/// What stands for each part of a path that the handlers find.
fn path(path: &str, sample: &Sample, conversation: &str) -> String {
    let nil = |prefix: &str| format!("{prefix}_00000000000000000000000000000000");
    let first = path.split('/').nth(3).unwrap_or_default();
    let id = match first {
        "actions" => sample.read.clone(),
        "agents" => sample.agent.clone(),
        "conversations" => conversation.to_owned(),
        "integrations" => sample.integration.clone(),
        "members" => nil("usr"),
        _ => String::new(),
    };
    path.replace("{id}", &id)
        .replace("{binding_id}", &nil("bnd"))
        .replace("{event_id}", &nil("evt"))
        .replace("{name}", "some_name")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_refuses_a_list_for_its_body() {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let owner = server.owner().await;
    let key = server.client("admin");
    let sample = Sample::create(&key, &upstream.url, None).await;
    let conversation = sample.converse(&key).await;
    let document = include_str!("../../../../docs/openapi.json");
    let document: Value = serde_json::from_str(document).unwrap();
    let mut routes = 0;
    for (route, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            // A webhook is somebody else's message: only its signature is looked at. MCP has its own errors.
            let is_ours = route.starts_with("/api/v1/") && !route.contains("/webhooks/");
            if operation.get("requestBody").is_none() || !is_ours {
                continue;
            }
            routes += 1;
            let method: Method = method.to_uppercase().parse().unwrap();
            let at = path(route, &sample, &conversation);
            let client = if route.contains("/session") {
                &owner
            } else {
                &key
            };
            for body in ["[]", r#"["k", "admin"]"#] {
                let reply = client
                    .try_send(method.clone(), &at, &[], Some(body.to_owned()))
                    .await
                    .unwrap();
                let status = reply.status;
                let problem = reply.json();
                assert_eq!(status, 422, "{method} {route} {body}: {problem}");
                assert_eq!(problem["code"], "invalid_input", "{method} {route}");
                assert_eq!(problem["errors"][0]["pointer"], "", "{method} {route}");
            }
        }
    }
    assert!(routes > 25, "{routes}");
}

/// Every object inside a value as a list of its members, one at a time.
fn with_lists(value: &Value) -> Vec<Value> {
    let mut found = vec![];
    if let Value::Object(members) = value {
        found.push(Value::Array(members.values().cloned().collect()));
        for (name, member) in members {
            for changed in with_lists(member) {
                let mut whole = members.clone();
                whole.insert(name.clone(), changed);
                found.push(Value::Object(whole));
            }
        }
    }
    if let Value::Array(items) = value {
        for (at, item) in items.iter().enumerate() {
            for changed in with_lists(item) {
                let mut whole = items.clone();
                whole[at] = changed;
                found.push(Value::Array(whole));
            }
        }
    }
    found
}

async fn refused(client: &Client, method: &Method, path: &str, body: &Value) {
    for changed in with_lists(body) {
        let reply = client
            .send(method.clone(), path, &[], Some(changed.clone()))
            .await;
        assert_eq!(reply.problem(422), "invalid_input", "{path} {changed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_inside_bodies_are_refused_too() {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let token = json!({"secret": "token"});
    let slot =
        |auth: Value| json!({"base_url": upstream.url, "auth": auth, "headers": {"X-A": token}});
    let auths = BTreeMap::from([
        ("bearer", json!({"type": "bearer", "token": token})),
        (
            "key",
            json!({"type": "api_key", "in": "query", "name": "k", "value": token}),
        ),
        (
            "basic",
            json!({"type": "basic", "username": "u", "password": token}),
        ),
    ]);
    for auth in auths.values() {
        let body = json!({"kind": "custom_api", "name": "n", "environments": {"staging": slot(auth.clone())}});
        refused(&client, &Method::POST, "/integrations", &body).await;
    }
    let draft = json!({
        "states": [{"name": "one", "description": "d"}],
        "actions": [
            {"link": {"action_id": sample.read}, "overrides": {"max_successful_calls": 1}},
            {"action": {
                "kind": "api_call", "name": "own", "method": "GET", "url": upstream.url,
                "auth": auths["bearer"], "output_variables": [{"name": "v", "path": "$"}],
            }},
        ],
    });
    let path = format!("/agents/{}/draft", sample.agent);
    client.put(&path, draft.clone()).await.expect(200);
    refused(&client, &Method::PUT, &path, &draft).await;
    let keys = client.get("/api-keys").await.expect(200);
    assert_eq!(keys["data"].as_array().unwrap().len(), 1, "{keys}");
}
