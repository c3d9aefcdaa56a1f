//! The door of people: a session's cookie, and what keeps other pages from using it.
//!
//! A browser sends the cookie with whatever any page makes it send. So what changes anything needs
//! the session's CSRF token too, which only our pages can read, must not come from another page, and
//! the request must be addressed to a host of ours: a foreign name that leads to this machine would
//! make another page one of this host.

use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use switchboard_app::AppError;
use switchboard_app::accounts::sessions::{self, Session};
use switchboard_app::accounts::{self, CameFrom};
use switchboard_contract::accounts::SessionWorkspace;
use switchboard_contract::problem::Details;
use switchboard_contract::wire::Wire;
use switchboard_domain::error_code::ErrorCode;

use crate::ApiState;
use crate::hosts::Foreign;
use crate::layer::Caller;
use crate::problem::Problem;

/// The cookie's name.
pub const COOKIE: &str = "switchboard_session";
/// The name of the cookie by which a browser is known that signed in before.
const DEVICE: &str = "switchboard_device";
/// What their names start with where people come over https: browsers then take them from this very
/// host alone, for all of it, and never without TLS.
const HOST_PREFIX: &str = "__Host-";
const CSRF_HEADER: &str = "x-csrf-token";
/// Names the workspace that a page shows: a session is in one workspace at a time, and another tab
/// may have taken it elsewhere.
pub const WORKSPACE_HEADER: &str = "switchboard-workspace";

/// Somebody who is signed in. Keys do not get in here: what takes this is about one's own account.
#[derive(Debug)]
pub struct SignedIn(pub Session);

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Err(AppError::Unauthenticated.into());
        }
        let session = enter(parts, state).await?;
        // A page reads who it shows, and where. What changes one's own account is of no workspace.
        if parts.method.is_safe() {
            check_named(parts, state, &session).await?;
        }
        Ok(Self(session))
    }
}

/// Somebody who may not be signed in yet, on a page of ours: where they come from.
#[derive(Debug)]
pub struct Visitor(pub CameFrom);

impl FromRequestParts<ApiState> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        state.site.hosts().check_host(&parts.headers)?;
        check_page(&parts.headers, state)?;
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = address.map_or(Ipv4Addr::UNSPECIFIED.into(), |info| info.0.ip());
        Ok(Self(CameFrom {
            address: state.proxies.client(peer, &parts.headers),
            device: cookie(state, DEVICE, &parts.headers).map(str::to_owned),
        }))
    }
}

/// The session of a request.
pub async fn enter(parts: &Parts, state: &ApiState) -> Result<Session, Problem> {
    let token = cookie(state, COOKIE, &parts.headers).ok_or(AppError::Unauthenticated)?;
    state.site.hosts().check_host(&parts.headers)?;
    let session = sessions::find(&state.app.accounts, token).await?;
    if let Some(caller) = parts.extensions.get::<Caller>() {
        let mut principal = session.principal();
        principal.request = Some(caller.request().clone());
        caller.set(principal);
    }
    if !parts.method.is_safe() {
        check_page(&parts.headers, state)?;
        let given = parts.headers.get(CSRF_HEADER).map(HeaderValue::to_str);
        let Some(Ok(given)) = given else {
            return Err(csrf_failed());
        };
        if !session.token().csrf_matches(given) {
            return Err(csrf_failed());
        }
    }
    Ok(session)
}

/// Refuses a request that is meant for another workspace than the session's. Who names none is served
/// where that cannot be wrong: a change by a member of several is refused.
pub async fn check_workspace(
    parts: &Parts,
    state: &ApiState,
    session: &Session,
) -> Result<(), Problem> {
    if parts.headers.contains_key(WORKSPACE_HEADER) {
        return check_named(parts, state, session).await;
    }
    if parts.method.is_safe()
        || sessions::workspaces(&state.app.accounts, session)
            .await?
            .len()
            < 2
    {
        return Ok(());
    }
    Err(AppError::conflict(
        ErrorCode::WorkspaceNotNamed,
        "you are a member of several workspaces: say which one this change is for, by its id in the header `Switchboard-Workspace`",
    )
    .into())
}

async fn check_named(parts: &Parts, state: &ApiState, session: &Session) -> Result<(), Problem> {
    let row = session.row();
    let here = row.workspace.to_string();
    let mut named = parts.headers.get_all(WORKSPACE_HEADER).iter();
    let Some(other) = named.find(|value| value.as_bytes() != here.as_bytes()) else {
        return Ok(());
    };
    let other = other.to_str().unwrap_or_default();
    let own = sessions::workspaces(&state.app.accounts, session).await?;
    let shown = own.iter().find(|own| own.workspace.to_string() == other);
    let shown = shown.map_or_else(
        || "a workspace that you are not a member of".to_owned(),
        |own| format!("the workspace \"{}\"", own.name),
    );
    let details = Details {
        workspace: Some(SessionWorkspace {
            id: Wire(row.workspace),
            name: row.workspace_name.clone(),
        }),
        ..Details::default()
    };
    Err(AppError::Conflict {
        code: ErrorCode::WorkspaceChanged,
        message: format!(
            "nothing was done: this tab shows {shown}, and you have since switched to \"{}\"; reload the page, or switch back",
            row.workspace_name
        ),
        errors: vec![],
        details: Some(Box::new(details)),
    }
    .into())
}

fn check_page(headers: &HeaderMap, state: &ApiState) -> Result<(), Problem> {
    match state.site.is_own_page(headers) {
        Some(false) => Err(csrf_failed()),
        // Browsers say where a change comes from; who does not is a program.
        Some(true) | None => Ok(()),
    }
}

fn csrf_failed() -> Problem {
    Problem::new(
        ErrorCode::CsrfFailed,
        "a change by a session needs its `X-CSRF-Token` and must come from this server's own pages; reload the page and try again",
    )
}

impl From<Foreign> for Problem {
    fn from(foreign: Foreign) -> Self {
        Self::new(ErrorCode::ForeignHost, foreign.to_string())
    }
}

/// The value of a cookie of ours.
fn cookie<'a>(state: &ApiState, name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    find(state.site.is_https(), name, headers)
}

fn find<'a>(is_https: bool, name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    let prefix = if is_https { HOST_PREFIX } else { "" };
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, _)| given.strip_prefix(prefix) == Some(name))
        .map(|(_, value)| value)
}

/// Gives the browser a session's cookie.
pub fn remember(state: &ApiState, session: &Session, response: &mut Response) {
    // It is no reason not to let them in.
    match accounts::device(&state.app.accounts, session.row().account.id) {
        Ok(device) => set_cookie(state, DEVICE, &device, accounts::KNOWN_FOR, response),
        Err(error) => tracing::warn!(%error, "a browser that signed in will not be known again"),
    }
    // The last one: clients that keep one value of a header keep the last.
    let left = session.row().expires_at - state.app.context().now();
    let token = session.token().expose();
    set_cookie(state, COOKIE, &token, left.num_seconds().max(0), response);
}

/// Takes the cookie away.
pub fn forget(state: &ApiState, response: &mut Response) {
    set_cookie(state, COOKIE, "", 0, response);
}

fn set_cookie(state: &ApiState, name: &str, value: &str, max_age: i64, response: &mut Response) {
    let (prefix, secure) = if state.site.is_https() {
        (HOST_PREFIX, "; Secure")
    } else {
        ("", "")
    };
    let cookie = format!(
        "{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}"
    );
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        for (lines, expected) in [
            (&["switchboard_session=abc"][..], Some("abc")),
            (&["a=b; switchboard_session=abc;c=d"], Some("abc")),
            (&["a=b", "switchboard_session=abc"], Some("abc")),
            (
                &["switchboard_session=one; switchboard_session=two"],
                Some("one"),
            ),
            (&["other_switchboard_session=abc"], None),
            (&["switchboard_session"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, line.parse().unwrap());
            }
            assert_eq!(find(false, COOKIE, &headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn over_https_only_a_cookie_of_this_very_host_counts() {
        let mut headers = HeaderMap::new();
        let both = "switchboard_session=theirs; __Host-switchboard_session=ours";
        headers.append(header::COOKIE, both.parse().unwrap());
        assert_eq!(find(true, COOKIE, &headers), Some("ours"));
        assert_eq!(find(false, COOKIE, &headers), Some("theirs"));
    }
}
