//! Caps, deadlines, and answers that cannot be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, header};
use switchboard_outbound::{BoxFuture, Client, ClientSettings, OutboundError, Phase, Resolve};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{Act, RawServer, Server, endless, ok, reply};
use crate::{client_resolving, get, local, request, send};

#[tokio::test]
async fn an_answer_may_be_as_large_as_the_cap() {
    let server = Server::start(|request| ok(vec![b'x'; request.path[1..].parse().unwrap()])).await;
    let client = local();
    for (size, fits) in [
        (0, true),
        (999, true),
        (1000, true),
        (1001, false),
        (500_000, false),
    ] {
        let mut request = request(Method::GET, &server.url(&format!("/{size}")));
        request.max_response_bytes = 1000;
        match send(&client, request).await {
            Ok(answer) => assert!(fits && answer.body.len() == size, "{size}"),
            Err(error) => {
                assert!(!fits, "{size}: {error}");
                assert_eq!(error.code(), "response_too_large");
                assert!(error.may_have_reached_upstream());
                assert!(error.to_string().contains("status 200"), "{error}");
            }
        }
    }
    let large = get(&client, &server.url("/1000000")).await.unwrap();
    assert_eq!(large.body.len(), 1_000_000);
}

#[tokio::test]
async fn an_endless_answer_is_left_at_the_cap() {
    let sent = Arc::<AtomicUsize>::default();
    let count = sent.clone();
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    let server =
        Server::start(move |_| endless(&[], piece.clone(), Duration::ZERO, count.clone())).await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.code(), "response_too_large");
    // The cap, and what the sockets between hold.
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent < 32 * 1024 * 1024, "{sent}");
}

/// Nothing of the body has to come for a length over the cap to be refused.
#[tokio::test]
async fn a_length_over_the_cap_is_refused_at_once() {
    let server = RawServer::start(|_, _| {
        Act::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_vec())
    })
    .await;
    let start = Instant::now();
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.code(), "response_too_large");
    assert!(start.elapsed() < Duration::from_secs(5));
    // It says how long a body would be that does not come.
    let head = send(&local(), request(Method::HEAD, &server.url("/")))
        .await
        .unwrap();
    assert_eq!(head.headers[header::CONTENT_LENGTH], "1073741824");
    assert_eq!(head.body, "");
}

#[tokio::test]
async fn one_deadline_covers_everything() {
    let sent = Arc::<AtomicUsize>::default();
    let drip = Server::start(move |request| match request.path.as_str() {
        "/drip" => endless(
            &[],
            Bytes::from("x"),
            Duration::from_millis(20),
            sent.clone(),
        ),
        _ => reply(302, &[("location", "/drip")], ""),
    })
    .await;
    let hang = RawServer::start(|_, _| Act::Hang).await;
    let client = local();
    for (method, url, phase) in [
        (Method::POST, drip.url("/drip"), "reading the response"),
        (Method::GET, drip.url("/redirect"), "reading the response"),
        (Method::POST, hang.url("/"), "waiting for the response"),
        (Method::GET, hang.url("/"), "waiting for the response"),
    ] {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(250);
        let error = client
            .send(request(method, &url), deadline)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "timeout");
        assert!(error.to_string().contains(phase), "{error}");
        assert!(error.may_have_reached_upstream());
        let took = start.elapsed();
        assert!(
            took >= Duration::from_millis(250) && took < Duration::from_secs(2),
            "{took:?}"
        );
    }
}

#[tokio::test]
async fn a_deadline_that_has_passed_lets_nothing_out() {
    let server = Server::start(|_| ok("")).await;
    let error = local()
        .send(request(Method::POST, &server.url("/")), Instant::now())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "timeout");
    assert!(!error.may_have_reached_upstream());
    assert_eq!(server.connections(), 0);
}

/// Never answers.
struct Stuck;

impl Resolve for Stuck {
    fn resolve(&self, _: String) -> BoxFuture<std::io::Result<Vec<std::net::IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

/// A socket that takes connections and says nothing.
async fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn a_request_that_is_still_connecting_did_not_go_out() {
    let silent = silent().await;
    let tls = format!("https://{}/", silent.local_addr().unwrap());
    for (client, url) in [
        (
            client_resolving(Arc::new(Stuck), &[]),
            "http://slow.example/",
        ),
        (local(), tls.as_str()),
    ] {
        let deadline = Instant::now() + Duration::from_millis(100);
        let error = client
            .send(request(Method::POST, url), deadline)
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                OutboundError::Timeout {
                    phase: Phase::Connecting,
                    sent: false,
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(!error.may_have_reached_upstream());
    }
}

#[tokio::test]
async fn making_a_connection_has_a_limit_of_its_own() {
    let client = Client::new(ClientSettings {
        resolver: Arc::new(Stuck),
        connect_timeout: Duration::from_millis(20),
        ..ClientSettings::default()
    })
    .unwrap();
    let error = get(&client, "http://slow.example/").await.unwrap_err();
    assert_eq!(error.code(), "connect_failed");
    assert!(error.to_string().contains("0.02 s"), "{error}");
}

#[tokio::test]
async fn garbage_is_named() {
    for bytes in [
        &b"SSH-2.0-OpenSSH\r\n\r\n"[..],
        b"HTTP/1.1 99999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot a length\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    ] {
        let server = RawServer::start(move |_, _| Act::Last(bytes.to_vec())).await;
        let error = send(&local(), request(Method::POST, &server.url("/")))
            .await
            .unwrap_err();
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(error.code(), "invalid_response", "{shown}: {error}");
        assert!(error.may_have_reached_upstream(), "{shown}");
        assert_eq!(server.hits(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_lost() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 O",
        b"",
    ] {
        let server = RawServer::start(move |_, _| Act::Last(bytes.to_vec())).await;
        let error = send(&local(), request(Method::POST, &server.url("/")))
            .await
            .unwrap_err();
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(error.code(), "connection_lost", "{shown}: {error}");
        assert!(error.may_have_reached_upstream(), "{shown}");
        assert_eq!(server.hits(), 1, "{shown}");
    }
}

#[tokio::test]
async fn nothing_listening_is_known_not_to_have_got_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/?key=canary", listener.local_addr().unwrap());
    drop(listener);
    let error = send(&local(), request(Method::POST, &url))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "connect_failed");
    assert!(!error.may_have_reached_upstream());
    assert!(!error.to_string().contains("canary"), "{error}");
}
