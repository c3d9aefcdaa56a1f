//! Sessions: how they are opened, shared, lost and closed.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_connect::PreparedAuth;
use switchboard_mcp::{Dialect, Limits, McpError, Notice};

use crate::server::{
    After, Heard, Reply, Server, event, listed, refusal, result, stateless, text_result, until,
    with_session,
};
use crate::support::{Bench, any_tool, secret, text_of};

fn lists_and_calls(heard: &Heard) -> Reply {
    match heard.method() {
        "tools/list" => Reply::Json(200, result(heard, &json!({"tools": [listed("a")]}))),
        _ => Reply::Json(200, result(heard, &text_result("done"))),
    }
}

#[tokio::test]
async fn the_newest_revision_is_found_and_spoken() {
    let server = Server::start(stateless(lists_and_calls)).await;
    let bench = Bench::new(&server.url);
    let found = bench.discover().await.unwrap();
    assert_eq!(found.dialect, Dialect::Stateless);
    assert_eq!(found.revision, "2026-07-28");
    assert_eq!(found.server_info().unwrap()["extra"], json!([1]));
    let answer = bench.call(&found.tools[0].tool, &json!({"x": 1})).await;
    assert_eq!(text_of(&answer.unwrap()), "done");
    assert_eq!(server.count("initialize"), 0);
    let call = &server.of("tools/call")[0];
    assert_eq!(call.header("mcp-protocol-version"), Some("2026-07-28"));
    assert_eq!(call.header("mcp-method"), Some("tools/call"));
    assert_eq!(call.header("mcp-name"), Some("a"));
    let meta = &call.body["params"]["_meta"];
    assert_eq!(
        meta["io.modelcontextprotocol/protocolVersion"],
        "2026-07-28"
    );
    assert_eq!(
        meta["io.modelcontextprotocol/clientCapabilities"],
        json!({})
    );
    assert_eq!(call.body["params"]["arguments"], json!({"x": 1}));
}

#[tokio::test]
async fn an_older_server_gets_its_handshake_and_nothing_newer() {
    let server = Server::start(with_session("s1", lists_and_calls)).await;
    let bench = Bench::new(&server.url);
    let found = bench.discover().await.unwrap();
    assert_eq!(found.dialect, Dialect::Streamable);
    assert_eq!(found.revision, "2025-11-25");
    bench.call(&any_tool("a"), &json!({})).await.unwrap();
    let call = &server.of("tools/call")[0];
    assert_eq!(call.header("mcp-session-id"), Some("s1"));
    assert_eq!(call.header("mcp-protocol-version"), Some("2025-11-25"));
    assert_eq!(call.header("mcp-method"), None);
    assert_eq!(call.body["params"].get("_meta"), None);
    bench.mcp.close().await;
    until("the session is deleted", || {
        server.all().iter().any(|heard| {
            heard.http == http::Method::DELETE && heard.header("mcp-session-id") == Some("s1")
        })
    })
    .await;
    // What was found out is remembered.
    bench.call(&any_tool("a"), &json!({})).await.unwrap();
    assert_eq!(server.count("server/discover"), 1);
    assert_eq!(server.count("initialize"), 2);
}

#[tokio::test]
async fn calls_that_come_together_share_one_handshake() {
    let server = Server::start(with_session("s1", lists_and_calls)).await;
    let bench = Bench::new(&server.url);
    let (tool, none) = (any_tool("a"), json!({}));
    let calls = (0..20).map(|_| bench.call(&tool, &none));
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(server.count("initialize"), 1);
    assert_eq!(server.count("tools/call"), 20);
}

/// Calls are made by tasks that move between threads.
#[tokio::test]
async fn calls_may_be_made_by_any_task() {
    let server = Server::start(stateless(lists_and_calls)).await;
    let bench = Bench::new(&server.url);
    let task = tokio::spawn(async move {
        let found = bench.discover().await.unwrap();
        let (answer, _) = bench
            .call_and_listen(&found.tools[0].tool, &json!({}))
            .await;
        answer.unwrap()
    });
    assert_eq!(text_of(&task.await.unwrap()), "done");
}

#[tokio::test]
async fn a_forgotten_session_is_opened_again_and_the_call_made_once_more() {
    let server = Server::start(with_session("s1", lists_and_calls)).await;
    let bench = Bench::new(&server.url);
    let tool = any_tool("a");
    bench.call(&tool, &json!({})).await.unwrap();
    server.change(with_session("s2", lists_and_calls));
    bench.call(&tool, &json!({})).await.unwrap();
    let sessions: Vec<_> = server
        .of("tools/call")
        .iter()
        .map(|heard| heard.header("mcp-session-id").unwrap().to_owned())
        .collect();
    assert_eq!(sessions, ["s1", "s1", "s2"]);
    // A server that forgets every session is not asked for ever.
    server.change(with_session("s3", |heard| match heard.method() {
        "tools/call" => Reply::Json(404, json!({})),
        _ => lists_and_calls(heard),
    }));
    let error = bench.call(&tool, &json!({})).await.unwrap_err();
    assert_eq!(error.code(), "session_lost");
    assert!(!error.may_have_acted());
    assert_eq!(server.count("tools/call"), 5);
}

#[tokio::test]
async fn a_server_that_becomes_another_one_is_asked_anew() {
    let server = Server::start(stateless(lists_and_calls)).await;
    let bench = Bench::new(&server.url);
    bench.discover().await.unwrap();
    server.change(with_session("s1", lists_and_calls));
    assert_eq!(bench.discover().await.unwrap().dialect, Dialect::Streamable);
    server.change(stateless(|heard| match heard.method() {
        "initialize" => Reply::Json(404, refusal(heard, -32601, "what is initialize?")),
        _ if heard.header("mcp-session-id").is_some() => Reply::Json(400, json!({})),
        _ => lists_and_calls(heard),
    }));
    assert_eq!(bench.discover().await.unwrap().dialect, Dialect::Stateless);
}

#[tokio::test]
async fn sessions_are_not_shared_between_credentials_or_keys() {
    let server = Server::start(with_session("s1", lists_and_calls)).await;
    let auth = PreparedAuth::Bearer(secret("token"));
    let mut bench = Bench::with(&server.url, auth, Limits::default());
    let tool = any_tool("a");
    let missing = bench.call(&tool, &json!({})).await.unwrap_err();
    assert_eq!(missing.code(), "missing_secret");
    assert!(server.all().is_empty(), "nothing goes out without it");
    bench.secrets.set("token", "first");
    bench.call(&tool, &json!({})).await.unwrap();
    bench.call(&tool, &json!({})).await.unwrap();
    bench.secrets.set("token", "second");
    bench.call(&tool, &json!({})).await.unwrap();
    bench.target.key = "other/i/production".into();
    bench.call(&tool, &json!({})).await.unwrap();
    assert_eq!(server.count("initialize"), 3);
    let tokens: Vec<_> = server
        .of("tools/call")
        .iter()
        .map(|heard| heard.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(
        tokens,
        [
            "Bearer first",
            "Bearer first",
            "Bearer second",
            "Bearer second"
        ]
    );
}

#[tokio::test]
async fn idle_sessions_are_closed() {
    let server = Server::start(with_session("s1", lists_and_calls)).await;
    let limits = Limits {
        idle_session: Duration::from_millis(50),
        ..Limits::default()
    };
    let bench = Bench::with(&server.url, PreparedAuth::None, limits);
    bench.call(&any_tool("a"), &json!({})).await.unwrap();
    switchboard_testkit::eventually("the session is closed", async || {
        bench.mcp.maintain().await;
        let gone = |heard: &Heard| heard.http == http::Method::DELETE;
        server.all().iter().any(gone).then_some(())
    })
    .await;
    assert_eq!(bench.mcp.sessions().await, 0);
}

#[tokio::test]
async fn a_stream_that_breaks_is_gone_on_with() {
    let server = Server::start(with_session("s1", |heard| {
        if heard.http == http::Method::GET {
            let id = heard.header("last-event-id").unwrap();
            let id: u64 = id.strip_prefix("e-").unwrap().parse().unwrap();
            return Reply::Events(
                vec![
                    ": and on\n\n".to_owned(),
                    event(&json!({"jsonrpc": "2.0", "id": id, "result": text_result("late")})),
                ],
                After::Silence,
            );
        }
        let id = &heard.body["id"];
        let start = format!("id: e-{id}\nretry: 20\ndata: \n\n");
        Reply::Events(vec![start], After::End)
    }))
    .await;
    let bench = Bench::new(&server.url);
    let answer = bench.call(&any_tool("a"), &json!({})).await.unwrap();
    assert_eq!(text_of(&answer), "late");
    assert_eq!(server.count("tools/call"), 1, "it is not called again");
}

#[tokio::test]
async fn a_stream_that_ends_leaves_the_outcome_open() {
    let server = Server::start(stateless(|_| Reply::Events(vec![], After::End))).await;
    let bench = Bench::new(&server.url);
    let tool = any_tool("a");
    let error = bench.call(&tool, &json!({})).await.unwrap_err();
    assert_eq!(error.code(), "session_lost");
    assert_eq!(server.count("tools/call"), 1);
    let (outcome, error) = error.into_call_error(&tool);
    assert_eq!(error.code, "outcome_unknown");
    assert_eq!(outcome, switchboard_domain::conversation::Outcome::Unknown);
}

#[tokio::test]
async fn notices_come_to_their_call() {
    let server = Server::start(stateless(|heard| {
        let token = &heard.body["params"]["_meta"]["progressToken"];
        let notice = |method: &str, params: Value| {
            event(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
        };
        Reply::Events(
            vec![
                notice(
                    "notifications/progress",
                    json!({"progressToken": token, "progress": 1, "total": 2, "message": "half"}),
                ),
                notice(
                    "notifications/message",
                    json!({"level": "info", "data": {"a": 1}}),
                ),
                event(&result(heard, &text_result("done"))),
            ],
            After::End,
        )
    }))
    .await;
    let bench = Bench::new(&server.url);
    let (answer, heard) = bench.call_and_listen(&any_tool("a"), &json!({})).await;
    assert_eq!(text_of(&answer.unwrap()), "done");
    let progress = Notice::Progress {
        progress: 1.0,
        total: Some(2.0),
        message: Some("half".to_owned()),
    };
    let log = Notice::Log {
        level: "info".to_owned(),
        logger: None,
        data: json!({"a": 1}),
    };
    assert_eq!(heard, [progress, log]);
}

#[tokio::test]
async fn the_server_hears_that_nobody_waits_any_more() {
    let server = Server::start(with_session("s1", |_| {
        Reply::Events(vec![], After::Silence)
    }))
    .await;
    let bench = Bench::new(&server.url);
    let (tool, none) = (any_tool("a"), json!({}));
    let late = bench.call_for(&tool, &none, 1).await.unwrap_err();
    assert!(matches!(late, McpError::Timeout { sent: true }), "{late:?}");
    let dropped = tokio::time::timeout(
        Duration::from_millis(100),
        bench.call_for(&tool, &none, 100),
    );
    assert!(dropped.await.is_err());
    until("both are cancelled", || {
        server.count("notifications/cancelled") == 2
    })
    .await;
    let asked: Vec<_> = server
        .of("tools/call")
        .iter()
        .map(|h| h.body["id"].clone())
        .collect();
    let mut cancelled: Vec<_> = server
        .of("notifications/cancelled")
        .iter()
        .map(|h| h.body["params"]["requestId"].clone())
        .collect();
    cancelled.sort_by_key(Value::as_u64);
    assert_eq!(asked, cancelled);
}

#[tokio::test]
async fn changes_of_the_tools_are_heard_while_a_session_is_open() {
    let changed = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
    let server = Server::start(move |heard| match heard.method() {
        "initialize" => Reply::Json(
            200,
            result(
                heard,
                &json!({
                    "protocolVersion": "2025-06-18",
                    "capabilities": {"tools": {"listChanged": true}},
                    "serverInfo": {"name": "test", "version": "1"},
                }),
            ),
        ),
        "notifications/initialized" => Reply::Raw(202, "text/plain", "".into()),
        "" => Reply::Events(vec![event(&changed)], After::Silence),
        "server/discover" => Reply::Json(404, json!({})),
        _ => lists_and_calls(heard),
    })
    .await;
    let bench = Bench::new(&server.url);
    bench.discover().await.unwrap();
    until("the change is heard", || {
        bench.changes.load(std::sync::atomic::Ordering::SeqCst) == 1
    })
    .await;
}

#[tokio::test]
async fn a_stateless_server_is_asked_to_tell_of_changes() {
    let server = Server::start(|heard| {
        let id = &heard.body["id"];
        let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
        let told = |method: &str, params: Value| {
            event(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
        };
        match heard.method() {
            "server/discover" => Reply::Json(
                200,
                result(
                    heard,
                    &json!({
                        "resultType": "complete", "supportedVersions": ["2026-07-28"],
                        "capabilities": {"tools": {"listChanged": true}},
                        "ttlMs": 0, "cacheScope": "private",
                    }),
                ),
            ),
            "subscriptions/listen" => Reply::Events(
                vec![
                    told(
                        "notifications/subscriptions/acknowledged",
                        json!({"_meta": meta, "notifications": {"toolsListChanged": true}}),
                    ),
                    told("notifications/tools/list_changed", json!({"_meta": meta})),
                    told("notifications/tools/list_changed", json!({"_meta": meta})),
                ],
                After::Silence,
            ),
            _ => lists_and_calls(heard),
        }
    })
    .await;
    let bench = Bench::new(&server.url);
    bench.discover().await.unwrap();
    until("both changes are heard", || {
        bench.changes.load(std::sync::atomic::Ordering::SeqCst) == 2
    })
    .await;
    let asked = &server.of("subscriptions/listen")[0];
    assert_eq!(asked.header("mcp-protocol-version"), Some("2026-07-28"));
    assert_eq!(asked.header("mcp-method"), Some("subscriptions/listen"));
}

#[tokio::test]
async fn what_the_server_asks_of_us_is_answered() {
    let server = Server::start(with_session("s1", |heard| match heard.method() {
        "tools/call" => Reply::Events(
            vec![
                event(&json!({"jsonrpc": "2.0", "id": "p", "method": "ping"})),
                event(
                    &json!({"jsonrpc": "2.0", "id": "s", "method": "sampling/createMessage",
                    "params": {"messages": [], "maxTokens": 1}}),
                ),
                event(&result(heard, &text_result("done"))),
            ],
            After::End,
        ),
        _ => Reply::Raw(202, "text/plain", "".into()),
    }))
    .await;
    let bench = Bench::new(&server.url);
    bench.call(&any_tool("a"), &json!({})).await.unwrap();
    until("both are answered", || {
        let all = server.all();
        let of = |id: &str, member: &str| {
            all.iter()
                .any(|heard| heard.body["id"] == id && heard.body.get(member).is_some())
        };
        of("p", "result") && of("s", "error")
    })
    .await;
}
