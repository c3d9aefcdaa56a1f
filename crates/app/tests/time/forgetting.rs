//! What is older than it is kept for goes, and nothing else does.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_app::events::Position;
use switchboard_app::{agents, conversations, events, workspace_settings};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::ConversationId;
use switchboard_testkit::{TestDatabase, eventually, on_both_databases};

use crate::world::{Agent, Does, Options, Process, Service, World, input, request};

on_both_databases!(
    events_go_by_their_age_and_closed_conversations_with_them,
    an_agent_says_otherwise_than_its_workspace,
    a_kept_answer_goes_after_thirty_days_and_its_key_is_free,
    what_a_crash_left_of_a_removal_is_removed,
    a_conversation_that_is_called_stays,
);

const DAY: Duration = Duration::from_hours(24);

struct Setup {
    world: World,
    service: Service,
    server: Process,
    agent: Agent,
}

impl Setup {
    async fn new(database: TestDatabase) -> Self {
        let world = World::new(database, Options::default());
        let service = Service::start().await;
        let server = world.start(1).await;
        let integration = server.integration(service.url()).await;
        let action = server.action(integration, ("POST", "take"), 60_000).await;
        let agent = Agent::make(&server, vec![json!({"link": {"action_id": action}})]).await;
        Self {
            world,
            service,
            server,
            agent,
        }
    }

    async fn workspace_keeps(&self, days: Value) {
        let admin = self.server.admin();
        let patch = input(json!({"retain_events_days": days}));
        let done = self.server.run(|app| async move {
            workspace_settings::update(&app.manage, &admin, None, patch).await
        });
        done.await.unwrap();
    }

    async fn agent_keeps(&self, agent: Agent, days: Value) {
        let manager = self.server.manager();
        let patch = input(json!({"retain_events_days": days}));
        let done = self.server.run(|app| async move {
            agents::update(&app.manage, &manager, agent.0, None, patch).await
        });
        done.await.unwrap();
    }

    async fn close(&self, id: ConversationId) {
        for _ in 0..2 {
            let runner = self.server.runner();
            let ended = self
                .server
                .run(|app| async move { conversations::end(&app.runtime, &runner, id).await });
            ended.await.unwrap();
        }
    }

    async fn call(&self, id: ConversationId) {
        let called = self.server.call(request(id, "take", json!({"id": "1"})));
        called.await.unwrap().unwrap();
    }

    /// The sequence numbers of what is left after one; none where the conversation is gone.
    async fn left(&self, id: ConversationId, after: u64) -> Option<Vec<u64>> {
        let reader = self.server.runner();
        let page = self
            .server
            .run(|app| async move {
                let after = Some(Position::Sequence(after));
                events::list(&app.runtime, &reader, id, after, 200).await
            })
            .await;
        match page {
            Ok(page) => Some(page.rows.iter().map(|event| event.sequence).collect()),
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::NotFound);
                None
            }
        }
    }

    async fn becomes(&self, id: ConversationId, left: Option<&[u64]>) {
        eventually("what is old goes", || async {
            (self.left(id, 0).await.as_deref() == left).then_some(())
        })
        .await;
    }

    /// Lets so much time pass, and what is done every five minutes be done.
    async fn days(&self, days: u32) {
        self.world.jump(DAY * days, &[&self.server]);
        self.world
            .pass(Duration::from_secs(2), &[&self.server])
            .await;
    }
}

async fn events_go_by_their_age_and_closed_conversations_with_them(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let converse = async || setup.server.converse(setup.agent).await.unwrap();
    let (closed, open, called) = (converse().await, converse().await, converse().await);
    setup.close(closed).await;
    setup.call(open).await;
    // For ever, as long as nobody says otherwise.
    setup.days(400).await;
    setup.call(called).await;
    let later = converse().await;
    setup.close(later).await;
    setup.workspace_keeps(json!(30)).await;
    setup.days(1).await;
    setup.becomes(closed, None).await;
    setup.becomes(open, Some(&[])).await;
    setup.becomes(called, Some(&[2])).await;
    assert_eq!(setup.left(later, 0).await, Some(vec![1, 2, 3]));
    // Numbers go on where they were, and reading goes on with what is left.
    setup.call(called).await;
    for (after, left) in [(0, vec![2, 3]), (1, vec![2, 3]), (2, vec![3]), (9, vec![])] {
        assert_eq!(setup.left(called, after).await, Some(left), "{after}");
    }
    setup.call(open).await;
    assert_eq!(setup.left(open, 0).await, Some(vec![3]));
    let found = setup.server.conversation(open).await;
    assert_eq!(found.last_sequence, 3);
    // A closed one that still has an event stays whole.
    setup.close(called).await;
    setup.days(28).await;
    setup.days(1).await;
    setup.becomes(later, None).await;
    assert_eq!(setup.left(called, 0).await, Some(vec![3, 4, 5]));
    setup.days(2).await;
    setup.becomes(called, None).await;
    setup.becomes(open, Some(&[])).await;
}

async fn an_agent_says_otherwise_than_its_workspace(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let make = async || Agent::make(&setup.server, vec![]).await;
    let (as_workspace, shorter, longer, forever) =
        (make().await, make().await, make().await, make().await);
    let mut started = vec![];
    for agent in [as_workspace, shorter, longer, forever] {
        let id = setup.server.converse(agent).await.unwrap();
        setup.close(id).await;
        started.push(id);
    }
    setup.workspace_keeps(json!(30)).await;
    setup.agent_keeps(shorter, json!(7)).await;
    setup.agent_keeps(longer, json!(90)).await;
    setup.agent_keeps(forever, json!("forever")).await;
    let all = Some(&[1, 2, 3][..]);
    for (days, left) in [
        (6, [all, all, all, all]),
        (2, [all, None, all, all]),
        (21, [all, None, all, all]),
        (2, [None, None, all, all]),
        (60, [None, None, None, all]),
        (1000, [None, None, None, all]),
    ] {
        setup.days(days).await;
        for (id, left) in started.iter().zip(left) {
            setup.becomes(*id, left).await;
        }
    }
    // A deleted agent's conversations too.
    setup.agent_keeps(forever, Value::Null).await;
    let manager = setup.server.manager();
    let deleted = setup
        .server
        .run(|app| async move { agents::delete(&app.manage, &manager, forever.0, None).await });
    deleted.await.unwrap();
    setup.days(1).await;
    setup.becomes(started[3], None).await;
}

async fn a_kept_answer_goes_after_thirty_days_and_its_key_is_free(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let id = setup.server.converse(setup.agent).await.unwrap();
    let call = async || {
        let mut request = request(id, "take", json!({"id": "1"}));
        request.idempotency_key = Some("order-7".to_owned());
        setup.server.call(request).await.unwrap().unwrap()
    };
    let first = call().await;
    setup.days(29).await;
    let again = call().await;
    assert!(again.replayed);
    assert_eq!(again.json, first.json);
    assert_eq!(setup.service.hits_of("/take/1"), 1);
    setup.days(2).await;
    let anew = eventually("the key is free", || async {
        let called = call().await;
        (!called.replayed).then_some(called)
    })
    .await;
    assert_ne!(anew.json, first.json);
    assert_eq!(setup.service.hits_of("/take/1"), 2);
    // The events stay.
    assert_eq!(setup.left(id, 0).await, Some(vec![1, 2, 3]));
}

/// A conversation is gone, and its server died before its events were.
async fn what_a_crash_left_of_a_removal_is_removed(database: TestDatabase) {
    use switchboard_domain::id::WorkspaceId;
    use switchboard_store::batch::{self, Batch};
    use switchboard_store::forget::{self, Removed};

    let setup = Setup::new(database).await;
    let id = setup.server.converse(setup.agent).await.unwrap();
    setup.call(id).await;
    let workspace: WorkspaceId = setup.server.admin().workspace();
    let left = async || {
        let found = setup.server.run(|app| async move {
            let mut conn = app.db().read().await.unwrap();
            let engine = &mut conn.engine();
            let notes = forget::left_over(engine, 10).await.unwrap().len();
            let events = forget::oldest(engine, workspace, id).await.unwrap().len();
            (notes, events)
        });
        found.await
    };
    setup
        .server
        .run(|app| async move {
            let batch = Batch {
                forgotten: vec![Removed {
                    workspace,
                    conversation: id,
                    told: None,
                }],
                ..Batch::default()
            };
            let mut tx = app.db().write().await.unwrap();
            batch::write(&mut tx.engine(), &batch).await.unwrap();
            tx.commit().await.unwrap();
        })
        .await;
    assert_eq!(left().await, (1, 2));
    setup.days(1).await;
    eventually("the rest goes", || async {
        (left().await == (0, 0)).then_some(())
    })
    .await;
}

async fn a_conversation_that_is_called_stays(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let id = setup.server.converse(setup.agent).await.unwrap();
    setup.workspace_keeps(json!(1)).await;
    setup.service.plan("/take/2", Does::IsHeld);
    let under_way = setup.server.call(request(id, "take", json!({"id": "2"})));
    eventually("the call", || async {
        (setup.service.hits_of("/take/2") == 1).then_some(())
    })
    .await;
    setup.close(id).await;
    setup.days(3).await;
    // What comes after it shows that the sweep went by.
    setup.days(1).await;
    assert_eq!(setup.left(id, 0).await, Some(vec![1, 2, 3]));
    let manager = setup.server.manager();
    let deleted = setup
        .server
        .run(|app| async move { conversations::delete(&app.runtime, &manager, id).await });
    let error = deleted.await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::CallInProgress);
    setup.service.release();
    under_way.await.unwrap().unwrap();
    assert_eq!(setup.left(id, 0).await, Some(vec![1, 2, 3, 4]));
    setup.days(2).await;
    setup.becomes(id, None).await;
}
