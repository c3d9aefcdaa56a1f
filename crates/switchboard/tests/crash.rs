//! A crash loses nothing that was answered, and never lets a limit be passed.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Client, Sample, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    killed_under_load_nothing_answered_is_lost,
    a_stop_lets_running_calls_finish
);

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

/// Calls until it is told to stop; answers the ids of calls that were answered.
async fn load(
    client: Client,
    conversation: String,
    action: &'static str,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let path = format!("/api/v1/conversations/{conversation}/actions/{action}/call");
    let mut answered = vec![];
    while !stop.load(Ordering::SeqCst) {
        let body = json!({"arguments": {"id": conversation}}).to_string();
        match client.try_send(Method::POST, &path, &[], Some(body)).await {
            Some(reply) if reply.status == 200 => {
                answered.push(reply.json()["call_id"].as_str().unwrap().to_owned());
            }
            Some(reply) => assert_eq!(reply.status, 409, "{}", reply.text),
            // The server is gone: what was under way has no answer.
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    answered
}

async fn killed_under_load_nothing_answered_is_lost(database: TestDatabase) {
    const LIMIT: usize = 3;
    let upstream = Upstream::start(|_| {
        Answer::Late(
            Duration::from_millis(3),
            Box::new(Answer::Json(200, json!({"path": "x"}))),
        )
    })
    .await;
    let mut server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let limited = json!({"overrides": {"max_successful_calls": LIMIT}});
    let draft = client
        .get(&format!("/agents/{}/draft", sample.agent))
        .await
        .expect(200);
    let binding = draft["actions"][1]["id"].as_str().unwrap();
    client
        .patch(
            &format!("/agents/{}/draft/actions/{binding}", sample.agent),
            limited,
        )
        .await
        .expect(200);
    let key = server.key("admin", "default");

    let mut answered: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for round in 0..4u64 {
        let client = Client::new(server.address(), &key);
        let stop = Arc::new(AtomicBool::new(false));
        let mut callers = vec![];
        for number in 0..8 {
            let conversation = sample.converse(&client).await;
            let action = if number % 2 == 0 {
                "read_item"
            } else {
                "write_item"
            };
            for _ in 0..3 {
                let load = load(client.clone(), conversation.clone(), action, stop.clone());
                callers.push((conversation.clone(), tokio::spawn(load)));
            }
        }
        // The moment differs from round to round.
        tokio::time::sleep(Duration::from_millis(60 + round * 83)).await;
        server.kill();
        stop.store(true, Ordering::SeqCst);
        for (conversation, caller) in callers {
            answered
                .entry(conversation)
                .or_default()
                .extend(caller.await.unwrap());
        }
        server.launch().await;
    }

    let client = Client::new(server.address(), &key);
    let mut calls = 0;
    for (conversation, answered) in &answered {
        let events = events(&client, conversation).await;
        for (index, event) in events.iter().enumerate() {
            assert_eq!(event["sequence"], index + 1, "the log has no gaps");
        }
        for call in answered {
            let of_call = |event: &&Value| event["call_id"] == call.as_str();
            assert_eq!(
                events.iter().filter(of_call).count(),
                1,
                "{call} has one event"
            );
            calls += 1;
        }
        let writes = upstream.hits_of(&format!("/items/{conversation}"));
        let is_write = events.iter().any(|event| event["name"] == "write_item");
        assert!(
            !is_write || writes <= LIMIT,
            "{writes} requests under a limit of {LIMIT}"
        );
        let state = client
            .get(&format!("/conversations/{conversation}"))
            .await
            .expect(200);
        assert_eq!(state["revision"], events.len(), "nothing is half-written");
    }
    assert!(calls > 50, "there was load: {calls}");
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
