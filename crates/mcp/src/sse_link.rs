//! HTTP+SSE, the transport of revision 2024-11-05: one stream of events for everything the server
//! says, whose first event names the place that messages are posted to.

use std::sync::{Arc, PoisonError};

use http::Uri;
use switchboard_outbound::parse_url;
use tokio::time::Instant;
use url::Url;

use crate::error::McpError;
use crate::frame::{self, Kind};
use crate::link::{EventLink, Pace};
use crate::peer::{self, PeerTransport};
use crate::shared::Core;
use crate::wire::Wire;

/// Opens the stream and waits for the place to post to.
pub async fn open(wire: Wire, deadline: Instant) -> Result<(Arc<Core>, PeerTransport), McpError> {
    let mut events = wire.get(wire.headers(), None, deadline).await?;
    let no_place = || McpError::NotMcp {
        detail: "its stream of events does not name a place to post to".to_owned(),
    };
    let first = events.next(deadline).await?.ok_or_else(no_place)?;
    if first.kind != "endpoint" {
        return Err(no_place());
    }
    let post_to = place(wire.uri(), first.data.trim(), wire.query())?;
    let (core, transport) = peer::open(wire, post_to, true);
    tokio::spawn(listen(core.clone(), events));
    Ok((core, transport))
}

/// The place that an event names. It is the server's own origin: what is posted carries credentials.
fn place(from: &Uri, named: &str, query: Option<&str>) -> Result<Uri, McpError> {
    let wrong = |detail: &str| McpError::Protocol {
        detail: format!("its stream names a place to post to that {detail}"),
    };
    let base = Url::parse(&from.to_string()).map_err(|_| wrong("starts from no URL"))?;
    let mut url = base.join(named).map_err(|_| wrong("is no URL"))?;
    if url.origin() != base.origin() {
        return Err(wrong("is on another host"));
    }
    if let Some(pair) = query {
        let joined = url
            .query()
            .map_or_else(|| pair.to_owned(), |query| format!("{query}&{pair}"));
        url.set_query(Some(&joined));
    }
    Ok(parse_url(url.as_str())?)
}

/// Reads the stream to its end, and gives each message to whom it is for.
async fn listen(core: Arc<Core>, mut events: Box<EventLink>) {
    let idle = core.wire.limits.idle_stream;
    events.pace(Pace::ANSWERS);
    let run = async {
        while let Some(event) = events.next_or_end(Instant::now() + idle).await {
            let text = core.wire.clean(&event.data);
            match frame::messages(&text) {
                Ok(messages) => {
                    for one in messages {
                        route(&core, &one).await;
                    }
                }
                Err(error) => tracing::debug!(%error, "an event of an MCP server is left out"),
            }
        }
    };
    tokio::select! { () = run => {}, () = core.closing.cancelled() => {} }
    core.end();
}

async fn route(core: &Core, text: &str) {
    let (id, hello) = match frame::read(text) {
        Ok(Kind::Result(id, result)) => (id, Some(result)),
        Ok(Kind::Error(id, _)) => (id, None),
        Ok(Kind::Notification(method, params)) => match &*method {
            "notifications/progress" => (frame::progress_token(params), None),
            "notifications/message" => (only_waiting(core), None),
            _ => (None, None),
        },
        Ok(Kind::Request) => (None, None),
        Err(error) => {
            tracing::debug!(%error, "a message of an MCP server is left out");
            return;
        }
    };
    let waiting = id.and_then(|id| {
        let waiting = core.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(&id).cloned()
    });
    if let Some(call) = waiting {
        // A call that is gone does not want it any more.
        drop(call.send(text.to_owned()).await);
        return;
    }
    if let Some(result) = hello
        && core.hello.get().is_none()
    {
        core.remember(result);
    }
    core.to_peer(text);
}

/// A line of the log says to no call that it belongs to it. With one call under way, it does.
fn only_waiting(core: &Core) -> Option<u64> {
    let waiting = core.waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ids = waiting.keys();
    ids.next().filter(|_| ids.next().is_none()).copied()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_the_origin_of_the_stream() {
        let from: Uri = "https://a.example/mcp/sse?key=1".parse().unwrap();
        for (named, query, to) in [
            ("/message?s=1", None, "https://a.example/message?s=1"),
            (
                "/message?s=1",
                Some("key=1"),
                "https://a.example/message?s=1&key=1",
            ),
            ("post", Some("key=1"), "https://a.example/mcp/post?key=1"),
            ("https://a.example:443/x", None, "https://a.example/x"),
        ] {
            assert_eq!(place(&from, named, query).unwrap().to_string(), to);
        }
        for named in [
            "https://b.example/",
            "//b.example/",
            "http://a.example/",
            "https://a.example:444/",
            "javascript:1",
            "https://user@a.example/",
        ] {
            assert!(place(&from, named, None).is_err(), "{named}");
        }
    }
}
