//! Services to be called: real servers on loopback.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What a service does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Answers with JSON.
    Json(u16, Value),
    /// Answers with these bytes of this content type.
    Raw(u16, &'static str, Bytes),
    /// Leads elsewhere.
    Redirect(u16, String),
    /// Answers after a while.
    Late(Duration, Box<Answer>),
    /// Answers when the test lets it.
    Held(Gate, Box<Answer>),
    /// Closes the connection.
    Drop,
}

/// What holds answers back until a test opens it.
#[derive(Debug, Clone, Default)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// Lets everything go that is held, and all that comes.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn passed(&self) {
        // It has a sender here, so it does not end before it opens.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

type Handler = dyn Fn(&Request<Bytes>) -> Answer + Send + Sync;

/// A service that answers as it is told and remembers what it was asked.
#[derive(Clone)]
pub struct Upstream {
    /// `http://127.0.0.1:port`.
    pub url: String,
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Upstream").field(&self.url).finish()
    }
}

/// The answer, or none when the connection is to be closed.
type Produced = Pin<Box<dyn Future<Output = Option<Response<Full<Bytes>>>> + Send>>;

fn produce(answer: Answer) -> Produced {
    Box::pin(async move {
        let mut location = None;
        let (status, kind, body) = match answer {
            Answer::Json(status, value) => (status, "application/json", value.to_string().into()),
            Answer::Raw(status, kind, body) => (status, kind, body),
            Answer::Late(wait, answer) => {
                tokio::time::sleep(wait).await;
                return produce(*answer).await;
            }
            Answer::Held(gate, answer) => {
                gate.passed().await;
                return produce(*answer).await;
            }
            Answer::Redirect(status, to) => {
                location = Some(to);
                (status, "text/plain", Bytes::new())
            }
            Answer::Drop => return None,
        };
        let mut response = Response::builder()
            .status(status)
            .header("content-type", kind);
        if let Some(location) = location {
            response = response.header("location", location);
        }
        Some(response.body(Full::new(body)).unwrap())
    })
}

impl Upstream {
    /// Starts a service.
    pub async fn start(
        handler: impl Fn(&Request<Bytes>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let handler: Arc<Handler> = Arc::new(handler);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            requests: Arc::default(),
        };
        let requests = upstream.requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let (handler, requests) = (handler.clone(), requests.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (handler, requests) = (handler.clone(), requests.clone());
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        let request = Request::from_parts(head, body);
                        let answer = handler(&request);
                        requests.lock().unwrap().push(request);
                        produce(answer).await.ok_or_else(|| "dropped".into())
                            as Result<_, Box<dyn std::error::Error + Send + Sync>>
                    }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        upstream
    }

    /// A service that answers each request with what it got: method, path, query, headers, body.
    pub async fn echo() -> Self {
        Self::start(|request| {
            let headers: serde_json::Map<String, Value> = request
                .headers()
                .iter()
                .map(|(name, value)| {
                    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.to_string(), Value::String(text))
                })
                .collect();
            let body = String::from_utf8_lossy(request.body()).into_owned();
            Answer::Json(
                200,
                serde_json::json!({
                    "method": request.method().as_str(), "path": request.uri().path(),
                    "query": request.uri().query(), "headers": headers,
                    "body": serde_json::from_str::<Value>(&body).unwrap_or(Value::String(body)),
                }),
            )
        })
        .await
    }

    /// How many requests there were.
    pub fn hits(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// How many requests there were to a path.
    pub fn hits_of(&self, path: &str) -> usize {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.uri().path() == path)
            .count()
    }

    /// The paths asked for, in order.
    pub fn paths(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| request.uri().path().to_owned())
            .collect()
    }
}
