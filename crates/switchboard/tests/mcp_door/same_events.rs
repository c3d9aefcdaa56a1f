//! A conversation shows the same events whichever door its calls come through.

use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, Upstream, on_both_databases};

use super::BINARY;
use super::client::Door;

on_both_databases!(rest_and_mcp_show_the_same_events);

/// What is done, in both.
fn script() -> Vec<(&'static str, Value)> {
    vec![
        ("read_item", json!({"id": "a/b"})),
        ("read_item", json!({})),
        ("nothing_like_that", json!({})),
        ("hours", json!({"day": "Monday"})),
        ("show_map", json!({"zoom": 3})),
        ("go_to_state", json!({"state": "paying"})),
        ("write_item", json!({"id": "1"})),
        ("write_item", json!({"id": "2"})),
        ("to_desk", json!({"queue_id": "billing"})),
        ("hours", json!({"day": "Monday"})),
    ]
}

async fn agent(client: &Client, upstream: &str) -> String {
    let build = Builder::new(client);
    let integration = build.integration("Items", upstream).await;
    let mut actions = vec![];
    for (name, method, gate) in [
        ("read_item", "GET", json!({})),
        ("write_item", "POST", json!({"max_successful_calls": 1})),
    ] {
        let action = json!({
            "name": name, "method": method, "path": "/items/{id}",
            "parameters": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
            "output_variables": [{"name": "seen", "path": "$.path"}],
        });
        let action = build.action(&integration, action).await;
        actions.push(json!({"link": {"action_id": action}, "overrides": gate}));
    }
    for action in [
        json!({"kind": "static_response", "name": "hours", "response": "Open {{ parameters.day }}."}),
        json!({"kind": "client_event", "name": "show_map", "event": "show_map"}),
        json!({"kind": "handover", "name": "to_desk", "handover_type": "queue", "target": "desk"}),
    ] {
        actions.push(json!({"action": action}));
    }
    let agent = build.agent("Desk").await;
    let draft = json!({
        "initial_state": "start", "go_to_state": true,
        "states": [{"name": "start"}, {"name": "paying"}], "actions": actions,
    });
    build.publish(&agent, draft).await;
    agent
}

/// A conversation's events without what differs from run to run.
async fn events(client: &Client, conversation: &str) -> Vec<Value> {
    let path = format!("/conversations/{conversation}/events?limit=200");
    let page = client.get(&path).await.expect(200);
    let mut events = page["data"].as_array().unwrap().clone();
    for event in &mut events {
        blank(event);
    }
    events
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let varies = [
                    "id",
                    "at",
                    "call_id",
                    "event_id",
                    "duration_ms",
                    "elapsed_ms",
                    "variables",
                ];
                if varies.contains(&name.as_str()) && !member.is_null() && name != "variables" {
                    *member = json!("-");
                } else {
                    blank(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

async fn rest_and_mcp_show_the_same_events(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let agent = agent(&client, &upstream.url).await;

    let rest = Builder::new(&client).converse(&agent).await;
    for (name, arguments) in script() {
        let path = format!("/conversations/{rest}/actions/{name}/call");
        client.post(&path, json!({"arguments": arguments})).await;
    }
    let session = Door::new(&server.client("run"), &agent).session().await;
    for (name, arguments) in script() {
        session
            .raw("tools/call", json!({"name": name, "arguments": arguments}))
            .await;
    }
    let (by_rest, by_mcp) = (
        events(&client, &rest).await,
        events(&client, &session.id).await,
    );
    let types: Vec<_> = by_rest
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "conversation.started",
            "action.succeeded",
            "action.refused",
            "action.refused",
            "action.succeeded",
            "client_event.emitted",
            "action.succeeded",
            "state.changed",
            "action.succeeded",
            "action.succeeded",
            "action.refused",
            "action.succeeded",
            "handover.requested",
            "action.refused",
        ]
    );
    assert_eq!(by_mcp, by_rest);
}
