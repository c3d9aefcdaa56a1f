//! What comes first: calls of actions are taken before the router. They are most of what is asked for, and
//! finding one of a hundred routes, with the services around each, costs more than the rest of the way in.
//!
//! What a call is answered is decided where it is for the router ([`calls::answer`]); here its parts are
//! only found. Whatever is not plainly a call goes to the router.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt as _;
use tower_service::Service as _;

use crate::routes::calls;
use crate::{ApiState, layer, problem};

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
        let Some(place) = call_of(&request) else {
            let Ok(response) = router.call(request).await;
            return response;
        };
        layer::observed(&state, request, Some(calls::ROUTE), |request| {
            let call = calls::direct(&state, request, place);
            // As the router's layer does.
            AssertUnwindSafe(call).catch_unwind().map(|answered| {
                answered.map_or_else(
                    problem::panicked,
                    axum::response::IntoResponse::into_response,
                )
            })
        })
        .await
    }
}

/// Where a request names its conversation and its action, if it is a call of one, as ranges of its path.
fn call_of(request: &Request) -> Option<calls::Place> {
    if request.method() != Method::POST {
        return None;
    }
    place_in(request.uri().path())
}

fn place_in(path: &str) -> Option<calls::Place> {
    const BEFORE: &str = "/api/v1/conversations/";
    let rest = path.strip_prefix(BEFORE)?.strip_suffix("/call")?;
    let (conversation, name) = rest.split_once("/actions/")?;
    let is_plain = |part: &str| !part.is_empty() && !part.contains(['/', '%']);
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
}
