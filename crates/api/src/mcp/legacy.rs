//! 2025-11-25 and before: a session is a conversation, and its id is the conversation's.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use switchboard_app::tool_watch::{ToolWatch, Whose};
use switchboard_app::{AppError, conversations};
use switchboard_domain::conversation::{Conversation, Status};
use switchboard_domain::id::ConversationId;

use super::calling::{self, Listening};
use super::failure::{
    Failure, INVALID_REQUEST, RESOURCE_NOT_FOUND, invalid_params, invalid_request, unknown_method,
};
use super::message::{self, Body, Call, Incoming};
use super::request::Level;
use super::tools::Frame;
use super::{CAPABILITIES, LEGACY, SERVER_INFO, Visit, accepts, ok, stream, tools};

/// The code of a session that is not there.
const UNKNOWN_SESSION: &str = "unknown_session";

static SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// What a message comes to.
enum Answer {
    /// A result, or an error's text.
    Text(String),
    /// A stream of its own.
    Whole(Response),
    /// Nothing is said to it.
    Nothing,
}

/// Answers what was sent.
pub async fn post(
    visit: &Visit<'_>,
    version: Option<&'static str>,
    body: Body,
) -> Result<Response, Failure> {
    match body {
        Body::One(incoming) => Ok(match message(visit, incoming, true).await? {
            Answer::Text(text) => ok(text),
            Answer::Whole(response) => response,
            Answer::Nothing => StatusCode::ACCEPTED.into_response(),
        }),
        // Only the first revision had batches. A client of it does not name it in a header.
        Body::Batch(_) if version.is_some_and(|version| version != "2025-03-26") => Err(
            invalid_request("this revision has no batches; send one message at a time"),
        ),
        Body::Batch(messages) => batch(visit, messages).await,
    }
}

async fn batch(
    visit: &Visit<'_>,
    messages: Vec<Result<Incoming, Failure>>,
) -> Result<Response, Failure> {
    let session = session(visit)?;
    existing(visit, session).await?;
    let mut answers = Vec::new();
    for incoming in messages {
        let (id, answer) = match incoming {
            Ok(Incoming::Call(call)) if call.method == "initialize" => {
                let failure =
                    invalid_request("`initialize` cannot be part of a batch; send it alone");
                (Some(call.id.clone()), Err(failure))
            }
            Ok(Incoming::Call(call)) => {
                let id = call.id.clone();
                let answer = Box::pin(message(visit, Incoming::Call(call), false)).await;
                (Some(id), answer)
            }
            Ok(Incoming::Told) => continue,
            Err(failure) => {
                answers.push(failure.to_json());
                continue;
            }
        };
        match answer {
            Ok(Answer::Text(text)) => answers.push(text),
            Ok(Answer::Whole(_) | Answer::Nothing) => {}
            Err(failure) => answers.push(failure.with_id(id).to_json()),
        }
    }
    if answers.is_empty() {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    Ok(ok(format!("[{}]", answers.join(","))))
}

async fn message(
    visit: &Visit<'_>,
    incoming: Incoming,
    may_stream: bool,
) -> Result<Answer, Failure> {
    let Incoming::Call(call) = incoming else {
        existing(visit, session(visit)?).await?;
        return Ok(Answer::Nothing);
    };
    if call.method == "initialize" {
        return initialize(visit, &call).await.map(Answer::Whole);
    }
    let session = session(visit)?;
    if call.method == "tools/call" {
        // The call finds the conversation by itself: once is enough.
        return call_tool(visit, session, *call, may_stream).await;
    }
    let conversation = existing(visit, session).await?;
    let result = match call.method.as_str() {
        "ping" => "{}".to_owned(),
        "tools/list" => {
            let found = switchboard_app::tools::of(&visit.state.app.runtime, conversation).await?;
            format!(r#"{{"tools":{}}}"#, tools::list(&found))
        }
        "logging/setLevel" => {
            let level = call.params.level.as_deref().and_then(Level::parse);
            let level = level.ok_or_else(|| invalid_params("there is no such log level"))?;
            visit.state.mcp.levels.insert(session, level);
            "{}".to_owned()
        }
        "prompts/list" => r#"{"prompts":[]}"#.to_owned(),
        "resources/list" => r#"{"resources":[]}"#.to_owned(),
        "resources/templates/list" => r#"{"resourceTemplates":[]}"#.to_owned(),
        "prompts/get" => return Err(invalid_params("an agent has no prompts")),
        "resources/read" => {
            let message = "an agent has no resources";
            let uri = call.params.uri.clone().unwrap_or_default();
            let failure = Failure::new(StatusCode::OK, RESOURCE_NOT_FOUND, "not_found", message);
            return Err(failure.with("uri", uri.into()));
        }
        method => return Err(unknown_method(method)),
    };
    Ok(Answer::Text(message::result(&call.id, &result)))
}

/// Starts a conversation, or goes on with the one that the URL names. Its id is the session's, so
/// every server knows the session, also after a restart.
async fn initialize(visit: &Visit<'_>, call: &Call) -> Result<Response, Failure> {
    if call
        .params
        .meta
        .as_ref()
        .is_some_and(|meta| meta.protocol_version.is_some())
    {
        return Err(super::stateless::header_missing());
    }
    let id = match visit.query.conversation {
        Some(id) => bound(visit, id).await?,
        None => begun(visit).await?,
    };
    let asked = call.params.protocol_version.as_deref();
    let spoken = LEGACY
        .into_iter()
        .find(|known| Some(*known) == asked)
        .unwrap_or(LEGACY[0]);
    let result = format!(
        r#"{{"protocolVersion":"{spoken}","capabilities":{CAPABILITIES},"serverInfo":{SERVER_INFO}}}"#
    );
    let mut response = ok(message::result(&call.id, &result));
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(SESSION.clone(), value);
    }
    Ok(response)
}

/// A conversation of its own.
async fn begun(visit: &Visit<'_>) -> Result<ConversationId, Failure> {
    let (runtime, runner) = (&visit.state.app.runtime, &visit.runner);
    let version = conversations::version(runtime, runner, visit.agent, visit.query.version).await?;
    let started =
        conversations::start_on(runtime, runner, visit.new_conversation(), version).await?;
    Ok(started.key.id)
}

/// The conversation that the URL names, for clients whose sessions are shorter than a conversation.
async fn bound(visit: &Visit<'_>, id: ConversationId) -> Result<ConversationId, Failure> {
    match existing(visit, id).await {
        Ok(found) => Ok(found.key.id),
        Err(failure) if failure.is(UNKNOWN_SESSION) => Err(Failure::new(
            StatusCode::BAD_REQUEST,
            INVALID_REQUEST,
            "unknown_conversation",
            "this agent has no conversation of the id that `?conversation=` names, or it is closed; name one that goes on, or leave it out",
        )),
        Err(failure) => Err(failure),
    }
}

async fn call_tool(
    visit: &Visit<'_>,
    session: ConversationId,
    call: Call,
    may_stream: bool,
) -> Result<Answer, Failure> {
    let levels = &visit.state.mcp.levels;
    let listening = Listening {
        is_wanted: may_stream && accepts(visit.headers, "text/event-stream"),
        least: Some(levels.get(&session).unwrap_or(Level::LEAST)),
    };
    let frame = Frame::default();
    match calling::call(visit, session, call, frame, listening).await? {
        calling::Called::Text(text) => Ok(Answer::Text(text)),
        calling::Called::Stream(response) => Ok(Answer::Whole(response)),
        calling::Called::NoConversation => Err(no_session()),
    }
}

/// The session that a request names.
fn session(visit: &Visit<'_>) -> Result<ConversationId, Failure> {
    let value = visit.headers.get(&SESSION).ok_or_else(|| {
        invalid_request("send the `Mcp-Session-Id` that the answer to `initialize` gave")
    })?;
    let text = value.to_str().unwrap_or_default();
    let id = text.parse().map_err(|_| no_session())?;
    if visit.query.conversation.is_some_and(|named| named != id) {
        return Err(invalid_request(
            "`Mcp-Session-Id` and `?conversation=` name two conversations; begin a session with `initialize` at this URL",
        ));
    }
    Ok(id)
}

fn no_session() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        INVALID_REQUEST,
        UNKNOWN_SESSION,
        "this agent has no such session, or it has ended; begin one with `initialize`",
    )
}

/// The conversation of a session that is not over.
async fn existing(visit: &Visit<'_>, id: ConversationId) -> Result<Arc<Conversation>, Failure> {
    match conversations::get(&visit.state.app.runtime, &visit.runner, id).await {
        Ok(found) if found.key.agent == visit.agent && found.status != Status::Closed => Ok(found),
        Ok(_) | Err(AppError::NotFound(_)) => Err(no_session()),
        Err(error) => Err(error.into()),
    }
}

/// Opens the stream on which a session hears that its tools changed.
pub async fn get(visit: &Visit<'_>) -> Result<Response, Failure> {
    if !accepts(visit.headers, "text/event-stream") {
        return Err(Failure::new(
            StatusCode::NOT_ACCEPTABLE,
            INVALID_REQUEST,
            "not_acceptable",
            "send `Accept: text/event-stream`",
        ));
    }
    let id = session(visit)?;
    let conversation = existing(visit, id).await?;
    let (runtime, runner) = (&visit.state.app.runtime, visit.runner.clone());
    let whose = Whose::Conversation(id);
    let watch = ToolWatch::start(runtime, runner, whose, Some(&conversation)).await?;
    stream::changes(visit, watch).await
}

/// Ends a session: its conversation is over and closed. One that the URL names was there before the
/// session and goes on after it.
pub async fn delete(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = session(visit)?;
    let mut conversation = existing(visit, id).await?;
    if visit.query.conversation.is_some() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    // The dialogue ends first, then what follows it.
    while conversation.status != Status::Closed {
        conversation = conversations::end(&visit.state.app.runtime, &visit.runner, id).await?;
    }
    visit.state.mcp.levels.invalidate(&id);
    Ok(StatusCode::NO_CONTENT.into_response())
}
