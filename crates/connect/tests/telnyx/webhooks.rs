//! The simulator's webhooks, as they arrive.

use std::sync::Mutex;

use http::{HeaderMap, StatusCode};
use switchboard_connect::telnyx::{Event, SendOutcome, WebhookKey};
use switchboard_domain::sms::status::{Life, Merged, Status};
use switchboard_simulators::telnyx::{Behaviour, Rule, start};
use switchboard_testkit::{Answer, Upstream, eventually};

use super::*;

type Arrived = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

/// Takes webhooks, each at its second attempt.
async fn taker() -> (Upstream, Arrived) {
    let arrived = Arrived::default();
    let sink = arrived.clone();
    let upstream = Upstream::start(move |request| {
        let second = String::from_utf8_lossy(request.body()).contains(r#""attempt":2"#);
        let arrival = (request.headers().clone(), request.body().to_vec());
        sink.lock().unwrap().push(arrival);
        let status = if second {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        Answer::Json(status.as_u16(), serde_json::Value::Null)
    })
    .await;
    (upstream, arrived)
}

#[tokio::test]
async fn a_message_lives_by_its_webhooks() {
    for (to, ends, code) in [
        ("+13125550100", Status::Delivered, None),
        ("+13125540008", Status::DeliveryFailed, Some("40008")),
        ("+13125540014", Status::Expired, Some("40014")),
        ("+13125500904", Status::DeliveryUnconfirmed, None),
    ] {
        let (upstream, arrived) = taker().await;
        let mut settings = settings();
        settings.webhook_url = Some(format!("{}/hook", upstream.url));
        settings.pace.retry_after = Duration::from_millis(5);
        let simulator = start(settings).await.unwrap();
        let key = WebhookKey::parse(&simulator.public_key()).unwrap();
        let sent = outcome(&telnyx(&simulator.url()), to, "hello").await;
        let SendOutcome::Accepted(accepted) = sent else {
            panic!("{sent:?}");
        };
        let steps = if ends == Status::Expired { 1 } else { 2 };
        eventually("every webhook", async || {
            (arrived.lock().unwrap().len() == steps * 2).then_some(())
        })
        .await;
        let mut life = Life::queued(now());
        let mut changes = 0;
        for (headers, body) in arrived.lock().unwrap().iter() {
            let event = key.verify(headers, body, now()).unwrap().event().unwrap();
            let Event::Message { id, report, .. } = event else {
                panic!("{event:?}");
            };
            assert_eq!(id, accepted.id);
            if let Merged::Forward(next) = life.merge(&report) {
                life = next;
                changes += 1;
            }
        }
        assert_eq!((life.status, changes), (ends, steps), "{to}");
        assert_eq!(life.error.map(|error| error.code).as_deref(), code);
    }
}

/// The answer was lost, so nobody knows the id: the message's own URL is what leads back to it.
#[tokio::test]
async fn a_lost_answer_is_found_again_by_the_messages_own_url() {
    let (upstream, arrived) = taker().await;
    let mut settings = settings();
    settings.pace.retry_after = Duration::from_millis(5);
    let simulator = start(settings).await.unwrap();
    simulator.add_rule(Rule::once(Behaviour::DropAfter));
    let own = format!("{}/hook?message=msg_1", upstream.url);
    let message = MessageBody::new(OutgoingMessage {
        sender: &Sender::parse(Some("+13125550142"), None).unwrap(),
        recipient: &PhoneNumber::parse("+13125550100").unwrap(),
        text: "hello",
        webhook_url: Some(&own),
    });
    let sent = send(&telnyx(&simulator.url()), &message.unwrap(), &key("k")).await;
    assert!(matches!(sent.outcome, SendOutcome::Unknown(_)), "{sent:?}");
    let sending = Life::queued(now()).sending(now()).unwrap();
    let mut life = sending.lost(now()).unwrap();
    eventually("every webhook", async || {
        (arrived.lock().unwrap().len() == 4).then_some(())
    })
    .await;
    let verifier = WebhookKey::parse(&simulator.public_key()).unwrap();
    for (headers, body) in arrived.lock().unwrap().iter() {
        let event = verifier
            .verify(headers, body, now())
            .unwrap()
            .event()
            .unwrap();
        let Event::Message {
            webhook_url,
            report,
            ..
        } = event
        else {
            panic!("{event:?}");
        };
        assert_eq!(webhook_url.as_deref(), Some(own.as_str()));
        if let Merged::Forward(next) = life.merge(&report) {
            life = next;
        }
    }
    assert_eq!(life.status, Status::Delivered);
    assert_eq!(simulator.taken().len(), 1);
}
