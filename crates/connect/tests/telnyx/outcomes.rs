//! What each way of answering, and of not answering, comes to.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_connect::telnyx::{Lookup, MessageId, SendOutcome, TelnyxError};
use switchboard_domain::sms::status::Status;
use switchboard_simulators::telnyx::{Behaviour, Rule, start};
use switchboard_testkit::{Answer, Fault, Upstream, broken, eventually};
use switchboard_vault::SecretText;
use tokio::time::Instant;

use super::*;

const TO: &str = "+13125550100";

#[tokio::test]
async fn a_message_is_taken_and_looked_up() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    let text = "я".repeat(71);
    let sent = send(&telnyx, &body_to(TO, &text), &key("k1")).await;
    let SendOutcome::Accepted(accepted) = &sent.outcome else {
        panic!("{sent:?}");
    };
    assert_eq!(accepted.parts, Some(2));
    assert_eq!(accepted.status, Status::Queued);
    let request: Value = serde_json::from_str(&sent.request).unwrap();
    assert_eq!(request["method"], "POST");
    assert_eq!(request["headers"]["authorization"], "[redacted]");
    assert_eq!(request["headers"]["idempotency-key"], "k1");
    assert_eq!(request["body"]["to"], TO);
    let response: Value = serde_json::from_str(&sent.response).unwrap();
    assert_eq!(response["status"], 200);
    let taken = simulator.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].idempotency_key.as_deref(), Some("k1"));
    assert_eq!(
        (taken[0].text.as_str(), taken[0].to.as_str()),
        (text.as_str(), TO)
    );

    let report = eventually("the end of the message", async || {
        let deadline = Instant::now() + Duration::from_secs(1);
        match telnyx
            .look_up(&api_key(), &redactor(), &accepted.id, now(), deadline)
            .await
        {
            Lookup::Found(report) if report.status.is_final() => Some(report),
            Lookup::Found(_) => None,
            other => panic!("{other:?}"),
        }
    })
    .await;
    assert_eq!(report.status, Status::Delivered);
    assert_eq!(report.event_id, None);
    let ended = simulator.taken()[0].completed_at.unwrap();
    assert_eq!(
        report.occurred_at.timestamp_millis(),
        ended.timestamp_millis()
    );
}

#[tokio::test]
async fn a_lookup_says_what_it_found() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    let deadline = Instant::now() + Duration::from_secs(5);
    let id = MessageId::parse("00000000-0000-4000-8000-000000000000").unwrap();
    let found = telnyx
        .look_up(&api_key(), &redactor(), &id, now(), deadline)
        .await;
    assert_eq!(found, Lookup::NotFound);
    let wrong = SecretText::new("KEY_wrong".to_owned());
    let found = telnyx
        .look_up(&wrong, &redactor(), &id, now(), deadline)
        .await;
    let Lookup::Failed { error, .. } = found else {
        panic!("{found:?}");
    };
    assert_eq!(error.upstream_status, Some(401));
    assert!(error.message.contains("10009"), "{error}");
}

#[tokio::test]
async fn every_kind_of_sender_is_accepted() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    for (from, profile) in [
        (Some("+13125550142"), None),
        (Some("+13125550142"), Some(PROFILE)),
        (Some("Acme"), Some(PROFILE)),
        (Some("12345"), None),
        (None, Some(PROFILE)),
    ] {
        let own = format!("{from:?}{profile:?}").replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let sent = send(&telnyx, &body(from, profile, TO, "hello"), &key(&own)).await;
        assert!(matches!(sent.outcome, SendOutcome::Accepted(_)), "{sent:?}");
    }
}

#[tokio::test]
async fn one_key_is_for_one_message() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    send(&telnyx, &body_to(TO, "one"), &key("k")).await;
    let sent = send(&telnyx, &body_to(TO, "other"), &key("k")).await;
    let SendOutcome::Rejected(rejection) = sent.outcome else {
        panic!("{sent:?}");
    };
    assert_eq!(rejection.http_status, Some(422));
    assert_eq!(simulator.taken().len(), 1);
}

#[tokio::test]
async fn refusals_carry_code_and_advice() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    for (to, code, status) in [
        ("+13125540300", "40300", 403),
        ("+13125540310", "40310", 422),
        ("+13125520100", "20100", 402),
        ("+13125540305", "40305", 422),
        ("+13125540010", "40010", 403),
    ] {
        let SendOutcome::Rejected(rejection) = outcome(&telnyx, to, code).await else {
            panic!("{to}");
        };
        assert_eq!(rejection.code, code);
        assert_eq!(rejection.http_status, Some(status));
        assert!(rejection.advice.is_some(), "{code}");
    }
    assert!(simulator.taken().is_empty());
}

#[tokio::test]
async fn a_wrong_key_and_one_that_cannot_be_sent_are_told_apart() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    let deadline = Instant::now() + Duration::from_secs(5);
    for (wrong, code) in [("KEY_wrong", "10009"), ("KEY\nwrong", "invalid_secret")] {
        let wrong = SecretText::new(wrong.to_owned());
        let sent = telnyx
            .send(&wrong, &redactor(), &body_to(TO, "x"), &key("x"), deadline)
            .await;
        let SendOutcome::Rejected(rejection) = &sent.outcome else {
            panic!("{sent:?}");
        };
        assert_eq!(rejection.code, code);
        assert!(!format!("{sent:?}").contains(wrong.expose()));
    }
}

#[tokio::test]
async fn what_was_not_taken_may_go_out_again_with_the_same_bytes() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    simulator.add_rule(Rule::once(Behaviour::RateLimit { reset_seconds: 7 }));
    simulator.add_rule(Rule::once(Behaviour::Unavailable));
    let message = body_to(TO, "again");
    let sent = send(&telnyx, &message, &key("again")).await;
    let SendOutcome::RetryLater { after, error } = sent.outcome else {
        panic!("{sent:?}");
    };
    assert_eq!(after, Duration::from_secs(7));
    assert_eq!(error.upstream_status, Some(429));
    let sent = send(&telnyx, &message, &key("again")).await;
    assert!(
        matches!(sent.outcome, SendOutcome::RetryLater { .. }),
        "{sent:?}"
    );
    assert!(simulator.taken().is_empty());
    let first = send(&telnyx, &message, &key("again")).await;
    let second = send(&telnyx, &message, &key("again")).await;
    assert!(
        matches!(first.outcome, SendOutcome::Accepted(_)),
        "{first:?}"
    );
    assert_eq!(first.outcome, second.outcome, "one answer for one key");
    assert_eq!(simulator.taken().len(), 1);
}

#[tokio::test]
async fn a_service_that_is_not_there_took_nothing() {
    let address = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let telnyx = telnyx(&format!("http://{address}"));
    let outcome = outcome(&telnyx, TO, "nobody").await;
    let SendOutcome::RetryLater { error, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(error.code, "connect_failed");
}

#[tokio::test]
async fn whoever_may_have_it_is_not_asked_again() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    for (behaviour, taken) in [
        (Behaviour::DropBefore, 0),
        (Behaviour::DropAfter, 1),
        (Behaviour::Fail, 1),
        (Behaviour::Truncate, 1),
        (
            Behaviour::Late {
                milliseconds: 30_000,
            },
            1,
        ),
    ] {
        let before = simulator.taken().len();
        simulator.add_rule(Rule::once(behaviour.clone()));
        let name = format!("{before}");
        let outcome = outcome(&telnyx, TO, &name).await;
        let SendOutcome::Unknown(error) = outcome else {
            panic!("{behaviour:?}: {outcome:?}");
        };
        assert_eq!(error.code, "outcome_unknown");
        assert_eq!(simulator.taken().len() - before, taken, "{behaviour:?}");
        simulator.clear_rules();
    }
}

#[tokio::test]
async fn a_second_request_while_the_first_is_under_way_is_told_so() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    simulator.add_rule(Rule::once(Behaviour::Late {
        milliseconds: 4_000,
    }));
    let message = body_to(TO, "slow");
    let first = send(&telnyx, &message, &key("slow")).await;
    assert!(
        matches!(first.outcome, SendOutcome::Unknown(_)),
        "{first:?}"
    );
    let second = send(&telnyx, &message, &key("slow")).await;
    assert_eq!(second.outcome, SendOutcome::UnderWay);
    let accepted = eventually("the answer of the first", async || {
        match send(&telnyx, &message, &key("slow")).await.outcome {
            SendOutcome::Accepted(accepted) => Some(accepted),
            SendOutcome::UnderWay => None,
            other => panic!("{other:?}"),
        }
    })
    .await;
    let taken = simulator.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].id, accepted.id.as_str());
}

/// Older deployments do not know keys: there, sending again is sending twice.
#[tokio::test]
async fn keys_may_be_unknown() {
    let mut settings = settings();
    settings.knows_keys = false;
    let simulator = start(settings).await.unwrap();
    let telnyx = telnyx(&simulator.url());
    for _ in 0..2 {
        outcome(&telnyx, TO, "twice").await;
    }
    assert_eq!(simulator.taken().len(), 2);
}

#[tokio::test]
async fn broken_services_leave_it_unknown() {
    for fault in [
        Fault::Reset,
        Fault::Garbage,
        Fault::Silence,
        Fault::Drip,
        Fault::Endless,
        Fault::Truncation,
    ] {
        let url = broken(fault).await;
        let outcome = outcome(&telnyx(&url), TO, "x").await;
        assert!(
            matches!(outcome, SendOutcome::Unknown(_)),
            "{fault:?}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_key_that_comes_back_is_not_kept() {
    let upstream = Upstream::start(|request| {
        let sent = request.headers()["authorization"]
            .to_str()
            .unwrap()
            .to_owned();
        Answer::Json(
            403,
            json!({"errors": [{"code": "10010", "title": format!("no {sent}"), "detail": sent}]}),
        )
    })
    .await;
    let telnyx = telnyx(&upstream.url);
    // `send` looks for the key in everything.
    let SendOutcome::Rejected(rejection) = outcome(&telnyx, TO, "x").await else {
        panic!("it is refused");
    };
    assert_eq!(rejection.title, "no Bearer [redacted]");
    let id = MessageId::parse("m1").unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    let found = telnyx
        .look_up(&api_key(), &redactor(), &id, now(), deadline)
        .await;
    assert!(!format!("{found:?}").contains(API_KEY), "{found:?}");
}

#[test]
fn urls_of_the_provider_are_checked() {
    let client = || Client::new(ClientSettings::default()).unwrap();
    for url in [
        "",
        "telnyx",
        "ftp://api.telnyx.com",
        "https://u:p@api.telnyx.com",
    ] {
        let result = Telnyx::new(client(), url);
        assert!(matches!(result, Err(TelnyxError::Url(_))), "{url}");
    }
    let result = Telnyx::new(client(), "https://api.telnyx.com?x=1");
    assert!(matches!(result, Err(TelnyxError::UrlWithQuery)));
    assert!(Telnyx::new(client(), switchboard_connect::telnyx::DEFAULT_URL).is_ok());
}
