#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use ed25519_dalek::{Signer as _, SigningKey};
use http::HeaderName;
use serde_json::{Value, json};
use switchboard_domain::sms::status::Status;

use super::*;

const NOW: i64 = 1_800_000_000;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn headers(timestamp: &str, signature: &str) -> HeaderMap {
    [(TIMESTAMP, timestamp), (SIGNATURE, signature)]
        .into_iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect()
}

fn pair(seed: u8) -> (SigningKey, WebhookKey) {
    let signing = SigningKey::from_bytes(&[seed; 32]);
    let public = STANDARD.encode(signing.verifying_key().as_bytes());
    (signing, WebhookKey::parse(&public).unwrap())
}

fn sign(key: &SigningKey, timestamp: &str, body: &[u8]) -> HeaderMap {
    let signed = [timestamp.as_bytes(), b"|", body].concat();
    headers(timestamp, &STANDARD.encode(key.sign(&signed).to_bytes()))
}

fn refused(result: Result<Verified<'_>, WebhookError>) -> Reason {
    match result {
        Err(error @ WebhookError::Refused(reason)) => {
            let other = WebhookError::Refused(Reason::Headers);
            assert_eq!(error.to_string(), other.to_string(), "one text for all");
            assert_eq!(error.code(), "invalid_signature");
            reason
        }
        other => panic!("{other:?}"),
    }
}

/// All that must hold for a webhook that is good at `NOW`.
fn check(key: &WebhookKey, good: &HeaderMap, body: &[u8]) {
    for skew in [-300, 0, 300] {
        assert!(key.verify(good, body, at(NOW + skew)).is_ok(), "{skew}");
    }
    for skew in [-301, 301, 86_400] {
        let late = key.verify(good, body, at(NOW + skew));
        assert_eq!(refused(late), Reason::Timestamp, "{skew}");
    }
    for bit in [0, 7, body.len() * 4, body.len() * 8 - 1] {
        let mut flipped = body.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let result = key.verify(good, &flipped, at(NOW));
        assert_eq!(refused(result), Reason::Signature, "bit {bit} of the body");
    }
    let text = good[SIGNATURE].to_str().unwrap();
    let mut signature = STANDARD.decode(text).unwrap();
    for bit in [0, 255, 256, 511] {
        signature[bit / 8] ^= 1 << (bit % 8);
        let bad = headers(
            good[TIMESTAMP].to_str().unwrap(),
            &STANDARD.encode(&signature),
        );
        let result = key.verify(&bad, body, at(NOW));
        assert_eq!(
            refused(result),
            Reason::Signature,
            "bit {bit} of the signature"
        );
        signature[bit / 8] ^= 1 << (bit % 8);
    }
    let later = headers(&(NOW + 1).to_string(), text);
    let result = key.verify(&later, body, at(NOW));
    assert_eq!(refused(result), Reason::Signature, "another timestamp");
    let (_, other) = pair(9);
    let result = other.verify(good, body, at(NOW));
    assert_eq!(refused(result), Reason::Signature, "another key");
}

#[test]
fn what_the_key_signed_is_accepted_and_nothing_else() {
    let (signing, key) = pair(1);
    let body = br#"{"data":{"event_type":"x"}}"#;
    check(&key, &sign(&signing, &NOW.to_string(), body), body);
}

#[test]
fn malformed_headers_are_refused() {
    let (signing, key) = pair(1);
    let body = b"{}";
    let result = key.verify(&HeaderMap::new(), body, at(NOW));
    assert_eq!(refused(result), Reason::Headers);
    // Signed as they stand, so that the form alone is what is wrong.
    for timestamp in [
        "",
        "1800000000.0",
        " 1800000000",
        "+1800000000",
        "-1",
        "1800000000000000000000",
        "2027-01-15T08:00:00Z",
    ] {
        let result = key.verify(&sign(&signing, timestamp, body), body, at(NOW));
        let reason = refused(result);
        assert!(matches!(reason, Reason::Headers), "{timestamp}: {reason:?}");
    }
    for signature in ["", "AAAA", "!!!!", &"A".repeat(88)] {
        let result = key.verify(&headers(&NOW.to_string(), signature), body, at(NOW));
        assert_eq!(refused(result), Reason::Headers, "{signature}");
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    // Of small order: anybody could sign for it (RFC 8032, section 8.9 and its references).
    let weak = STANDARD.encode({
        let mut identity = [0; 32];
        identity[0] = 1;
        identity
    });
    for text in ["", "x", "AAAA", &"A".repeat(88), weak.as_str()] {
        assert_eq!(
            WebhookKey::parse(text),
            Err(WebhookError::InvalidKey),
            "{text}"
        );
    }
}

fn event(body: &Value) -> Result<Event, WebhookError> {
    Verified(body.to_string().as_bytes()).event()
}

fn finalized(status: &str, errors: &Value) -> Value {
    json!({"data": {
        "event_type": "message.finalized", "id": "e1", "occurred_at": "2027-01-15T08:00:00.5Z",
        "payload": {"id": "m1", "to": [{"phone_number": "+13125550100", "status": status}], "errors": errors},
    }, "meta": {"attempt": 1}})
}

#[test]
fn failures_carry_the_code() {
    let errors =
        json!([{"code": "40008", "title": "Undeliverable", "detail": "no"}, {"code": "1"}]);
    let Ok(Event::Message { report, .. }) = event(&finalized("delivery_failed", &errors)) else {
        panic!("it is a report");
    };
    assert_eq!(report.status, Status::DeliveryFailed);
    let error = report.error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.title.as_str()),
        ("40008", "Undeliverable")
    );
    let number = event(&finalized("expired", &json!([{"code": 40014}])));
    let Ok(Event::Message { report, .. }) = number else {
        panic!("{number:?}");
    };
    assert_eq!(report.error.unwrap().code, "40014");
}

#[test]
fn what_is_not_known_is_ignored_and_what_is_no_event_is_told() {
    let ignored = |body: &Value| matches!(event(body), Ok(Event::Ignored { .. }));
    assert!(ignored(
        &json!({"data": {"event_type": "message.received", "payload": {"to": "x"}}})
    ));
    assert!(ignored(&json!({"data": {"event_type": "call.hangup"}})));
    assert!(ignored(&finalized("teleported", &json!([]))));
    assert!(
        ignored(&finalized("outcome_unknown", &json!([]))),
        "ours to say"
    );
    for body in [
        json!({}),
        json!([]),
        json!({"data": {}}),
        json!({"data": {"event_type": "message.sent"}}),
        json!({"data": {"event_type": "message.sent", "payload": {"id": "m1", "to": []}}}),
        json!({"data": {"event_type": "message.sent", "occurred_at": "now", "payload": {"id": "m1"}}}),
        json!({"data": {"event_type": "message.sent", "occurred_at": "2027-01-15T08:00:00Z",
            "payload": {"id": "../x", "to": [{"status": "sent"}]}}}),
    ] {
        assert_eq!(event(&body), Err(WebhookError::Malformed), "{body}");
    }
    assert_eq!(Verified(b"\xff{").event(), Err(WebhookError::Malformed));
}
