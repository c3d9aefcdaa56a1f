//! Connections are kept, and one that died under a request repeats nothing.

use std::collections::HashSet;

use http::{HeaderValue, Method, header};

use crate::server::{Act, RawServer, Server, ok};
use crate::{get, local, request, send};

#[tokio::test]
async fn connections_are_kept() {
    let server = Server::start(|_| ok("hello")).await;
    let client = local();
    for _ in 0..50 {
        let clone = client.clone();
        assert_eq!(get(&clone, &server.url("/")).await.unwrap().body, "hello");
    }
    assert_eq!((server.hits(), server.connections()), (50, 1));
}

#[tokio::test]
async fn parallel_calls_have_their_own_connections() {
    let server = Server::start(|_| ok("hello")).await;
    let client = local();
    for _ in 0..5 {
        let url = server.url("/");
        let calls = (0..32).map(|_| get(&client, &url));
        for call in futures_util::future::join_all(calls).await {
            assert_eq!(call.unwrap().body, "hello");
        }
    }
    assert_eq!(server.hits(), 160);
    assert!(server.connections() <= 64, "{}", server.connections());
}

/// A server that closes each connection after an answer, without saying so: the next request may
/// find it closed. It is sent on another, or its loss is told; it never arrives twice.
#[tokio::test]
async fn a_connection_that_died_in_the_pool_repeats_nothing() {
    let server = RawServer::start(|_, _| {
        Act::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec())
    })
    .await;
    let client = local();
    let mut arrived = 0;
    for number in 0..200 {
        let mut request = request(Method::POST, &server.url(&format!("/{number}")));
        request.body = "order".into();
        match send(&client, request).await {
            Ok(answer) => {
                assert_eq!(answer.body, "ok");
                arrived += 1;
            }
            Err(error) => assert!(error.may_have_reached_upstream(), "{error}"),
        }
    }
    let requests = server.requests();
    let lines: HashSet<_> = requests
        .iter()
        .filter_map(|text| text.lines().next())
        .collect();
    assert_eq!(lines.len(), requests.len(), "one arrived twice");
    assert!(arrived > 0);
}

#[tokio::test]
async fn a_request_says_who_asks_and_how_long_it_is() {
    let server = Server::start(|_| ok("")).await;
    let client = local();
    let mut post = request(Method::POST, &server.url("/"));
    post.body = "hello".into();
    for (name, value) in [
        ("content-length", "3"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("expect", "100-continue"),
    ] {
        post.headers.insert(name, HeaderValue::from_static(value));
    }
    send(&client, post).await.unwrap();
    let mut own = request(Method::GET, &server.url("/"));
    own.headers
        .insert(header::USER_AGENT, HeaderValue::from_static("own/1"));
    send(&client, own).await.unwrap();
    let received = server.received();
    let first = &received[0];
    assert_eq!(first.body, "hello");
    assert_eq!(first.headers["content-length"], "5");
    for gone in ["transfer-encoding", "connection", "expect"] {
        assert!(!first.headers.contains_key(gone), "{gone}");
    }
    assert!(
        first.headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("switchboard/")
    );
    assert_eq!(received[1].headers["user-agent"], "own/1");
    assert_eq!(server.connections(), 1);
}
