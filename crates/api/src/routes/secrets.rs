//! `/secrets`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_app::secrets::{self, SecretInput, SecretView};
use switchboard_app::{AppError, Configuration, Manager, Reader};
use switchboard_domain::name::SecretName;

use crate::extract::{Auth, Json, ListQuery, Path, Query};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn show(secret: &SecretView) -> Value {
    let used_by: Vec<_> = secret
        .used_by
        .iter()
        .map(|user| json!({"kind": user.kind, "id": user.id}))
        .collect();
    let row = &secret.row;
    let value = json!({
        "id": row.name, "name": row.name, "environments": secret.environments,
        "allowed_origins": row.allowed_origins, "used_by": used_by,
    });
    view::with_times(value, row.revision, row.created_at, row.updated_at)
}

fn name(text: &str) -> Result<SecretName, AppError> {
    SecretName::parse(text).map_err(|error| AppError::invalid("/name", error))
}

/// List secrets: their names, where they are set and what uses them; never a value.
#[utoipa::path(get, path = "/secrets", tag = "secrets", params(ListQuery),
    responses((status = 200, description = "A page of secrets, by name", body = schema::SecretList)))]
pub async fn list_secrets(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Configuration>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let page = secrets::list(&state.app, &reader, &query.listing()?)
        .boxed()
        .await?;
    Ok(view::page(
        &page,
        |secret| secret.row.name.to_string(),
        show,
    ))
}

/// Set values of a secret. An environment that is left out keeps its value; null removes it.
#[utoipa::path(put, path = "/secrets/{name}", tag = "secrets",
    params(("name" = String, Path, description = "The secret's name", pattern = "^[A-Za-z0-9_.-]{1,64}$")),
    request_body = schema::SecretInput,
    responses((status = 200, description = "The secret was changed", body = schema::Secret),
        (status = 201, description = "The secret was made", body = schema::Secret)))]
pub async fn put_secret(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
    Json(input): Json<SecretInput>,
) -> Result<Response, Problem> {
    let (secret, created) = secrets::put(&state.app, &manager, &name(&text)?, input)
        .boxed()
        .await?;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(view::resource(status, secret.row.revision, &show(&secret)))
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
    params(("name" = String, Path, description = "The secret's name"), DeleteQuery),
    responses((status = 204, description = "It is gone"), (status = 200, description = "In a dry run, what that would mean", body = schema::Report)))]
pub async fn delete_secret(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((text,)): Path<(String,)>,
    Query(query): Query<DeleteQuery>,
) -> Result<Response, Problem> {
    let (name, force) = (name(&text)?, query.force);
    let outcome = secrets::delete(&state.app, &manager, &name, force, query.dry_run)
        .boxed()
        .await?;
    Ok(view::deleted(&outcome))
}
