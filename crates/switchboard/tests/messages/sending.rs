//! Sending: what the provider's answers mean, turns, and what is refused before anything leaves.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use switchboard_simulators::telnyx::{Behaviour, Rule};
use switchboard_testkit::{TestDatabase, on_both_databases};

use super::Setup;

on_both_databases!(
    accepted_is_not_delivered,
    what_cannot_be_sent_never_leaves,
    the_provider_says_no,
    it_is_tried_again_only_where_it_was_surely_not_taken,
    a_lost_answer_is_never_sent_again,
    a_sender_keeps_to_its_rate,
);

async fn accepted_is_not_delivered(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let conversation = setup.converse("+13125550100").await;
    let called = setup
        .call(&conversation, "remind", json!({"time": "nine"}))
        .await;
    assert_eq!(called["status"], "succeeded", "{called}");
    assert_eq!(called["output"]["status"], "accepted");
    let id = &called["output"]["message_id"];
    let message = setup.reaches(id, "delivered").await;
    assert_eq!(message["conversation_id"], conversation.as_str());
    assert_eq!(message["call_id"], called["call_id"]);
    assert_eq!(
        (&message["to"], &message["text"]),
        (&json!("+13125550100"), &json!("See you at nine"))
    );
    let told = setup.told(&conversation).await;
    assert_eq!(told.first().map(String::as_str), Some("queued"));
    assert_eq!(told.last().map(String::as_str), Some("delivered"));
    let taken = setup.simulator.taken();
    assert_eq!(taken[0].idempotency_key.as_deref(), id.as_str());
    // The event of the call has the request without the key.
    let events = setup
        .client
        .get(&format!("/conversations/{conversation}/events"))
        .await;
    assert!(events.text.contains("/v2/messages"), "{}", events.text);
    assert!(!events.text.contains("KEY_production"));
    assert!(!setup.server.stderr().contains("KEY_production"));
    // What it says is between two people, so the log does not have it.
    assert!(!setup.server.stderr().contains("See you at nine"));
    let listed = setup
        .client
        .get(&format!(
            "/messages?conversation_id={conversation}&status=delivered"
        ))
        .await
        .expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

async fn what_cannot_be_sent_never_leaves(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let nobody = json!({"agent_id": setup.agent, "environment": "production"});
    let nobody = setup
        .client
        .post("/conversations", nobody)
        .await
        .expect(201);
    let staging = json!({"agent_id": setup.agent, "environment": "staging", "variables": {"call": {"from": "+13125550100"}}});
    let staging = setup
        .client
        .post("/conversations", staging)
        .await
        .expect(201);
    let somebody = setup.converse("+13125550100").await;
    let (nobody, staging) = (
        nobody["id"].as_str().unwrap(),
        staging["id"].as_str().unwrap(),
    );
    for (conversation, name, arguments, code) in [
        (nobody, "text", json!({"message": "x"}), "contact_unknown"),
        (staging, "text", json!({"message": "x"}), "missing_secret"),
        (
            &*somebody,
            "text",
            json!({"message": "  "}),
            "message_empty",
        ),
        (
            &*somebody,
            "text",
            json!({"message": "x".repeat(1531)}),
            "message_too_long",
        ),
        (
            &*somebody,
            "text_to",
            json!({"message": "x"}),
            "template_failed",
        ),
        (
            &*somebody,
            "text_to",
            json!({"message": "x", "to": "the boss"}),
            "invalid_phone_number",
        ),
        (&*somebody, "remind", json!({}), "template_failed"),
    ] {
        let called = setup.call(conversation, name, arguments).await;
        assert_eq!(
            (&called["status"], &called["error"]["code"]),
            (&json!("failed"), &json!(code))
        );
    }
    let path = format!("/conversations/{somebody}/actions/text/call");
    let refused = setup.client.post(&path, json!({"arguments": {}})).await;
    assert_eq!(refused.problem(422), "invalid_arguments");
    assert_eq!(setup.messages().await, [Value::Null; 0]);
    assert_eq!(setup.simulator.taken().len(), 0);
}

async fn the_provider_says_no(database: TestDatabase) {
    let setup = Setup::new(database).await;
    for (to, code) in [
        ("+13125520100", "20100"),
        ("+13125540010", "40010"),
        ("+13125540300", "40300"),
        ("+13125540305", "40305"),
        ("+13125540310", "40310"),
    ] {
        let conversation = setup.converse(to).await;
        let called = setup
            .call(&conversation, "text", json!({"message": code}))
            .await;
        assert_eq!(called["error"]["code"], "message_rejected", "{called}");
        assert!(called["error"]["message"].as_str().unwrap().contains(code));
        assert_eq!(
            setup.told(&conversation).await,
            ["queued", "sending_failed"]
        );
        let path = format!("/messages?conversation_id={conversation}");
        let message = setup.client.get(&path).await.expect(200)["data"][0].clone();
        assert_eq!(message["error"]["code"], code);
        assert!(message["error"]["advice"].is_string(), "{message}");
        assert_eq!(setup.taken(code), 0);
    }
    setup.simulator.add_rule(Rule::once(Behaviour::Refuse {
        status: 401,
        code: "10009".to_owned(),
    }));
    let conversation = setup.converse("+13125550100").await;
    let called = setup
        .call(&conversation, "text", json!({"message": "key"}))
        .await;
    assert!(
        called["error"]["message"]
            .as_str()
            .unwrap()
            .contains("10009")
    );
    // A carrier says no later: that comes as an event.
    let conversation = setup.converse("+13125540008").await;
    let called = setup
        .call(&conversation, "text", json!({"message": "carrier"}))
        .await;
    assert_eq!(called["status"], "succeeded");
    let message = setup
        .reaches(&called["output"]["message_id"], "delivery_failed")
        .await;
    assert_eq!(message["error"]["code"], "40008");
    assert!(message["error"]["advice"].is_string());
}

async fn it_is_tried_again_only_where_it_was_surely_not_taken(database: TestDatabase) {
    let setup = Setup::new(database).await;
    for (behaviour, name) in [
        (Behaviour::RateLimit { reset_seconds: 1 }, "429"),
        (Behaviour::Unavailable, "503"),
    ] {
        setup.simulator.add_rule(Rule::once(behaviour));
        let conversation = setup.converse("+13125550100").await;
        let called = setup
            .call(&conversation, "text", json!({"message": name}))
            .await;
        assert_eq!(called["status"], "succeeded", "{called}");
        let message = setup
            .reaches(&called["output"]["message_id"], "delivered")
            .await;
        assert_eq!(message["attempts"], 2);
        assert_eq!(setup.taken(name), 1);
    }
}

async fn a_lost_answer_is_never_sent_again(database: TestDatabase) {
    let setup = Setup::new(database).await;
    for (behaviour, name, ends) in [
        (Behaviour::DropAfter, "taken and lost", "delivered"),
        (Behaviour::Fail, "taken and failed", "delivered"),
        (Behaviour::Truncate, "half an answer", "delivered"),
        (Behaviour::DropBefore, "never taken", "outcome_unknown"),
    ] {
        setup.simulator.add_rule(Rule::once(behaviour));
        let conversation = setup.converse("+13125550100").await;
        let called = setup
            .call(&conversation, "text", json!({"message": name}))
            .await;
        // A receipt may be quicker than the loss is seen.
        let path = format!("/messages?conversation_id={conversation}");
        let message = setup.client.get(&path).await.expect(200)["data"][0].clone();
        if called["status"] == "failed" {
            assert_eq!(called["error"]["code"], "outcome_unknown", "{called}");
        }
        let message = setup.reaches(&message["id"], ends).await;
        assert_eq!(message["attempts"], 1, "{name}");
        assert_eq!(
            setup.taken(name),
            usize::from(ends == "delivered"),
            "{name}"
        );
    }
}

async fn a_sender_keeps_to_its_rate(database: TestDatabase) {
    let channel = json!({"messages_per_minute": 150});
    let setup = Setup::with(database, |_| {}, channel).await;
    let conversation = setup.converse("+13125550100").await;
    let start = Instant::now();
    let calls = (0..6).map(|n| {
        setup.call(
            &conversation,
            "text",
            json!({"message": format!("turn {n}")}),
        )
    });
    for called in futures_util::future::join_all(calls).await {
        assert_eq!(called["status"], "succeeded", "{called}");
    }
    // Six messages have five pauses of 400 ms between them.
    assert!(
        start.elapsed() >= Duration::from_millis(1900),
        "{:?}",
        start.elapsed()
    );
    // When each reached the provider is the machine's matter: one that is busy sends late, never early.
    assert_eq!(setup.simulator.taken().len(), 6);
}
