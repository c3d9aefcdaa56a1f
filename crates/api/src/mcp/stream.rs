//! Event streams: that tools changed, and what a service says of a call under way.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, stream};
use switchboard_app::AppError;
use switchboard_app::authority::Authority;
use switchboard_app::call::{self, CallAnswer, CallRequest};
use switchboard_app::notices::Notice;
use switchboard_app::tool_watch::ToolWatch;
use tokio::sync::mpsc;

use super::ending::Ending;
use super::failure::Failure;
use super::request::Level;
use super::text::Id;
use super::{LEGACY, Visit, tools};
use crate::{ApiState, extract};

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
fn digests(
    state: &ApiState,
    authority: Authority,
    watch: ToolWatch,
    shown: u64,
) -> impl Stream<Item = u64> + use<> {
    let ended = end(state, &authority);
    let next = stream::unfold(
        (state.app.runtime.clone(), authority, watch, shown),
        |(runtime, authority, mut watch, shown)| async move {
            loop {
                match watch.next(&runtime).await {
                    Ok(Some(found)) => {
                        let digest = tools::digest(&tools::list(&found));
                        if digest != shown {
                            let told = authority.holds().await;
                            return told.then_some((digest, (runtime, authority, watch, digest)));
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
    next.take_until(ended)
}

/// Returns when a stream has to end: with the server, or with what it was opened with.
fn end(state: &ApiState, authority: &Authority) -> impl Future<Output = ()> + use<> {
    let (stopping, authority) = (state.stopping.clone(), authority.clone());
    async move {
        tokio::select! {
            () = stopping.cancelled_owned() => {}
            () = authority.ended() => {}
        }
    }
}

/// What a visitor's stream is opened with. While the server stops none is: it would end at once, and
/// its client come back at once.
async fn authority(visit: &Visit<'_>) -> Result<Authority, Failure> {
    if visit.state.stopping.is_cancelled() {
        return Err(AppError::Stopping.into());
    }
    Ok(extract::authority(visit.state, None, visit.headers).await?)
}

/// The digest of what is there when a stream opens.
async fn digest_now(visit: &Visit<'_>, watch: &mut ToolWatch) -> Result<u64, Failure> {
    let found = watch.next(&visit.state.app.runtime).await?;
    Ok(tools::digest(&tools::list(&found.unwrap_or_default())))
}

/// The stream of a session. The id of an event is the digest of the list that it tells of, so a
/// client that comes back, to any server, with the last id it saw hears whether it missed something.
pub async fn changes(visit: &Visit<'_>, mut watch: ToolWatch) -> Result<Response, Failure> {
    let authority = authority(visit).await?;
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
    let later = digests(visit.state, authority, watch, now);
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
    let authority = authority(visit).await?;
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
    let later = digests(visit.state, authority, watch, now)
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
    /// Returns when whoever called may hear no more.
    ended: Pin<Box<dyn Future<Output = ()> + Send>>,
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
) -> Result<First, Failure> {
    let authority = extract::authority(visit.state, None, visit.headers).await?;
    let ended = Box::pin(authority.ended());
    let (runtime, runner) = (visit.state.app.runtime.clone(), visit.runner.clone());
    let mut call: Answered = Box::pin(async move { call::call(&runtime, &runner, request).await });
    loop {
        tokio::select! {
            biased;
            Some(notice) = notices.recv() => if let Some(first) = listener.write(&notice) {
                return Ok(First::Notice(Running { ended, call, notices, listener, first }));
            },
            answer = &mut call => {
                // It may have been said and done at once.
                let Some(first) = waiting(&mut notices, &listener).next() else {
                    return Ok(First::Answer(answer));
                };
                let call: Answered = Box::pin(std::future::ready(answer));
                return Ok(First::Notice(Running { ended, call, notices, listener, first }));
            },
        }
    }
}

/// The notices that are there, as notifications.
fn waiting(
    notices: &mut mpsc::Receiver<Notice>,
    listener: &Listener,
) -> impl Iterator<Item = String> {
    std::iter::from_fn(|| notices.try_recv().ok()).filter_map(|notice| listener.write(&notice))
}

impl Running {
    /// The stream of what comes, the answer at its end.
    pub fn into_response(mut self, ending: Ending) -> Response {
        let first = stream::iter([self.first.clone()]);
        // The call goes on, as it does when its caller hangs up.
        let ended = std::mem::replace(&mut self.ended, Box::pin(std::future::pending()));
        let rest = stream::unfold(Some((self, ending)), |state| async move {
            let (mut running, ending) = state?;
            loop {
                tokio::select! {
                    biased;
                    Some(notice) = running.notices.recv() => {
                        if let Some(text) = running.listener.write(&notice) {
                            return Some((vec![text], Some((running, ending))));
                        }
                    }
                    answer = &mut running.call => {
                        let answer = ending.write(answer).unwrap_or_else(|failure| {
                            failure.with_id(Some(ending.id.clone())).to_json()
                        });
                        let left = waiting(&mut running.notices, &running.listener);
                        return Some((left.chain([answer]).collect(), None));
                    }
                }
            }
        });
        let rest = rest.take_until(ended).flat_map(stream::iter);
        let texts = first.chain(rest);
        respond(texts.map(|text| Event::default().data(text)))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use serde_json::{Value, json};

    use super::super::tools::Frame;
    use super::*;

    fn listener(token: bool, least: Option<&str>) -> Listener {
        Listener {
            token: token.then(|| Id::Text("t".to_owned())),
            least: least.and_then(Level::parse),
        }
    }

    fn log(level: &str) -> Notice {
        Notice::Log {
            level: level.to_owned(),
            params: format!(r#"{{"level":"{level}","data":"x"}}"#),
        }
    }

    fn progress(so_far: u8) -> Notice {
        Notice::Progress(format!(r#"{{"progress":{so_far},"total":100}}"#))
    }

    #[test]
    fn a_client_hears_what_it_wants_to() {
        let written = |listener: &Listener, notice: &Notice| {
            let text = listener.write(notice)?;
            Some(serde_json::from_str::<Value>(&text).unwrap())
        };
        let all = listener(true, Some("debug"));
        let expected = json!({
            "jsonrpc": "2.0", "method": "notifications/progress",
            "params": {"progressToken": "t", "progress": 50, "total": 100},
        });
        assert_eq!(written(&all, &progress(50)), Some(expected));
        let expected = json!({
            "jsonrpc": "2.0", "method": "notifications/message",
            "params": {"level": "info", "data": "x"},
        });
        assert_eq!(written(&all, &log("info")), Some(expected));
        assert!(listener(false, Some("debug")).write(&progress(1)).is_none());
        assert!(listener(true, None).write(&log("emergency")).is_none());
        assert!(
            listener(true, Some("error"))
                .write(&log("warning"))
                .is_none()
        );
        assert!(listener(true, Some("error")).write(&log("error")).is_some());
        assert!(
            listener(true, Some("error"))
                .write(&log("unheard of"))
                .is_some()
        );
    }

    /// A call that says something before its answer: all notices come, then the answer, and what
    /// was said at once with the answer is not lost.
    #[tokio::test]
    async fn notices_come_before_the_answer() {
        let (sender, mut notices) = mpsc::channel(8);
        let call = async move {
            for so_far in [0, 50, 100] {
                sender.send(progress(so_far)).await.unwrap();
                if so_far == 0 {
                    tokio::task::yield_now().await;
                }
            }
            let json = r#"{"call_id":"c","status":"succeeded","output":{"n":1},"error":null}"#;
            Ok(CallAnswer {
                json: json.to_owned(),
                mcp: None,
                replayed: false,
            })
        };
        let mut call: Answered = Box::pin(call);
        let listener = listener(true, None);
        let first = tokio::select! {
            biased;
            Some(notice) = notices.recv() => listener.write(&notice).unwrap(),
            _ = &mut call => panic!("the notice comes first"),
        };
        let running = Running {
            ended: Box::pin(std::future::pending()),
            call,
            notices,
            listener,
            first,
        };
        let ending = Ending {
            id: Id::Number(7.into()),
            frame: Frame::default(),
        };
        let body = running.into_response(ending).into_body();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let messages: Vec<Value> = text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect();
        let progress: Vec<_> = messages[..3]
            .iter()
            .map(|message| message["params"]["progress"].as_u64().unwrap())
            .collect();
        assert_eq!(progress, [0, 50, 100]);
        assert_eq!(messages.len(), 4);
        assert_eq!(messages[3]["id"], 7);
        assert_eq!(messages[3]["result"]["structuredContent"], json!({"n": 1}));
    }
}
