//! The door of people: a session's cookie, and what keeps other pages from using it.
//!
//! A browser sends the cookie with whatever any page makes it send. So what changes anything needs
//! the session's CSRF token too, which only our pages can read, must not come from another page, and
//! the request must be addressed to a host of ours: a foreign name that leads to this machine would
//! make another page one of this host.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use switchboard_app::AppError;
use switchboard_app::accounts::sessions::{self, Session};

use crate::ApiState;
use crate::hosts::Foreign;
use crate::layer::Caller;
use crate::problem::Problem;

/// The cookie's name.
pub const COOKIE: &str = "switchboard_session";
const CSRF_HEADER: &str = "x-csrf-token";

/// Somebody who is signed in. Keys do not get in here: what takes this is about one's own account.
#[derive(Debug)]
pub struct SignedIn(pub Session);

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Err(AppError::Unauthenticated.into());
        }
        enter(parts, state).await.map(Self)
    }
}

/// Somebody who may not be signed in yet, on a page of ours: where they come from.
#[derive(Debug)]
pub struct Visitor(pub IpAddr);

impl FromRequestParts<ApiState> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        state.site.hosts().check_host(&parts.headers)?;
        check_page(&parts.headers, state)?;
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = address.map_or(Ipv4Addr::UNSPECIFIED.into(), |info| info.0.ip());
        Ok(Self(address))
    }
}

/// The session of a request.
pub async fn enter(parts: &Parts, state: &ApiState) -> Result<Session, Problem> {
    let token = cookie(&parts.headers).ok_or(AppError::Unauthenticated)?;
    state.site.hosts().check_host(&parts.headers)?;
    let session = sessions::find(&state.app, token).await?;
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

fn check_page(headers: &HeaderMap, state: &ApiState) -> Result<(), Problem> {
    match state.site.is_own_page(headers) {
        Some(false) => Err(csrf_failed()),
        // Browsers say where a change comes from; who does not is a program.
        Some(true) | None => Ok(()),
    }
}

fn csrf_failed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "csrf_failed",
        "a change by a session needs its `X-CSRF-Token` and must come from this server's own pages; reload the page and try again",
    )
}

impl From<Foreign> for Problem {
    fn from(foreign: Foreign) -> Self {
        Self::new(StatusCode::FORBIDDEN, Foreign::CODE, foreign.to_string())
    }
}

/// The session's token among the cookies.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// Gives the browser a session's cookie.
pub fn remember(state: &ApiState, session: &Session, response: &mut Response) {
    let left = session.row().expires_at - state.app.context().now();
    let token = session.token().expose();
    set_cookie(state, &token, left.num_seconds().max(0), response);
}

/// Takes the cookie away.
pub fn forget(state: &ApiState, response: &mut Response) {
    set_cookie(state, "", 0, response);
}

fn set_cookie(state: &ApiState, value: &str, max_age: i64, response: &mut Response) {
    let secure = if state.site.is_https() {
        "; Secure"
    } else {
        ""
    };
    let cookie =
        format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}{secure}");
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
            assert_eq!(cookie(&headers), expected, "{lines:?}");
        }
    }
}
