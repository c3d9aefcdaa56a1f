//! `/workspace`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::rows::SettingsRow;
use switchboard_app::{Admin, Configuration, Reader, workspace_settings};
use switchboard_contract::wire::{Time, Wire};
use switchboard_contract::workspaces::{Workspace, WorkspacePatch};

use crate::extract::{Auth, IfMatch, Json};
use crate::problem::Problem;
use crate::{ApiState, view};

fn answer(row: SettingsRow) -> Response {
    let value = Workspace {
        id: Wire(row.workspace.id),
        name: row.workspace.name,
        retain_events_days: row.retain_events.map(Wire),
        revision: row.revision,
        created_at: Time(row.workspace.created_at),
        updated_at: Time(row.updated_at),
    };
    view::resource(StatusCode::OK, value.revision, &value)
}

/// Read the workspace that you work in, with its settings.
#[utoipa::path(get, path = "/workspace", tag = "workspace",
    responses((status = 200, description = "The workspace", body = Workspace)))]
pub async fn get_workspace(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
) -> Result<Response, Problem> {
    let row = workspace_settings::get(&state.app.manage, &reader)
        .boxed()
        .await?;
    Ok(answer(row))
}

/// Change the settings of the workspace that you work in.
#[utoipa::path(patch, path = "/workspace", tag = "workspace",
    params(("if-match" = Option<String>, Header, description = "The revision you read")),
    request_body = WorkspacePatch,
    responses((status = 200, description = "The workspace", body = Workspace)))]
pub async fn update_workspace(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    IfMatch(expected): IfMatch,
    Json(patch): Json<WorkspacePatch>,
) -> Result<Response, Problem> {
    let row = workspace_settings::update(&state.app.manage, &admin, expected, patch)
        .boxed()
        .await?;
    Ok(answer(row))
}
