//! Servers of other people, over every transport.

use serde_json::{Map, Value, json};
use switchboard_connect::PreparedAuth;
use switchboard_mcp::{Dialect, Discovered, Limits, Notice};

use crate::support::{Bench, secret, text_of};
use switchboard_testkit::peers::{Peer, free_port};

/// Arguments that a schema accepts.
fn arguments(schema: &Value) -> Value {
    let value = |schema: &Value| match schema["type"].as_str() {
        Some("number" | "integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => schema["enum"].get(0).cloned().unwrap_or(json!("text")),
    };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let names = required.iter().filter_map(Value::as_str);
    let made: Map<_, _> = names
        .map(|name| (name.to_owned(), value(&schema["properties"][name])))
        .collect();
    Value::Object(made)
}

async fn call_all(bench: &Bench, tools: &[Discovered]) -> usize {
    let mut succeeded = 0;
    for found in tools {
        let given = arguments(&found.wire["inputSchema"]);
        found.tool.schema().validate(&given).unwrap();
        // Whether a tool does something with such arguments is its own affair; that an answer comes
        // is ours.
        let answer = bench.call(&found.tool, &given).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", found.tool.name()));
        let blocks: Vec<Value> = serde_json::from_str(answer.content()).unwrap();
        assert!(!blocks.is_empty(), "{}", found.tool.name());
        succeeded += usize::from(!answer.is_error);
    }
    succeeded
}

async fn everything(transport: &str, path: &str, dialect: Dialect) {
    let server = Peer::everything(transport).await;
    let bench = Bench::new(&format!("http://127.0.0.1:{}/{path}", server.port));
    let found = bench.discover().await.unwrap();
    assert_eq!(found.dialect, dialect);
    assert_eq!(found.left_out, []);
    assert!(found.tools.len() >= 8, "{found:?}");
    assert!(found.server_info().unwrap()["name"].is_string());
    assert!(call_all(&bench, &found.tools).await >= 6);
    let long = found
        .tools
        .iter()
        .find(|found| found.tool.name().contains("long-running"))
        .unwrap();
    let given = json!({"duration": 1, "steps": 4});
    let (answer, heard) = bench.call_and_listen(&long.tool, &given).await;
    assert!(!answer.unwrap().is_error);
    let steps = heard
        .iter()
        .filter(|notice| matches!(notice, Notice::Progress { .. }));
    assert_eq!(steps.count(), 4, "{heard:?}");
}

#[tokio::test]
async fn everything_over_streamable_http() {
    everything("streamableHttp", "mcp", Dialect::Streamable).await;
}

#[tokio::test]
async fn everything_over_http_sse() {
    everything("sse", "sse", Dialect::HttpSse).await;
}

#[tokio::test]
async fn a_fast_mcp_server_is_called_and_comes_back_after_a_restart() {
    let port = free_port();
    let server = Peer::fast_mcp("fixture_fastmcp.py", port).await;
    let bench = Bench::new(&format!("http://127.0.0.1:{port}/mcp"));
    let found = bench.discover().await.unwrap();
    assert_eq!(found.left_out, []);
    assert_eq!(found.dialect, Dialect::Stateless, "{}", found.revision);
    let tool = |name: &str| {
        let of_name = |found: &&Discovered| found.tool.name() == name;
        found.tools.iter().find(of_name).unwrap().tool.clone()
    };
    let call = async |name: &str, given: Value| bench.call(&tool(name), &given).await;
    let sum = call("add_numbers", json!({"a": 2, "b": 3})).await;
    assert_eq!(text_of(&sum.unwrap()), "5.0");
    let mixed = call("test_multiple_content_types", json!({})).await;
    let mixed: Value = serde_json::from_str(mixed.unwrap().content()).unwrap();
    assert_eq!(mixed[1]["mimeType"], "image/png");
    assert_eq!(mixed[2]["resource"]["uri"], "test://mixed-content-resource");
    let failed = call("test_error_handling", json!({})).await;
    assert!(failed.unwrap().is_error);
    let (answer, heard) = bench
        .call_and_listen(&tool("test_tool_with_progress"), &json!({}))
        .await;
    assert_eq!(text_of(&answer.unwrap()), "done");
    assert_eq!(heard.len(), 3, "{heard:?}");
    let (_, heard) = bench
        .call_and_listen(&tool("test_tool_with_logging"), &json!({}))
        .await;
    assert_eq!(heard.len(), 3, "{heard:?}");
    drop(server);
    let gone = call("test_simple_text", json!({})).await;
    // Whether the connection at hand is known to be gone by now is a matter of luck.
    let code = gone.unwrap_err().code();
    assert!(["unreachable", "connection_lost"].contains(&code), "{code}");
    let _server = Peer::fast_mcp("fixture_fastmcp.py", port).await;
    let back = call("test_simple_text", json!({})).await;
    assert!(text_of(&back.unwrap()).starts_with("This is"));
}

#[tokio::test]
async fn everything_comes_back_after_a_restart_with_a_new_session() {
    let server = Peer::everything("streamableHttp").await;
    let port = server.port;
    let bench = Bench::new(&format!("http://127.0.0.1:{port}/mcp"));
    let echo = bench.tool("echo").await;
    drop(server);
    let _server = Peer::everything_at("streamableHttp", port).await;
    let answer = bench.call(&echo, &json!({"message": "hello"})).await;
    assert_eq!(text_of(&answer.unwrap()), "Echo: hello");
}

#[tokio::test]
async fn a_server_that_wants_a_token_gets_it() {
    let port = free_port();
    let _server = Peer::fast_mcp("fixture_auth.py", port).await;
    let url = format!("http://127.0.0.1:{port}/mcp");
    let bench = Bench::with(&url, PreparedAuth::Bearer(secret("t")), Limits::default());
    bench.secrets.set("t", "wrong");
    assert_eq!(bench.discover().await.unwrap_err().code(), "unauthorized");
    bench.secrets.set("t", "sekret");
    assert!(bench.discover().await.unwrap().tools.len() >= 10);
}
