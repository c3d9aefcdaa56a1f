//! Killed at every step of sending: each message leaves at most once and ends in a true state.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_domain::id::{ConversationId, WorkspaceId};
use switchboard_simulators::telnyx::{Behaviour, Rule};
use switchboard_store::{Db, Location, conversation, workspace};
use switchboard_testkit::{Client, TestDatabase, eventually, on_both_databases};

use super::Setup;

on_both_databases!(
    killed_before_the_outbox,
    killed_after_the_outbox,
    killed_during_the_request,
    killed_before_the_answer_is_kept,
    killed_after_the_answer,
);

impl Setup {
    /// Kills the server as a crash does, and starts it again.
    async fn restart(&mut self) {
        let key = self.server.key("admin", "default");
        self.server.kill();
        self.server.launch().await;
        self.client = Client::new(self.server.address(), &key);
    }

    /// Begins a call whose answer nobody will get.
    fn begin_call(&self, conversation: &str, text: &str) {
        let client = self.client.clone();
        let path = format!("/api/v1/conversations/{conversation}/actions/text/call");
        let body = json!({"arguments": {"message": text}}).to_string();
        tokio::spawn(async move {
            client
                .try_send(http::Method::POST, &path, &[], Some(body))
                .await
        });
    }

    /// Another connection to the server's database.
    async fn database(&self) -> Db {
        let location = match self.server.database().url() {
            Some(url) => Location::Postgres(url),
            None => Location::Sqlite(self.server.data_dir().join("switchboard.db")),
        };
        Db::open(&location).await.unwrap()
    }

    /// Waits until the simulator took a message.
    async fn until_taken(&self, text: &str) {
        eventually("the request", || async {
            (self.taken(text) == 1).then_some(())
        })
        .await;
    }

    async fn only_message(&self) -> Value {
        let messages = self.messages().await;
        assert_eq!(messages.len(), 1);
        messages[0].clone()
    }
}

/// Keeps the server from writing to a conversation, for as long as the answer is held. SQLite has
/// one writer; with PostgreSQL the conversation's row is taken.
async fn hold(db: &Db, conversation: &str) -> switchboard_store::Tx {
    let mut tx = db.write().await.unwrap();
    let default: WorkspaceId = workspace::list(&mut tx.engine()).await.unwrap()[0].id;
    let id: ConversationId = conversation.parse().unwrap();
    let locked = conversation::lock(&mut tx.engine(), &[(default, id)]).await;
    assert_eq!(locked.unwrap().len(), 1);
    tx
}

async fn killed_before_the_outbox(database: TestDatabase) {
    let mut setup = Setup::new(database).await;
    let conversation = setup.converse("+13125550100").await;
    let db = setup.database().await;
    let held = hold(&db, &conversation).await;
    setup.begin_call(&conversation, "never began");
    // Time enough for the call to come to where it has to wait.
    let waited = tokio::time::timeout(Duration::from_millis(300), setup.until_taken("never began"));
    assert!(
        waited.await.is_err(),
        "nothing may leave before the outbox has it"
    );
    setup.server.kill();
    drop(held);
    setup.server.launch().await;
    let key = setup.server.key("admin", "default");
    setup.client = Client::new(setup.server.address(), &key);
    assert_eq!(setup.messages().await, [Value::Null; 0]);
    // What comes afterwards is not hindered.
    setup
        .call(&conversation, "text", json!({"message": "afterwards"}))
        .await;
    assert_eq!(
        (setup.taken("never began"), setup.taken("afterwards")),
        (0, 1)
    );
}

async fn killed_after_the_outbox(database: TestDatabase) {
    let channel = json!({"messages_per_minute": 20});
    let mut setup = Setup::with(database, |_| {}, channel).await;
    let conversation = setup.converse("+13125550100").await;
    setup
        .call(&conversation, "text", json!({"message": "first"}))
        .await;
    setup.begin_call(&conversation, "second");
    let queued = eventually("the second one", || async {
        let messages = setup.messages().await;
        messages
            .into_iter()
            .find(|message| message["text"] == "second")
    })
    .await;
    assert_eq!(
        (&queued["status"], &queued["attempts"]),
        (&json!("queued"), &json!(0))
    );
    assert_eq!(setup.taken("second"), 0);
    setup.restart().await;
    let message = setup.reaches(&queued["id"], "delivered").await;
    assert_eq!(message["attempts"], 1);
    assert_eq!(setup.taken("second"), 1);
}

/// Receipts come late enough for a restart to lie between.
fn slowly(settings: &mut switchboard_simulators::telnyx::Settings) {
    settings.pace.sent_after = Duration::from_secs(2);
    settings.pace.retry_after = Duration::from_secs(2);
}

async fn killed_during_the_request(database: TestDatabase) {
    let mut setup = Setup::with(database, slowly, json!({})).await;
    setup.simulator.add_rule(Rule::once(Behaviour::Late {
        milliseconds: 60_000,
    }));
    let conversation = setup.converse("+13125550100").await;
    setup.begin_call(&conversation, "on its way");
    setup.until_taken("on its way").await;
    setup.restart().await;
    let message = setup.only_message().await;
    assert!(
        ["outcome_unknown", "sent", "delivered"].contains(&message["status"].as_str().unwrap())
    );
    let message = setup.reaches(&message["id"], "delivered").await;
    assert_eq!(
        (&message["attempts"], &message["error"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(setup.taken("on its way"), 1);
    assert_eq!(
        setup.told(&conversation).await,
        ["queued", "outcome_unknown", "sent", "delivered"]
    );
    // The call itself has an outcome that nobody knows, and keeps it.
    let events = setup
        .client
        .get(&format!("/conversations/{conversation}/events"))
        .await;
    assert!(
        events.text.contains(r#""code":"outcome_unknown""#),
        "{}",
        events.text
    );

    // One that was not taken stays unknown: nobody says anything of it.
    setup.simulator.add_rule(Rule::once(Behaviour::DropBefore));
    let conversation = setup.converse("+13125550101").await;
    let called = setup
        .call(&conversation, "text", json!({"message": "lost"}))
        .await;
    assert_eq!(called["error"]["code"], "outcome_unknown");
    setup.restart().await;
    let path = format!("/messages?conversation_id={conversation}");
    let message = setup.client.get(&path).await.expect(200)["data"][0].clone();
    assert_eq!(message["status"], "outcome_unknown");
    assert_eq!(setup.taken("lost"), 0);
}

async fn killed_before_the_answer_is_kept(database: TestDatabase) {
    let mut setup = Setup::with(database, slowly, json!({})).await;
    setup
        .simulator
        .add_rule(Rule::once(Behaviour::Late { milliseconds: 300 }));
    let conversation = setup.converse("+13125550100").await;
    setup.begin_call(&conversation, "answered");
    setup.until_taken("answered").await;
    let db = setup.database().await;
    let held = hold(&db, &conversation).await;
    // The answer is there by now, and cannot be written down.
    tokio::time::sleep(Duration::from_millis(600)).await;
    setup.server.kill();
    drop(held);
    setup.server.launch().await;
    let key = setup.server.key("admin", "default");
    setup.client = Client::new(setup.server.address(), &key);
    let message = setup.only_message().await;
    let message = setup.reaches(&message["id"], "delivered").await;
    assert_eq!(message["attempts"], 1);
    assert_eq!(setup.taken("answered"), 1);
}

async fn killed_after_the_answer(database: TestDatabase) {
    let mut setup = Setup::with(database, slowly, json!({})).await;
    let conversation = setup.converse("+13125550100").await;
    let called = setup
        .call(&conversation, "text", json!({"message": "done"}))
        .await;
    assert_eq!(called["output"]["status"], "accepted");
    let id = &called["output"]["message_id"];
    setup.restart().await;
    let message = setup.message(id).await;
    assert_eq!(
        message["provider_message_id"],
        called["output"]["provider_message_id"]
    );
    let message = setup.reaches(id, "delivered").await;
    assert_eq!(message["attempts"], 1);
    assert_eq!(setup.taken("done"), 1);
}
