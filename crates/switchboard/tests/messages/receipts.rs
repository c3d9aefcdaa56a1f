//! Delivery receipts: who may send them, and ten thousand in no order.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::{StreamExt as _, stream};
use http::Method;
use serde_json::{Value, json};
use switchboard_domain::sms::status::Status;
use switchboard_simulators::telnyx::{Signer, event};
use switchboard_testkit::{Reply, TestDatabase, on_both_databases};

use super::{SEED, Setup, now};

on_both_databases!(
    only_the_provider_is_heard,
    ten_thousand_receipts_in_no_order,
);

/// Receipts come from the test, not from the simulator.
fn silent(settings: &mut switchboard_simulators::telnyx::Settings) {
    settings.pace.sent_after = Duration::from_hours(1);
}

fn receipt(provider_id: &str, event_id: &str, status: Status, seconds: i64) -> String {
    let at = now() + TimeDelta::seconds(seconds);
    let payload = json!({
        "id": provider_id, "direction": "outbound", "record_type": "message",
        "to": [{"phone_number": "+13125550100", "status": status}], "errors": [],
    });
    event(event_id, at, &payload, status, 1, "").to_string()
}

impl Setup {
    async fn deliver(&self, body: &str, headers: &[(&str, &str)]) -> Reply {
        let path = format!("/api/v1/webhooks/telnyx/{}", self.channel);
        let anybody = self.client.with_key("");
        let reply = anybody
            .try_send(Method::POST, &path, headers, Some(body.to_owned()))
            .await;
        reply.unwrap()
    }

    /// Delivers a webhook that is signed now, or at another time.
    async fn signed(&self, signer: &Signer, body: &str, age: i64) -> Reply {
        let signed = signer.headers(body.as_bytes(), now() - TimeDelta::seconds(age));
        let headers: Vec<_> = signed
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        self.deliver(body, &headers).await
    }
}

async fn only_the_provider_is_heard(database: TestDatabase) {
    let setup = Setup::with(database, silent, json!({})).await;
    let signer = Signer::new(SEED);
    let conversation = setup.converse("+13125550100").await;
    let called = setup
        .call(&conversation, "text", json!({"message": "hi"}))
        .await;
    let id = &called["output"]["message_id"];
    let provider_id = called["output"]["provider_message_id"].as_str().unwrap();
    let body = receipt(provider_id, "e-1", Status::Delivered, 0);

    assert_eq!(
        setup.deliver(&body, &[]).await.problem(400),
        "invalid_signature"
    );
    let other = Signer::new([8; 32]);
    for (reply, what) in [
        (setup.signed(&other, &body, 0).await, "another key"),
        (setup.signed(&signer, &body, 301).await, "too old"),
        (setup.signed(&signer, &body, -302).await, "from the future"),
        (
            {
                let headers = signer.headers(body.as_bytes(), now());
                let headers: Vec<_> = headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                    .collect();
                setup
                    .deliver(&body.replace("delivered", "sent"), &headers)
                    .await
            },
            "changed on the way",
        ),
    ] {
        assert_eq!(reply.problem(400), "invalid_signature", "{what}");
    }
    assert_eq!(setup.message(id).await["status"], "queued");

    // Signed by the provider: applied once, known after that.
    let applied = setup.signed(&signer, &body, 0).await.expect(200);
    assert_eq!(applied, json!({"status": "applied"}));
    let again = setup.signed(&signer, &body, 0).await.expect(200);
    assert_eq!(again, json!({"status": "known"}));
    assert_eq!(setup.message(id).await["status"], "delivered");
    // Nothing that is accepted and has no effect is an error.
    for body in [
        receipt(
            "00000000-0000-4000-8000-000000000000",
            "e-2",
            Status::Delivered,
            0,
        ),
        json!({"data": {"event_type": "message.received", "id": "e-3", "payload": {}}, "meta": {}})
            .to_string(),
    ] {
        assert_eq!(
            setup.signed(&signer, &body, 0).await.expect(200),
            json!({"status": "ignored"})
        );
    }
    let nonsense = setup.signed(&signer, "{}", 0).await;
    assert_eq!(nonsense.problem(400), "malformed_webhook");
    let nowhere = format!(
        "/api/v1/webhooks/telnyx/{}",
        "int_01980000000070008000000000000001"
    );
    let nowhere = setup
        .client
        .try_send(Method::POST, &nowhere, &[], Some(body))
        .await
        .unwrap();
    assert_eq!(nowhere.problem(404), "not_found");

    let metrics = setup
        .client
        .try_send(Method::GET, "/metrics", &[], None)
        .await
        .unwrap();
    let counted = |outcome: &str| {
        let line =
            format!("switchboard_webhooks_total{{provider=\"telnyx\",outcome=\"{outcome}\"}}");
        let found = metrics.text.lines().find(|text| text.starts_with(&line));
        found
            .and_then(|text| text.rsplit(' ').next())
            .map(str::to_owned)
    };
    assert_eq!(counted("applied").as_deref(), Some("1"));
    assert_eq!(counted("refused").as_deref(), Some("6"));
}

async fn ten_thousand_receipts_in_no_order(database: TestDatabase) {
    const MESSAGES: usize = 1250;
    let setup = Setup::with(database, silent, json!({})).await;
    let signer = Signer::new(SEED);
    let mut conversations = vec![];
    for _ in 0..10 {
        conversations.push(setup.converse("+13125550100").await);
    }
    let calls = (0..MESSAGES).map(|n| {
        let (setup, conversation) = (&setup, &conversations[n % 10]);
        async move {
            setup
                .call(conversation, "text", json!({"message": format!("m{n}")}))
                .await
        }
    });
    let called: Vec<Value> = stream::iter(calls).buffer_unordered(32).collect().await;

    // Four receipts for each, every one twice. A third of them ends otherwise than delivered.
    let ends = [Status::Delivered, Status::DeliveryFailed, Status::Delivered];
    let mut receipts = vec![];
    for (n, called) in called.iter().enumerate() {
        let id = called["output"]["provider_message_id"].as_str().unwrap();
        for (step, status) in [Status::Queued, Status::Sending, Status::Sent, ends[n % 3]]
            .into_iter()
            .enumerate()
        {
            let seconds = i64::try_from(step).unwrap();
            let body = receipt(id, &format!("e-{n}-{step}"), status, seconds);
            receipts.push(body.clone());
            receipts.push(body);
        }
    }
    assert_eq!(receipts.len(), 10_000);
    // A fixed shuffle: each place is visited once.
    let order = (0..receipts.len()).map(|n| n * 7919 % receipts.len());
    let deliveries = order.map(|n| {
        let (setup, signer, body) = (&setup, &signer, &receipts[n]);
        async move {
            let start = Instant::now();
            setup.signed(signer, body, 0).await.expect(200);
            start.elapsed()
        }
    });
    let times: Vec<Duration> = stream::iter(deliveries)
        // So many at once as keep two cores busy: more only wait for each other.
        .buffer_unordered(16)
        .collect()
        .await;
    let slowest = times.iter().max().unwrap();
    assert!(*slowest < Duration::from_secs(2), "{slowest:?}");

    for (n, called) in called.iter().enumerate() {
        let message = setup.message(&called["output"]["message_id"]).await;
        assert_eq!(message["status"], json!(ends[n % 3]), "{message}");
    }
    // No conversation is told of a step backwards.
    let order = ["queued", "sending", "sent", "delivered", "delivery_failed"];
    for conversation in &conversations {
        let mut known: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        let mut after = String::new();
        loop {
            let path = format!("/conversations/{conversation}/events?limit=200&after={after}");
            let page = setup.client.get(&path).await.expect(200);
            for event in page["data"].as_array().unwrap() {
                if event["type"] != "message.updated" {
                    continue;
                }
                let id = event["message_id"].as_str().unwrap().to_owned();
                let place = order
                    .iter()
                    .position(|status| event["status"] == *status)
                    .unwrap();
                let before = known.insert(id, place).unwrap_or(0);
                assert!(place >= before, "{event}");
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
    }
}
