//! What accumulates has a bound, and what waits costs nothing.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::time::{Duration, Instant};

use futures_util::future::join_all;
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

/// What a tenant writes runs over what an upstream sends: neither may hold up anybody else.
#[tokio::test]
async fn an_expression_that_multiplies_costs_only_its_own_call() {
    let depth = 60;
    let nested = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let nested: serde_json::Value = serde_json::from_str(&nested).unwrap();
    let patterns: Vec<_> = (0..400)
        .map(|n| json!({"a": "x", "p": format!("\\p{{L}}{{{}}}", 900 - n % 50)}))
        .collect();
    let body = json!({
        "id": 7,
        "nested": nested,
        "patterns": patterns,
        "many": vec![json!([]); 50_000],
        "texts": vec!["a".repeat(400); 1000],
    });
    let upstream = Upstream::start(move |_| Answer::Json(200, body.clone())).await;
    let server = Server::start_reachable(BINARY, TestDatabase::Sqlite, &[]).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let billing = build.integration("Billing", &upstream.url).await;
    let paths = [
        format!("$.nested{}", "[*,*]".repeat(40)),
        format!("$.nested{}", "[0,0]".repeat(24)),
        format!("$..[{}]", vec!["*"; 150].join(",")),
        "$.patterns[?match(@.a, @.p)].a".to_owned(),
        "$.texts[?match(@, '(a|aa)*(a|aa)*(a|aa)*z')]".to_owned(),
        "$..[?$..[?@ == -1]]".to_owned(),
    ];
    let doubling = "{% set x = [x, x] %}".repeat(9);
    let mut actions = vec![];
    for (at, path) in paths.iter().enumerate() {
        let action = json!({"name": format!("a{at}"), "method": "GET", "path": "/x", "output_variables": [
            {"name": "id", "path": "$.id"}, {"name": "v", "path": path}]});
        actions.push(build.action(&billing, action).await);
    }
    let body = format!("{{% set x = parameters.list %}}{doubling}{{\"a\": {{{{ [x] == [x] }}}}}}");
    let action = json!({"name": "t", "method": "POST", "path": "/x", "body_template": body,
        "parameters": {"type": "object", "properties": {"list": {"type": "array"}}}});
    actions.push(build.action(&billing, action).await);

    let calls = actions.iter().enumerate().map(async |(at, action)| {
        let mut input = json!({"environment": "production", "arguments": {}});
        if at == paths.len() {
            input["arguments"] = json!({"list": vec![1; 20_000]});
        }
        let path = format!("/actions/{action}/test");
        client.post(&path, input).await.expect(200)
    });
    let done = std::cell::Cell::new(false);
    let others = async {
        let mut slowest = Duration::ZERO;
        while !done.get() {
            let asked = Instant::now();
            client.get("/agents").await.expect(200);
            slowest = slowest.max(asked.elapsed());
        }
        slowest
    };
    let all = async {
        let answers = join_all(calls).await;
        done.set(true);
        answers
    };
    let (answers, slowest) = tokio::join!(all, others);
    let (templated, taken) = answers.split_last().unwrap();
    for answer in taken {
        assert_eq!(answer["status"], "succeeded", "{answer}");
        assert_eq!(answer["variables"]["id"], 7, "{answer}");
        // What is not taken says why.
        let is_set = answer["variables"].get("v").is_some();
        let is_unmatched = answer["unmatched_variables"] == json!(["v"]);
        let reason = answer["left_out_reasons"]["v"].as_str();
        assert!(is_set || is_unmatched || reason.is_some(), "{answer}");
    }
    let left_out = taken
        .iter()
        .filter(|answer| answer["left_out_variables"] == json!(["v"]));
    assert!(left_out.count() >= 2, "{taken:?}");
    assert_eq!(templated["error"]["code"], "template_failed", "{templated}");
    // A debug build on a busy machine; without budgets this was 20 s, or the end of the process.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
