//! A small client of the API.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::contract::{self, Exchange};
use crate::stream::EventStream;

/// Calls the API as one key, or as a page does that somebody is signed in on.
#[derive(Debug, Clone)]
pub struct Client {
    inner: legacy::Client<HttpConnector, Full<Bytes>>,
    base: String,
    who: Who,
}

#[derive(Debug, Clone)]
enum Who {
    Key(String),
    Nobody,
    Session { cookie: String, csrf: String },
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The body, when the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// The session's cookie that it sets, as a browser sends it back.
    #[track_caller]
    pub fn cookie(&self) -> String {
        self.set_cookie().split(';').next().unwrap().to_owned()
    }

    /// The session's cookie as it is set.
    #[track_caller]
    pub fn set_cookie(&self) -> &str {
        let cookies = self.headers.get_all("set-cookie").iter();
        let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
        let is_session = |cookie: &&str| {
            let name = cookie.trim_start_matches("__Host-");
            name.starts_with("switchboard_session=")
        };
        cookies.find(is_session).expect(&self.text)
    }

    /// The problem's code, when the status is the expected one.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        let kind = self.headers.get("content-type").cloned();
        let body = self.expect(status);
        assert_eq!(kind.unwrap(), "application/problem+json");
        body["code"].as_str().unwrap().to_owned()
    }
}

impl Client {
    /// A client of a server, `http://host:port`.
    pub fn new(base: &str, key: &str) -> Self {
        Self {
            inner: legacy::Client::builder(TokioExecutor::new()).build_http(),
            base: base.to_owned(),
            who: Who::Key(key.to_owned()),
        }
    }

    /// The same without any key.
    pub fn nobody(&self) -> Self {
        Self {
            who: Who::Nobody,
            ..self.clone()
        }
    }

    /// The same as the page that got this answer, which began a session.
    #[track_caller]
    pub fn signed_in(&self, reply: Reply) -> Self {
        let cookie = reply.cookie();
        let session = reply.expect(201);
        Self {
            who: Who::Session {
                cookie,
                csrf: session["csrf_token"].as_str().unwrap().to_owned(),
            },
            ..self.clone()
        }
    }

    /// The cookie and the CSRF token of a session.
    #[track_caller]
    pub fn session(&self) -> (&str, &str) {
        match &self.who {
            Who::Session { cookie, csrf } => (cookie, csrf),
            who => panic!("{who:?} has no session"),
        }
    }

    /// The same with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            who: Who::Key(key.to_owned()),
            ..self.clone()
        }
    }

    /// A request with the key or the cookie. A content type that is given stands in place of JSON's.
    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Request<Full<Bytes>> {
        let is_change = !method.is_safe();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        match &self.who {
            Who::Key(key) => request = request.header("authorization", format!("Bearer {key}")),
            Who::Nobody => {}
            Who::Session { cookie, csrf } => {
                request = request.header("cookie", cookie);
                if is_change {
                    request = request
                        .header("x-csrf-token", csrf)
                        .header("origin", &self.base);
                }
            }
        }
        let has_type = headers.iter().any(|(name, _)| *name == "content-type");
        if body.is_some() && !has_type {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Full::from(body.unwrap_or_default())).unwrap()
    }

    /// Opens an event stream; none when the answer is another one.
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Option<EventStream> {
        let request = self.request(method, path, headers, body);
        let answer = self.inner.request(request).await.ok()?;
        let kind = answer.headers().get("content-type")?;
        let is_stream = kind == "text/event-stream" && answer.status() == StatusCode::OK;
        is_stream.then(|| EventStream::of(path, answer.into_body()))
    }

    /// Sends a request; none when there is no answer. An answer is held against the API's document.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Option<Reply> {
        let request = self.request(method.clone(), path, headers, body.clone());
        let (head, answer) = self.inner.request(request).await.ok()?.into_parts();
        let answer = answer.collect().await.ok()?.to_bytes();
        let reply = Reply {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8_lossy(&answer).into_owned(),
        };
        contract::hold(Exchange {
            method: &method,
            path,
            sent: body.as_deref(),
            status: reply.status,
            headers: &reply.headers,
            text: &reply.text,
        });
        Some(reply)
    }

    /// Sends a request under `/api/v1`.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let body = body.map(|body| body.to_string());
        self.try_send(method, &format!("/api/v1{path}"), headers, body)
            .await
            .expect("the server answers")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, &[], Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Follows an event stream until it has given so many events; answers id and data of each.
    pub async fn follow(
        &self,
        path: &str,
        last_event_id: Option<&str>,
        count: usize,
    ) -> Vec<(String, Value)> {
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(last_event_id.map(|id| ("last-event-id", id)));
        let request = self.request(Method::GET, &format!("/api/v1{path}"), &headers, None);
        let answer = self.inner.request(request).await;
        let mut stream = EventStream::of(path, answer.unwrap().into_body());
        let mut events = vec![];
        while events.len() < count {
            events.push(stream.next().await);
        }
        events
    }
}
