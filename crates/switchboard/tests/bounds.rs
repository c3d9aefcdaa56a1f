//! What accumulates has a bound, and what waits costs nothing.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use switchboard_testkit::{
    Answer, Builder, Sample, Server, TestDatabase, Upstream, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(variables_have_a_cap);

async fn variables_have_a_cap(database: TestDatabase) {
    let upstream = Upstream::start(|_| {
        Answer::Json(
            200,
            json!({"small": "s", "large": "x".repeat(3000), "some": "y".repeat(1500)}),
        )
    })
    .await;
    let arguments = [
        "--allow-network",
        "127.0.0.1",
        "--variable-max-bytes",
        "2048",
        "--variables-max-bytes",
        "4096",
    ];
    let server = Server::start_with(BINARY, database, &arguments).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let billing = build.integration("Billing", &upstream.url).await;
    let output = |name: &str, path: &str| json!({"name": name, "path": path});
    let action = json!({"name": "read", "method": "GET", "path": "/x", "output_variables": [
        output("small", "$.small"), output("large", "$.large"), output("a", "$.some"),
        output("b", "$.some"), output("c", "$.some")]});
    let action = build.action(&billing, action).await;
    let agent = build.agent("Desk").await;
    build
        .publish(
            &agent,
            json!({"actions": [{"link": {"action_id": action}}]}),
        )
        .await;
    let input = json!({"agent_id": agent, "environment": "production", "variables": {"call": {"from": "+1"}}});
    let conversation = client.post("/conversations", input).await.expect(201);
    let path = format!("/conversations/{}", conversation["id"].as_str().unwrap());
    let call = format!("{path}/actions/read/call");
    let answer = client
        .post(&call, json!({"arguments": {}}))
        .await
        .expect(200);
    assert_eq!(answer["status"], "succeeded", "{answer}");
    assert_eq!(answer["left_out_variables"], json!(["large", "c"]));
    assert_eq!(answer["variables"]["small"], "s");
    assert_eq!(answer["variables"].as_object().unwrap().len(), 3);
    let events = client.get(&format!("{path}/events")).await.expect(200);
    let last = events["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["left_out_variables"], json!(["large", "c"]), "{last}");
    let shown = client.get(&path).await.expect(200);
    assert_eq!(shown["variables"]["b"], "y".repeat(1500));

    for (variables, pointer) in [
        (json!({"z": "z".repeat(3000)}), "/variables/z"),
        (json!({"z": "z".repeat(1900)}), "/variables"),
    ] {
        let patch = json!({"variables": variables});
        let refused = client.patch(&path, patch).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let patch = json!({"variables": {"a": null, "z": "z".repeat(1400)}});
    client.patch(&path, patch).await.expect(200);

    // A list leaves out what can be large.
    let page = client.get("/conversations").await.expect(200);
    let listed = page["data"][0]["variables"].as_object().unwrap();
    assert_eq!(listed["call"], json!({"from": "+1"}));
    assert_eq!(listed.len(), 2, "`call` and `conversation`");
}

/// A stream of another server hears by announcement, and an idle one asks the database for nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_hear_of_other_servers_and_wait_for_nothing() {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::postgres()).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let replica = server.replica().await;
    let elsewhere = replica.client("admin");
    let path = format!("/conversations/{conversation}");
    let events = format!("/api/v1{path}/events?after=1");
    let headers = [("accept", "text/event-stream")];
    let mut stream = elsewhere.open(Method::GET, &events, &headers, None).await;
    let stream = stream.as_mut().unwrap();
    let mut quickest = Duration::MAX;
    for n in 0..5 {
        let patch = json!({"variables": {"n": n}});
        let start = Instant::now();
        client.patch(&path, patch).await.expect(200);
        assert_eq!(stream.next().await.1["variables"], json!({"n": n}));
        quickest = quickest.min(start.elapsed());
    }
    assert!(quickest < Duration::from_millis(200), "{quickest:?}");
}
