//! Conversations that nobody goes on with.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_testkit::{TestDatabase, eventually, on_both_databases};

use crate::world::{Agent, Does, Options, Service, World, request};

on_both_databases!(who_says_nothing_for_long_is_hung_up_on_and_then_forgotten);

const MINUTE: Duration = Duration::from_mins(1);

async fn who_says_nothing_for_long_is_hung_up_on_and_then_forgotten(database: TestDatabase) {
    let world = World::new(
        database,
        Options {
            idle_timeout: Some(10 * MINUTE),
            ..Options::default()
        },
    );
    let service = Service::start().await;
    let server = world.start(1).await;
    let integration = server.integration(service.url()).await;
    let action = server.action(integration, ("POST", "take"), 60_000).await;
    let agent = Agent::make(&server, vec![json!({"link": {"action_id": action}})]).await;
    let (quiet, busy) = (
        server.converse(agent).await.unwrap(),
        server.converse(agent).await.unwrap(),
    );

    world.jump(9 * MINUTE, &[&server]);
    let called = server.call(request(busy, "take", json!({"id": "1"})));
    called.await.unwrap().unwrap();
    // Looked at twice a minute.
    world.pass(MINUTE, &[&server]).await;
    assert_eq!(
        server.types(quiet).await.len(),
        1,
        "ten minutes are not over"
    );
    world.pass(MINUTE / 2, &[&server]).await;
    let last = async |id, count: usize| {
        eventually("an event", || async {
            let events = server.events(id).await;
            (events.len() == count).then(|| events.last().unwrap().clone())
        })
        .await
    };
    let ended = last(quiet, 2).await;
    let told = |event: &Value| (event["type"].clone(), event["reason"].clone());
    assert_eq!(
        told(&ended),
        (json!("phase.changed"), json!("idle_timeout"))
    );
    assert_eq!(
        server.types(busy).await.len(),
        2,
        "it was called in between"
    );

    // A call that is under way is no silence, however long it takes.
    service.plan("/take/2", Does::IsHeld);
    let under_way = server.call(request(busy, "take", json!({"id": "2"})));
    eventually("the call", || async {
        (service.hits_of("/take/2") == 1).then_some(())
    })
    .await;
    world.jump(11 * MINUTE, &[&server]);
    let closed = last(quiet, 3).await;
    assert_eq!(
        told(&closed),
        (json!("conversation.ended"), json!("idle_timeout"))
    );
    assert_eq!(server.types(busy).await.len(), 2);
    service.release();
    under_way.await.unwrap().unwrap();
    world.jump(11 * MINUTE, &[&server]);
    assert_eq!(last(busy, 4).await["type"], "phase.changed");
    // A closed one stays as it is.
    world.jump(11 * MINUTE, &[&server]);
    assert_eq!(last(busy, 5).await["type"], "conversation.ended");
    world.jump(11 * MINUTE, &[&server]);
    world.pass(MINUTE, &[&server]).await;
    assert_eq!(server.events(quiet).await.len(), 3);
    assert_eq!(server.events(busy).await.len(), 5);
}
