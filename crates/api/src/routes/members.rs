//! `/members`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::accounts::members;
use switchboard_app::rows::MemberRow;
use switchboard_app::{Admin, Administration, Reader};
use switchboard_contract::accounts::{Member, MemberList, MemberPatch};
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::id::UserId;

use crate::extract::{Auth, Json, Path, PeopleQuery, Query, after, limit, search};
use crate::problem::Problem;
use crate::{ApiState, view};

fn show(row: MemberRow) -> Member {
    Member {
        id: Wire(row.account.id),
        email: Wire(row.account.email),
        name: row.account.name,
        role: Wire(row.role),
        created_at: Time(row.created_at),
        last_seen_at: row.seen_at.map(Time),
    }
}

/// List the workspace's members.
#[utoipa::path(get, path = "/members", tag = "members", params(PeopleQuery),
    responses((status = 200, description = "A page of members", body = MemberList)))]
pub async fn list_members(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Administration>>,
    Query(query): Query<PeopleQuery>,
) -> Result<Response, Problem> {
    let (from, limit) = (after(query.after.as_deref())?, limit(query.limit)?);
    let search = search(query.q.as_deref());
    let page = members::list(&state.app.accounts, &reader, search.as_ref(), from, limit)
        .boxed()
        .await?;
    let cursor = |row: &MemberRow| row.account.id.to_string();
    Ok(view::page::<MemberList, _>(page, cursor, show))
}

/// Give a member another role. Only an owner makes or changes an owner, and the last one stays.
#[utoipa::path(patch, path = "/members/{id}", tag = "members",
    params(("id" = wire::UserId, Path, description = "The person's id")),
    request_body = MemberPatch,
    responses((status = 200, description = "The member", body = Member)))]
pub async fn update_member(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Path((id,)): Path<(UserId,)>,
    Json(patch): Json<MemberPatch>,
) -> Result<Response, Problem> {
    let row = members::update(&state.app.accounts, &admin, id, &patch)
        .boxed()
        .await?;
    Ok(view::answer(StatusCode::OK, &show(row)))
}

/// Remove a member from the workspace. Their sessions in it end at once.
#[utoipa::path(delete, path = "/members/{id}", tag = "members",
    params(("id" = wire::UserId, Path, description = "The person's id")),
    responses((status = 204, description = "They are no longer a member")))]
pub async fn remove_member(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Path((id,)): Path<(UserId,)>,
) -> Result<StatusCode, Problem> {
    members::remove(&state.app.accounts, &admin, id)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
