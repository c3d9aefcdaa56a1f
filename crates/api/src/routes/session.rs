//! `/session`: signing in and out, and one's own account.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use switchboard_app::accounts::sessions;
use switchboard_contract::accounts::{
    OwnWorkspace, PasswordInput, Session, SessionUser, SessionWorkspace, SignInInput,
    WorkspaceChoice,
};
use switchboard_contract::wire::{Time, Wire};

use crate::extract::{Asked, Json};
use crate::problem::Problem;
use crate::session::{SignedIn, Visitor, forget, remember};
use crate::{ApiState, view};

/// A session as an answer. Nothing on the way may keep it: it has the CSRF token.
pub async fn answer(
    state: &ApiState,
    status: StatusCode,
    session: &sessions::Session,
) -> Result<Response, Problem> {
    let row = session.row();
    let workspaces = sessions::workspaces(&state.app.accounts, session)
        .boxed()
        .await?;
    let workspaces = workspaces.into_iter().map(|own| OwnWorkspace {
        id: Wire(own.workspace),
        name: own.name,
        role: Wire(own.role),
    });
    let account = &row.account;
    let value = Session {
        user: SessionUser {
            id: Wire(account.id),
            email: Wire(account.email.clone()),
            name: account.name.clone(),
        },
        workspace: SessionWorkspace {
            id: Wire(row.workspace),
            name: row.workspace_name.clone(),
        },
        role: Wire(row.role),
        workspaces: workspaces.collect(),
        csrf_token: session.token().csrf(),
        expires_at: Time(row.expires_at),
    };
    let mut response = view::answer(status, &value);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A session that begins, with its cookie.
pub async fn begun(state: &ApiState, session: &sessions::Session) -> Result<Response, Problem> {
    let mut response = answer(state, StatusCode::CREATED, session).await?;
    remember(state, session, &mut response);
    Ok(response)
}

/// Read who is signed in, where, and what they may do there.
#[utoipa::path(get, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 200, description = "The session", body = Session)))]
pub async fn get_session(
    State(state): State<ApiState>,
    SignedIn(session): SignedIn,
) -> Result<Response, Problem> {
    answer(&state, StatusCode::OK, &session).await
}

/// Sign in. The answer sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "session", security(()),
    request_body = SignInInput,
    responses((status = 201, description = "The session", body = Session)))]
pub async fn sign_in(
    State(state): State<ApiState>,
    Visitor(from): Visitor,
    Asked(request): Asked,
    Json(input): Json<SignInInput>,
) -> Result<Response, Problem> {
    let session = sessions::sign_in(&state.app.accounts, &input, &from, request)
        .boxed()
        .await?;
    begun(&state, &session).await
}

/// Sign out.
#[utoipa::path(delete, path = "/session", tag = "session", security(("session" = [])),
    responses((status = 204, description = "The session has ended")))]
pub async fn sign_out(
    State(state): State<ApiState>,
    SignedIn(session): SignedIn,
) -> Result<Response, Problem> {
    sessions::sign_out(&state.app.accounts, &session)
        .boxed()
        .await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    forget(&state, &mut response);
    Ok(response)
}

/// End every session of one's own, this one too.
#[utoipa::path(post, path = "/session/sign-out-everywhere", tag = "session", security(("session" = [])),
    responses((status = 204, description = "All of them have ended")))]
pub async fn sign_out_everywhere(
    State(state): State<ApiState>,
    SignedIn(session): SignedIn,
) -> Result<Response, Problem> {
    sessions::sign_out_everywhere(&state.app.accounts, &session)
        .boxed()
        .await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    forget(&state, &mut response);
    Ok(response)
}

/// Go to another workspace that one is a member of.
#[utoipa::path(put, path = "/session/workspace", tag = "session", security(("session" = [])),
    request_body = WorkspaceChoice,
    responses((status = 200, description = "The session there", body = Session)))]
pub async fn switch_workspace(
    State(state): State<ApiState>,
    SignedIn(session): SignedIn,
    Json(input): Json<WorkspaceChoice>,
) -> Result<Response, Problem> {
    let session = sessions::switch(&state.app.accounts, &session, *input.workspace_id)
        .boxed()
        .await?;
    answer(&state, StatusCode::OK, &session).await
}

/// Change one's password. One's other sessions end.
#[utoipa::path(put, path = "/session/password", tag = "session", security(("session" = [])),
    request_body = PasswordInput,
    responses((status = 204, description = "It is changed")))]
pub async fn change_password(
    State(state): State<ApiState>,
    SignedIn(session): SignedIn,
    Visitor(from): Visitor,
    Json(input): Json<PasswordInput>,
) -> Result<StatusCode, Problem> {
    sessions::change_password(&state.app.accounts, &session, input, &from)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
