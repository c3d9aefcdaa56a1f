//! `/invitations`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use switchboard_app::accounts::invitations::{
    self, AcceptInput, InspectInput, Invitation, InvitationInput,
};
use switchboard_app::{Admin, Administration, Reader};
use switchboard_domain::id::InvitationId;

use crate::extract::{Auth, Json, PageQuery, Path, Query};
use crate::problem::Problem;
use crate::routes::session::begun;
use crate::session::Visitor;
use crate::{ApiState, schema, view};

fn show(invitation: &Invitation) -> Value {
    let row = &invitation.row;
    let inviter = invitation.inviter.as_ref().map(|name| &name.name);
    json!({
        "id": row.id, "email": row.email, "role": row.role,
        "created_at": view::time(row.created_at), "expires_at": view::time(row.expires_at),
        "invited_by": inviter.unwrap_or(&row.invited_by),
    })
}

/// List the invitations that can still be accepted; never their links.
#[utoipa::path(get, path = "/invitations", tag = "members", params(PageQuery),
    responses((status = 200, description = "A page of invitations", body = schema::InvitationList)))]
pub async fn list_invitations(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Administration>>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    let page = invitations::list(&state.app, &reader, query.after()?, query.limit()?)
        .boxed()
        .await?;
    Ok(view::page(&page, |found| found.row.id.to_string(), show))
}

/// Invite somebody. The answer is the only place that shows the link, which works once, for seven
/// days. A link that they were given before stops working.
#[utoipa::path(post, path = "/invitations", tag = "members", request_body = schema::InvitationInput,
    responses((status = 201, description = "The invitation", body = schema::NewInvitation)))]
pub async fn create_invitation(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    headers: HeaderMap,
    Json(input): Json<InvitationInput>,
) -> Result<Response, Problem> {
    let (made, token) = invitations::create(&state.app, &admin, input)
        .boxed()
        .await?;
    let mut value = show(&made);
    let base = state.site.link_base(&headers);
    value["link"] = json!(format!("{base}/invitation#{}", *token.expose()));
    Ok(view::raw(StatusCode::CREATED, value.to_string()))
}

/// Take an invitation back. Its link stops working.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "members",
    params(("id" = String, Path, description = "The invitation's id")),
    responses((status = 204, description = "It is taken back")))]
pub async fn revoke_invitation(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Path((id,)): Path<(InvitationId,)>,
) -> Result<StatusCode, Problem> {
    invitations::revoke(&state.app, &admin, id).boxed().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read what a link's invitation leads to.
#[utoipa::path(post, path = "/invitations/inspect", tag = "members", security(()),
    request_body = schema::InspectInput,
    responses((status = 200, description = "The invitation", body = schema::InvitationView)))]
pub async fn inspect_invitation(
    State(state): State<ApiState>,
    _visitor: Visitor,
    Json(input): Json<InspectInput>,
) -> Result<Response, Problem> {
    let found = invitations::inspect(&state.app, &input.token)
        .boxed()
        .await?;
    let value = json!({
        "email": found.row.email, "role": found.row.role,
        "workspace": {"name": found.workspace_name}, "has_account": found.has_account,
    });
    Ok(view::raw(StatusCode::OK, value.to_string()))
}

/// Accept an invitation and sign in: with a new account or, where the address has one, with that
/// account's password.
#[utoipa::path(post, path = "/invitations/accept", tag = "members", security(()),
    request_body = schema::AcceptInput,
    responses((status = 201, description = "The new member's session", body = schema::Session)))]
pub async fn accept_invitation(
    State(state): State<ApiState>,
    Visitor(from): Visitor,
    Json(input): Json<AcceptInput>,
) -> Result<Response, Problem> {
    let session = invitations::accept(&state.app, input, &from)
        .boxed()
        .await?;
    begun(&state, &session).await
}
