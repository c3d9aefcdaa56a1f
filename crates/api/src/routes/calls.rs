//! Calling an action.

use std::ops::Range;

use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::Runner;
use switchboard_app::call::{self, CallRequest};
use switchboard_contract::calls::{CallAnswer, CallInput};
use switchboard_contract::wire;
use switchboard_domain::id::ConversationId;

use crate::extract::{self, Auth, IdempotencyKey, Json, Path};
use crate::problem::Problem;
use crate::{ApiState, view};

static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Its route, as the router, the log and the metrics know it.
pub const ROUTE: &str = "/api/v1/conversations/{id}/actions/{name}/call";

/// Where a path names a conversation and an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The conversation.
    pub conversation: Range<usize>,
    /// The action.
    pub name: Range<usize>,
}

/// Answers a call that was found without the router.
pub async fn direct(state: &ApiState, request: Request, place: Place) -> Result<Response, Problem> {
    let path = request.uri().path();
    let conversation = extract::path_part(&path[place.conversation]);
    let name = path[place.name].to_owned();
    let (mut parts, body) = request.into_parts();
    let Auth(runner) = Auth::from_request_parts(&mut parts, state).await?;
    let conversation = conversation?;
    let IdempotencyKey(key) = IdempotencyKey::from_request_parts(&mut parts, state).await?;
    let request = Request::from_parts(parts, body);
    let Json(input) = Json::from_request(request, state).await?;
    answer(state, &runner, conversation, name, key, input).await
}

/// Call an action of the conversation's agent. The answer is given when its event is durable.
#[utoipa::path(post, path = "/conversations/{id}/actions/{name}/call", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id"), ("name" = wire::ActionName, Path, description = "The action's name"),
        ("idempotency-key" = Option<String>, Header, description = "Under one key a call is done once; repeating it gives the first answer")),
    request_body = CallInput,
    responses((status = 200, description = "What came of it, success or failure", body = CallAnswer)))]
pub async fn call_action(
    State(state): State<ApiState>,
    Auth(runner): Auth<Runner>,
    Path((conversation, name)): Path<(ConversationId, String)>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(input): Json<CallInput>,
) -> Result<Response, Problem> {
    answer(&state, &runner, conversation, name, idempotency_key, input).await
}

/// What a call is answered.
async fn answer(
    state: &ApiState,
    runner: &Runner,
    conversation: ConversationId,
    name: String,
    idempotency_key: Option<String>,
    input: CallInput,
) -> Result<Response, Problem> {
    let request = CallRequest {
        conversation,
        name,
        arguments: input.arguments,
        idempotency_key,
        agent: None,
        notices: None,
    };
    let answer = call::call(&state.app.runtime, runner, request)
        .boxed()
        .await?;
    let mut response = view::raw(StatusCode::OK, answer.json);
    if answer.replayed {
        response
            .headers_mut()
            .insert(REPLAYED.clone(), HeaderValue::from_static("true"));
    }
    Ok(response)
}
