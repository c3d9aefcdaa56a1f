//! Event streams: that tools changed, and what a service says of a call under way.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use switchboard_app::AppError;
use switchboard_app::call::{self, CallAnswer, CallRequest};
use switchboard_app::notices::Notice;
use switchboard_app::tool_watch::ToolWatch;
use tokio::sync::mpsc;

use super::calling::Ending;
use super::failure::Failure;
use super::message::Id;
use super::request::Level;
use super::{LEGACY, Visit, tools};
use crate::ApiState;

/// How often an idle stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

const LIST_CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    Sse::new(events.map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response()
}

/// The changes of a list that a watch finds, each as the digest of the new one. Ends with the
/// server, or when there will be none any more.
fn digests(state: &ApiState, watch: ToolWatch, shown: u64) -> impl Stream<Item = u64> + use<> {
    let stopping = state.stopping.clone();
    let next = stream::unfold(
        (state.app.clone(), watch, shown),
        |(app, mut watch, shown)| async move {
            loop {
                match watch.next(&app).await {
                    Ok(Some(found)) => {
                        let digest = tools::digest(&tools::list(&found));
                        if digest != shown {
                            return Some((digest, (app, watch, digest)));
                        }
                    }
                    Ok(None) => return None,
                    Err(error) => {
                        tracing::warn!(%error, "a stream about an agent's tools ended");
                        return None;
                    }
                }
            }
        },
    );
    next.take_until(stopping.cancelled_owned())
}

/// The digest of what is there when a stream opens.
async fn digest_now(visit: &Visit<'_>, watch: &mut ToolWatch) -> Result<u64, Failure> {
    let found = watch.next(&visit.state.app).await?;
    Ok(tools::digest(&tools::list(&found.unwrap_or_default())))
}

/// The stream of a session. The id of an event is the digest of the list that it tells of, so a
/// client that comes back, to any server, with the last id it saw hears whether it missed something.
pub async fn changes(visit: &Visit<'_>, mut watch: ToolWatch) -> Result<Response, Failure> {
    let now = digest_now(visit, &mut watch).await?;
    let event = |digest: u64, data: &str| Event::default().id(format!("{digest:016x}")).data(data);
    let header = |name: &str| {
        let value = visit.headers.get(name)?;
        value.to_str().ok()
    };
    let seen = header("last-event-id").and_then(|text| u64::from_str_radix(text, 16).ok());
    let first = match seen {
        Some(seen) if seen != now => Some(event(now, LIST_CHANGED)),
        // An event without data gives the client an id to come back with. Older clients take it for
        // a message.
        _ if header("mcp-protocol-version") == Some(LEGACY[0]) => Some(event(now, "")),
        _ => None,
    };
    let later = digests(visit.state, watch, now);
    let events = stream::iter(first).chain(later.map(move |digest| event(digest, LIST_CHANGED)));
    Ok(respond(events))
}

/// The stream of a subscription: first that it is taken, then each change, at the end its result.
pub async fn subscription(
    visit: &Visit<'_>,
    mut watch: ToolWatch,
    id: &Id,
    is_wanted: bool,
) -> Result<Response, Failure> {
    let now = digest_now(visit, &mut watch).await?;
    let meta = format!(r#""_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}"#);
    let taken = if is_wanted {
        r#""toolsListChanged":true"#
    } else {
        ""
    };
    let acknowledged = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{{"notifications":{{{taken}}},{meta}}}}}"#
    );
    let changed = format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{{{meta}}}}}"#
    );
    let ended =
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete",{meta}}}}}"#);
    let event = |data: &str| Event::default().data(data);
    let later = digests(visit.state, watch, now)
        .filter(move |_| std::future::ready(is_wanted))
        .map(move |_| event(&changed));
    let events = stream::iter([event(&acknowledged)])
        .chain(later)
        .chain(stream::iter([event(&ended)]));
    Ok(respond(events))
}

/// What a client wants to hear of its call.
#[derive(Debug)]
pub struct Listener {
    /// The token of progress.
    pub token: Option<Id>,
    /// How severe log messages must be; none when it wants none.
    pub least: Option<Level>,
}

impl Listener {
    /// A notice as a notification; none when the client does not want it.
    fn write(&self, notice: &Notice) -> Option<String> {
        match notice {
            Notice::Progress(params) => {
                let token = self.token.as_ref()?;
                let rest = params.trim().strip_prefix('{')?;
                Some(format!(
                    r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},{rest}}}"#
                ))
            }
            Notice::Log { level, params } => {
                let least = self.least?;
                // A level that nobody knows is not left out.
                let is_wanted = Level::parse(level).is_none_or(|level| level >= least);
                is_wanted.then(|| {
                    format!(
                        r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{params}}}"#
                    )
                })
            }
        }
    }
}

type Answered = Pin<Box<dyn Future<Output = Result<CallAnswer, AppError>> + Send>>;

/// A call under way whose service said something.
pub struct Running {
    call: Answered,
    notices: mpsc::Receiver<Notice>,
    listener: Listener,
    first: String,
}

/// What comes first of a call.
pub enum First {
    /// Its answer: no stream is needed.
    Answer(Result<CallAnswer, AppError>),
    /// A notice that the client wants.
    Notice(Running),
}

/// Makes a call, and waits for what comes first of it.
pub async fn first(
    visit: &Visit<'_>,
    request: CallRequest,
    mut notices: mpsc::Receiver<Notice>,
    listener: Listener,
) -> First {
    let (app, runner) = (visit.state.app.clone(), visit.runner.clone());
    let mut call: Answered = Box::pin(async move { call::call(&app, &runner, request).await });
    loop {
        tokio::select! {
            biased;
            Some(notice) = notices.recv() => if let Some(first) = listener.write(&notice) {
                return First::Notice(Running { call, notices, listener, first });
            },
            answer = &mut call => return First::Answer(answer),
        }
    }
}

impl Running {
    /// The stream of what comes, the answer at its end.
    pub fn into_response(self, ending: Ending) -> Response {
        let first = stream::iter([Event::default().data(&self.first)]);
        let rest = stream::unfold(Some((self, ending)), |state| async move {
            let (mut running, ending) = state?;
            loop {
                tokio::select! {
                    biased;
                    Some(notice) = running.notices.recv() => {
                        if let Some(text) = running.listener.write(&notice) {
                            return Some((Event::default().data(text), Some((running, ending))));
                        }
                    }
                    answer = &mut running.call => {
                        let text = ending.write(answer).unwrap_or_else(|failure| {
                            failure.with_id(Some(ending.id.clone())).to_json()
                        });
                        return Some((Event::default().data(text), None));
                    }
                }
            }
        });
        respond(first.chain(rest))
    }
}
