//! What clients answer to the events that calls wait for.

use axum::extract::State;
use axum::http::StatusCode;
use futures_util::FutureExt as _;
use switchboard_app::Runner;
use switchboard_app::client_events;
use switchboard_contract::calls::ClientEventResult;
use switchboard_contract::wire;
use switchboard_domain::id::{ConversationId, EventId};

use crate::ApiState;
use crate::extract::{Auth, Json, Path};
use crate::problem::Problem;

/// Answer a client event whose call waits for a result.
#[utoipa::path(post, path = "/conversations/{id}/client-events/{event_id}/result", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id"), ("event_id" = wire::EventId, Path, description = "The event's id")),
    request_body = ClientEventResult,
    responses((status = 204, description = "The call has its answer")))]
pub async fn answer_client_event(
    State(state): State<ApiState>,
    Auth(runner): Auth<Runner>,
    Path((conversation, event)): Path<(ConversationId, EventId)>,
    Json(input): Json<ClientEventResult>,
) -> Result<StatusCode, Problem> {
    client_events::answer(&state.app.runtime, &runner, conversation, event, input)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
