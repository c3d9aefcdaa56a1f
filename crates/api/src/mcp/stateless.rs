//! 2026-07-28: every request stands alone. A conversation is named by a handle that the answer to
//! the first call gives.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use switchboard_app::tool_watch::{ToolWatch, Whose};
use switchboard_app::tools::Tools;
use switchboard_app::{AppError, conversations};
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::ConversationId;

use super::calling::{self, Called, Listening};
use super::failure::{
    Failure, HEADER_MISMATCH, INVALID_PARAMS, invalid_params, invalid_request, unknown_method,
};
use super::message::{self, Body, Call, Incoming};
use super::request::Level;
use super::tools::Frame;
use super::{CAPABILITIES, SERVER_INFO, STATELESS, Visit, accepts, ok, stream, supported, tools};

/// What every result has.
const COMPLETE: &str = r#""resultType":"complete","#;
/// How long what was listed may be taken for current: any call or change of configuration may change
/// it, and `subscriptions/listen` tells when. It is one conversation's.
const CACHING: &str = r#""ttlMs":0,"cacheScope":"private","#;

/// Answers what was sent.
pub async fn post(visit: &Visit<'_>, body: Body) -> Result<Response, Failure> {
    let call = match body {
        Body::One(Incoming::Call(call)) => call,
        Body::One(Incoming::Told) => return Ok(StatusCode::ACCEPTED.into_response()),
        Body::Batch(_) => {
            return Err(invalid_request(
                "this revision has no batches; send one message at a time",
            ));
        }
    };
    check_headers(visit.headers, &call)?;
    let members = match call.method.as_str() {
        "server/discover" => discover(visit).await?,
        "tools/list" => {
            let found = listed(visit, handle(visit, &call)?).await?;
            format!(r#""tools":{}"#, tools::list(&found))
        }
        "tools/call" => return call_tool(visit, *call).await,
        "subscriptions/listen" => return listen(visit, *call).await,
        "prompts/list" => r#""prompts":[]"#.to_owned(),
        "resources/list" => r#""resources":[]"#.to_owned(),
        "resources/templates/list" => r#""resourceTemplates":[]"#.to_owned(),
        "prompts/get" => return Err(invalid_params("an agent has no prompts")),
        "resources/read" => {
            let uri = call.params.uri.clone().unwrap_or_default();
            let failure = invalid_params("an agent has no resources");
            return Err(failure.with("uri", uri.into()));
        }
        method => return Err(unknown_method(method).at(StatusCode::NOT_FOUND)),
    };
    let result = format!(
        r#"{{{COMPLETE}{CACHING}{members},"_meta":{{"io.modelcontextprotocol/serverInfo":{SERVER_INFO}}}}}"#
    );
    Ok(ok(message::result(&call.id, &result)))
}

/// Headers repeat what the body says, for those on the way that do not read bodies. One that says
/// something else is refused.
fn check_headers(headers: &HeaderMap, call: &Call) -> Result<(), Failure> {
    let read = |name: &str| headers.get(name).map(|value| decoded(value.as_bytes()));
    match read("mcp-method") {
        Some(Some(method)) if method == call.method => {}
        _ => return Err(mismatch("`Mcp-Method` is the message's `method`")),
    }
    let meta = call.params.meta.as_ref();
    let bad = |text: &str| Err(invalid_params(text).at(StatusCode::BAD_REQUEST));
    match meta.and_then(|meta| meta.protocol_version.as_deref()) {
        None => return bad("`_meta` has `io.modelcontextprotocol/protocolVersion`"),
        Some(STATELESS) => {}
        Some(_) => {
            return Err(mismatch(
                "`MCP-Protocol-Version` is the `io.modelcontextprotocol/protocolVersion` of `_meta`",
            ));
        }
    }
    if meta.is_none_or(|meta| meta.client_capabilities.is_none()) {
        return bad("`_meta` has `io.modelcontextprotocol/clientCapabilities`");
    }
    let name = match call.method.as_str() {
        "tools/call" | "prompts/get" => call.params.name.as_deref(),
        "resources/read" => call.params.uri.as_deref(),
        _ => return Ok(()),
    };
    match (read("mcp-name"), name) {
        (Some(Some(header)), Some(name)) if header == name => Ok(()),
        // What it lacks is said when it is missed.
        (_, None) => Ok(()),
        _ => Err(mismatch(
            "`Mcp-Name` is the `name` or `uri` of the parameters",
        )),
    }
}

/// A header's value: as it stands, or in the form for what headers cannot hold.
fn decoded(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let encoded = text
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    match encoded {
        None => Some(text.to_owned()),
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
    }
}

fn mismatch(message: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        HEADER_MISMATCH,
        "header_mismatch",
        message,
    )
}

/// A message of this revision came without the header that says so.
pub fn header_missing() -> Failure {
    mismatch("send `MCP-Protocol-Version: 2026-07-28` with a message of that revision")
}

/// The conversation that a request names.
fn handle(visit: &Visit<'_>, call: &Call) -> Result<Option<ConversationId>, Failure> {
    let named = call.params.meta.as_ref();
    match named.and_then(|meta| meta.conversation.as_deref()) {
        None => Ok(visit.query.conversation),
        Some(text) => text.parse().map(Some).map_err(|_| unknown_handle()),
    }
}

fn unknown_handle() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        INVALID_PARAMS,
        "unknown_conversation",
        "this agent has no such conversation; a call without `switchboard/conversation` starts one",
    )
}

async fn discover(visit: &Visit<'_>) -> Result<String, Failure> {
    // Who cannot start a conversation hears why at once.
    let (runtime, version) = (&visit.state.app.runtime, visit.query.version);
    conversations::version(runtime, &visit.runner, visit.agent, version).await?;
    let versions = supported().join("\",\"");
    Ok(format!(
        r#""supportedVersions":["{versions}"],"capabilities":{CAPABILITIES}"#
    ))
}

async fn listed(visit: &Visit<'_>, handle: Option<ConversationId>) -> Result<Tools, Failure> {
    let (runtime, runner) = (&visit.state.app.runtime, &visit.runner);
    let Some(id) = handle else {
        let version =
            conversations::version(runtime, runner, visit.agent, visit.query.version).await?;
        let environment = visit.query.environment;
        let offered =
            switchboard_app::tools::offered(runtime, runner, visit.agent, version, environment);
        return Ok(offered.await?);
    };
    Ok(switchboard_app::tools::of(runtime, named(visit, id).await?).await?)
}

/// The conversation of a handle.
async fn named(visit: &Visit<'_>, id: ConversationId) -> Result<Arc<Conversation>, Failure> {
    match conversations::get(&visit.state.app.runtime, &visit.runner, id).await {
        Ok(found) if found.key.agent == visit.agent => Ok(found),
        Ok(_) | Err(AppError::NotFound(_)) => Err(unknown_handle()),
        Err(error) => Err(error.into()),
    }
}

async fn call_tool(visit: &Visit<'_>, call: Call) -> Result<Response, Failure> {
    calling::name_of(&call)?;
    let conversation = if let Some(id) = handle(visit, &call)? {
        id
    } else {
        let (runtime, runner) = (&visit.state.app.runtime, &visit.runner);
        let version =
            conversations::version(runtime, runner, visit.agent, visit.query.version).await?;
        let input = visit.new_conversation();
        let started = conversations::start_on(runtime, runner, input, version).await?;
        started.key.id
    };
    let level = call.params.meta.as_ref();
    let level = level.and_then(|meta| meta.log_level.as_deref());
    let least = level.map(|name| Level::parse(name).unwrap_or(Level::LEAST));
    let listening = Listening {
        is_wanted: accepts(visit.headers, "text/event-stream"),
        least,
    };
    let frame = Frame {
        members: COMPLETE,
        meta: format!(
            r#""io.modelcontextprotocol/serverInfo":{SERVER_INFO},"switchboard/conversation":"{conversation}","#
        ),
    };
    match calling::call(visit, conversation, call, frame, listening).await? {
        Called::Text(text) => Ok(ok(text)),
        Called::Stream(response) => Ok(response),
        Called::NoConversation => Err(unknown_handle()),
    }
}

/// Opens the stream on which a client hears that tools changed.
async fn listen(visit: &Visit<'_>, call: Call) -> Result<Response, Failure> {
    if !accepts(visit.headers, "text/event-stream") {
        return Err(Failure::new(
            StatusCode::NOT_ACCEPTABLE,
            super::failure::INVALID_REQUEST,
            "not_acceptable",
            "send `Accept: application/json, text/event-stream`",
        ));
    }
    let (runtime, runner) = (&visit.state.app.runtime, visit.runner.clone());
    let handle = handle(visit, &call)?;
    let conversation = match handle {
        Some(id) => Some(named(visit, id).await?),
        None => None,
    };
    let whose = match handle {
        Some(id) => Whose::Conversation(id),
        None => Whose::New {
            agent: visit.agent,
            version: visit.query.version,
            environment: visit.query.environment,
        },
    };
    let watch = ToolWatch::start(runtime, runner, whose, conversation.as_deref()).await?;
    let wanted = call.params.notifications.unwrap_or_default();
    let is_wanted = wanted.tools_list_changed == Some(true);
    stream::subscription(visit, watch, &call.id, is_wanted).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_come_as_they_stand_or_encoded() {
        for (value, expected) in [
            ("add", Some("add")),
            ("  add ", Some("add")),
            ("=?base64?w6Q=?=", Some("\u{e4}")),
            ("=?base64?w6Q?=", None),
            ("=?base64?!!?=", None),
            ("=?BASE64?w6Q=?=", Some("=?BASE64?w6Q=?=")),
        ] {
            assert_eq!(decoded(value.as_bytes()).as_deref(), expected, "{value}");
        }
    }
}
