//! The revision without sessions.

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{Server, TestDatabase, Upstream, on_both_databases};

use super::client::Door;
use super::{BINARY, agent};

on_both_databases!(
    a_stateless_client_carries_its_conversation,
    what_the_headers_say_is_what_the_body_says,
);

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
}

async fn what_the_headers_say_is_what_the_body_says(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let door = Door::new(&client, &agent(&client, "http://127.0.0.1:9").await);
    let call = |meta: Value| json!({"name": "write_item", "arguments": {"id": "1"}, "_meta": meta});
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
