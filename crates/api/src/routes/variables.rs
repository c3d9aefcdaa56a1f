//! `/variables`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::rows::VariableRow;
use switchboard_app::variables;
use switchboard_app::{AppError, Configuration, Manager, Reader};
use switchboard_contract::secrets::{Variable, VariableInput, VariableList};
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::name::VariableName;

use crate::extract::{Auth, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, view};

fn show(row: VariableRow) -> Variable {
    Variable {
        id: Wire(row.name.clone()),
        name: Wire(row.name),
        values: row.values.into(),
        revision: row.revision,
        created_at: Time(row.created_at),
        updated_at: Time(row.updated_at),
    }
}

fn name(text: &str) -> Result<VariableName, AppError> {
    VariableName::parse(text).map_err(|error| AppError::invalid("/name", error))
}

/// List workspace variables.
#[utoipa::path(get, path = "/variables", tag = "variables", params(ListQuery),
    responses((status = 200, description = "A page of variables, by name", body = VariableList)))]
pub async fn list_variables(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = variables::list(&state.app.manage, &reader, &query.listing()?)
        .boxed()
        .await?;
    let cursor = |row: &VariableRow| row.name.to_string();
    Ok(view::page::<VariableList, _>(page, cursor, show))
}

/// Set a workspace variable's values, in place of those it had.
#[utoipa::path(put, path = "/variables/{name}", tag = "variables",
    params(("name" = wire::VariableName, Path, description = "The variable's name")),
    request_body = VariableInput,
    responses((status = 200, description = "The variable was changed", body = Variable),
        (status = 201, description = "The variable was made", body = Variable)))]
pub async fn put_variable(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
    Json(input): Json<VariableInput>,
) -> Result<Response, Problem> {
    let (row, created) = variables::put(&state.app.manage, &manager, &name(&text)?, input)
        .boxed()
        .await?;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(view::resource(status, row.revision, &show(row)))
}

/// Delete a workspace variable. Templates that use it fail from then on.
#[utoipa::path(delete, path = "/variables/{name}", tag = "variables",
    params(("name" = wire::VariableName, Path, description = "The variable's name")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete_variable(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
) -> Result<StatusCode, Problem> {
    variables::delete(&state.app.manage, &manager, &name(&text)?)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
