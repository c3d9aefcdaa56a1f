//! The simulator's webhooks, as they arrive.

use std::sync::Mutex;

use http::{HeaderMap, StatusCode};
use switchboard_connect::telnyx::{Event, SendOutcome, WebhookKey};
use switchboard_domain::sms::status::{Life, Merged, Status};
use switchboard_simulators::telnyx::start;
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
            let Event::Message { id, report } = event else {
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
