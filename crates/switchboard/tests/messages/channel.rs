//! The channel's form, test messages and shared actions.

use serde_json::{Value, json};
use switchboard_testkit::{TestDatabase, on_both_databases};

use super::{SENDER, Setup};

on_both_databases!(
    a_channel_that_cannot_send_is_refused,
    a_test_message_goes_out_and_a_preview_does_not,
    a_link_may_say_it_in_its_own_words,
    a_deleted_channel_is_seen_before_it_matters,
);

async fn a_channel_that_cannot_send_is_refused(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let profile = "4000eba1-a0c0-4563-9925-b25e842a7cb6";
    for (fields, pointer) in [
        (json!({}), Some("/from")),
        (json!({"from": "312"}), None),
        (json!({"from": "12"}), Some("/from")),
        (json!({"from": "+1312"}), Some("/from")),
        (json!({"from": "Acme"}), Some("/messaging_profile_id")),
        (
            json!({"from": "Acme", "messaging_profile_id": profile}),
            None,
        ),
        (
            json!({"from": "A name too long", "messaging_profile_id": profile}),
            Some("/from"),
        ),
        (json!({"messaging_profile_id": profile}), None),
        (
            json!({"messaging_profile_id": "p"}),
            Some("/messaging_profile_id"),
        ),
        (
            json!({"from": SENDER, "webhook_public_key": "a2V5"}),
            Some("/webhook_public_key"),
        ),
        (
            json!({"from": SENDER, "messages_per_minute": 0}),
            Some("/messages_per_minute"),
        ),
        (
            json!({"from": SENDER, "base_url": "https://a.example"}),
            Some("/base_url"),
        ),
        (
            json!({"from": SENDER, "url": "https://a.example"}),
            Some("/url"),
        ),
        (json!({"from": SENDER, "api_key": null}), Some("/api_key")),
        (
            json!({"from": SENDER, "provider": "carrier-pigeon"}),
            Some("/provider"),
        ),
    ] {
        let mut input = json!({"kind": "messaging_channel", "name": "C", "provider": "telnyx", "api_key": {"secret": "telnyx_key"}});
        input
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let reply = setup.client.post("/integrations", input).await;
        match pointer {
            None => drop(reply.expect(201)),
            Some(pointer) => {
                assert_eq!(reply.status, 422, "{fields} {}", reply.text);
                assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{fields}");
            }
        }
    }
    // What is shown can be changed, and null empties.
    let path = format!("/integrations/{}", setup.channel);
    let shown = setup.client.get(&path).await.expect(200);
    assert_eq!(
        (&shown["provider"], &shown["from"]),
        (&json!("telnyx"), &json!(SENDER))
    );
    assert_eq!(shown["api_key"], json!({"secret": "telnyx_key"}));
    assert_eq!(
        (&shown["action_count"], &shown["agent_count"]),
        (&json!(1), &json!(1))
    );
    let patch = json!({"from": null, "messaging_profile_id": profile, "messages_per_minute": 60});
    let changed = setup.client.patch(&path, patch).await.expect(200);
    assert_eq!(
        (&changed["from"], &changed["messages_per_minute"]),
        (&Value::Null, &json!(60))
    );
    let secrets = setup.client.get("/secrets").await.expect(200);
    assert!(
        secrets["data"][0]["used_by"]
            .as_array()
            .unwrap()
            .iter()
            .any(|user| user["id"] == setup.channel.as_str())
    );
}

async fn a_test_message_goes_out_and_a_preview_does_not(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let path = format!("/integrations/{}/test-message", setup.channel);
    let input = |to: &str, text: &str| json!({"environment": "production", "to": to, "text": text});

    let preview = setup
        .client
        .post(
            &format!("{path}?dry_run=true"),
            input("+1 312 555 0100", &"ü€".repeat(81)),
        )
        .await;
    assert_eq!(
        preview.expect(200),
        json!({"to": "+13125550100", "encoding": "GSM-7", "parts": 2, "units": 243})
    );
    assert_eq!(setup.simulator.taken().len(), 0);

    let sent = setup
        .client
        .post(&path, input("+13125550100", "Is this on?"))
        .await
        .expect(201);
    assert_eq!(
        (&sent["accepted"], &sent["conversation_id"]),
        (&json!(true), &Value::Null)
    );
    let delivered = setup.reaches(&sent["id"], "delivered").await;
    assert_eq!(
        (&delivered["text"], &delivered["attempts"]),
        (&json!("Is this on?"), &json!(1))
    );
    assert_eq!(setup.taken("Is this on?"), 1);

    for (wrong, pointer) in [
        (input("0312", "x"), "/to"),
        (input("+13125550100", " "), "/text"),
        (input("+13125550100", &"x".repeat(1531)), "/text"),
    ] {
        let refused = setup.client.post(&path, wrong).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    // The key has no value there, and what the provider says is passed on.
    let mut elsewhere = input("+13125550100", "x");
    elsewhere["environment"] = json!("staging");
    let failed = setup.client.post(&path, elsewhere).await.expect(201);
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("sending_failed"), &json!("missing_secret"))
    );
    let stopped = setup
        .client
        .post(&path, input("+13125540300", "x"))
        .await
        .expect(201);
    assert_eq!(stopped["status"], "sending_failed");
    assert_eq!(stopped["error"]["code"], "40300");
    assert!(
        stopped["error"]["advice"]
            .as_str()
            .unwrap()
            .contains("STOP")
    );
}

async fn a_link_may_say_it_in_its_own_words(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let path = format!("/agents/{}/draft", setup.agent);
    let mut draft = setup.client.get(&path).await.expect(200);
    draft["actions"][0]["overrides"] = json!({"body_template": "At {{ parameters.time }} sharp"});
    setup.client.put(&path, draft.clone()).await.expect(200);
    let input = json!({"agent_id": setup.agent, "environment": "production", "version": "draft", "variables": {"call": {"from": "+13125550100"}}});
    let started = setup
        .client
        .post("/conversations", input.clone())
        .await
        .expect(201);
    let conversation = started["id"].as_str().unwrap();
    setup
        .call(conversation, "remind", json!({"time": "nine"}))
        .await;
    assert_eq!(setup.taken("At nine sharp"), 1);

    // Without words of anybody the model writes them, as its tool says.
    let action = draft["actions"][0]["link"]["action_id"].as_str().unwrap();
    let patch = json!({"message_template": null});
    let changed = setup
        .client
        .patch(&format!("/actions/{action}"), patch)
        .await
        .expect(200);
    assert_eq!(changed["message_template"], Value::Null);
    draft["actions"][0]["overrides"] = json!({});
    setup.client.put(&path, draft).await.expect(200);
    let started = setup.client.post("/conversations", input).await.expect(201);
    let conversation = started["id"].as_str().unwrap();
    let tools = setup
        .client
        .get(&format!("/conversations/{conversation}/tools"))
        .await
        .expect(200);
    assert_eq!(tools["tools"][0]["kind"], "send_text_message");
    assert_eq!(
        tools["tools"][0]["parameters"]["required"],
        json!(["message"])
    );
    setup
        .call(conversation, "remind", json!({"message": "Own words"}))
        .await;
    assert_eq!(setup.taken("Own words"), 1);
}

async fn a_deleted_channel_is_seen_before_it_matters(database: TestDatabase) {
    let setup = Setup::new(database).await;
    let conversation = setup.converse("+13125550100").await;
    let path = format!("/integrations/{}", setup.channel);
    let report = setup
        .client
        .delete(&format!("{path}?dry_run=true"))
        .await
        .expect(200);
    let changes = report["affected"][0]["changes"].as_array().unwrap();
    let names: Vec<_> = changes
        .iter()
        .map(|change| change["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["remind", "text", "text_to"]);
    assert_eq!(setup.client.delete(&path).await.status, 204);

    let tools = setup
        .client
        .get(&format!("/conversations/{conversation}/tools"))
        .await
        .expect(200);
    let codes: Vec<_> = tools["unavailable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["integration_unavailable"; 3]);
    let versions = format!("/agents/{}/versions", setup.agent);
    setup.client.post(&versions, json!({})).await.expect(201);
    let refused = setup
        .client
        .post(&format!("{versions}/2/publish"), json!({}))
        .await;
    let refused = refused.expect(409);
    assert_eq!(
        refused["broken_references"][0]["reason"],
        "integration_deleted"
    );
    assert_eq!(refused["problems"][0]["code"], "unknown_channel");

    setup
        .client
        .post(&format!("{path}/undelete"), json!({}))
        .await
        .expect(200);
    setup
        .call(&conversation, "text", json!({"message": "back again"}))
        .await;
    assert_eq!(setup.taken("back again"), 1);
}
