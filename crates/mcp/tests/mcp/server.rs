//! An MCP server that a test tells what to do.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Heard {
    pub http: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Heard {
    /// The method of JSON-RPC; empty for a GET.
    pub fn method(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What happens after the last piece of a stream.
#[derive(Debug, Clone)]
pub enum After {
    /// It ends.
    End,
    /// Nothing more comes.
    Silence,
    /// This comes again and again.
    Forever(String),
}

/// What a test sends on a stream.
#[derive(Debug, Clone)]
pub struct Pieces(Arc<Mutex<Option<mpsc::UnboundedReceiver<String>>>>);

impl From<mpsc::UnboundedReceiver<String>> for Pieces {
    fn from(pieces: mpsc::UnboundedReceiver<String>) -> Self {
        Self(Arc::new(Mutex::new(Some(pieces))))
    }
}

/// What the server does.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers with JSON.
    Json(u16, Value),
    /// Answers with JSON and a header.
    With(&'static str, &'static str, Value),
    /// Answers with bytes of a type.
    Raw(u16, &'static str, Bytes),
    /// Answers with a stream of events.
    Events(Vec<String>, After),
    /// Answers with a stream of events that the test goes on with.
    Live(String, Pieces),
    /// Keeps the connection and sends no head.
    Silence,
    /// Closes the connection.
    Drop,
    /// Sends elsewhere.
    Redirect(u16, String),
}

type Body = BoxBody<Bytes, Infallible>;
type Handler = dyn Fn(&Heard) -> Reply + Send + Sync;

/// The server.
#[derive(Clone)]
pub struct Server {
    /// Its URL, with the path `/mcp`.
    pub url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    handler: Arc<Mutex<Arc<Handler>>>,
}

impl Server {
    pub async fn start(handler: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}/mcp", listener.local_addr().unwrap()),
            heard: Arc::default(),
            handler: Arc::new(Mutex::new(Arc::new(handler))),
        };
        let shared = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                let service = service_fn(move |request| shared.clone().serve(request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        server
    }

    /// From now on it does something else.
    pub fn change(&self, handler: impl Fn(&Heard) -> Reply + Send + Sync + 'static) {
        *self.handler.lock().unwrap() = Arc::new(handler);
    }

    async fn serve(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let heard = Heard {
            http: head.method,
            path: head.uri.to_string(),
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        self.heard.lock().unwrap().push(heard.clone());
        let handler = self.handler.lock().unwrap().clone();
        produce(handler(&heard))
            .await
            .ok_or_else(|| "dropped".into())
    }

    pub fn all(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// How often a method was asked for.
    pub fn count(&self, method: &str) -> usize {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|one| one.method() == method).count()
    }

    /// The requests for a method.
    pub fn of(&self, method: &str) -> Vec<Heard> {
        let mut all = self.all();
        all.retain(|one| one.method() == method);
        all
    }
}

async fn produce(reply: Reply) -> Option<Response<Body>> {
    let full = |status: u16, kind: &str, bytes: Bytes| {
        Response::builder()
            .status(status)
            .header("content-type", kind)
            .body(Full::new(bytes).boxed())
            .unwrap()
    };
    let json = "application/json";
    Some(match reply {
        Reply::Json(status, value) => full(status, json, value.to_string().into()),
        Reply::With(name, text, value) => {
            let mut response = full(200, json, value.to_string().into());
            response.headers_mut().insert(name, text.parse().unwrap());
            response
        }
        Reply::Raw(status, kind, bytes) => full(status, kind, bytes),
        Reply::Silence => std::future::pending().await,
        Reply::Drop => return None,
        Reply::Redirect(status, to) => {
            let mut response = full(status, json, Bytes::new());
            let headers = response.headers_mut();
            headers.insert("location", to.parse().unwrap());
            response
        }
        Reply::Live(first, pieces) => {
            let mut pieces = pieces.0.lock().unwrap().take()?;
            let mut first = Some(first);
            events(stream::poll_fn(move |context| match first.take() {
                Some(first) => std::task::Poll::Ready(Some(first.into())),
                None => pieces
                    .poll_recv(context)
                    .map(|piece| piece.map(Bytes::from)),
            }))
        }
        Reply::Events(pieces, after) => {
            let (sender, mut pieces_out) = mpsc::channel::<Bytes>(4);
            tokio::spawn(async move {
                for piece in pieces {
                    if sender.send(piece.into()).await.is_err() {
                        return;
                    }
                }
                match after {
                    After::End => {}
                    After::Silence => sender.closed().await,
                    After::Forever(piece) => {
                        while sender.send(piece.clone().into()).await.is_ok() {}
                    }
                }
            });
            events(stream::poll_fn(move |context| {
                pieces_out.poll_recv(context)
            }))
        }
    })
}

fn events(pieces: impl Stream<Item = Bytes> + Send + Sync + 'static) -> Response<Body> {
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(BodyExt::boxed(StreamBody::new(frames)))
        .unwrap()
}

/// A message as an event.
pub fn event(message: &Value) -> String {
    format!("event: message\ndata: {message}\n\n")
}

/// The answer to a request.
pub fn result(heard: &Heard, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": heard.body["id"], "result": result})
}

/// A refusal of a request.
pub fn refusal(heard: &Heard, code: i64, message: &str) -> Value {
    let error = json!({"code": code, "message": message});
    json!({"jsonrpc": "2.0", "id": heard.body["id"], "error": error})
}

/// A tool as a server lists it.
pub fn listed(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}})
}

pub fn text_result(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

/// A server of 2026-07-28; `rest` does what is not its handshake.
pub fn stateless(rest: impl Fn(&Heard) -> Reply) -> impl Fn(&Heard) -> Reply {
    move |heard| match heard.method() {
        "server/discover" => Reply::Json(
            200,
            result(
                heard,
                &json!({
                    "resultType": "complete", "supportedVersions": ["2026-07-28"],
                    "capabilities": {"tools": {}}, "ttlMs": 0, "cacheScope": "private",
                    "_meta": {"io.modelcontextprotocol/serverInfo":
                        {"name": "test", "version": "1", "extra": [1]}},
                }),
            ),
        ),
        _ => rest(heard),
    }
}

/// A server of 2025-11-25 with a session; `rest` does what is not its handshake.
pub fn with_session(
    session: &'static str,
    rest: impl Fn(&Heard) -> Reply,
) -> impl Fn(&Heard) -> Reply {
    move |heard| match (heard.method(), heard.header("mcp-session-id")) {
        ("initialize", _) => Reply::With(
            "mcp-session-id",
            session,
            result(
                heard,
                &json!({
                    "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                    "serverInfo": {"name": "test", "version": "1"},
                }),
            ),
        ),
        ("server/discover", _) => Reply::Json(400, json!({"error": "no session"})),
        (_, Some(given)) if given != session => Reply::Json(404, json!({})),
        (_, None) => Reply::Json(400, json!({})),
        ("notifications/initialized" | "notifications/cancelled", _) => {
            Reply::Raw(202, "text/plain", Bytes::new())
        }
        _ if heard.http == Method::GET && heard.header("last-event-id").is_none() => {
            Reply::Json(405, json!({}))
        }
        _ => rest(heard),
    }
}

/// Asks until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen in 10 s");
}
