//! Each agent as an MCP server at `/mcp/agents/{agent_id}`: Streamable HTTP, revision 2025-11-25
//! with its two elders ([`legacy`]) and the stateless 2026-07-28 ([`stateless`]) at one URL.
//!
//! What carries a client from one request to the next is a conversation, in the database, so any
//! server answers any request. `docs/decisions/0003-mcp-door.md` says why this is no SDK's server.

mod calling;
mod ending;
mod failure;
mod legacy;
mod message;
mod request;
mod stateless;
mod stream;
mod text;
mod tools;

use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use moka::sync::Cache;
use switchboard_app::{AppError, Runner};
use switchboard_domain::id::{AgentId, ConversationId};

use crate::ApiState;
use crate::extract::{self, Unread};
use crate::view;
use failure::{Failure, INVALID_REQUEST, UNSUPPORTED_VERSION, invalid_request};
use message::{Body, Incoming};
use request::{Level, Query};

/// The stateless revision.
const STATELESS: &str = "2026-07-28";
/// The revisions with sessions, the newest first.
const LEGACY: [&str; 3] = ["2025-11-25", "2025-06-18", "2025-03-26"];

/// Who this server says it is.
const SERVER_INFO: &str = concat!(
    r#"{"name":"switchboard","title":"Switchboard","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""}"#
);

/// What it offers. It has no prompts and no resources, and says so with empty lists: clients ask for
/// them whether they are announced or not.
const CAPABILITIES: &str =
    r#"{"tools":{"listChanged":true},"logging":{},"prompts":{},"resources":{}}"#;

/// Sessions whose log level is remembered.
const REMEMBERED_LEVELS: u64 = 50_000;

/// What the door needs beside the application.
#[derive(Debug)]
pub struct Door {
    /// Which log messages a session wants. It is a preference, not state: a server that does not
    /// know it sends all of them.
    levels: Cache<ConversationId, Level>,
}

impl Default for Door {
    fn default() -> Self {
        Self::new()
    }
}

impl Door {
    /// A door that remembers nothing yet.
    pub fn new() -> Self {
        Self {
            levels: Cache::new(REMEMBERED_LEVELS),
        }
    }
}

/// A request that got in: who asks which agent for what.
struct Visit<'a> {
    state: &'a ApiState,
    runner: Runner,
    agent: AgentId,
    headers: &'a HeaderMap,
    query: Query,
}

/// Which revision a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Revision {
    /// 2026-07-28.
    Stateless,
    /// One with sessions; none when it does not say which.
    Legacy(Option<&'static str>),
}

/// The endpoints' route, as the router, the log and the metrics know it.
pub const ROUTE: &str = "/mcp/agents/{agent_id}";

/// Serves every request of an agent's MCP endpoint that the router finds.
pub async fn serve(
    State(state): State<ApiState>,
    Path(agent): Path<String>,
    request: Request,
) -> Response {
    direct(&state, &agent, request).await
}

/// Serves a request of the endpoint of an agent.
pub async fn direct(state: &ApiState, agent: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    answer(state, agent, &parts, body)
        .boxed()
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

async fn answer(
    state: &ApiState,
    agent: &str,
    parts: &Parts,
    body: axum::body::Body,
) -> Result<Response, Failure> {
    let headers = &parts.headers;
    state.site.hosts().check(headers)?;
    // Programs come here, with keys: a page that is signed in could be made to call actions.
    let principal = extract::key_principal(parts, state).await?;
    let runner = Runner::try_from(principal)?;
    let agent = agent.parse().map_err(|_| AppError::NotFound("agent"))?;
    let visit = Visit {
        state,
        runner,
        agent,
        headers,
        query: Query::read(&parts.uri)?,
    };
    match parts.method {
        Method::POST => post(&visit, body).await,
        Method::GET if revision(headers)? != Revision::Stateless => legacy::get(&visit).await,
        Method::DELETE if revision(headers)? != Revision::Stateless => legacy::delete(&visit).await,
        _ => {
            let mut response = Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                INVALID_REQUEST,
                "method_not_allowed",
                "this endpoint takes POST; with a session of an earlier revision also GET and DELETE",
            )
            .into_response();
            let allowed = HeaderValue::from_static("POST, GET, DELETE");
            response.headers_mut().insert(header::ALLOW, allowed);
            Ok(response)
        }
    }
}

async fn post(visit: &Visit<'_>, body: axum::body::Body) -> Result<Response, Failure> {
    check_content_type(visit.headers)?;
    if !accepts(visit.headers, "application/json") {
        return Err(Failure::new(
            StatusCode::NOT_ACCEPTABLE,
            INVALID_REQUEST,
            "not_acceptable",
            "send `Accept: application/json, text/event-stream`",
        ));
    }
    let body = extract::read(body, visit.state).await;
    let body = body.map_err(|unread| match unread {
        Unread::TooLarge => Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            INVALID_REQUEST,
            "body_too_large",
            "the body is larger than this server takes; send less, or raise its `max_body_bytes`",
        ),
        Unread::Late | Unread::Broken => invalid_request("the body was not read to its end"),
    })?;
    let body = message::read(&body)?;
    let id = match &body {
        Body::One(Incoming::Call(call)) => Some(call.id.clone()),
        _ => None,
    };
    let answered = match revision(visit.headers) {
        Ok(Revision::Stateless) => stateless::post(visit, body).await,
        Ok(Revision::Legacy(version)) => legacy::post(visit, version, body).await,
        Err(failure) => Err(failure),
    };
    answered.map_err(|failure| failure.with_id(id))
}

/// The revision that the header names.
fn revision(headers: &HeaderMap) -> Result<Revision, Failure> {
    let Some(value) = headers.get("mcp-protocol-version") else {
        return Ok(Revision::Legacy(None));
    };
    let named = value.to_str().unwrap_or_default().trim();
    if named == STATELESS {
        return Ok(Revision::Stateless);
    }
    LEGACY
        .into_iter()
        .find(|known| *known == named)
        .map(|known| Revision::Legacy(Some(known)))
        .ok_or_else(|| unsupported(named))
}

fn supported() -> Vec<&'static str> {
    std::iter::once(STATELESS).chain(LEGACY).collect()
}

fn unsupported(named: &str) -> Failure {
    let named: String = named.chars().take(100).collect();
    Failure::new(
        StatusCode::BAD_REQUEST,
        UNSUPPORTED_VERSION,
        "unsupported_version",
        format!("this server does not support the revision `{named}` of MCP"),
    )
    .with("supported", supported().into())
    .with("requested", named.into())
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Failure> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if kind.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        INVALID_REQUEST,
        "unsupported_media_type",
        "send JSON, with `Content-Type: application/json`",
    ))
}

/// Whether a client takes this type.
fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let family = kind.split('/').next().unwrap_or_default();
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|entry| entry.split(';').next())
        .any(|entry| {
            let entry = entry.trim();
            entry.eq_ignore_ascii_case(kind)
                || entry == "*/*"
                || entry
                    .strip_suffix("/*")
                    .is_some_and(|start| start.eq_ignore_ascii_case(family))
        })
}

/// JSON text as an answer.
fn ok(json: String) -> Response {
    view::raw(StatusCode::OK, json)
}
