//! The transport of 2024-11-05: one stream for everything, which may end at any time.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{Heard, Reply, Server, event, result, text_result, until};
use crate::support::{Bench, any_tool, text_of};

/// A server of 2024-11-05, one client at a time: what is posted comes to `post`, and what that
/// gives comes back on the stream.
async fn over_sse(
    post: impl Fn(&Heard) -> Option<Value> + Send + Sync + 'static,
) -> (Server, Arc<Stream>) {
    let stream = Arc::new(Stream::default());
    let out = stream.clone();
    let server = Server::start(move |heard| {
        if heard.http == http::Method::GET {
            let (sender, pieces) = tokio::sync::mpsc::unbounded_channel();
            *out.0.lock().unwrap() = Some(sender);
            return Reply::Live(
                "event: endpoint\ndata: /post?s=1\n\n".to_owned(),
                pieces.into(),
            );
        }
        if !heard.path.starts_with("/post") {
            return Reply::Json(405, json!({}));
        }
        let answer = match heard.method() {
            "initialize" => Some(result(
                heard,
                &json!({"protocolVersion": "2024-11-05", "capabilities": {"tools": {}},
                    "serverInfo": {"name": "old", "version": "1"}}),
            )),
            _ => post(heard),
        };
        if let Some(answer) = answer {
            out.send(event(&answer));
        }
        Reply::Raw(202, "text/plain", "Accepted".into())
    })
    .await;
    (server, stream)
}

/// The stream of such a server.
#[derive(Default)]
struct Stream(Mutex<Option<tokio::sync::mpsc::UnboundedSender<String>>>);

impl Stream {
    fn send(&self, piece: String) {
        drop(self.0.lock().unwrap().as_ref().unwrap().send(piece));
    }

    fn end(&self) {
        *self.0.lock().unwrap() = None;
    }
}

#[tokio::test]
async fn an_old_stream_that_ends_ends_its_calls_and_is_opened_again() {
    let (server, stream) = over_sse(|heard| match heard.body["params"]["name"].as_str() {
        Some("answers") => Some(result(heard, &text_result("done"))),
        _ => None,
    })
    .await;
    let bench = Bench::new(&server.url);
    let (answers, hangs) = (any_tool("answers"), any_tool("hangs"));
    let none = json!({});
    let answer = bench.call(&answers, &none).await.unwrap();
    assert_eq!(text_of(&answer), "done");
    let ends = async {
        until("the call is under way", || server.count("tools/call") == 2).await;
        stream.end();
    };
    let (lost, ()) = tokio::join!(bench.call(&hangs, &none), ends);
    let lost = lost.unwrap_err();
    assert_eq!(lost.code(), "session_lost");
    assert!(lost.may_have_acted());
    bench.call(&answers, &none).await.unwrap();
    // What was found out is remembered: the newer ways are not tried again.
    assert_eq!(server.count("server/discover"), 1);
    let late = bench.call_for(&hangs, &none, 1).await.unwrap_err();
    assert_eq!(late.code(), "timeout");
    until("the server hears of it", || {
        server.count("notifications/cancelled") == 1
    })
    .await;
}

#[tokio::test]
async fn garbage_on_an_old_stream_is_left_out() {
    let (server, stream) = over_sse(|_| None).await;
    let bench = Bench::new(&server.url);
    let answers = async {
        until("the call is under way", || server.count("tools/call") == 1).await;
        let call = &server.of("tools/call")[0];
        for garbage in [
            "data: hello\n\n",
            "data: {}\n\n",
            "event: x\ndata: 1\n\n",
            ": \n\n",
        ] {
            stream.send(garbage.to_owned());
        }
        stream.send(event(&json!({"jsonrpc": "2.0", "id": 7, "result": {}})));
        stream.send(event(&result(call, &text_result("done"))));
    };
    let (tool, none) = (any_tool("a"), json!({}));
    let (answer, ()) = tokio::join!(bench.call(&tool, &none), answers);
    assert_eq!(text_of(&answer.unwrap()), "done");
}
