//! Text messages that their provider does not take for now.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use switchboard_app::rows::Message;
use switchboard_app::{integrations, messages, secrets};
use switchboard_domain::id::ConversationId;
use switchboard_domain::name::SecretName;
use switchboard_domain::sms::status::Status;
use switchboard_simulators::telnyx::{self, Behaviour, Rule, Settings, Simulator};
use switchboard_testkit::{TestDatabase, eventually, on_both_databases};

use crate::world::{Agent, Options, Process, World, input, request};

on_both_databases!(
    a_message_is_tried_for_an_hour_and_given_up,
    a_message_goes_out_once_when_the_provider_is_back,
);

const MINUTE: Duration = Duration::from_mins(1);

struct Setup {
    world: World,
    server: Process,
    simulator: Simulator,
    conversation: ConversationId,
}

impl Setup {
    /// A server whose provider is away, and a message in its outbox.
    async fn new(database: TestDatabase) -> Self {
        let begin = chrono::DateTime::UNIX_EPOCH;
        let mut settings = Settings::new([7; 32], Arc::new(move || begin));
        settings.webhook_url = None;
        let simulator = telnyx::start(settings).await.unwrap();
        simulator.add_rule(Rule::always(Behaviour::Unavailable));
        let options = Options {
            telnyx_url: Some(simulator.url()),
            ..Options::default()
        };
        let world = World::new(database, options);
        let server = world.start(1).await;
        let manager = server.manager();
        let channel = server
            .run(|app| async move {
                let secret = input(json!({"values": {"production": "KEY"}}));
                let name = SecretName::parse("telnyx_key").unwrap();
                secrets::put(&app.manage, &manager, &name, secret)
                    .await
                    .unwrap();
                let channel = input(json!({
                    "kind": "messaging_channel", "name": "SMS", "provider": "telnyx",
                    "api_key": {"secret": "telnyx_key"}, "from": "+13125550142",
                }));
                let made = integrations::create(&app.manage, &manager, channel).await;
                made.unwrap().row.id
            })
            .await;
        let text = json!({
            "kind": "send_text_message", "name": "text", "channel_id": channel, "recipient": "contact",
        });
        let agent = Agent::make(&server, vec![json!({"action": text})]).await;
        let from = json!({"call": {"from": "+13125550100"}});
        let conversation = server.converse_with(agent, from).await.unwrap();
        let called = server.call(request(conversation, "text", json!({"message": "Hello"})));
        let answer = called.await.unwrap().unwrap().json;
        assert!(answer.contains(r#""status":"queued""#), "{answer}");
        Self {
            world,
            server,
            simulator,
            conversation,
        }
    }

    async fn message(&self) -> Message {
        let reader = self.server.runner();
        let page = self.server.run(|app| async move {
            messages::list(&app.runtime, &reader, messages::Filter::default(), None, 10).await
        });
        let mut rows = page.await.unwrap().rows;
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    /// Lets a minute pass, in which the message is tried.
    async fn minute(&self) -> Message {
        let before = self.message().await;
        self.world.jump(MINUTE, &[&self.server]);
        eventually("another try", || async {
            self.world
                .pass(Duration::from_millis(500), &[&self.server])
                .await;
            let now = self.message().await;
            (now.updated_at > before.updated_at && now.life.status != Status::Sending)
                .then_some(now)
        })
        .await
    }
}

async fn a_message_is_tried_for_an_hour_and_given_up(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let mut message = setup.message().await;
    let created = message.key.created_at;
    while message.life.may_be_sent() {
        message = setup.minute().await;
        assert!(message.attempts < 80, "{message:?}");
    }
    assert_eq!(message.life.status, Status::SendingFailed);
    let minutes = (message.updated_at - created).num_minutes();
    assert!((60..=62).contains(&minutes), "{minutes}");
    assert!(message.attempts >= 55, "{}", message.attempts);
    // It stays so, also when the provider is back.
    setup.simulator.clear_rules();
    setup.world.jump(60 * MINUTE, &[&setup.server]);
    setup.world.pass(MINUTE / 6, &[&setup.server]).await;
    assert_eq!(setup.message().await, message);
    assert_eq!(setup.simulator.taken().len(), 0);
    let events = setup.server.events(setup.conversation).await;
    let last = events.last().unwrap();
    assert_eq!(
        (&last["type"], &last["status"]),
        (&json!("message.updated"), &json!("sending_failed"))
    );
}

async fn a_message_goes_out_once_when_the_provider_is_back(database: TestDatabase) {
    let setup = Setup::new(database).await;
    for _ in 0..40 {
        assert!(setup.minute().await.life.may_be_sent());
    }
    setup.simulator.clear_rules();
    let message = setup.minute().await;
    assert!(message.life.confirmed, "{message:?}");
    for _ in 0..3 {
        setup.world.jump(MINUTE, &[&setup.server]);
        setup.world.pass(MINUTE / 30, &[&setup.server]).await;
    }
    assert_eq!(setup.simulator.taken().len(), 1);
}
