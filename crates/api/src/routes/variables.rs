//! `/variables`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use switchboard_app::rows::VariableRow;
use switchboard_app::variables::{self, VariableInput};
use switchboard_app::{AppError, Configuration, Manager, Reader};
use switchboard_domain::name::VariableName;

use crate::extract::{Auth, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn show(row: &VariableRow) -> Value {
    let value = json!({"id": row.name, "name": row.name, "values": row.values});
    view::with_times(value, row.revision, row.created_at, row.updated_at)
}

fn name(text: &str) -> Result<VariableName, AppError> {
    VariableName::parse(text).map_err(|error| AppError::invalid("/name", error))
}

/// List workspace variables.
#[utoipa::path(get, path = "/variables", tag = "variables", params(ListQuery),
    responses((status = 200, description = "A page of variables, by name", body = schema::VariableList)))]
pub async fn list_variables(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = variables::list(&state.app, &reader, &query.listing()?)
        .boxed()
        .await?;
    Ok(view::page(&page, |row| row.name.to_string(), show))
}

/// Set a workspace variable's values, in place of those it had.
#[utoipa::path(put, path = "/variables/{name}", tag = "variables",
    params(("name" = String, Path, description = "The variable's name", pattern = "^[A-Za-z0-9_-]{1,64}$")),
    request_body = schema::VariableInput,
    responses((status = 200, description = "The variable was changed", body = schema::Variable),
        (status = 201, description = "The variable was made", body = schema::Variable)))]
pub async fn put_variable(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
    Json(input): Json<VariableInput>,
) -> Result<Response, Problem> {
    let (row, created) = variables::put(&state.app, &manager, &name(&text)?, input)
        .boxed()
        .await?;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(view::resource(status, row.revision, &show(&row)))
}

/// Delete a workspace variable. Templates that use it fail from then on.
#[utoipa::path(delete, path = "/variables/{name}", tag = "variables",
    params(("name" = String, Path, description = "The variable's name")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete_variable(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
) -> Result<StatusCode, Problem> {
    variables::delete(&state.app, &manager, &name(&text)?)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
