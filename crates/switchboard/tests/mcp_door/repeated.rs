//! A call that is repeated under its key: it says the same again, in the same form.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Builder, Client, McpUpstream, Server, TestDatabase, Upstream, on_both_databases,
};

use super::BINARY;
use super::client::{Door, Session};

on_both_databases!(
    a_tools_result_is_the_same_whatever_became_of_the_tool,
    an_answer_of_another_kind_is_no_tools_result,
    repetitions_of_a_call_under_way_get_its_result,
);

fn keyed(key: &str) -> Value {
    json!({
        "name": "look", "arguments": {"id": "7"}, "_meta": {"switchboard/idempotencyKey": key},
    })
}

/// A linked tool `look` of an MCP server.
async fn tool(client: &Client, upstream: &McpUpstream) -> Value {
    let input = json!({"kind": "mcp_server", "name": "Tools", "url": upstream.url()});
    let made = client.post("/integrations", input).await.expect(201);
    let actions = format!("/integrations/{}/actions", made["id"].as_str().unwrap());
    let actions = client.get(&actions).await.expect(200);
    json!({"link": {"action_id": actions["data"][0]["id"]}})
}

async fn upstream() -> McpUpstream {
    let schema = json!({"type": "object", "properties": {"id": {"type": "string"}}});
    let upstream = McpUpstream::start(&json!([{"name": "look", "inputSchema": schema}])).await;
    upstream.answer(json!({
        "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
        "structuredContent": {"n": 1.5}, "_meta": {"theirs": true},
    }));
    upstream
}

/// An own action `look` that answers with an object.
fn own() -> Value {
    json!({"action": {
        "kind": "static_response", "name": "look", "description": "Looks.",
        "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
        "response": {"content": [], "city": "Chicago"},
    }})
}

/// An agent whose draft has one action, and a session with the draft.
async fn draft(client: &Client, action: &Value) -> (String, Session) {
    let agent = Builder::new(client).agent("Desk").await;
    change(client, &agent, &[action]).await;
    let door = Door::new(client, &agent).with_query("version=draft");
    (agent, door.session().await)
}

async fn change(client: &Client, agent: &str, actions: &[&Value]) {
    let draft = json!({"instructions": "Help.", "actions": actions});
    let path = format!("/agents/{agent}/draft");
    client.put(&path, draft).await.expect(200);
}

async fn a_tools_result_is_the_same_whatever_became_of_the_tool(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let upstream = upstream().await;
    let tool = tool(&client, &upstream).await;
    let (agent, session) = draft(&client, &tool).await;
    let first = session.ask("tools/call", keyed("k")).await;
    assert_eq!(first["content"][1]["text"], "two");
    assert_eq!(first["_meta"]["theirs"], true);
    let hits = upstream.http.hits();
    let again = session.ask("tools/call", keyed("k")).await;
    assert_eq!(again, first, "as it was");
    for (actions, what) in [(&[][..], "gone"), (&[&own()], "of another kind")] {
        change(&client, &agent, actions).await;
        let again = session.ask("tools/call", keyed("k")).await;
        assert_eq!(again, first, "{what}");
    }
    assert_eq!(upstream.http.hits(), hits);
}

async fn an_answer_of_another_kind_is_no_tools_result(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let upstream = upstream().await;
    let tool = tool(&client, &upstream).await;
    let (agent, session) = draft(&client, &own()).await;
    let first = session.ask("tools/call", keyed("k")).await;
    assert_eq!(first["structuredContent"]["city"], "Chicago");
    for (actions, what) in [(&[][..], "gone"), (&[&tool], "a tool")] {
        change(&client, &agent, actions).await;
        let again = session.ask("tools/call", keyed("k")).await;
        assert_eq!(again, first, "{what}");
    }
}

async fn repetitions_of_a_call_under_way_get_its_result(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let upstream = upstream().await;
    let tool = tool(&client, &upstream).await;
    let (agent, session) = draft(&client, &tool).await;
    // Found before it is reserved, while the first one is, and after it.
    let calls = (0..6).map(|number: u64| {
        let session = session.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(number * 3)).await;
            session.ask("tools/call", keyed("k")).await
        }
    });
    let answers = join_all(calls).await;
    assert_eq!(answers[0]["_meta"]["theirs"], true);
    for answer in &answers {
        assert_eq!(*answer, answers[0]);
    }

    // The tool goes while it is called.
    let gate = switchboard_testkit::Gate::default();
    let held = gate.clone();
    let slow = Upstream::start(move |_| {
        Answer::Held(held.clone(), Box::new(Answer::Json(200, json!({"n": 1}))))
    })
    .await;
    let build = Builder::new(&client);
    let integration = build.integration("Slow", &slow.url).await;
    let action = json!({
        "name": "look", "description": "Looks.", "method": "POST", "path": "/look",
        "parameters": {"properties": {"id": {"type": "string"}}},
    });
    let action = build.action(&integration, action).await;
    let linked = json!({"link": {"action_id": action}});
    change(&client, &agent, &[&linked]).await;
    let first = {
        let session = session.clone();
        tokio::spawn(async move { session.ask("tools/call", keyed("slow")).await })
    };
    switchboard_testkit::eventually("it is called", || async { (slow.hits() > 0).then_some(()) })
        .await;
    change(&client, &agent, &[&tool]).await;
    let again = {
        let session = session.clone();
        tokio::spawn(async move { session.ask("tools/call", keyed("slow")).await })
    };
    gate.open();
    let first = first.await.unwrap();
    assert_eq!(first["structuredContent"], json!({"n": 1}));
    assert_eq!(again.await.unwrap(), first);
    assert_eq!(slow.hits(), 1);
}
