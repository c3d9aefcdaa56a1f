//! What comes first: calls of actions, by REST or MCP, are taken before the router. They are most of what is
//! asked for, and finding one of a hundred routes, with the services around each, costs more than the rest of the
//! way in.
//!
//! What they are answered is decided where it is for the router; here their parts are only found. Whatever
//! is not plainly one of them goes to the router.

use std::ops::Range;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tower_service::Service as _;

use crate::routes::calls;
use crate::{ApiState, layer, mcp, problem};

/// Everything that is served.
#[derive(Clone)]
pub struct Front {
    state: ApiState,
    router: Router,
}

impl Front {
    /// The router, behind the calls.
    pub(crate) const fn new(state: ApiState, router: Router) -> Self {
        Self { state, router }
    }

    /// Answers a request.
    pub async fn answer(self, request: Request) -> Response {
        let Self { state, mut router } = self;
        match found(&request) {
            Some(Found::Call(place)) => {
                layer::observed(&state, request, Some(calls::ROUTE), |request| {
                    unharmed(calls::direct(&state, request, place))
                })
                .await
            }
            Some(Found::Mcp(place)) => {
                let agent = request.uri().path()[place].to_owned();
                layer::observed(&state, request, Some(mcp::ROUTE), |request| {
                    unharmed(mcp::direct(&state, &agent, request))
                })
                .await
            }
            None => {
                let Ok(response) = router.call(request).await;
                response
            }
        }
    }
}

/// Answers also where the work panics, as the router's layer does.
async fn unharmed<R: IntoResponse>(work: impl Future<Output = R>) -> Response {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.map_or_else(problem::panicked, IntoResponse::into_response)
}

/// What a request plainly is.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// A call of an action.
    Call(calls::Place),
    /// One of an agent's MCP endpoint, whose id is there in the path.
    Mcp(Range<usize>),
}

fn found(request: &Request) -> Option<Found> {
    let path = request.uri().path();
    if let Some(agent) = agent_in(path) {
        return Some(Found::Mcp(agent));
    }
    let is_post = request.method() == Method::POST;
    place_in(path).filter(|_| is_post).map(Found::Call)
}

/// A part that is written as it is meant, and is one.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && !part.contains(['/', '%'])
}

fn agent_in(path: &str) -> Option<Range<usize>> {
    const BEFORE: &str = "/mcp/agents/";
    let agent = path.strip_prefix(BEFORE)?;
    is_plain(agent).then(|| BEFORE.len()..path.len())
}

fn place_in(path: &str) -> Option<calls::Place> {
    const BEFORE: &str = "/api/v1/conversations/";
    let rest = path.strip_prefix(BEFORE)?.strip_suffix("/call")?;
    let (conversation, name) = rest.split_once("/actions/")?;
    if !is_plain(conversation) || !is_plain(name) {
        return None;
    }
    let start = BEFORE.len();
    let end = start + conversation.len();
    let name_at = end + "/actions/".len();
    Some(calls::Place {
        conversation: start..end,
        name: name_at..name_at + name.len(),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_everything_else() {
        let path = "/api/v1/conversations/cnv_1/actions/look_up/call";
        let place = place_in(path).unwrap();
        assert_eq!(&path[place.conversation], "cnv_1");
        assert_eq!(&path[place.name], "look_up");
        for other in [
            "/api/v1/conversations/cnv_1/actions/look_up",
            "/api/v1/conversations/cnv_1/actions//call",
            "/api/v1/conversations//actions/look_up/call",
            "/api/v1/conversations/cnv_1/x/actions/look_up/call",
            "/api/v1/conversations/cnv_1/actions/look_up/x/call",
            "/api/v1/conversations/cnv_1/actions/look%5Fup/call",
            "/api/v1/conversations/cnv_1/actions/look_up/call/",
            "/api/v1/conversations/call",
            "/api/v1/conversations/actions/call",
            "/mcp/agents/agt_1",
        ] {
            assert!(place_in(other).is_none(), "{other}");
        }
    }

    #[test]
    fn agents_are_told_from_everything_else() {
        let path = "/mcp/agents/agt_1";
        assert_eq!(&path[agent_in(path).unwrap()], "agt_1");
        for other in [
            "/mcp/agents/",
            "/mcp/agents/a/b",
            "/mcp/agents/a%2F",
            "/mcp",
            "/",
        ] {
            assert!(agent_in(other).is_none(), "{other}");
        }
    }
}
