//! Servers that share a database, and one of them dies or stands still.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_app::call::CallRequest;
use switchboard_domain::id::ConversationId;
use switchboard_testkit::{TestDatabase, eventually};

use crate::world::{Agent, Calling, Does, Options, Process, Service, World, request};

const SECOND: Duration = Duration::from_secs(1);

struct Setup {
    world: World,
    service: Service,
    agent: Agent,
    first: Process,
    second: Process,
}

impl Setup {
    async fn new() -> Self {
        let world = World::new(TestDatabase::postgres(), Options::default());
        let service = Service::start().await;
        let first = world.start(1).await;
        let integration = first.integration(service.url()).await;
        let action = first.action(integration, ("POST", "take"), 60_000).await;
        let link = json!({"link": {"action_id": action}, "overrides": {"max_successful_calls": 1}});
        let agent = Agent::make(&first, vec![link]).await;
        let second = world.start(2).await;
        // Long enough that each may say of the other that it is silent.
        world.pass(30 * SECOND, &[&first, &second]).await;
        Self {
            world,
            service,
            agent,
            first,
            second,
        }
    }

    fn request(conversation: ConversationId, id: &str) -> CallRequest {
        let mut request = request(conversation, "take", json!({"id": id}));
        request.idempotency_key = Some(id.to_owned());
        request
    }

    /// A call of a server that is at the service.
    async fn under_way(&self, server: &Process, id: &str) -> (ConversationId, Calling) {
        let conversation = server.converse(self.agent).await.unwrap();
        let path = format!("/take/{id}");
        self.service.plan(&path, Does::IsHeld);
        let call = server.call(Self::request(conversation, id));
        eventually("the call", || async {
            (self.service.hits_of(&path) == 1).then_some(())
        })
        .await;
        (conversation, call)
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let types = events.iter().map(|event| event["type"].as_str().unwrap());
    types.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_of_a_server_that_died_are_settled_by_another_after_20_s() {
    let setup = Setup::new().await;
    let (lost, _) = setup.under_way(&setup.second, "lost").await;
    let (alive, call) = setup.under_way(&setup.first, "alive").await;
    let Setup {
        world,
        service,
        first,
        second,
        ..
    } = setup;
    second.kill().await;
    world.pass(18 * SECOND, &[&first]).await;
    assert_eq!(first.types(lost).await.len(), 1, "it may live");
    world.pass(8 * SECOND, &[&first]).await;
    let events = eventually("its call is settled", || async {
        world.pass(SECOND, &[&first]).await;
        let events = first.events(lost).await;
        (events.len() > 1).then_some(events)
    })
    .await;
    assert_eq!(kinds(&events), ["conversation.started", "action.failed"]);
    assert_eq!(events[1]["error"]["code"], "outcome_unknown");
    // Its place stays taken.
    let again = first.call(request(lost, "take", json!({"id": "again"})));
    let refused = again.await.unwrap().unwrap_err();
    assert_eq!(refused.code().as_str(), "max_successful_calls_reached");
    assert_eq!(service.hits_of("/take/lost"), 1);
    assert_eq!(service.hits_of("/take/again"), 0);
    service.release();
    call.await.unwrap().unwrap();
    let events = first.events(alive).await;
    assert_eq!(kinds(&events), ["conversation.started", "action.succeeded"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stood_still_for_40_s_takes_nothing_back_and_calls_nobody_dead() {
    let setup = Setup::new().await;
    let (lost, call) = setup.under_way(&setup.second, "lost").await;
    let (alive, other) = setup.under_way(&setup.first, "alive").await;
    let again = Setup::request(lost, "lost");
    let Setup {
        world,
        service,
        first,
        second,
        ..
    } = setup;
    second.freeze().await;
    second.clock.jump(40 * SECOND);
    world.pass(40 * SECOND, &[&first]).await;
    eventually("its call is settled", || async {
        world.pass(SECOND, &[&first]).await;
        (first.events(lost).await.len() > 1).then_some(())
    })
    .await;
    second.thaw();
    // While it finds its way back, it says of nobody that they are dead.
    world.pass(15 * SECOND, &[&second, &first]).await;
    assert_eq!(second.types(alive).await.len(), 1);
    service.release();
    let answered = call.await.unwrap().unwrap().json;
    let answer: Value = serde_json::from_str(&answered).unwrap();
    assert_eq!(answer["error"]["code"], "outcome_unknown");
    // Its key stands for one answer, whoever gives it.
    for server in [&first, &second] {
        let repeated = server.call(again.clone()).await.unwrap().unwrap();
        assert_eq!(repeated.json, answered);
    }
    assert_eq!(service.hits_of("/take/lost"), 1);
    let events = second.events(lost).await;
    assert_eq!(
        kinds(&events),
        ["conversation.started", "action.failed", "outcome.learned"]
    );
    assert_eq!(events[1]["call_id"], answer["call_id"]);
    let usage = second.conversation(lost).await.usage;
    let usage: Vec<_> = usage.values().map(|u| (u.taken, u.in_flight)).collect();
    assert_eq!(usage, [(1, 0)]);
    let answer: Value = serde_json::from_str(&other.await.unwrap().unwrap().json).unwrap();
    assert_eq!(answer["status"], "succeeded");
}
