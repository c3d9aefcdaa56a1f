//! A signature that the vendor's own library accepts.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use switchboard_connect::telnyx::{Event, Reason, WebhookError, WebhookKey};
use switchboard_domain::sms::status::Status;

use super::*;

const TIMESTAMP: &str = "telnyx-timestamp";
const SIGNATURE: &str = "telnyx-signature-ed25519";

fn vector() -> Value {
    let path = switchboard_testkit::peers::fixture("telnyx-webhook-vector.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_fixed_vector_is_accepted() {
    let vector = vector();
    let field = |name: &str| vector[name].as_str().unwrap();
    let headers: HeaderMap = [TIMESTAMP, SIGNATURE]
        .into_iter()
        .map(|name| {
            let value = HeaderValue::from_str(field(name)).unwrap();
            (HeaderName::from_static(name), value)
        })
        .collect();
    let body = field("body").as_bytes();
    let sent: i64 = field(TIMESTAMP).parse().unwrap();
    let at = |skew| DateTime::from_timestamp(sent + skew, 0).unwrap();
    let key = WebhookKey::parse(field("public_key_b64")).unwrap();

    let event = key.verify(&headers, body, at(0)).unwrap().event().unwrap();
    let Event::Message { id, report, .. } = event else {
        panic!("{event:?}");
    };
    assert_eq!(id.as_str(), "ac012cbf-5e09-46af-a69a-7c0e2d90993c");
    assert_eq!(report.status, Status::Delivered);
    let event_id = "4ee8c3a6-4995-4309-a3c6-38e3db9ea4be";
    assert_eq!(report.event_id.as_deref(), Some(event_id));
    assert_eq!(report.occurred_at.timestamp_millis(), 1_575_927_134_148);
    assert_eq!(report.error, None);

    let reason = |result: Result<_, WebhookError>| match result {
        Err(WebhookError::Refused(reason)) => Some(reason),
        _ => None,
    };
    for skew in [-301, 301] {
        let late = key.verify(&headers, body, at(skew)).map(drop);
        assert_eq!(reason(late), Some(Reason::Timestamp), "{skew}");
    }
    let mut flipped = body.to_vec();
    flipped[17] ^= 1;
    let changed = key.verify(&headers, &flipped, at(0)).map(drop);
    assert_eq!(reason(changed), Some(Reason::Signature));
    let other = switchboard_simulators::telnyx::Signer::new([9; 32]).public_key();
    let other = WebhookKey::parse(&other).unwrap();
    let foreign = other.verify(&headers, body, at(0)).map(drop);
    assert_eq!(reason(foreign), Some(Reason::Signature));
}
