//! A service that keeps failing is left alone for a while.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_testkit::{TestDatabase, on_both_databases};

use crate::world::{Agent, Does, Options, Service, World, request};

on_both_databases!(a_service_that_keeps_failing_is_left_alone_for_five_seconds);

const SECOND: Duration = Duration::from_secs(1);

async fn a_service_that_keeps_failing_is_left_alone_for_five_seconds(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let service = Service::start().await;
    let server = world.start(1).await;
    let integration = server.integration(service.url()).await;
    let action = server.action(integration, ("POST", "pay"), 5000).await;
    let agent = Agent::make(&server, vec![json!({"link": {"action_id": action}})]).await;
    let conversation = server.converse(agent).await.unwrap();
    let call = async |id: &str, does| {
        service.plan(&format!("/pay/{id}"), does);
        let called = server.call(request(conversation, "pay", json!({"id": id})));
        let answer = called.await.unwrap().unwrap().json;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["error"]["code"].as_str().map(ToOwned::to_owned)
    };
    let is_open = Some("circuit_open".to_owned());
    for number in 0..10 {
        let code = call(&format!("bad-{number}"), Does::Fails).await;
        assert!(code.is_some() && code != is_open, "{code:?}");
    }
    assert_eq!(call("early", Does::Succeeds).await, is_open);
    world.jump(4 * SECOND, &[&server]);
    assert_eq!(call("early", Does::Succeeds).await, is_open);
    assert_eq!(service.hits_of("/pay/early"), 0);
    // One tries, and it is left alone for as long again.
    world.jump(SECOND, &[&server]);
    let code = call("tries", Does::Fails).await;
    assert!(code.is_some() && code != is_open, "{code:?}");
    world.jump(4 * SECOND, &[&server]);
    assert_eq!(call("early", Does::Succeeds).await, is_open);
    world.jump(SECOND, &[&server]);
    for id in ["one", "two"] {
        assert_eq!(call(id, Does::Succeeds).await, None);
    }
}
