//! Our requests and the simulator's answers, through Prism, which compares both with a description:
//! with ours, and with the vendor's where a test run is told of one. That one is not ours to ship.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use switchboard_connect::telnyx::{Lookup, MessageId, SendOutcome};
use switchboard_testkit::peers::{Peer, fixture};
use switchboard_testkit::told;
use tokio::time::Instant;

use super::*;

#[tokio::test]
async fn requests_and_answers_fit_the_description() {
    let ours = fixture("telnyx-messages.yaml");
    let theirs = told("SWITCHBOARD_TEST_TELNYX_DESCRIPTION").map(PathBuf::from);
    for description in std::iter::once(ours).chain(theirs) {
        fits(&description).await;
    }
}

/// Speaks to the simulator through something that answers with an error where a request or an answer
/// is not as described.
async fn fits(description: &Path) {
    let simulator = simulator().await;
    let folder = tempfile::tempdir().unwrap();
    let (used, said) = (folder.path().join("used.yaml"), folder.path().join("said"));
    // The vendor's paths start below /v2, where the real service keeps them.
    let text = fs::read_to_string(description).unwrap();
    fs::write(&used, text.replace("\n  /messages", "\n  /v2/messages")).unwrap();
    let prism = Peer::prism(&used, &simulator.url(), &said).await;
    every_kind_of_answer(&format!("http://127.0.0.1:{}", prism.port)).await;
    drop(prism);
    let said = fs::read_to_string(&said).unwrap();
    assert!(!said.to_lowercase().contains("violation"), "{said}");
}

async fn every_kind_of_answer(url: &str) {
    let telnyx = telnyx(url);
    let deadline = || Instant::now() + Duration::from_secs(20);
    for (at, (from, profile)) in [
        (Some("+13125550142"), None),
        (Some("Acme"), Some(PROFILE)),
        (Some("12345"), None),
        (None, Some(PROFILE)),
    ]
    .into_iter()
    .enumerate()
    {
        let key = key(&format!("contract-{at}"));
        let message = body(from, profile, "+13125550100", "Grüße, 5 €");
        let sent = telnyx
            .send(&api_key(), &redactor(), &message, &key, deadline())
            .await;
        let SendOutcome::Accepted(accepted) = &sent.outcome else {
            panic!("{sent:?}");
        };
        let found = telnyx
            .look_up(&api_key(), &redactor(), &accepted.id, now(), deadline())
            .await;
        assert!(matches!(found, Lookup::Found(_)), "{found:?}");
    }
    for (to, code) in [
        ("+13125540300", "40300"),
        ("+13125540310", "40310"),
        ("+13125520100", "20100"),
    ] {
        let sent = telnyx
            .send(
                &api_key(),
                &redactor(),
                &body_to(to, code),
                &key(code),
                deadline(),
            )
            .await;
        let SendOutcome::Rejected(rejection) = &sent.outcome else {
            panic!("{sent:?}");
        };
        assert_eq!(rejection.code, code, "{sent:?}");
    }
    let limited = telnyx
        .send(
            &api_key(),
            &redactor(),
            &body_to("+13125500429", "x"),
            &key("429"),
            deadline(),
        )
        .await;
    assert!(
        matches!(&limited.outcome, SendOutcome::RetryLater { after, .. } if *after == Duration::from_secs(2)),
        "{limited:?}"
    );
    let unknown = MessageId::parse("00000000-0000-4000-8000-000000000000").unwrap();
    let found = telnyx
        .look_up(&api_key(), &redactor(), &unknown, now(), deadline())
        .await;
    assert_eq!(found, Lookup::NotFound);
}
