//! What should not be sent.

use std::time::Duration;

use http::Method;
use serde_json::json;
use switchboard_testkit::{Server, TestDatabase, eventually, on_both_databases};

use super::client::Door;
use super::{BINARY, agent};

on_both_databases!(bad_input_is_refused_and_never_breaks_anything);

async fn bad_input_is_refused_and_never_breaks_anything(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let agent = agent(&client, "http://127.0.0.1:9").await;
    let door = Door::new(&client, &agent);
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
    // The server need not read to its end what it refuses, so a client may see its connection cut;
    // this one has connections of its own.
    let large = format!(r#"{{"jsonrpc":"2.0","x":"{}"}}"#, "y".repeat(2 << 20));
    let sender = Door::new(&server.client("admin"), &agent);
    if let Some(reply) = sender.try_send(&headers(&[]), large).await {
        assert_eq!(reply.status, 413);
    }
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
