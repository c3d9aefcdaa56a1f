//! Revisions with sessions.

use serde_json::{Value, json};
use switchboard_testkit::{Answer, Server, TestDatabase, Upstream, on_both_databases};

use super::client::{Door, LIST_CHANGED, document};
use super::{BINARY, agent};

on_both_databases!(
    a_session_lists_and_calls,
    what_is_gated_is_absent_and_refused_with_its_sentence,
    a_session_hears_when_its_tools_change,
    a_session_survives_a_restart,
    sessions_of_one_url_share_its_conversation,
);

async fn a_session_lists_and_calls(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let door = Door::new(&server.client("run"), &agent(&client, &upstream.url).await);

    for (asked, spoken) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
    ] {
        let reply = door.initialize(asked).await;
        assert_eq!(reply.json()["result"]["protocolVersion"], spoken);
        assert_eq!(reply.json()["result"]["serverInfo"]["name"], "switchboard");
    }
    let session = door.session().await;
    let conversation = client.get(&format!("/conversations/{}", session.id)).await;
    let conversation = conversation.expect(200);
    assert_eq!(conversation["version"], 1);
    assert_eq!(conversation["environment"], "production");

    let told = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let told = session.send(told).await;
    assert_eq!((told.status.as_u16(), told.text.as_str()), (202, ""));
    assert_eq!(session.ask("ping", json!({})).await, json!({}));
    let level = session
        .ask("logging/setLevel", json!({"level": "info"}))
        .await;
    assert_eq!(level, json!({}));
    let listed = session.ask("tools/list", json!({})).await;
    let schema =
        json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]});
    let tool = |name: &str| json!({"name": name, "description": format!("Does {name}"), "inputSchema": schema});
    assert_eq!(
        listed,
        json!({"tools": [tool("read_item"), tool("write_item")]})
    );

    let result = session.call("read_item", json!({"id": "a/b"})).await;
    assert_eq!(result["isError"], false);
    assert_eq!(result["structuredContent"]["path"], "/items/a%2Fb");
    let text = result["content"][0]["text"].as_str().unwrap();
    let text: Value = serde_json::from_str(text).unwrap();
    assert_eq!(text, result["structuredContent"]);

    // The same key is the same call, in a message as in a header.
    let keyed = json!({
        "name": "write_item", "arguments": {"id": "1"},
        "_meta": {"switchboard/idempotencyKey": "k-1"},
    });
    let first = session.ask("tools/call", keyed.clone()).await;
    let hits = upstream.hits();
    assert_eq!(session.ask("tools/call", keyed).await, first);
    let call = json!({"name": "write_item", "arguments": {"id": "1"}});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call});
    let again = session.send_with(call, &[("idempotency-key", "k-1")]).await;
    assert_eq!(again.expect(200)["result"], first);
    assert_eq!(upstream.hits(), hits);

    // Every call left its event.
    let events = client
        .get(&format!("/conversations/{}/events", session.id))
        .await;
    let events = events.expect(200);
    let succeeded = events["data"].as_array().unwrap().iter();
    let succeeded = succeeded.filter(|event| event["type"] == "action.succeeded");
    assert_eq!(succeeded.count(), 2);

    // A client of the first revision may send several messages at once.
    let several = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "x", "method": "nope"},
    ]);
    let old = [
        ("mcp-session-id", session.id.as_str()),
        ("mcp-protocol-version", "2025-03-26"),
    ];
    let answers = door.post(several, &old).await.expect(200);
    assert_eq!(answers[0], json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    assert_eq!(answers[1]["error"]["code"], -32601);

    // A session that ended is over on every request.
    assert_eq!(session.end().await.status, 204);
    assert_eq!(session.end().await.status, 404);
    assert_eq!(session.raw("tools/list", json!({})).await.status, 404);
    let late = session
        .raw(
            "tools/call",
            json!({"name": "read_item", "arguments": {"id": "1"}}),
        )
        .await;
    assert_eq!(late.status, 404);
    let closed = client.get(&format!("/conversations/{}", session.id)).await;
    assert_eq!(closed.expect(200)["status"], "closed");
}

async fn what_is_gated_is_absent_and_refused_with_its_sentence(database: TestDatabase) {
    let upstream = Upstream::start(|request| {
        if request.uri().path() == "/items/bad" {
            return Answer::Json(404, json!({"reason": "no such item"}));
        }
        Answer::Json(200, json!("plain text"))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let door = Door::new(&client, &agent(&client, &upstream.url).await);
    let session = door.session().await;
    let path = format!("/conversations/{}", session.id);
    assert_eq!(session.names().await, ["read_item", "write_item"]);

    let result = session.call("read_item", json!({"id": "1"})).await;
    assert_eq!(
        result["content"],
        json!([{"type": "text", "text": "plain text"}])
    );
    assert!(result.get("structuredContent").is_none());
    let failed = session.call("read_item", json!({"id": "bad"})).await;
    assert_eq!(failed["isError"], true);
    assert_eq!(failed["_meta"]["switchboard/error"]["upstream_status"], 404);
    assert_eq!(failed["content"][1]["text"], r#"{"reason":"no such item"}"#);

    let refusal = async |name: &str, arguments: Value| {
        let hits = upstream.hits();
        let result = session.call(name, arguments).await;
        assert_eq!((&result["isError"], upstream.hits()), (&json!(true), hits));
        let code = result["_meta"]["switchboard/error"]["code"].as_str();
        let text = result["content"][0]["text"].as_str();
        (code.unwrap().to_owned(), text.unwrap().to_owned())
    };
    let id = json!({"id": "1"});
    let (code, sentence) = refusal("note", id.clone()).await;
    assert_eq!(code, "phase_not_allowed");
    assert!(sentence.contains("`post_call`"), "{sentence}");
    let (code, sentence) = refusal("pay", id.clone()).await;
    assert_eq!(code, "state_not_allowed");
    assert!(sentence.contains("`paying`"), "{sentence}");
    let (code, sentence) = refusal("read_item", json!({})).await;
    assert_eq!(code, "invalid_arguments");
    assert!(sentence.contains("\"id\""), "{sentence}");
    let unknown = session
        .raw("tools/call", json!({"name": "nope", "arguments": {}}))
        .await;
    let unknown = unknown.expect(200);
    assert_eq!(unknown["error"]["code"], -32602);
    assert_eq!(unknown["error"]["data"]["code"], "unknown_action");

    for _ in 0..2 {
        session.call("write_item", id.clone()).await;
    }
    assert_eq!(session.names().await, ["read_item"]);
    let (code, sentence) = refusal("write_item", id.clone()).await;
    assert_eq!(code, "max_successful_calls_reached");
    assert!(sentence.contains("2 times"), "{sentence}");

    client
        .patch(&path, json!({"state": "paying"}))
        .await
        .expect(200);
    assert_eq!(session.names().await, ["read_item", "pay"]);
    client
        .post(&format!("{path}/end"), json!({}))
        .await
        .expect(200);
    assert_eq!(session.names().await, ["read_item", "note", "pay"]);
    assert_eq!(session.call("note", id).await["isError"], false);
}

async fn a_session_hears_when_its_tools_change(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let agent = agent(&client, &upstream.url).await;
    let door = Door::new(&client, &agent);
    let session = door.session().await;
    let path = format!("/conversations/{}", session.id);
    let mut stream = session.listen(None).await;
    let (first, data) = stream.next_raw().await;
    assert_eq!(data, "", "the first event only gives an id");

    // The state, the limit, the phase, the shape.
    client
        .patch(&path, json!({"state": "paying"}))
        .await
        .expect(200);
    let (second, data) = stream.next().await;
    assert_eq!(data, document(LIST_CHANGED));
    assert_ne!(first, second);
    // This changes nothing of the list, so nothing is heard of it.
    session.call("read_item", json!({"id": "1"})).await;
    session.call("write_item", json!({"id": "1"})).await;
    session.call("write_item", json!({"id": "1"})).await;
    let (third, _) = stream.next().await;
    client
        .post(&format!("{path}/end"), json!({}))
        .await
        .expect(200);
    stream.next().await;
    let tools = client.get(&format!("{path}/tools")).await.expect(200);
    assert_eq!(tools["tools"].as_array().unwrap().len(), 3);
    let draft = client
        .get(&format!("/agents/{agent}/draft"))
        .await
        .expect(200);
    let action = draft["actions"][0]["link"]["action_id"].as_str().unwrap();
    let patch = json!({"description": "Reads an item, slowly"});
    client
        .patch(&format!("/actions/{action}"), patch)
        .await
        .expect(200);
    let (last, _) = stream.next().await;

    // Who comes back with an old id hears at once that it missed something; with the last, nothing.
    let (now, data) = session.listen(Some(&third)).await.next().await;
    assert_eq!(
        (now.as_str(), data),
        (last.as_str(), document(LIST_CHANGED))
    );
    let (now, data) = session.listen(Some(&last)).await.next_raw().await;
    assert_eq!((now.as_str(), data.as_str()), (last.as_str(), ""));

    // The stream ends with the session.
    assert_eq!(session.end().await.status, 204);
    stream.end().await;
    assert_eq!(session.try_listen().await.status, 404);
}

async fn a_session_survives_a_restart(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let mut server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let agent = agent(&client, &upstream.url).await;
    let session = Door::new(&client, &agent).session().await;
    session.call("write_item", json!({"id": "1"})).await;
    server.kill();
    server.launch().await;
    let client = server.client("admin");
    let session = Door::new(&client, &agent).resume(&session.id);
    assert_eq!(session.names().await, ["read_item", "write_item"]);
    session.call("write_item", json!({"id": "1"})).await;
    assert_eq!(session.names().await, ["read_item"]);
    if server.database().url().is_none() {
        return;
    }

    // Another server knows it too, and what one does the other's listeners hear of.
    let replica = server.replica().await;
    let there = Door::new(&replica.client("admin"), &agent).resume(&session.id);
    assert_eq!(there.names().await, ["read_item"]);
    let mut stream = there.listen(None).await;
    stream.next_raw().await;
    let patch = json!({"state": "paying"});
    client
        .patch(&format!("/conversations/{}", session.id), patch)
        .await
        .expect(200);
    assert_eq!(stream.next().await.1, document(LIST_CHANGED));
    assert_eq!(there.names().await, ["read_item", "pay"]);
    // So is its end.
    assert_eq!(there.end().await.status, 204);
    assert_eq!(session.raw("ping", json!({})).await.status, 404);
}

/// A client that opens a session for each call keeps one conversation by its URL.
async fn sessions_of_one_url_share_its_conversation(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let agent = agent(&client, &upstream.url).await;
    let door = Door::new(&server.client("run"), &agent);
    let started = json!({"agent_id": agent, "environment": "production"});
    let started = client.post("/conversations", started).await.expect(201);
    let id = started["id"].as_str().unwrap();
    let bound = door.with_query(&format!("conversation={id}"));
    for _ in 0..2 {
        let session = bound.session().await;
        assert_eq!(session.id, id);
        let result = session.call("read_item", json!({"id": "1"})).await;
        assert_eq!(result["isError"], false);
        // Such a client also ends its session each time.
        assert_eq!(session.end().await.status, 204);
    }
    let events = client.get(&format!("/conversations/{id}/events")).await;
    assert_eq!(events.expect(200)["data"].as_array().unwrap().len(), 3);

    let foreign = door.session().await;
    let mixed = bound.resume(&foreign.id).raw("ping", json!({})).await;
    mixed.expect(400);
    let unknown = format!("conversation=cnv_{}", "0".repeat(32));
    let unknown = door.with_query(&unknown).initialize("2025-11-25").await;
    let unknown = unknown.expect(400);
    assert_eq!(unknown["error"]["data"]["code"], "unknown_conversation");
    foreign.end().await;
    let closed = door.with_query(&format!("conversation={}", foreign.id));
    closed.initialize("2025-11-25").await.expect(400);
}
