//! Answers that are read piece by piece.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use switchboard_outbound::Options;
use tokio::time::Instant;

use crate::server::{Server, endless, ok, reply};
use crate::{local, request, soon};

#[tokio::test]
async fn pieces_come_as_they_are_sent() {
    let sent = Arc::<AtomicUsize>::default();
    let server = Server::start(move |_| {
        let kind = [("content-type", "text/event-stream")];
        let event = Bytes::from("data: x\n\n");
        endless(&kind, event, Duration::from_millis(10), sent.clone())
    })
    .await;
    let mut stream = local()
        .stream(request(Method::POST, &server.url("/")), soon())
        .await
        .unwrap();
    assert_eq!((stream.status.as_u16(), stream.attempts), (200, 1));
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    for _ in 0..5 {
        let piece = stream.chunk(soon()).await.unwrap().unwrap();
        assert!(piece.starts_with(b"data: x\n\n"), "{piece:?}");
    }
    let late = loop {
        match stream
            .chunk(Instant::now() + Duration::from_millis(1))
            .await
        {
            Ok(piece) => assert!(piece.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!(late.code(), "timeout");
    assert!(late.may_have_reached_upstream());
}

#[tokio::test]
async fn pieces_end_at_the_cap() {
    let sent = Arc::<AtomicUsize>::default();
    let server = Server::start(move |_| {
        endless(
            &[],
            Bytes::from(vec![0; 1000]),
            Duration::ZERO,
            sent.clone(),
        )
    })
    .await;
    let mut request = request(Method::GET, &server.url("/"));
    request.max_response_bytes = 10_000;
    let mut stream = local().stream(request, soon()).await.unwrap();
    let mut read = 0;
    let error = loop {
        match stream.chunk(soon()).await {
            Ok(piece) => read += piece.unwrap().len(),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "response_too_large");
    assert!(read <= 10_000, "{read}");
}

#[tokio::test]
async fn a_stream_is_opened_as_any_request_is() {
    let number = AtomicUsize::new(0);
    let server =
        Server::start(
            move |_| match number.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => reply(503, &[], ""),
                1 => reply(302, &[("location", "/there")], ""),
                _ => ok("end"),
            },
        )
        .await;
    let client = local();
    let mut stream = client
        .stream(request(Method::GET, &server.url("/")), soon())
        .await
        .unwrap();
    assert_eq!((stream.attempts, stream.uri.path()), (2, "/there"));
    assert_eq!(stream.chunk(soon()).await.unwrap().unwrap(), "end");
    assert_eq!(stream.chunk(soon()).await.unwrap(), None);
    let refused = client
        .stream(request(Method::GET, "http://10.0.0.1/"), soon())
        .await;
    assert_eq!(refused.unwrap_err().code(), "address_refused");
}

#[tokio::test]
async fn a_stream_may_stay_where_it_is_and_live_longer_than_its_head() {
    let sent = Arc::<AtomicUsize>::default();
    let server = Server::start(move |request| match request.path.as_str() {
        "/moved" => reply(307, &[("location", "/")], ""),
        _ => endless(
            &[],
            Bytes::from("data: x\n\n"),
            Duration::from_millis(20),
            sent.clone(),
        ),
    })
    .await;
    let options = Options {
        max_redirects: 0,
        ..Options::default()
    };
    let client = local();
    let moved = request(Method::GET, &server.url("/moved"));
    let moved = client.stream_with(moved, &options, soon()).await.unwrap();
    assert_eq!(moved.status.as_u16(), 307, "the redirect is the answer");

    let mut events = request(Method::GET, &server.url("/"));
    events.max_response_bytes = usize::MAX;
    let head = Instant::now() + Duration::from_millis(200);
    let mut stream = client.stream_with(events, &options, head).await.unwrap();
    while Instant::now() < head + Duration::from_millis(100) {
        let idle = Instant::now() + Duration::from_secs(5);
        assert!(stream.chunk(idle).await.unwrap().is_some());
    }
    stream.set_limit(20);
    let error = stream.collect(soon()).await.unwrap_err();
    assert_eq!(error.code(), "response_too_large", "a cap may be set later");
}
