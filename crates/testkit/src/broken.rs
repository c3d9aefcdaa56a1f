//! Services that do not keep to HTTP, on loopback.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a service does wrong, after it got the head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It resets the connection.
    Reset,
    /// It sends what is no HTTP.
    Garbage,
    /// It says nothing and keeps the connection.
    Silence,
    /// It sends a head, then a byte of the body every 50 milliseconds, for as long as somebody reads.
    Drip,
    /// It sends a head, then a body without an end, as fast as it is read.
    Endless,
    /// It ends the connection in the middle of the body it promised.
    Truncation,
}

/// Starts a service with a fault. Answers its URL.
pub async fn broken(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A caller that goes away ends the exchange: that is no error of the test.
            tokio::spawn(async move { drop(misbehave(stream, fault).await) });
        }
    });
    url
}

async fn misbehave(mut stream: TcpStream, fault: Fault) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let chunked =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
    match fault {
        Fault::Reset => stream.set_zero_linger(),
        Fault::Garbage => {
            stream
                .write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
                .await
        }
        Fault::Silence => std::future::pending().await,
        Fault::Drip => {
            stream.write_all(chunked).await?;
            loop {
                stream.write_all(b"1\r\nx\r\n").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Fault::Endless => {
            stream.write_all(chunked).await?;
            let mut chunk = b"10000\r\n".to_vec();
            chunk.resize(chunk.len() + 0x1_0000, b'x');
            chunk.extend_from_slice(b"\r\n");
            loop {
                stream.write_all(&chunk).await?;
            }
        }
        Fault::Truncation => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")
                .await
        }
    }
}
