//! Servers on loopback: one that speaks HTTP through hyper, and one that sends what bytes it is
//! told to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub type Body = UnsyncBoxBody<Bytes, Infallible>;
pub type Reply = http::Response<Body>;

/// A request as a server saw it.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: Method,
    pub path: String,
    pub version: Version,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Speaks HTTP.
pub struct Server {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    pub async fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::on("127.0.0.1:0", answer).await
    }

    pub async fn on(
        address: &str,
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::with(address, answer, |stream| async { Some(stream) }).await
    }

    /// A server whose connections are made into something else first, such as TLS.
    pub async fn with<S, F>(
        address: &str,
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            received: Arc::default(),
            connections: Arc::default(),
        };
        let (received, connections) = (server.received.clone(), server.connections.clone());
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (received, answer) = (received.clone(), answer.clone());
                let stream = wrap(stream);
                tokio::spawn(async move {
                    let Some(stream) = stream.await else { return };
                    let service = service_fn(|request: http::Request<Incoming>| {
                        let (received, answer) = (received.clone(), answer.clone());
                        async move {
                            let (head, body) = request.into_parts();
                            let request = Received {
                                method: head.method,
                                path: head.uri.path_and_query().unwrap().to_string(),
                                version: head.version,
                                headers: head.headers,
                                body: body.collect().await.unwrap().to_bytes(),
                            };
                            received.lock().unwrap().push(request.clone());
                            Ok::<_, Infallible>(answer(&request))
                        }
                    });
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn hits(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

pub fn reply(status: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Reply {
    let mut reply = http::Response::new(Full::new(body.into()).boxed_unsync());
    *reply.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        reply
            .headers_mut()
            .append(*name, HeaderValue::from_str(value).unwrap());
    }
    reply
}

pub fn ok(body: impl Into<Bytes>) -> Reply {
    reply(200, &[], body)
}

pub fn redirect_to(status: u16, place: &str) -> Reply {
    reply(status, &[("location", place)], Bytes::new())
}

/// An answer whose body is this piece again and again, for ever, counted in bytes.
pub fn endless(
    headers: &[(&'static str, &str)],
    piece: Bytes,
    pause: Duration,
    sent: Arc<AtomicUsize>,
) -> Reply {
    let pieces = futures_util::stream::repeat(piece).then(move |piece| {
        sent.fetch_add(piece.len(), Ordering::SeqCst);
        async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok(Frame::data(piece))
        }
    });
    reply(200, headers, Bytes::new()).map(|_| StreamBody::new(pieces).boxed_unsync())
}

/// What a server of bytes does with a request.
pub enum Act {
    /// Sends these bytes and waits for the next request.
    Answer(Vec<u8>),
    /// Sends these bytes and closes.
    Last(Vec<u8>),
    /// Closes.
    Drop,
    /// Does nothing.
    Hang,
}

/// Sends what bytes it is told to.
pub struct RawServer {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl RawServer {
    /// A server that acts on the number (from one) and the text of a request.
    pub async fn start(act: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
        };
        let (requests, act) = (server.requests.clone(), Arc::new(act));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (requests, act) = (requests.clone(), act.clone());
                tokio::spawn(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        let number = {
                            let mut requests = requests.lock().unwrap();
                            requests.push(request.clone());
                            requests.len()
                        };
                        match act(number, &request) {
                            Act::Answer(bytes) => {
                                if stream.write_all(&bytes).await.is_err() {
                                    return;
                                }
                            }
                            Act::Last(bytes) => {
                                let _ = stream.write_all(&bytes).await;
                                return;
                            }
                            Act::Drop => return,
                            Act::Hang => std::future::pending().await,
                        }
                    }
                });
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn hits(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// One request with its body; none when the connection ends before.
pub async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut buffer = vec![];
    loop {
        let read = stream.read_buf(&mut buffer).await.ok()?;
        let text = String::from_utf8_lossy(&buffer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        if read == 0 {
            return None;
        }
    }
}
