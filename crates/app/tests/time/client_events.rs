//! Client events: a call waits for an answer as long as it said, and a day later nobody knows of it.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_app::{AppError, client_events};
use switchboard_domain::id::{ConversationId, EventId};
use switchboard_testkit::{TestDatabase, eventually, on_both_databases};

use crate::world::{Agent, Calling, Options, Process, World, input, request};

on_both_databases!(
    a_client_has_as_long_as_it_is_told,
    a_day_later_nobody_knows_what_was_asked,
);

const HOUR: Duration = Duration::from_hours(1);

async fn ask(server: &Process, conversation: ConversationId) -> (Calling, EventId) {
    let before = server.events(conversation).await.len();
    let call = server.call(request(conversation, "choose", json!({})));
    let event = eventually("the client is asked", || async {
        let events = server.events(conversation).await;
        let mut new = events[before..].iter();
        new.find(|event| event["type"] == "client_event.emitted")
            .cloned()
    })
    .await;
    (call, event["id"].as_str().unwrap().parse().unwrap())
}

async fn answer(
    server: &Process,
    conversation: ConversationId,
    event: EventId,
) -> Result<(), AppError> {
    let runner = server.runner();
    let answer = input(json!({"result": "blue"}));
    let work = server.run(|app| async move {
        client_events::answer(&app.runtime, &runner, conversation, event, answer).await
    });
    work.await
}

/// A server, and a conversation in which a client is asked for a minute.
async fn start(database: TestDatabase) -> (World, Process, ConversationId) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let choose = json!({
        "kind": "client_event", "name": "choose", "event": "choose", "await_result_ms": 60_000,
    });
    let agent = Agent::make(&server, vec![json!({"action": choose})]).await;
    let conversation = server.converse(agent).await.unwrap();
    (world, server, conversation)
}

async fn a_client_has_as_long_as_it_is_told(database: TestDatabase) {
    let (world, server, conversation) = start(database).await;
    let (call, event) = ask(&server, conversation).await;
    world.pass(Duration::from_secs(59), &[&server]).await;
    assert!(!call.is_finished());
    answer(&server, conversation, event).await.unwrap();
    world.pass(Duration::from_millis(500), &[&server]).await;
    let answered: Value = input(serde_json::from_str(&call.await.unwrap().unwrap().json).unwrap());
    assert_eq!(answered["output"], "blue");

    let (call, event) = ask(&server, conversation).await;
    world.pass(Duration::from_secs(61), &[&server]).await;
    let answered: Value = serde_json::from_str(&call.await.unwrap().unwrap().json).unwrap();
    assert_eq!(answered["error"]["code"], "outcome_unknown");
    let late = answer(&server, conversation, event).await.unwrap_err();
    assert_eq!(late.code().as_str(), "result_not_awaited");
}

async fn a_day_later_nobody_knows_what_was_asked(database: TestDatabase) {
    let (world, server, conversation) = start(database).await;
    let (call, event) = ask(&server, conversation).await;
    world.pass(Duration::from_secs(61), &[&server]).await;
    call.await.unwrap().unwrap();
    // What is forgotten goes when the next one is asked.
    let mut calls = vec![];
    for (hours, code) in [(23, "result_not_awaited"), (2, "not_found")] {
        world.jump(hours * HOUR, &[&server]);
        calls.push(ask(&server, conversation).await.0);
        let late = answer(&server, conversation, event).await.unwrap_err();
        assert_eq!(late.code().as_str(), code, "after {hours} more hours");
    }
    world.pass(Duration::from_secs(61), &[&server]).await;
    for call in calls {
        call.await.unwrap().unwrap();
    }
}
