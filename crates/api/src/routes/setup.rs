//! `/setup`: the first owner's account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::accounts::setup;
use switchboard_contract::accounts::{Session, SetupInput, SetupState};

use crate::extract::Json;
use crate::problem::Problem;
use crate::routes::session::begun;
use crate::session::Visitor;
use crate::{ApiState, view};

/// Whether there is no owner yet, so that the link of the first start is needed.
#[utoipa::path(get, path = "/setup", tag = "session", security(()),
    responses((status = 200, description = "Whether it is needed", body = SetupState)))]
pub async fn get_setup(State(state): State<ApiState>) -> Result<Response, Problem> {
    let needed = setup::is_needed(&state.app.accounts).boxed().await?;
    Ok(view::answer(StatusCode::OK, &SetupState { needed }))
}

/// Make the owner's account of the workspace `default`, by the link that the first start prints, and
/// sign them in.
#[utoipa::path(post, path = "/setup", tag = "session", security(()),
    request_body = SetupInput,
    responses((status = 201, description = "The owner's session", body = Session)))]
pub async fn complete_setup(
    State(state): State<ApiState>,
    _visitor: Visitor,
    Json(input): Json<SetupInput>,
) -> Result<Response, Problem> {
    let session = setup::complete(&state.app.accounts, input).boxed().await?;
    begun(&state, &session).await
}
