//! A stop loses nothing. What a crash does is in `faults`.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Client, Sample, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(a_stop_lets_running_calls_finish);

/// All of a conversation's events.
async fn events(client: &Client, conversation: &str) -> Vec<Value> {
    let mut all = vec![];
    let mut after = String::new();
    loop {
        let path = format!("/conversations/{conversation}/events?limit=200&after={after}");
        let page = client.get(&path).await.expect(200);
        all.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return all,
        }
    }
}

/// SIGTERM: no new calls, running ones finish, exit status 0.
async fn a_stop_lets_running_calls_finish(database: TestDatabase) {
    let upstream = Upstream::start(|_| {
        Answer::Late(
            Duration::from_millis(800),
            Box::new(Answer::Json(200, json!({"path": "x"}))),
        )
    })
    .await;
    let mut server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let call = tokio::spawn({
        let client = client.clone();
        let path = format!("/conversations/{conversation}/actions/write_item/call");
        async move { client.post(&path, json!({"arguments": {"id": "1"}})).await }
    });
    eventually("the call", || async { (upstream.hits() > 0).then_some(()) }).await;
    server.ask_to_stop();
    assert_eq!(call.await.unwrap().expect(200)["status"], "succeeded");
    assert!(server.stopped().await.success());
    server.launch().await;
    let client = server.client("admin");
    let events = events(&client, &conversation).await;
    assert_eq!(events[1]["type"], "action.succeeded");
}
