//! One exchange over HTTP with a server: a POST with a message or a GET for events, authenticated,
//! and what its answer is.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use switchboard_connect::{ClientCredentials, OAuthSource, Redactor, TokenCache, auth};
use switchboard_outbound::{Breaker, Client, Options, Request, ResponseStream, RetryPolicy};
use tokio::time::Instant;

use crate::credentials::Credentials;
use crate::error::McpError;
use crate::frame::{self, Kind};
use crate::limits::Limits;
use crate::link::EventLink;

/// The header that names a session (2025-03-26 to 2025-11-25).
pub const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// The header that names the revision.
pub const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// The header that repeats the method (2026-07-28).
pub const METHOD: HeaderName = HeaderName::from_static("mcp-method");
/// The header that repeats the tool's name (2026-07-28).
pub const NAME: HeaderName = HeaderName::from_static("mcp-name");
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// How much of an answer that refuses is read, in bytes.
const REFUSAL_BYTES: usize = 64 * 1024;

/// What an exchange came to.
pub enum Answered {
    /// A JSON body.
    Json {
        /// The answer's headers.
        headers: HeaderMap,
        /// The body.
        body: Bytes,
    },
    /// A stream of events.
    Events {
        /// The answer's headers.
        headers: HeaderMap,
        /// The stream.
        events: Box<EventLink>,
    },
    /// Nothing to say (202, 204).
    Accepted,
}

/// A server over HTTP.
pub struct Wire {
    client: Client,
    tokens: TokenCache,
    pub limits: Limits,
    uri: Uri,
    query: Option<String>,
    headers: HeaderMap,
    credentials: Vec<HeaderName>,
    oauth: Option<(OAuthSource, ClientCredentials)>,
    redactor: RwLock<Redactor>,
    breaker: Arc<Breaker>,
    options: Options,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl Wire {
    /// A server with the credentials of a session.
    pub fn new(
        client: Client,
        tokens: TokenCache,
        limits: Limits,
        credentials: Credentials,
        breaker: Arc<Breaker>,
    ) -> Self {
        let mut headers = credentials.headers;
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/json, text/event-stream"),
        );
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        for name in [SESSION, VERSION, METHOD, NAME, LAST_EVENT] {
            headers.remove(name);
        }
        Self {
            client,
            tokens,
            limits,
            uri: credentials.uri,
            query: credentials.query,
            headers,
            credentials: credentials.names,
            oauth: credentials.oauth,
            redactor: RwLock::new(credentials.redactor),
            breaker,
            // A redirect is never followed: credentials and arguments are for this server alone.
            options: Options {
                retry: RetryPolicy::default(),
                max_redirects: 0,
            },
        }
    }

    /// The URL of the server.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The key that goes into the query of every URL, as `name=value`, if one does.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The headers of every request, to be added to.
    pub fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    /// The text without credentials. One that has none is not copied.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let redactor = self.redactor.read().unwrap_or_else(PoisonError::into_inner);
        redactor.clean_json(text)
    }

    /// The body as text, without credentials.
    pub fn text<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, str>, McpError> {
        let text = std::str::from_utf8(body).map_err(|_| McpError::Garbage {
            detail: "it is not text".to_owned(),
        })?;
        Ok(self.clean(text))
    }

    /// Sends a message. The cap is that of a JSON answer; a stream of events has its own.
    pub async fn post(
        &self,
        uri: &Uri,
        headers: HeaderMap,
        body: Bytes,
        cap: usize,
        deadline: Instant,
    ) -> Result<Answered, McpError> {
        let answer = self
            .send(Method::POST, uri, headers, body, deadline)
            .await?;
        self.classify(answer, cap, deadline).await
    }

    /// Asks for a stream of events, from the one after `last_event` on.
    pub async fn get(
        &self,
        mut headers: HeaderMap,
        last_event: Option<&str>,
        deadline: Instant,
    ) -> Result<Box<EventLink>, McpError> {
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("text/event-stream"),
        );
        headers.remove(header::CONTENT_TYPE);
        if let Some(id) = last_event.and_then(|id| HeaderValue::from_str(id).ok()) {
            headers.insert(LAST_EVENT, id);
        }
        let answer = self
            .send(Method::GET, &self.uri, headers, Bytes::new(), deadline)
            .await?;
        match self.classify(answer, REFUSAL_BYTES, deadline).await? {
            Answered::Events { events, .. } => Ok(events),
            _ => Err(McpError::NotMcp {
                detail: "there is no stream of events".to_owned(),
            }),
        }
    }

    /// Tells the server that a session is over. Its answer does not matter.
    pub async fn delete(&self, mut headers: HeaderMap, wait: Duration) {
        headers.remove(header::CONTENT_TYPE);
        let deadline = Instant::now() + wait;
        let sent = self
            .send(Method::DELETE, &self.uri, headers, Bytes::new(), deadline)
            .await;
        if let Ok(mut answer) = sent {
            // Read to its end, so that the connection can be used again.
            drop(answer.collect(deadline).await);
        }
    }

    /// Sends with an access token where one is needed; one that is refused is asked for once more.
    async fn send(
        &self,
        method: Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<ResponseStream, McpError> {
        let Some((source, client)) = &self.oauth else {
            return self.once(method, uri, headers, body, deadline).await;
        };
        let token = self
            .authorize(source, client, &mut headers, deadline)
            .await?;
        let first = self
            .once(method.clone(), uri, headers.clone(), body.clone(), deadline)
            .await?;
        if first.status != StatusCode::UNAUTHORIZED {
            return Ok(first);
        }
        self.tokens.forget(source, client, &token).await;
        let renewed = self
            .authorize(source, client, &mut headers, deadline)
            .await?;
        if renewed.expose() == token.expose() {
            return Ok(first);
        }
        drop(first);
        self.once(method, uri, headers, body, deadline).await
    }

    async fn authorize(
        &self,
        source: &OAuthSource,
        client: &ClientCredentials,
        headers: &mut HeaderMap,
        deadline: Instant,
    ) -> Result<switchboard_vault::SecretText, McpError> {
        let token = self
            .tokens
            .token(&self.client, source, client, deadline)
            .await?;
        auth::bearer(headers, &token.text)?;
        self.redactor
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .add(&token.masker);
        Ok(token.text)
    }

    async fn once(
        &self,
        method: Method,
        uri: &Uri,
        headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<ResponseStream, McpError> {
        let request = Request {
            method,
            uri: uri.clone(),
            headers,
            body,
            credentials: self.credentials.clone(),
            credential_queries: vec![],
            // Whoever reads the body knows how much of it is bearable.
            max_response_bytes: usize::MAX,
            breaker: Some(self.breaker.clone()),
        };
        // On the heap: the client's future is large, and each layer above would copy it.
        let sent = Box::pin(self.client.stream_with(request, &self.options, deadline)).await;
        Ok(sent?)
    }

    /// What an answer is, by its status and its type.
    async fn classify(
        &self,
        mut answer: ResponseStream,
        cap: usize,
        deadline: Instant,
    ) -> Result<Answered, McpError> {
        let status = answer.status;
        if !status.is_success() {
            return Err(self.refusal(answer, deadline).await);
        }
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            drop(collect(&mut answer, REFUSAL_BYTES, deadline).await?);
            return Ok(Answered::Accepted);
        }
        let kind = media_type(&answer.headers);
        if kind.eq_ignore_ascii_case("application/json") {
            let body = collect(&mut answer, cap, deadline).await?;
            let headers = std::mem::take(&mut answer.headers);
            return Ok(Answered::Json { headers, body });
        }
        if kind.eq_ignore_ascii_case("text/event-stream") {
            let headers = std::mem::take(&mut answer.headers);
            let events = Box::new(EventLink::new(answer, self.limits.max_answer_bytes));
            return Ok(Answered::Events { headers, events });
        }
        let detail = if kind.is_empty() {
            "the answer does not say what it is".to_owned()
        } else {
            format!("the answer is `{}`", kind.escape_debug())
        };
        // Some servers accept a message with an empty 200.
        let body = collect(&mut answer, REFUSAL_BYTES, deadline).await;
        if body.is_ok_and(|body| body.is_empty()) {
            return Ok(Answered::Accepted);
        }
        Err(McpError::NotMcp { detail })
    }

    /// What an answer that refuses says.
    async fn refusal(&self, mut answer: ResponseStream, deadline: Instant) -> McpError {
        let status = answer.status.as_u16();
        match status {
            300..=399 => return McpError::Redirected { status },
            401 => return McpError::Unauthorized { status },
            _ => {}
        }
        let body = match collect(&mut answer, REFUSAL_BYTES, deadline).await {
            Ok(body) => body,
            Err(McpError::TooLarge { .. }) => Bytes::new(),
            Err(error) => return error,
        };
        let said = self.text(&body).ok();
        match said.as_deref().map(frame::read) {
            Some(Ok(Kind::Error(_, error))) => error.with_status(status),
            _ if status == 403 => McpError::Unauthorized { status },
            _ => McpError::Status {
                status,
                detail: String::new(),
            },
        }
    }
}

async fn collect(
    answer: &mut ResponseStream,
    cap: usize,
    deadline: Instant,
) -> Result<Bytes, McpError> {
    answer.set_limit(cap);
    Ok(answer.collect(deadline).await?)
}

fn media_type(headers: &HeaderMap) -> &str {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
}
