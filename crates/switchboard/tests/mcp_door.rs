//! Agents as MCP servers, as their clients see them.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod mcp;

use std::time::Duration;

use http::Method;
use mcp::{Door, LIST_CHANGED, document};
use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Builder, Client, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_session_lists_and_calls,
    what_is_gated_is_absent_and_refused_with_its_sentence,
    a_session_hears_when_its_tools_change,
    a_session_survives_a_restart,
    a_stateless_client_carries_its_conversation,
    only_those_who_may_get_in,
    bad_input_is_refused_and_never_breaks_anything,
);

/// An agent with `read_item` (GET), `write_item` (POST, at most twice) and `note` (post call).
async fn agent(client: &Client, upstream: &str) -> String {
    let builder = Builder::new(client);
    let integration = builder.integration("Items", upstream).await;
    let mut bindings = vec![];
    for (name, method, gate) in [
        ("read_item", "GET", json!({})),
        ("write_item", "POST", json!({"max_successful_calls": 2})),
        ("note", "POST", json!({"phases": ["post_call"]})),
        ("pay", "POST", json!({"allowed_states": ["paying"]})),
    ] {
        let action = json!({
            "name": name, "description": format!("Does {name}"), "method": method,
            "path": "/items/{id}", "parameters": {"properties": {"id": {"type": "string"}}, "required": ["id"]},
        });
        let action = builder.action(&integration, action).await;
        bindings.push(json!({"link": {"action_id": action}, "overrides": gate}));
    }
    let agent = builder.agent("Desk").await;
    let state = |name: &str| json!({"name": name, "description": "", "instructions": ""});
    let draft = json!({
        "instructions": "Help.", "strict_states": true, "initial_state": "start",
        "states": [state("start"), state("paying")], "actions": bindings,
    });
    builder.publish(&agent, draft).await;
    agent
}

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

async fn a_stateless_client_carries_its_conversation(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let agent = agent(&client, &upstream.url).await;
    let door = Door::new(&server.client("run"), &agent);

    let discovered = door.ask("server/discover", json!({})).await;
    assert_eq!(discovered["resultType"], "complete");
    assert_eq!(discovered["supportedVersions"][0], "2026-07-28");
    assert!(discovered["ttlMs"].is_u64());
    let info = &discovered["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(info["name"], "switchboard");
    let listed = door.ask("tools/list", json!({})).await;
    assert_eq!(listed["tools"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&listed["ttlMs"], &listed["cacheScope"]),
        (&json!(0), &json!("private"))
    );
    let started = client.get("/conversations").await.expect(200);
    assert_eq!(started["data"], json!([]), "to look is not to start");

    let call = |meta: Value| json!({"name": "write_item", "arguments": {"id": "1"}, "_meta": meta});
    let first = door.ask("tools/call", call(json!({}))).await;
    assert_eq!(first["resultType"], "complete");
    assert_eq!(first["structuredContent"]["path"], "/items/1");
    let handle = first["_meta"]["switchboard/conversation"].as_str().unwrap();
    let with_handle = json!({"switchboard/conversation": handle});

    // On another server where there can be one.
    let replica = match server.database().url() {
        Some(_) => Some(server.replica().await),
        None => None,
    };
    let elsewhere = replica.as_ref().unwrap_or(&server).client("run");
    let there = Door::new(&elsewhere, &agent);
    let mut stream = there
        .subscribe(
            json!({"notifications": {"toolsListChanged": true}, "_meta": with_handle.clone()}),
        )
        .await;
    let (_, acknowledged) = stream.next().await;
    assert_eq!(
        acknowledged["method"],
        "notifications/subscriptions/acknowledged"
    );
    let subscription = &acknowledged["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
    let second = there.ask("tools/call", call(with_handle.clone())).await;
    assert_eq!(second["_meta"]["switchboard/conversation"], handle);
    let (_, changed) = stream.next().await;
    assert_eq!(changed["method"], "notifications/tools/list_changed");
    assert_eq!(
        &changed["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"],
        subscription
    );
    let third = door.ask("tools/call", call(with_handle.clone())).await;
    let code = &third["_meta"]["switchboard/error"]["code"];
    assert_eq!(
        (&third["isError"], code),
        (&json!(true), &json!("max_successful_calls_reached"))
    );
    let listed = door
        .ask("tools/list", json!({"_meta": with_handle.clone()}))
        .await;
    assert_eq!(listed["tools"].as_array().unwrap().len(), 1);
    // A client that cannot set `_meta` names it in the URL.
    let by_url = door.with_query(&format!("conversation={handle}"));
    let listed = by_url.ask("tools/list", json!({})).await;
    assert_eq!(listed["tools"].as_array().unwrap().len(), 1);

    // What the headers say is what the body says.
    for (name, value) in [
        ("mcp-method", "tools/call"),
        ("mcp-method", ""),
        ("mcp-protocol-version", "2025-11-25"),
    ] {
        let reply = door.raw("tools/list", json!({}), &[(name, value)]).await;
        let expected = if value == "2025-11-25" {
            -32600
        } else {
            -32020
        };
        assert_eq!(
            reply.expect(400)["error"]["code"],
            expected,
            "{name} {value}"
        );
    }
    let reply = door
        .raw("tools/call", call(json!({})), &[("mcp-name", "read_item")])
        .await;
    assert_eq!(reply.expect(400)["error"]["code"], -32020);
    let reply = door
        .raw(
            "server/discover",
            json!({}),
            &[("mcp-protocol-version", "2030-01-01")],
        )
        .await;
    let error = reply.expect(400)["error"].clone();
    assert_eq!(error["code"], -32022);
    assert_eq!(error["data"]["supported"][0], "2026-07-28");
    for method in [
        "initialize",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "nope",
    ] {
        let reply = door.raw(method, json!({}), &[]).await;
        assert_eq!(reply.expect(404)["error"]["code"], -32601, "{method}");
    }
    for method in [Method::GET, Method::DELETE] {
        let version = [
            ("mcp-protocol-version", "2026-07-28"),
            ("accept", "text/event-stream"),
        ];
        let reply = door.send(method, &version, None).await;
        assert_eq!(reply.status, 405);
    }
    for handle in ["cnv_00000000000000000000000000000000", "x"] {
        let meta = json!({"switchboard/conversation": handle});
        let reply = door.raw("tools/call", call(meta), &[]).await;
        assert_eq!(
            reply.expect(400)["error"]["data"]["code"],
            "unknown_conversation"
        );
    }
}

async fn only_those_who_may_get_in(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start_with(
        BINARY,
        database,
        &[
            "--allow-network",
            "127.0.0.1",
            "--allowed-host",
            "hub.example",
        ],
    )
    .await;
    let client = server.client("admin");
    let agent = agent(&client, &upstream.url).await;
    let door = Door::new(&client, &agent);
    let session = door.session().await;

    let nobody = Door::new(&client.with_key("sb_wrong"), &agent)
        .initialize("2025-11-25")
        .await;
    let challenge = nobody.headers.get("www-authenticate").unwrap();
    assert!(challenge.to_str().unwrap().starts_with("Bearer"));
    assert_eq!(
        nobody.expect(401)["error"]["data"]["code"],
        "unauthenticated"
    );

    for (header, value, status) in [
        ("host", "evil.example", 403),
        ("host", "hub.example", 200),
        ("origin", "http://evil.example", 403),
        ("origin", "https://hub.example", 200),
        ("origin", "http://localhost:3000", 200),
        ("origin", "null", 403),
    ] {
        let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        let reply = session.send_with(ping, &[(header, value)]).await;
        assert_eq!(reply.status, status, "{header}: {value}");
        let discover = door
            .raw("server/discover", json!({}), &[(header, value)])
            .await;
        assert_eq!(discover.status, status, "{header}: {value}");
    }

    // Another workspace's agent, and its sessions, are as unknown as what never was.
    let made = server
        .command()
        .args(["workspaces", "create", "other"])
        .status()
        .unwrap();
    assert!(made.success());
    let other = client.with_key(&server.key("admin", "other"));
    let theirs = Door::new(&other, &agent);
    assert_eq!(theirs.initialize("2025-11-25").await.status, 404);
    assert_eq!(theirs.raw("tools/list", json!({}), &[]).await.status, 404);
    assert_eq!(
        theirs.raw("server/discover", json!({}), &[]).await.status,
        404
    );
    let stolen = theirs.resume(&session.id);
    assert_eq!(stolen.raw("ping", json!({})).await.status, 404);
    assert_eq!(stolen.try_listen().await.status, 404);
    assert_eq!(stolen.end().await.status, 404);
    let call = json!({"name": "read_item", "arguments": {"id": "1"}});
    assert_eq!(stolen.raw("tools/call", call.clone()).await.status, 404);
    // So is a session at another agent.
    let second = Builder::new(&client).agent("Second").await;
    let misled = Door::new(&client, &second).resume(&session.id);
    assert_eq!(misled.raw("tools/call", call).await.status, 404);
    assert_eq!(misled.raw("tools/list", json!({})).await.status, 404);
    assert_eq!(upstream.hits(), 0);
    for id in ["nope", "agt_00000000000000000000000000000000"] {
        assert_eq!(
            Door::new(&client, id).initialize("2025-11-25").await.status,
            404
        );
    }

    // An agent without a published version says so; its draft is for those who work on it.
    let unpublished = Door::new(&client, &second)
        .initialize("2025-11-25")
        .await
        .expect(200);
    assert_eq!(unpublished["error"]["data"]["code"], "not_published");
    assert!(
        unpublished["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no published version")
    );
    let discover = Door::new(&client, &second)
        .raw("server/discover", json!({}), &[])
        .await;
    assert_eq!(
        discover.expect(200)["error"]["data"]["code"],
        "not_published"
    );
    for (scope, version, status) in [
        ("run", "draft", 403),
        ("run", "1", 403),
        ("manage", "draft", 200),
        ("manage", "1", 200),
        ("manage", "7", 200),
        ("manage", "x", 400),
        ("manage", "0", 400),
    ] {
        let door =
            Door::new(&server.client(scope), &agent).with_query(&format!("version={version}"));
        let reply = door.initialize("2025-11-25").await;
        assert_eq!(reply.status, status, "{scope} {version}: {}", reply.text);
        let is_there = reply.json().get("result").is_some();
        assert_eq!(
            is_there,
            status == 200 && version != "7",
            "{scope} {version}"
        );
    }
    let staging = door.with_query("environment=staging").session().await;
    let started = client.get(&format!("/conversations/{}", staging.id)).await;
    assert_eq!(started.expect(200)["environment"], "staging");
    let reply = door
        .with_query("environment=moon")
        .initialize("2025-11-25")
        .await;
    assert_eq!(reply.status, 400);
}

async fn bad_input_is_refused_and_never_breaks_anything(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let door = Door::new(&client, &agent(&client, "http://127.0.0.1:9").await);
    let session = door.session().await;
    let headers = |more: &[(&'static str, &'static str)]| {
        let mut headers = vec![("mcp-session-id", session.id.as_str()), ("accept", "*/*")];
        headers.extend_from_slice(more);
        headers
    };
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let deep_arguments = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"x","arguments":{{"a":{deep}}}}}}}"#
    );
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#;
    let version = ("mcp-protocol-version", "2025-11-25");
    for (more, body, status, code) in [
        (vec![], "", 400, -32700),
        (vec![], "{", 400, -32700),
        (vec![], "nope", 400, -32700),
        (vec![], deep.as_str(), 400, -32700),
        (vec![], deep_arguments.as_str(), 400, -32700),
        (vec![], "7", 400, -32600),
        (vec![], "{}", 400, -32600),
        (vec![], "[]", 400, -32600),
        (vec![version], batch, 400, -32600),
        (
            vec![("mcp-protocol-version", "2026-07-28")],
            batch,
            400,
            -32600,
        ),
        (
            vec![],
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            400,
            -32600,
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            400,
            -32600,
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#,
            400,
            -32602,
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#,
            400,
            -32602,
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#,
            200,
            -32602,
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"x"}}"#,
            200,
            -32602,
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x"}}"#,
            200,
            -32002,
        ),
        (
            vec![],
            r#"{"jsonrpc":"2.0","id":1,"method":"nope"}"#,
            200,
            -32601,
        ),
        (vec![("content-type", "text/plain")], r"{}", 415, -32600),
        (vec![("accept", "text/html")], r"{}", 406, -32600),
        (vec![("accept", "")], r"{}", 406, -32600),
        (
            vec![("mcp-protocol-version", "nope")],
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            400,
            -32022,
        ),
        (
            vec![("mcp-session-id", "nope")],
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
            404,
            -32600,
        ),
    ] {
        let mut all = headers(&[]);
        all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        all.extend_from_slice(&more);
        let reply = door.send(Method::POST, &all, Some(body.to_owned())).await;
        let shown = &body[..body.len().min(80)];
        assert_eq!(reply.status, status, "{shown}: {}", reply.text);
        assert_eq!(
            reply.json()["error"]["code"],
            code,
            "{shown}: {}",
            reply.text
        );
    }
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let reply = door.post(ping.clone(), &[]).await;
    assert_eq!(
        reply.expect(400)["error"]["code"],
        -32600,
        "without a session"
    );
    let large = format!(r#"{{"jsonrpc":"2.0","x":"{}"}}"#, "y".repeat(2 << 20));
    let reply = door.send(Method::POST, &headers(&[]), Some(large)).await;
    assert_eq!(reply.status, 413);
    for method in [Method::PUT, Method::PATCH, Method::OPTIONS] {
        assert_eq!(door.send(method, &headers(&[]), None).await.status, 405);
    }
    assert_eq!(
        door.send(Method::GET, &headers(&[("accept", "text/html")])[..1], None)
            .await
            .status,
        406
    );
    // It goes on all the same.
    eventually("the session answers", async || {
        let reply = session.send(ping.clone()).await;
        (reply.status == 200).then_some(())
    })
    .await;
    tokio::time::timeout(Duration::from_secs(5), session.names())
        .await
        .unwrap();
    assert!(!server.stderr().contains("\"level\":\"ERROR\""));
}
