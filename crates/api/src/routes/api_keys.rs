//! `/api-keys`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use switchboard_app::api_keys::{KeyView, NewKey, Which};
use switchboard_app::rows::ApiKeyRow;
use switchboard_app::{Admin, Administration, Reader, api_keys};
use switchboard_contract::api_keys::{ApiKey, ApiKeyInput, ApiKeyList, NewApiKey};
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::id::ApiKeyId;

use crate::extract::{Auth, Json, Path, Query, after, limit, search};
use crate::problem::Problem;
use crate::{ApiState, view};

fn show(row: ApiKeyRow, is_maker_gone: bool) -> ApiKey {
    ApiKey {
        id: Wire(row.id),
        name: row.name,
        scope: Wire(row.scope),
        prefix: row.prefix,
        revoked_at: row.revoked_at.map(Time),
        created_by: row.created_by,
        last_used_at: row.last_used_at.map(Time),
        expires_at: row.expires_at.map(Time),
        maker_gone: is_maker_gone,
        revision: if row.revoked_at.is_some() { 2 } else { 1 },
        created_at: Time(row.created_at),
        updated_at: Time(row.revoked_at.unwrap_or(row.created_at)),
    }
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
    /// Only those that have all these words somewhere in their name or the start of their text, in any case.
    #[serde(default)]
    #[param(max_length = 200)]
    q: Option<String>,
}

/// List API keys; never their text.
#[utoipa::path(get, path = "/api-keys", tag = "api keys", params(KeysQuery),
    responses((status = 200, description = "A page of keys", body = ApiKeyList)))]
pub async fn list_api_keys(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Administration>>,
    Query(query): Query<KeysQuery>,
) -> Result<Response, Problem> {
    let from = after(query.after.as_deref())?;
    let limit = limit(query.limit)?;
    let search = search(query.q.as_deref());
    let which = Which {
        prefix: query.prefix.as_deref(),
        search: search.as_ref(),
    };
    let page = api_keys::list_for(&state.app.accounts, &reader, which, from, limit)
        .boxed()
        .await?;
    let cursor = |key: &KeyView| key.row.id.to_string();
    let view = |key: KeyView| show(key.row, key.is_maker_gone);
    Ok(view::page::<ApiKeyList, _>(page, cursor, view))
}

/// Make an API key. The answer is the only place that shows it.
#[utoipa::path(post, path = "/api-keys", tag = "api keys", request_body = ApiKeyInput,
    responses((status = 201, description = "The key", body = NewApiKey)))]
pub async fn create_api_key(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Json(input): Json<ApiKeyInput>,
) -> Result<Response, Problem> {
    let new = NewKey {
        name: input.name,
        scope: *input.scope,
        expires_at: input.expires_at,
    };
    let (row, plain) = api_keys::create(&state.app.accounts, &admin, &new)
        .boxed()
        .await?;
    let made = NewApiKey {
        about: show(row, false),
        key: plain.expose().to_owned(),
    };
    Ok(view::answer(StatusCode::CREATED, &made))
}

/// Revoke an API key. It is refused from then on.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "api keys",
    params(("id" = wire::ApiKeyId, Path, description = "The key's id")),
    responses((status = 204, description = "It is revoked")))]
pub async fn revoke_api_key(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Path((id,)): Path<(ApiKeyId,)>,
) -> Result<StatusCode, Problem> {
    api_keys::revoke(&state.app.accounts, &admin, id)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
