//! `tools/call`, of either kind of revision.

use axum::response::Response;
use switchboard_app::call::{self, CallRequest};
use switchboard_app::{AppError, notices};
use switchboard_domain::admission::Refusal;
use switchboard_domain::id::ConversationId;
use tokio::sync::mpsc;

use super::ending::Ending;
use super::failure::{Failure, invalid_params};
use super::message::Call;
use super::request::Level;
use super::tools::Frame;
use super::{Visit, stream};

/// How many notices wait for a client before more are left out.
const WAITING_NOTICES: usize = 64;

/// What of a call under way its client wants to hear.
#[derive(Debug, Clone, Copy)]
pub struct Listening {
    /// Whether it takes a stream.
    pub is_wanted: bool,
    /// How severe log messages must be; none when it wants none.
    pub least: Option<Level>,
}

/// What came of it.
pub enum Called {
    /// The answer's text.
    Text(String),
    /// The service said something before it was done: a stream, with the answer at its end.
    Stream(Response),
    /// There is no such conversation of this agent, or it is closed.
    NoConversation,
}

/// The name that a call names its tool by.
pub fn name_of(call: &Call) -> Result<&str, Failure> {
    let name = call.params.name.as_deref();
    name.ok_or_else(|| invalid_params("`name` says which tool is called"))
}

/// Calls a tool in a conversation.
pub async fn call(
    visit: &Visit<'_>,
    conversation: ConversationId,
    call: Call,
    frame: Frame,
    listening: Listening,
) -> Result<Called, Failure> {
    let name = name_of(&call)?.to_owned();
    let meta = call.params.meta.unwrap_or_default();
    let is_legacy = frame.members.is_empty();
    let key = meta.idempotency_key.or_else(|| {
        let header = visit.headers.get("idempotency-key")?;
        // What is no text is refused with the other keys that are none.
        Some(header.to_str().unwrap_or_default().to_owned())
    });
    let mut request = CallRequest {
        conversation,
        name,
        arguments: call.params.arguments.unwrap_or_default(),
        idempotency_key: key,
        agent: Some(visit.agent),
        notices: None,
    };
    let ending = Ending { id: call.id, frame };
    let hears = listening.is_wanted && (meta.progress_token.is_some() || listening.least.is_some());
    let answer = if hears {
        let (sender, notices) = mpsc::channel::<notices::Notice>(WAITING_NOTICES);
        request.notices = Some(sender);
        let listener = stream::Listener {
            token: meta.progress_token,
            least: listening.least,
        };
        match stream::first(visit, request, notices, listener).await? {
            stream::First::Answer(answer) => answer,
            stream::First::Notice(running) => {
                return Ok(Called::Stream(running.into_response(ending)));
            }
        }
    } else {
        call::call(&visit.state.app.runtime, &visit.runner, request).await
    };
    match answer {
        Err(AppError::NotFound(_)) => Ok(Called::NoConversation),
        Err(AppError::Refused(Refusal::Closed)) if is_legacy => Ok(Called::NoConversation),
        answer => ending.write(answer).map(Called::Text),
    }
}
