//! `/invitations`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::FutureExt as _;
use switchboard_app::accounts::invitations;
use switchboard_app::{Admin, Administration, Reader};
use switchboard_contract::accounts::{
    AcceptInput, InspectInput, Invitation, InvitationInput, InvitationList, InvitationView,
    InvitingWorkspace, NewInvitation, Session,
};
use switchboard_contract::wire::{self, Time, Wire};
use switchboard_domain::id::InvitationId;

use crate::extract::{Auth, Json, Path, PeopleQuery, Query, after, limit, search};
use crate::problem::Problem;
use crate::routes::session::begun;
use crate::session::Visitor;
use crate::{ApiState, view};

fn show(found: invitations::Invitation) -> Invitation {
    let row = found.row;
    Invitation {
        id: Wire(row.id),
        email: Wire(row.email),
        role: Wire(row.role),
        created_at: Time(row.created_at),
        expires_at: Time(row.expires_at),
        invited_by: found.inviter.map_or(row.invited_by, |inviter| inviter.name),
    }
}

/// List the invitations that can still be accepted; never their links.
#[utoipa::path(get, path = "/invitations", tag = "members", params(PeopleQuery),
    responses((status = 200, description = "A page of invitations", body = InvitationList)))]
pub async fn list_invitations(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Administration>>,
    Query(query): Query<PeopleQuery>,
) -> Result<Response, Problem> {
    let (from, limit) = (after(query.after.as_deref())?, limit(query.limit)?);
    let search = search(query.q.as_deref());
    let page = invitations::list(&state.app.accounts, &reader, search.as_ref(), from, limit)
        .boxed()
        .await?;
    let cursor = |found: &invitations::Invitation| found.row.id.to_string();
    Ok(view::page::<InvitationList, _>(page, cursor, show))
}

/// Invite somebody. The answer is the only place that shows the link, which works once, for seven
/// days. A link that they were given before stops working.
#[utoipa::path(post, path = "/invitations", tag = "members", request_body = InvitationInput,
    responses((status = 201, description = "The invitation", body = NewInvitation)))]
pub async fn create_invitation(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    headers: HeaderMap,
    Json(input): Json<InvitationInput>,
) -> Result<Response, Problem> {
    let (made, token) = invitations::create(&state.app.accounts, &admin, input)
        .boxed()
        .await?;
    let base = state.site.link_base(&headers);
    let made = NewInvitation {
        invitation: show(made),
        link: format!("{base}/invitation#{}", *token.expose()),
    };
    Ok(view::answer(StatusCode::CREATED, &made))
}

/// Take an invitation back. Its link stops working.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "members",
    params(("id" = wire::InvitationId, Path, description = "The invitation's id")),
    responses((status = 204, description = "It is revoked")))]
pub async fn revoke_invitation(
    State(state): State<ApiState>,
    Auth(admin): Auth<Admin>,
    Path((id,)): Path<(InvitationId,)>,
) -> Result<StatusCode, Problem> {
    invitations::revoke(&state.app.accounts, &admin, id)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read what a link's invitation leads to.
#[utoipa::path(post, path = "/invitations/inspect", tag = "members", security(()),
    request_body = InspectInput,
    responses((status = 200, description = "The invitation", body = InvitationView)))]
pub async fn inspect_invitation(
    State(state): State<ApiState>,
    _visitor: Visitor,
    Json(input): Json<InspectInput>,
) -> Result<Response, Problem> {
    let found = invitations::inspect(&state.app.accounts, &input.token)
        .boxed()
        .await?;
    let answer = InvitationView {
        email: Wire(found.row.email),
        role: Wire(found.row.role),
        workspace: InvitingWorkspace {
            name: found.workspace_name,
        },
        has_account: found.has_account,
    };
    Ok(view::answer(StatusCode::OK, &answer))
}

/// Accept an invitation and sign in: with a new account or, where the address has one, with that
/// account's password.
#[utoipa::path(post, path = "/invitations/accept", tag = "members", security(()),
    request_body = AcceptInput,
    responses((status = 201, description = "The new member's session", body = Session)))]
pub async fn accept_invitation(
    State(state): State<ApiState>,
    Visitor(from): Visitor,
    Json(input): Json<AcceptInput>,
) -> Result<Response, Problem> {
    let session = invitations::accept(&state.app.accounts, input, &from)
        .boxed()
        .await?;
    begun(&state, &session).await
}
