//! Upstreams that keep failing are left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use http::Method;
use switchboard_outbound::{Breaker, BreakerSettings, Client, OutboundError, Request, Response};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{Act, RawServer, Server, redirect_to, reply};
use crate::{local, request, send, soon};

fn breaker(failures: u32, cool_down: Duration) -> Arc<Breaker> {
    Arc::new(Breaker::new(
        "billing.example",
        BreakerSettings {
            failures,
            cool_down,
        },
    ))
}

fn with(breaker: &Arc<Breaker>, method: Method, url: &str) -> Request {
    Request {
        breaker: Some(breaker.clone()),
        ..request(method, url)
    }
}

async fn post(
    client: &Client,
    breaker: &Arc<Breaker>,
    url: &str,
) -> Result<Response, OutboundError> {
    send(client, with(breaker, Method::POST, url)).await
}

#[tokio::test]
async fn it_opens_says_so_tries_once_and_closes() {
    let status = Arc::new(AtomicU16::new(503));
    let current = status.clone();
    let server = Server::start(move |_| reply(current.load(Ordering::SeqCst), &[], "")).await;
    let breaker = breaker(4, Duration::from_millis(300));
    let client = local();
    let url = server.url("/?key=canary");
    for _ in 0..4 {
        assert_eq!(
            post(&client, &breaker, &url).await.unwrap().status.as_u16(),
            503
        );
    }
    for _ in 0..3 {
        let error = post(&client, &breaker, &url).await.unwrap_err();
        assert_eq!(error.code(), "circuit_open");
        assert!(!error.may_have_reached_upstream());
        let text = error.to_string();
        for part in [
            "`billing.example`",
            "4 failures",
            "status 503",
            "paused for",
            "next try",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("canary"), "{text}");
    }
    assert_eq!(server.hits(), 4);
    // The host recovers; after the cool-down one call tries, and all go out again.
    status.store(200, Ordering::SeqCst);
    let end = soon();
    while post(&client, &breaker, &url).await.is_err() {
        assert!(Instant::now() < end, "it never tried again");
        tokio::task::yield_now().await;
    }
    assert_eq!(server.hits(), 5);
    for _ in 0..5 {
        assert!(post(&client, &breaker, &url).await.is_ok());
    }
}

/// Of many calls after the cool-down one goes out, as long as it is not known what came of it.
#[tokio::test]
async fn one_call_at_a_time_tries_an_open_breaker() {
    let server = RawServer::start(|number, _| match number {
        1 => Act::Drop,
        _ => Act::Hang,
    })
    .await;
    let breaker = breaker(1, Duration::from_millis(1));
    let client = local();
    assert!(post(&client, &breaker, &server.url("/")).await.is_err());
    tokio::time::sleep(Duration::from_millis(5)).await;
    let deadline = Instant::now() + Duration::from_millis(200);
    let calls =
        (0..20).map(|_| client.send(with(&breaker, Method::POST, &server.url("/")), deadline));
    let results = futures_util::future::join_all(calls).await;
    let codes: Vec<_> = results
        .iter()
        .map(|one| one.as_ref().unwrap_err().code())
        .collect();
    assert_eq!(
        codes.iter().filter(|code| **code == "timeout").count(),
        1,
        "{codes:?}"
    );
    assert_eq!(
        codes.iter().filter(|code| **code == "circuit_open").count(),
        19
    );
    assert_eq!(server.hits(), 2);
}

/// A call that is given up while it tries makes room for the next.
#[tokio::test]
async fn a_try_that_is_given_up_blocks_nobody() {
    let server = RawServer::start(|number, _| match number {
        1 => Act::Drop,
        2 => Act::Hang,
        _ => Act::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()),
    })
    .await;
    let breaker = breaker(1, Duration::from_millis(1));
    let client = local();
    assert!(post(&client, &breaker, &server.url("/")).await.is_err());
    tokio::time::sleep(Duration::from_millis(5)).await;
    let url = server.url("/");
    let given_up = post(&client, &breaker, &url);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), given_up)
            .await
            .is_err()
    );
    assert!(post(&client, &breaker, &server.url("/")).await.is_ok());
}

#[tokio::test]
async fn failures_of_every_kind_open_it_and_mistakes_of_the_caller_do_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let lost = RawServer::start(|_, _| Act::Drop).await;
    let hang = RawServer::start(|_, _| Act::Hang).await;
    let cut = RawServer::start(|_, _| {
        Act::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx".to_vec())
    })
    .await;
    let answers =
        Server::start(|request| reply(request.path[1..].parse().unwrap(), &[], "x")).await;
    let redirector = {
        let nobody = nobody.clone();
        Server::start(move |_| redirect_to(302, &nobody)).await
    };
    for (url, opens) in [
        (nobody, true),
        (lost.url("/"), true),
        (hang.url("/"), true),
        (cut.url("/"), true),
        (answers.url("/502"), true),
        (answers.url("/503"), true),
        (answers.url("/504"), true),
        (answers.url("/200"), false),
        (answers.url("/404"), false),
        (answers.url("/429"), false),
        (answers.url("/500"), false),
        (redirector.url("/"), false),
        ("http://10.0.0.1/".to_owned(), false),
        ("ftp://10.0.0.1/".to_owned(), false),
    ] {
        let breaker = breaker(2, Duration::from_mins(1));
        let client = local();
        for _ in 0..2 {
            let deadline = Instant::now() + Duration::from_millis(200);
            let _ = client
                .send(with(&breaker, Method::GET, &url), deadline)
                .await;
        }
        let third = send(&client, with(&breaker, Method::POST, &answers.url("/200"))).await;
        let open = matches!(&third, Err(OutboundError::CircuitOpen { .. }));
        assert_eq!(open, opens, "{url}: {third:?}");
    }
}

/// What opened the breaker is what the caller hears, not that it is open now.
#[tokio::test]
async fn a_call_that_opens_it_keeps_its_own_answer() {
    let server = Server::start(|_| reply(503, &[], "down")).await;
    let breaker = breaker(2, Duration::from_mins(1));
    let answer = send(&local(), with(&breaker, Method::GET, &server.url("/")))
        .await
        .unwrap();
    assert_eq!((answer.status.as_u16(), answer.attempts), (503, 2));
    assert_eq!(answer.body, "down");
}

#[tokio::test]
async fn environments_have_their_own() {
    let client = local();
    let server = Server::start(|_| reply(503, &[], "")).await;
    let production = client.breakers().get("billing.example", "production");
    let url = server.url("/");
    for _ in 0..10 {
        post(&client, &production, &url).await.unwrap();
    }
    let again = client.breakers().get("billing.example", "production");
    let error = post(&client, &again, &url).await.unwrap_err();
    assert_eq!(error.code(), "circuit_open");
    let testing = client.breakers().get("billing.example", "testing");
    assert!(post(&client, &testing, &url).await.is_ok());
}
