//! How requests prove who they are from.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use switchboard_connect::{OAuthSource, PreparedAuth};
use switchboard_domain::auth::{ClientAuth, SecretRef, ValueSource};
use switchboard_mcp::Limits;

use crate::server::{Heard, Reply, Server, result, stateless, text_result, with_session};
use crate::support::{Bench, any_tool, secret, text_of};

fn from_secret(name: &str) -> ValueSource {
    ValueSource::Secret(SecretRef {
        secret: secret(name),
    })
}

fn says_done(heard: &Heard) -> Reply {
    Reply::Json(200, result(heard, &text_result("done")))
}

#[tokio::test]
async fn each_kind_of_credential_is_on_every_request() {
    let basic = "Basic dXNlcjpodW50ZXIyMg==";
    let header: http::HeaderName = "x-key".parse().unwrap();
    let cases = [
        (
            PreparedAuth::Bearer(secret("s")),
            "authorization",
            "Bearer hunter22",
        ),
        (
            PreparedAuth::Header(header, from_secret("s")),
            "x-key",
            "hunter22",
        ),
        (
            PreparedAuth::Basic(ValueSource::Text("user".to_owned()), secret("s")),
            "authorization",
            basic,
        ),
    ];
    for (auth, name, value) in cases {
        let server = Server::start(with_session("s1", says_done)).await;
        let mut bench = Bench::with(&server.url, auth, Limits::default());
        bench.secrets.set("s", "hunter22");
        bench.target.headers = vec![
            ("x-extra".parse().unwrap(), from_secret("s")),
            (
                "mcp-session-id".parse().unwrap(),
                ValueSource::Text("mine".to_owned()),
            ),
        ];
        bench.call(&any_tool("a"), &json!({})).await.unwrap();
        let all = server.all();
        assert!(all.len() >= 3);
        for heard in all {
            assert_eq!(heard.header(name), Some(value));
            assert_eq!(heard.header("x-extra"), Some("hunter22"));
            assert_ne!(heard.header("mcp-session-id"), Some("mine"));
        }
    }
}

#[tokio::test]
async fn a_key_in_the_query_is_on_every_request() {
    let server = Server::start(stateless(says_done)).await;
    let auth = PreparedAuth::Query("key".to_owned(), from_secret("s"));
    let bench = Bench::with(&format!("{}?a=1#top", server.url), auth, Limits::default());
    bench.secrets.set("s", "hunter 22");
    bench.call(&any_tool("a"), &json!({})).await.unwrap();
    for heard in server.all() {
        assert_eq!(heard.path, "/mcp?a=1&key=hunter%2022");
    }
}

/// A token endpoint that counts, and a server that takes its newest token alone.
async fn with_tokens() -> (Server, Server, Arc<AtomicUsize>, Bench) {
    let issued = Arc::new(AtomicUsize::new(0));
    let count = issued.clone();
    let tokens = Server::start(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let token = json!({"access_token": format!("token-{number}"), "token_type": "bearer", "expires_in": 3600});
        Reply::Json(200, token)
    })
    .await;
    let server = Server::start(stateless(says_done)).await;
    let auth = PreparedAuth::OAuth(OAuthSource {
        key: "w/i/production".into(),
        token_url: tokens.url.as_str().into(),
        origin: tokens.url.as_str().into(),
        client_id: ValueSource::Text("me".to_owned()),
        client_secret: secret("s"),
        scope: None,
        client_auth: ClientAuth::Basic,
    });
    let bench = Bench::with(&server.url, auth, Limits::default());
    (tokens, server, issued, bench)
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_renewed_once_when_it_is_refused() {
    let (tokens, server, issued, bench) = with_tokens().await;
    let (tool, none) = (any_tool("a"), json!({}));
    let missing = bench.call(&tool, &none).await.unwrap_err();
    assert_eq!(missing.code(), "missing_secret");
    assert!(tokens.all().is_empty() && server.all().is_empty());
    bench.secrets.set("s", "hunter22");
    let calls = (0..50).map(|_| bench.call(&tool, &none));
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(issued.load(Ordering::SeqCst), 1);
    // The token is taken back: one more for all.
    let only = |heard: &Heard, token: &str| heard.header("authorization") == Some(token);
    server.change(move |heard| {
        if only(heard, "Bearer token-2") {
            stateless(says_done)(heard)
        } else {
            Reply::Json(401, json!({}))
        }
    });
    let calls = (0..50).map(|_| bench.call(&tool, &none));
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(text_of(&answer.unwrap()), "done");
    }
    assert_eq!(issued.load(Ordering::SeqCst), 2);
    // A server that takes none is not asked for ever.
    server.change(|_| Reply::Json(401, json!({})));
    let before = server.all().len();
    let refused = bench.call(&tool, &none).await.unwrap_err();
    assert_eq!(refused.code(), "unauthorized");
    assert_eq!(server.all().len() - before, 2);
}

#[tokio::test]
async fn a_token_endpoint_that_fails_sends_nothing_to_the_server() {
    let (tokens, server, _, bench) = with_tokens().await;
    bench.secrets.set("s", "hunter22");
    tokens.change(|_| Reply::Json(503, json!({})));
    let error = bench.call(&any_tool("a"), &json!({})).await.unwrap_err();
    assert_eq!(error.code(), "token_request_failed");
    assert!(server.all().is_empty());
}
