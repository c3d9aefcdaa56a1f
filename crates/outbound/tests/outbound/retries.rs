//! What is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use switchboard_outbound::{Options, RetryPolicy};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{Act, RawServer, Server, ok, read_request, reply};
use crate::{Script, client_resolving, get, local, request, send, soon};

#[tokio::test]
async fn answers_are_asked_for_again_by_method_and_status() {
    let server = Server::start(|request| reply(request.path[1..].parse().unwrap(), &[], "")).await;
    let client = local();
    for (method, status, attempts) in [
        (Method::GET, 502, 3),
        (Method::GET, 503, 3),
        (Method::GET, 504, 3),
        (Method::HEAD, 503, 3),
        (Method::OPTIONS, 503, 3),
        (Method::PUT, 503, 3),
        (Method::DELETE, 502, 3),
        (Method::POST, 502, 1),
        (Method::POST, 503, 1),
        (Method::POST, 504, 1),
        (Method::POST, 429, 1),
        (Method::PATCH, 503, 1),
        (Method::GET, 200, 1),
        (Method::GET, 400, 1),
        (Method::GET, 404, 1),
        (Method::GET, 429, 1),
        (Method::GET, 500, 1),
    ] {
        let before = server.hits();
        let url = server.url(&format!("/{status}"));
        let answer = send(&client, request(method.clone(), &url)).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.attempts, attempts, "{method} {status}");
        assert_eq!(
            server.hits() - before,
            attempts as usize,
            "{method} {status}"
        );
    }
}

#[tokio::test]
async fn every_attempt_is_the_whole_request() {
    let server = Server::start(|_| reply(503, &[], "")).await;
    let mut put = request(Method::PUT, &server.url("/x?y=1"));
    put.body = "payload".into();
    put.headers.insert("x-own", "1".parse().unwrap());
    send(&local(), put).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 3);
    for one in received {
        assert_eq!(
            (one.path.as_str(), &one.body[..]),
            ("/x?y=1", &b"payload"[..])
        );
        assert_eq!(one.headers["x-own"], "1");
        assert_eq!(one.headers["content-length"], "7");
    }
}

#[tokio::test]
async fn attempts_are_as_many_as_the_options_say() {
    let server = Server::start(|_| reply(503, &[], "")).await;
    for max_attempts in [1, 2, 5] {
        let options = Options {
            retry: RetryPolicy {
                max_attempts,
                first_wait: Duration::from_millis(1),
                ..RetryPolicy::default()
            },
            ..Options::default()
        };
        let get = request(Method::GET, &server.url("/"));
        let answer = local().send_with(get, &options, soon()).await.unwrap();
        assert_eq!(answer.attempts, max_attempts);
    }
}

/// The request was read, so it may have been acted on: once is enough.
#[tokio::test]
async fn a_post_that_was_sent_is_not_sent_again() {
    for (method, hits) in [
        (Method::POST, 1),
        (Method::PATCH, 1),
        (Method::GET, 3),
        (Method::PUT, 3),
    ] {
        let server = RawServer::start(|_, _| Act::Drop).await;
        let mut request = request(method.clone(), &server.url("/"));
        request.body = "order=1".into();
        let error = send(&local(), request).await.unwrap_err();
        assert_eq!(error.code(), "connection_lost", "{method}");
        assert!(error.may_have_reached_upstream());
        assert_eq!(server.hits(), hits, "{method}");
    }
}

/// Nothing was sent while there was no connection, so even a POST is tried again.
#[tokio::test]
async fn a_post_that_found_no_connection_is_tried_again() {
    let server = Server::start(|_| ok("there")).await;
    let script = Script::of(&[("moving.example", &[&["127.0.0.9"], &["127.0.0.1"]])]);
    let client = client_resolving(script, &["127.0.0.0/8"]);
    let url = format!("http://moving.example:{}/", server.address.port());
    let answer = send(&client, request(Method::POST, &url)).await.unwrap();
    assert_eq!((answer.attempts, server.hits()), (2, 1));
}

/// The last attempt finds nobody, but the first was read: the outcome is not known.
#[tokio::test]
async fn an_attempt_that_reached_the_service_is_not_forgotten() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        read_request(&mut stream).await
    });
    let error = send(&local(), request(Method::PUT, &url))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "connect_failed");
    assert!(error.may_have_reached_upstream(), "{error}");
    assert!(error.to_string().contains("3 attempts"), "{error}");
}

#[tokio::test]
async fn a_service_that_recovers_is_asked_until_it_does() {
    let number = AtomicUsize::new(0);
    let server = Server::start(move |_| match number.fetch_add(1, Ordering::SeqCst) {
        0 => reply(429, &[("retry-after", "0")], ""),
        1 => reply(503, &[], ""),
        _ => ok("up"),
    })
    .await;
    let answer = get(&local(), &server.url("/")).await.unwrap();
    assert_eq!((answer.attempts, &answer.body[..]), (3, &b"up"[..]));
}

#[tokio::test]
async fn a_service_says_when_to_come_back() {
    let second = [("retry-after", "1")];
    let date = [
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("retry-after", "Sun, 06 Nov 1994 08:49:38 GMT"),
    ];
    for (status, headers) in [(429, &second[..]), (503, &date[..])] {
        let number = AtomicUsize::new(0);
        let headers: Arc<[_]> = headers.into();
        let server = Server::start(move |_| match number.fetch_add(1, Ordering::SeqCst) {
            0 => reply(status, &headers, ""),
            _ => ok("up"),
        })
        .await;
        let start = Instant::now();
        let answer = get(&local(), &server.url("/")).await.unwrap();
        assert_eq!(answer.attempts, 2);
        assert!(start.elapsed() >= Duration::from_secs(1));
    }
}

/// A wait that does not fit the deadline is not begun: the answer is given as it is.
#[tokio::test]
async fn a_wait_past_the_deadline_is_not_begun() {
    for (status, after) in [(503, "60"), (429, "60"), (429, "18446744073709551615")] {
        let server = Server::start(move |_| reply(status, &[("retry-after", after)], "busy")).await;
        let start = Instant::now();
        let answer = get(&local(), &server.url("/")).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.attempts), (status, 1));
        assert_eq!(answer.body, "busy");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
