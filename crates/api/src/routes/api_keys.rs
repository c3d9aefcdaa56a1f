//! `/api-keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_app::api_keys::NewKey;
use switchboard_app::rows::ApiKeyRow;
use switchboard_app::{Admin, Administration, Reader, api_keys};
use switchboard_domain::id::ApiKeyId;
use switchboard_domain::scope::Scope;

use crate::extract::{Auth, Json, Path, Query, after, limit};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn show(row: &ApiKeyRow, is_maker_gone: bool) -> Value {
    let revision = if row.revoked_at.is_some() { 2 } else { 1 };
    let value = json!({
        "id": row.id, "name": row.name, "scope": row.scope, "prefix": row.prefix,
        "revoked_at": row.revoked_at.map(view::time), "created_by": row.created_by,
        "last_used_at": row.last_used_at.map(view::time),
        "expires_at": row.expires_at.map(view::time), "maker_gone": is_maker_gone,
    });
    let updated_at = row.revoked_at.unwrap_or(row.created_at);
    view::with_times(value, revision, row.created_at, updated_at)
}

/// Which keys.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeysQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
    /// Only keys whose text starts with this, such as `sb_k3x8r2mq`.
    #[serde(default)]
    prefix: Option<String>,
}

/// List API keys; never their text.
#[utoipa::path(get, path = "/api-keys", tag = "api keys", params(KeysQuery),
    responses((status = 200, description = "A page of keys", body = schema::ApiKeyList)))]
pub async fn list_api_keys(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Administration>>,
    Query(query): Query<KeysQuery>,
) -> Result<Response, Problem> {
    let from = after(query.after.as_deref())?;
    let prefix = query.prefix.as_deref();
    let page = api_keys::list_for(&state.app, &reader, prefix, from, limit(query.limit)?)
        .boxed()
        .await?;
    Ok(view::page(
        &page,
        |key| key.row.id.to_string(),
        |key| show(&key.row, key.is_maker_gone),
    ))
}

/// What a new key is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyInput {
    name: String,
    scope: Scope,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// Make an API key. The answer is the only place that shows it.
#[utoipa::path(post, path = "/api-keys", tag = "api keys", request_body = schema::ApiKeyInput,
    responses((status = 201, description = "The key", body = schema::NewApiKey)))]
pub async fn create_api_key(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Json(input): Json<KeyInput>,
) -> Result<Response, Problem> {
    let new = NewKey {
        name: input.name,
        scope: input.scope,
        expires_at: input.expires_at,
    };
    let (row, plain) = api_keys::create(&state.app, &admin, &new).boxed().await?;
    let mut value = show(&row, false);
    value["key"] = json!(plain.expose());
    Ok(view::raw(StatusCode::CREATED, value.to_string()))
}

/// Revoke an API key. It is refused from then on.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "api keys",
    params(("id" = String, Path, description = "The key's id")),
    responses((status = 204, description = "It is revoked")))]
pub async fn revoke_api_key(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Path((id,)): Path<(ApiKeyId,)>,
) -> Result<StatusCode, Problem> {
    api_keys::revoke(&state.app, &admin, id).boxed().await?;
    Ok(StatusCode::NO_CONTENT)
}
