//! Our requests and the simulator's answers, through something that compares both with the vendor's
//! description. `scripts/telnyx-contract.sh` starts that and says where it is.

use std::time::Duration;

use switchboard_connect::telnyx::{Lookup, MessageId, SendOutcome};
use tokio::time::Instant;

use super::*;

/// Where the comparing proxy is. It answers with an error of its own where something differs.
#[expect(
    clippy::disallowed_methods,
    reason = "where the proxy is is told to the test run in its environment"
)]
fn proxy() -> Option<String> {
    let url = std::env::var("SWITCHBOARD_TEST_TELNYX_PROXY").ok();
    if url.is_none() {
        println!(
            "left out: run scripts/telnyx-contract.sh to compare with the vendor's description"
        );
    }
    url
}

#[tokio::test]
async fn requests_and_answers_fit_the_vendors_description() {
    let Some(url) = proxy() else { return };
    let telnyx = telnyx(&url);
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
