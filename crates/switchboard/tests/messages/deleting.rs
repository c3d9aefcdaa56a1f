//! Text messages of conversations that are deleted.

use serde_json::json;
use switchboard_testkit::{TestDatabase, on_both_databases};

use super::Setup;

on_both_databases!(a_text_message_that_waits_goes_with_its_conversation);

async fn a_text_message_that_waits_goes_with_its_conversation(database: TestDatabase) {
    // The second one has its turn in a minute: its call says that it waits.
    let channel = json!({"messages_per_minute": 1});
    let setup = Setup::with(database, |_| {}, channel).await;
    let (gone, stays) = (
        setup.converse("+13125550100").await,
        setup.converse("+13125550101").await,
    );
    let text = async |conversation: &str, text: &str| {
        let arguments = json!({"message": text});
        setup.call(conversation, "text", arguments).await
    };
    text(&stays, "at once").await;
    text(&gone, "never").await;
    assert_eq!(setup.messages().await[0]["status"], "queued");
    let path = format!("/conversations/{gone}");
    assert_eq!(setup.client.delete(&path).await.status, 204);
    // Of the other one nothing is gone.
    let left = setup.messages().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["conversation_id"], stays.as_str());
    assert_eq!((setup.taken("at once"), setup.taken("never")), (1, 0));
}
