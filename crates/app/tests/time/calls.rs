//! Calls that are repeated, and calls that are counted.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use switchboard_app::overview::{self, Window};
use switchboard_domain::id::ConversationId;
use switchboard_testkit::{TestDatabase, eventually, on_both_databases};

use crate::world::{Agent, Does, Options, Process, Service, World, request};

on_both_databases!(
    who_repeats_a_call_waits_for_the_first_one_for_20_s,
    calls_are_counted_for_36_days,
);

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

async fn start(database: TestDatabase) -> (World, Service, Process, ConversationId) {
    let world = World::new(database, Options::default());
    let service = Service::start().await;
    let server = world.start(1).await;
    let integration = server.integration(service.url()).await;
    let action = server.action(integration, ("POST", "pay"), 60_000).await;
    let agent = Agent::make(&server, vec![json!({"link": {"action_id": action}})]).await;
    let conversation = server.converse(agent).await.unwrap();
    (world, service, server, conversation)
}

async fn who_repeats_a_call_waits_for_the_first_one_for_20_s(database: TestDatabase) {
    let (world, service, server, conversation) = start(database).await;
    service.plan("/pay/1", Does::IsHeld);
    let call = || {
        let mut request = request(conversation, "pay", json!({"id": "1"}));
        request.idempotency_key = Some("once".to_owned());
        server.call(request)
    };
    let first = call();
    eventually("the call", || async {
        service.holds("/pay/1").then_some(())
    })
    .await;
    let second = call();
    let asked = world.now();
    eventually("it is told", || async {
        world.pass(SECOND, &[&server]).await;
        second.is_finished().then_some(())
    })
    .await;
    let waited = (world.now() - asked).num_seconds();
    assert!((20..30).contains(&waited), "{waited}");
    let told = second.await.unwrap().unwrap_err();
    assert_eq!(told.code().as_str(), "call_in_progress");
    let third = call();
    service.release();
    let answers = [first.await, third.await];
    let [first, third] = answers.map(|answer| answer.unwrap().unwrap());
    assert_eq!(first.json, third.json);
    assert!(third.replayed && !first.replayed);
    assert_eq!(service.hits_of("/pay/1"), 1);
    let answer: Value = serde_json::from_str(&first.json).unwrap();
    assert_eq!(answer["status"], "succeeded");
}

async fn calls_are_counted_for_36_days(database: TestDatabase) {
    let (world, _service, server, conversation) = start(database).await;
    let called = world.now();
    let request = request(conversation, "pay", json!({"id": "1"}));
    server.call(request).await.unwrap().unwrap();
    let counted = async || {
        let window = Window {
            from: Some(called - TimeDelta::days(1)),
            to: Some(called + TimeDelta::days(1)),
            environment: None,
        };
        let reader = server.manager();
        let work =
            server.run(|app| async move { overview::get(&app.manage, &reader, window).await });
        let tally = work.await.unwrap().tally;
        tally
            .points
            .values()
            .map(overview::Counts::calls)
            .sum::<u64>()
    };
    // Added up a moment later.
    let becomes = async |count| {
        eventually("it is counted so", || async {
            world.pass(2 * SECOND, &[&server]).await;
            (counted().await == count).then_some(())
        })
        .await;
    };
    becomes(1).await;
    world.jump(35 * DAY, &[&server]);
    world.pass(20 * SECOND, &[&server]).await;
    assert_eq!(counted().await, 1);
    world.jump(2 * DAY, &[&server]);
    becomes(0).await;
}
