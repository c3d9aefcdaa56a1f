//! The simulator's control over HTTP, as another process uses it.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use switchboard_connect::telnyx::SendOutcome;
use switchboard_outbound::Request;

use super::*;

async fn ask(method: Method, url: String, body: Value) -> (StatusCode, Value) {
    let mut request = Request::new(method, url.parse().unwrap());
    request.headers = [(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    )]
    .into_iter()
    .collect();
    request.body = body.to_string().into();
    let deadline = Instant::now() + Duration::from_secs(10);
    let response = client().send(request, deadline).await.unwrap();
    let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    (response.status, body)
}

#[tokio::test]
async fn rules_and_the_log_are_reached_over_http() {
    let simulator = simulator().await;
    let telnyx = telnyx(&simulator.url());
    let url = |path: &str| format!("{}/simulator{path}", simulator.url());

    let hook = json!({"url": "http://127.0.0.1:9/hook"});
    let (status, _) = ask(Method::PUT, url("/webhook"), hook).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, about) = ask(Method::GET, url(""), Value::Null).await;
    assert_eq!(about["webhook_url"], "http://127.0.0.1:9/hook");
    assert_eq!(about["public_key"], simulator.public_key());

    for rule in [
        json!({"behaviour": "refuse", "status": 422, "code": "40322", "times": 1}),
        json!({"behaviour": "unavailable", "to": "+13125550101"}),
    ] {
        let (status, _) = ask(Method::POST, url("/rules"), rule).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    let refused = outcome(&telnyx, "+13125550100", "1").await;
    assert!(
        matches!(&refused, SendOutcome::Rejected(rejection) if rejection.code == "40322"),
        "{refused:?}"
    );
    let later = outcome(&telnyx, "+13125550101", "2").await;
    assert!(matches!(later, SendOutcome::RetryLater { .. }), "{later:?}");
    let accepted = outcome(&telnyx, "+13125550100", "3").await;
    assert!(matches!(accepted, SendOutcome::Accepted(_)), "{accepted:?}");
    let (status, _) = ask(Method::DELETE, url("/rules"), Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let accepted = outcome(&telnyx, "+13125550101", "4").await;
    assert!(matches!(accepted, SendOutcome::Accepted(_)), "{accepted:?}");

    let (_, log) = ask(Method::GET, url("/messages"), Value::Null).await;
    let texts: Vec<_> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|taken| &taken["text"])
        .collect();
    assert_eq!(texts, ["3", "4"]);
}
