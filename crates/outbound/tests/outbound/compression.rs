//! Answers that come compressed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_compression::Level;
use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
use async_compression::zstd::CParameter;
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use tokio::io::AsyncWriteExt as _;

use crate::server::{Act, RawServer, Server, endless, reply};
use crate::{get, local, request, send, soon};

async fn compressed(coding: &str, plain: &[u8]) -> Vec<u8> {
    macro_rules! with {
        ($encoder:ident) => {{
            let mut encoder = $encoder::with_quality(Vec::new(), Level::Fastest);
            encoder.write_all(plain).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match coding {
        "gzip" => with!(GzipEncoder),
        "deflate" => with!(ZlibEncoder),
        "br" => with!(BrotliEncoder),
        _ => with!(ZstdEncoder),
    }
}

const CODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

#[tokio::test]
async fn every_coding_that_is_asked_for_is_read() {
    let plain: String = (0..20_000)
        .flat_map(|n: u32| [n.to_string(), ",".to_owned()])
        .collect();
    for coding in CODINGS {
        let body = Bytes::from(compressed(coding, plain.as_bytes()).await);
        let server =
            Server::start(move |_| reply(200, &[("content-encoding", coding)], body.clone())).await;
        let mut request = request(Method::GET, &server.url("/"));
        request.headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("compress"),
        );
        let answer = send(&local(), request).await.unwrap();
        assert_eq!(answer.body, plain, "{coding}");
        assert!(!answer.headers.contains_key(header::CONTENT_ENCODING));
        assert!(!answer.headers.contains_key(header::CONTENT_LENGTH));
        let asked = server.received()[0].headers[header::ACCEPT_ENCODING].clone();
        assert_eq!(asked, "gzip, br, zstd, deflate", "ours, not the caller's");
    }
}

#[tokio::test]
async fn codings_are_read_however_they_are_spelled() {
    let body = Bytes::from(compressed("gzip", b"hello").await);
    for (spelling, works) in [
        ("GZIP", true),
        ("x-gzip", true),
        (" gzip , identity", true),
        ("gzip, gzip", false),
        ("compress", false),
        ("aes128gcm", false),
    ] {
        let body = body.clone();
        let server =
            Server::start(move |_| reply(200, &[("content-encoding", spelling)], body.clone()))
                .await;
        match get(&local(), &server.url("/")).await {
            Ok(answer) => assert!(works && answer.body == "hello", "{spelling}"),
            Err(error) => {
                assert!(!works, "{spelling}: {error}");
                assert_eq!(error.code(), "invalid_response", "{spelling}");
            }
        }
    }
}

/// A megabyte of zeros is a thousand bytes of gzip. The cap counts what comes out.
#[tokio::test]
async fn a_bomb_is_left_at_the_cap() {
    for coding in CODINGS {
        let bomb = Bytes::from(compressed(coding, &vec![0; 8 << 20]).await);
        assert!(bomb.len() < 1 << 16, "{coding}: {}", bomb.len());
        let server =
            Server::start(move |_| reply(200, &[("content-encoding", coding)], bomb.clone())).await;
        let client = local();
        let error = get(&client, &server.url("/")).await.unwrap_err();
        assert_eq!(error.code(), "response_too_large", "{coding}: {error}");
        // Piece by piece: no piece is large, and together they stay under the cap.
        let mut stream = client
            .stream(request(Method::GET, &server.url("/")), soon())
            .await
            .unwrap();
        let mut read = 0;
        let error = loop {
            match stream.chunk(soon()).await {
                Ok(piece) => {
                    let length = piece.unwrap().len();
                    assert!(length <= 64 * 1024, "{coding}: {length}");
                    read += length;
                }
                Err(error) => break error,
            }
        };
        assert!(read <= 1 << 20, "{coding}: {read}");
        assert_eq!(error.code(), "response_too_large");
    }
}

/// One that never ends ends only because the client stops.
#[tokio::test]
async fn an_endless_bomb_is_left_at_the_cap() {
    // Members of gzip, one after the other, are one body.
    let member = Bytes::from(compressed("gzip", &vec![0; 64 * 1024]).await);
    let size = member.len();
    let sent = Arc::<AtomicUsize>::default();
    let count = sent.clone();
    let server = Server::start(move |_| {
        endless(
            &[("content-encoding", "gzip")],
            member.clone(),
            Duration::ZERO,
            count.clone(),
        )
    })
    .await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.code(), "response_too_large");
    assert!(
        sent.load(Ordering::SeqCst) > 16 * size,
        "members were read on"
    );
}

/// A window is memory that is taken before the first byte comes out (RFC 9659 allows 8 MiB).
#[tokio::test]
async fn a_window_larger_than_http_allows_is_refused() {
    for (log, allowed) in [(23, true), (24, false), (27, false)] {
        let window = [CParameter::window_log(log)];
        let mut encoder = ZstdEncoder::with_quality_and_params(Vec::new(), Level::Fastest, &window);
        encoder.write_all(b"hello").await.unwrap();
        encoder.flush().await.unwrap();
        encoder.write_all(b" again").await.unwrap();
        encoder.shutdown().await.unwrap();
        let body = Bytes::from(encoder.into_inner());
        let server =
            Server::start(move |_| reply(200, &[("content-encoding", "zstd")], body.clone())).await;
        match get(&local(), &server.url("/")).await {
            Ok(answer) => assert!(allowed && answer.body == "hello again", "{log}"),
            Err(error) => {
                assert!(!allowed, "{log}: {error}");
                assert_eq!(error.code(), "invalid_response");
            }
        }
    }
}

#[tokio::test]
async fn what_does_not_decompress_is_told_from_what_was_cut_off() {
    for coding in CODINGS {
        let server = Server::start(move |_| {
            reply(
                200,
                &[("content-encoding", coding)],
                "this is no compressed text at all",
            )
        })
        .await;
        let error = get(&local(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.code(), "invalid_response", "{coding}: {error}");
    }
    let whole = compressed("gzip", &[7; 4096]).await;
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        whole.len()
    );
    let cut = [head.as_bytes(), &whole[..whole.len() / 2]].concat();
    let server = RawServer::start(move |_, _| Act::Last(cut.clone())).await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.code(), "connection_lost", "{error}");
}

#[tokio::test]
async fn answers_without_a_body_are_not_decompressed() {
    let server = Server::start(|request| {
        let status = if request.method == Method::HEAD {
            200
        } else {
            204
        };
        reply(status, &[("content-encoding", "gzip")], "")
    })
    .await;
    for method in [Method::HEAD, Method::GET] {
        let answer = send(&local(), request(method, &server.url("/")))
            .await
            .unwrap();
        assert_eq!(answer.body, "");
    }
}
