//! Calling an action.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::Runner;
use switchboard_app::call::{self, CallRequest};
use switchboard_contract::calls::{CallAnswer, CallInput};
use switchboard_contract::wire;
use switchboard_domain::id::ConversationId;

use crate::extract::{Auth, IdempotencyKey, Json, Path};
use crate::problem::Problem;
use crate::{ApiState, view};

static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

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
    let request = CallRequest {
        conversation,
        name,
        arguments: input.arguments,
        idempotency_key,
        agent: None,
        notices: None,
    };
    let answer = call::call(&state.app.runtime, &runner, request)
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
