//! `/secrets`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use switchboard_app::secrets::{self, SecretView};
use switchboard_app::{AppError, Configuration, Manager, Reader};
use switchboard_contract::secrets::{Secret, SecretInput, SecretList};
use switchboard_contract::versions::Report;
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::name::SecretName;

use crate::extract::{Auth, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, view};

fn show(secret: SecretView) -> Secret {
    let row = secret.row;
    Secret {
        id: Wire(row.name.clone()),
        name: Wire(row.name),
        environments: secret.environments.into_iter().map(Wire).collect(),
        allowed_origins: row.allowed_origins,
        used_by: secret.used_by.iter().map(Into::into).collect(),
        revision: row.revision,
        created_at: Time(row.created_at),
        updated_at: Time(row.updated_at),
    }
}

fn name(text: &str) -> Result<SecretName, AppError> {
    SecretName::parse(text).map_err(|error| AppError::invalid("/name", error))
}

/// List secrets: their names, where they are set and what uses them; never a value.
#[utoipa::path(get, path = "/secrets", tag = "secrets", params(ListQuery),
    responses((status = 200, description = "A page of secrets, by name", body = SecretList)))]
pub async fn list_secrets(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = secrets::list(&state.app.manage, &reader, &query.listing()?)
        .boxed()
        .await?;
    let cursor = |secret: &SecretView| secret.row.name.to_string();
    Ok(view::page::<SecretList, _>(page, cursor, show))
}

/// Set values of a secret. An environment that is left out keeps its value; null removes it.
#[utoipa::path(put, path = "/secrets/{name}", tag = "secrets",
    params(("name" = wire::SecretName, Path, description = "The secret's name")),
    request_body = SecretInput,
    responses((status = 200, description = "The secret was changed", body = Secret),
        (status = 201, description = "The secret was made", body = Secret)))]
pub async fn put_secret(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
    Json(input): Json<SecretInput>,
) -> Result<Response, Problem> {
    let (secret, created) = secrets::put(&state.app.manage, &manager, &name(&text)?, input)
        .boxed()
        .await?;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(view::resource(status, secret.row.revision, &show(secret)))
}

/// How to delete a secret.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Delete it although it is used.
    #[serde(default)]
    #[param(required = false, default = false)]
    force: bool,
    /// True deletes nothing and answers what that would mean.
    #[serde(default)]
    #[param(required = false, default = false)]
    dry_run: bool,
}

/// Delete a secret. While it is used this is refused with the list of its users.
#[utoipa::path(delete, path = "/secrets/{name}", tag = "secrets",
    params(("name" = wire::SecretName, Path, description = "The secret's name"), DeleteQuery),
    responses((status = 204, description = "It is gone"), (status = 200, description = "In a dry run, what that would mean", body = Report)))]
pub async fn delete_secret(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
    Query(query): Query<DeleteQuery>,
) -> Result<Response, Problem> {
    let (name, force) = (name(&text)?, query.force);
    let outcome = secrets::delete(&state.app.manage, &manager, &name, force, query.dry_run)
        .boxed()
        .await?;
    Ok(view::deleted(outcome))
}
