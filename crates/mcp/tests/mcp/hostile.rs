//! Servers that misbehave: each ends in an error that says what to do, and says whether the call may
//! have had its effect.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_connect::PreparedAuth;
use switchboard_mcp::{Limits, Tool};

use crate::server::{
    After, Heard, Reply, Server, event, listed, refusal, result, stateless, text_result,
};
use crate::support::{Bench, any_tool, secret};

fn small() -> Limits {
    Limits {
        max_answer_bytes: 10_000,
        max_list_bytes: 100_000,
        max_pages: 5,
        max_stream_bytes: 100_000,
        ..Limits::default()
    }
}

/// Calls a tool of a server of the newest revision that answers so.
async fn call(answer: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> (String, bool, String) {
    let server = Server::start(stateless(answer)).await;
    let bench = Bench::with(&server.url, PreparedAuth::None, small());
    let tool = any_tool("a");
    let error = bench.call_for(&tool, &json!({}), 2).await.unwrap_err();
    assert_eq!(server.count("tools/call"), 1, "{error}");
    (
        error.code().to_owned(),
        error.may_have_acted(),
        error.to_string(),
    )
}

#[tokio::test]
async fn every_bad_answer_has_its_error() {
    let html = || Reply::Raw(200, "text/html", "<html>hello</html>".into());
    let json = |text: &'static str| Reply::Raw(200, "application/json", text.into());
    let events = |piece: &str, after: After| Reply::Events(vec![piece.to_owned()], after);
    let large = "x".repeat(20_000);
    let cases: Vec<(Reply, &str, bool)> = vec![
        (html(), "not_mcp", true),
        (json("hello"), "invalid_frame", true),
        (json("{}"), "invalid_frame", true),
        (
            json(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#),
            "protocol_error",
            true,
        ),
        (
            Reply::Raw(202, "text/plain", "".into()),
            "protocol_error",
            true,
        ),
        (
            events("data: {\"jsonrpc\"\n\n", After::Silence),
            "invalid_frame",
            true,
        ),
        (
            events("data: \u{1}\u{2}nonsense\n\n", After::Silence),
            "invalid_frame",
            true,
        ),
        (events("<html>\n\n", After::Silence), "timeout", true),
        (
            events(&format!("data: {large}\n\n"), After::Silence),
            "response_too_large",
            true,
        ),
        (
            events("data: ", After::Forever("x".repeat(1000))),
            "response_too_large",
            true,
        ),
        (
            events("", After::Forever(": still here\n\n".repeat(100))),
            "endless_stream",
            true,
        ),
        (
            events(
                "",
                After::Forever(event(&json!({"method": "notifications/x"}))),
            ),
            "endless_stream",
            true,
        ),
        (events("", After::End), "session_lost", true),
        (
            Reply::Raw(200, "application/json", large.clone().into()),
            "response_too_large",
            true,
        ),
        (Reply::Silence, "timeout", true),
        (Reply::Drop, "connection_lost", true),
        (Reply::Json(500, json!({})), "upstream_error", true),
        (Reply::Json(429, json!({})), "upstream_error", false),
        (Reply::Json(401, json!({})), "unauthorized", false),
        (Reply::Json(403, json!({})), "unauthorized", false),
        (
            Reply::Redirect(307, "http://127.0.0.1:1/".to_owned()),
            "redirected",
            false,
        ),
    ];
    for (reply, code, acted) in cases {
        let shown = format!("{reply:.200?}");
        let (found, may_have_acted, text) = call(move |_| reply.clone()).await;
        assert_eq!(
            (found.as_str(), may_have_acted),
            (code, acted),
            "{shown}: {text}"
        );
    }
}

#[tokio::test]
async fn errors_of_json_rpc_are_answers() {
    for (rpc, code) in [
        (-32602, "tool_refused"),
        (-32601, "tool_missing"),
        (-32603, "server_error"),
        (7, "server_error"),
    ] {
        let words = "w".repeat(5000);
        let (found, acted, text) =
            call(move |heard| Reply::Json(200, refusal(heard, rpc, &words))).await;
        assert_eq!((found.as_str(), acted), (code, false));
        assert!(text.contains("www") && text.len() < 600, "{text}");
    }
    let (found, acted, _) = call(|heard| {
        let asks = json!({"resultType": "input_required", "inputRequests": {}});
        Reply::Json(200, result(heard, &asks))
    })
    .await;
    assert_eq!((found.as_str(), acted), ("input_required", false));
}

#[tokio::test]
async fn a_tool_that_says_it_failed_keeps_its_content() {
    let wanted = json!({
        "content": [{"type": "text", "text": "no", "x-own": {"deep": [1.5]}}],
        "isError": true, "structuredContent": {"why": "because"}, "_meta": {"m": 1}, "more": true,
    });
    let sent = wanted.clone();
    let server = Server::start(stateless(move |heard| {
        Reply::Json(200, result(heard, &sent))
    }))
    .await;
    let bench = Bench::new(&server.url);
    let answer = bench.call(&any_tool("a"), &json!({})).await.unwrap();
    assert!(answer.is_error);
    assert_eq!(
        serde_json::from_str::<Value>(answer.json()).unwrap(),
        wanted
    );
    assert_eq!(answer.structured_content(), Some(r#"{"why":"because"}"#));
}

#[tokio::test]
async fn a_call_that_may_be_repeated_fails_and_one_that_may_not_is_open() {
    let server = Server::start(stateless(|_| Reply::Drop)).await;
    let bench = Bench::new(&server.url);
    for (annotations, code) in [
        (json!({"readOnlyHint": true}), "connection_lost"),
        (json!({"idempotentHint": true}), "connection_lost"),
        (json!({}), "outcome_unknown"),
    ] {
        let wire =
            json!({"name": "a", "inputSchema": {"type": "object"}, "annotations": annotations});
        let tool = Tool::prepare(&wire).unwrap();
        let error = bench.call(&tool, &json!({})).await.unwrap_err();
        assert_eq!(error.into_call_error(&tool).1.code, code);
    }
}

#[tokio::test]
async fn lists_are_bounded_and_bad_tools_left_out() {
    let page = |heard: &Heard, tools: Vec<Value>, next: Option<&str>| {
        let mut page = json!({"tools": tools});
        if let Some(next) = next {
            page["nextCursor"] = next.into();
        }
        Reply::Json(200, result(heard, &page))
    };
    let discover = async |handler: Box<dyn Fn(&Heard) -> Reply + Send + Sync>| {
        let server = Server::start(stateless(handler)).await;
        let bench = Bench::with(&server.url, PreparedAuth::None, small());
        bench.discover().await
    };
    let error = discover(Box::new(move |heard| {
        let tool = json!({"name": "a", "description": "x".repeat(200_000)});
        page(heard, vec![tool], None)
    }));
    let error = error.await.unwrap_err();
    assert_eq!(error.code(), "response_too_large");
    assert!(
        error
            .to_string()
            .contains("list of tools is larger than 100000"),
        "{error}"
    );

    let error = discover(Box::new(move |heard| page(heard, vec![], Some("same"))));
    assert_eq!(error.await.unwrap_err().code(), "protocol_error");

    let count = std::sync::atomic::AtomicUsize::new(0);
    let error = discover(Box::new(move |heard| {
        let next = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        page(heard, vec![], Some(&next.to_string()))
    }));
    assert!(
        error
            .await
            .unwrap_err()
            .to_string()
            .contains("more than 5 pages")
    );

    for nonsense in [json!({}), json!({"tools": {}}), json!([])] {
        let error = discover(Box::new(move |heard| {
            Reply::Json(200, result(heard, &nonsense))
        }));
        assert_eq!(error.await.unwrap_err().code(), "protocol_error");
    }

    let found = discover(Box::new(move |heard| {
        if heard.body["params"]["cursor"] == "2" {
            return page(heard, vec![listed("c"), listed("a")], None);
        }
        let bad = json!({"name": "bad", "inputSchema": {"type": "object", "properties": 1}});
        let whole = json!({
            "name": "a", "title": "A", "inputSchema": {"type": "object", "x-own": {"b": 1, "a": 2}},
            "_meta": {"z": [1, 2.50], "a": null}, "unknown": {"x": true},
        });
        page(
            heard,
            vec![whole, bad, listed("not ok"), json!(7)],
            Some("2"),
        )
    }));
    let found = found.await.unwrap();
    let names: Vec<_> = found.tools.iter().map(|found| found.tool.name()).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(
        found.tools[0].wire.to_string(),
        r#"{"name":"a","title":"A","inputSchema":{"type":"object","x-own":{"b":1,"a":2}},"_meta":{"z":[1,2.5],"a":null},"unknown":{"x":true}}"#
    );
    let left: Vec<_> = found
        .left_out
        .iter()
        .map(|left| left.name.as_deref())
        .collect();
    assert_eq!(left, [Some("bad"), Some("not ok"), None, Some("a")]);
}

#[tokio::test]
async fn what_is_no_mcp_server_is_told_so() {
    for reply in [
        Reply::Raw(200, "text/html", "<html>".into()),
        Reply::Raw(404, "text/html", "<html>".into()),
        Reply::Json(405, json!({})),
    ] {
        let answer = reply.clone();
        let server = Server::start(move |_| answer.clone()).await;
        let error = Bench::new(&server.url).discover().await.unwrap_err();
        assert_eq!(error.code(), "not_mcp", "{reply:?}: {error}");
        assert!(error.to_string().contains("check the integration's URL"));
    }
    let error = Bench::new("http://127.0.0.1:1/mcp")
        .discover()
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unreachable");
    assert!(!error.may_have_acted());
    let error = Bench::new("http://10.0.0.1/mcp")
        .discover()
        .await
        .unwrap_err();
    assert_eq!(error.code(), "address_refused");
}

#[tokio::test]
async fn slow_servers_are_left_at_the_deadline() {
    let server = Server::start(|_| Reply::Silence).await;
    let bench = Bench::new(&server.url);
    let began = std::time::Instant::now();
    let error = bench
        .call_for(&any_tool("a"), &json!({}), 1)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "timeout");
    assert!(!error.may_have_acted(), "the call itself never went out");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect() {
    let elsewhere = Server::start(|heard| Reply::Json(200, result(heard, &json!({})))).await;
    let to = elsewhere.url.clone();
    let server = Server::start(move |_| Reply::Redirect(307, to.clone())).await;
    let auth = PreparedAuth::Bearer(secret("token"));
    let bench = Bench::with(&server.url, auth, Limits::default());
    bench.secrets.set("token", "hunter22");
    let error = bench.discover().await.unwrap_err();
    assert_eq!(error.code(), "redirected");
    assert!(elsewhere.all().is_empty());
    // Nor does the place that a server of HTTP+SSE names.
    let to = elsewhere.url.clone();
    server.change(move |heard| match heard.http {
        http::Method::GET => Reply::Events(
            vec![format!("event: endpoint\ndata: {to}\n\n")],
            After::Silence,
        ),
        _ => Reply::Json(405, json!({})),
    });
    assert_eq!(bench.discover().await.unwrap_err().code(), "not_mcp");
    assert!(elsewhere.all().is_empty());
}

#[tokio::test]
async fn a_secret_that_is_echoed_is_cut_out() {
    let server = Server::start(stateless(|heard| {
        let told = heard.header("authorization").unwrap_or_default();
        match heard.body["params"]["name"].as_str() {
            Some("error") => Reply::Json(200, refusal(heard, -32603, told)),
            _ => Reply::Events(
                vec![event(&result(heard, &text_result(told)))],
                After::Silence,
            ),
        }
    }))
    .await;
    let auth = PreparedAuth::Bearer(secret("token"));
    let bench = Bench::with(&server.url, auth, Limits::default());
    bench.secrets.set("token", "hunter22");
    let answer = bench.call(&any_tool("a"), &json!({})).await.unwrap();
    assert!(!answer.json().contains("hunter22") && answer.json().contains("[redacted]"));
    let error = bench
        .call(&any_tool("error"), &json!({}))
        .await
        .unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter22"),
        "{error:?}"
    );
}
