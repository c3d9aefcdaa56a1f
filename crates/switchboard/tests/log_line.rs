//! The log line of a request says what it spent its time on.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Builder, McpUpstream, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(a_line_says_where_the_time_went);

/// The lines of requests of a route, as soon as there are so many.
async fn lines(server: &Server, route: &str, count: usize) -> Vec<Value> {
    eventually("the log lines", || async {
        let log = server.stderr();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let lines: Vec<Value> = lines
            .filter(|line: &Value| line["message"] == "request" && line["route"] == route)
            .collect();
        (lines.len() >= count).then_some(lines)
    })
    .await
}

/// Its milliseconds in the database, in the journal's queue and at services, and in all.
fn times(line: &Value) -> [f64; 4] {
    let of = |name: &str| line[name].as_f64().unwrap_or(-1.0);
    [
        of("database_ms"),
        of("queue_ms"),
        of("upstream_ms"),
        of("duration_us") / 1000.0,
    ]
}

async fn a_line_says_where_the_time_went(database: TestDatabase) {
    let slow = Duration::from_millis(80);
    let upstream = Upstream::start(move |_| {
        Answer::Late(slow, Box::new(Answer::Json(200, json!({"done": true}))))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let integration = build.integration("Slow", &upstream.url).await;
    let action = json!({"name": "act", "method": "POST", "path": "/act", "parameters": null});
    let action = build.action(&integration, action).await;
    let tools =
        McpUpstream::start(&json!([{"name": "look", "inputSchema": {"type": "object"}}])).await;
    let input = json!({"kind": "mcp_server", "name": "Tools", "url": tools.url()});
    let made = client.post("/integrations", input).await.expect(201);
    let found = format!("/integrations/{}/actions", made["id"].as_str().unwrap());
    let found = client.get(&found).await.expect(200);
    let agent = build.agent("Desk").await;
    let draft = json!({"actions": [
        {"link": {"action_id": action}}, {"link": {"action_id": found["data"][0]["id"]}},
    ]});
    build.publish(&agent, draft).await;
    let conversation = build.converse(&agent).await;
    let call = async |name: &str| {
        let path = format!("/conversations/{conversation}/actions/{name}/call");
        client
            .post(&path, json!({"arguments": {}}))
            .await
            .expect(200)
    };
    let route = "/api/v1/conversations/{id}/actions/{name}/call";

    call("act").await;
    let line = lines(&server, route, 1).await.remove(0);
    let [database, queue, upstream, all] = times(&line);
    assert!(upstream >= 80.0, "{line}");
    assert!(database > 0.0 && queue >= 0.0, "{line}");
    assert!(database + queue + upstream <= all + 0.1, "{line}");

    call("look").await;
    let line = lines(&server, route, 2).await.remove(1);
    let [database, _, upstream, _] = times(&line);
    assert!(
        database > 0.0 && upstream > 0.0 && upstream < 80.0,
        "{line}"
    );

    // Calls that come together wait for each other in the journal.
    join_all((0..20).map(|_| call("act"))).await;
    let together = lines(&server, route, 22).await.split_off(2);
    let waited: f64 = together.iter().map(|line| times(line)[1]).sum();
    assert!(waited > 0.0, "{together:?}");

    // A list asks nobody but the database; what is made asks a service where it has to.
    let line = lines(&server, "/api/v1/integrations/{id}/actions", 2).await;
    let [database, queue, upstream, _] = times(&line[1]);
    assert!(database > 0.0, "{line:?}");
    assert_eq!((queue, upstream), (0.0, 0.0), "{line:?}");
    let line = lines(&server, "/api/v1/integrations", 2).await.remove(1);
    let [_, _, upstream, _] = times(&line);
    assert!(upstream > 0.0, "its tools were asked for: {line}");
}
