//! Calls as a runtime makes them: limits, idempotency, tokens, faults.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Sample, Server, TestDatabase, Upstream, eventually, on_both_databases,
};
use tokio::io::AsyncWriteExt as _;

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_limit_holds_under_parallel_calls,
    one_idempotency_key_is_one_call,
    an_expired_token_is_asked_for_once,
    a_change_is_seen_by_the_next_call,
    an_upstream_that_answers_too_late_is_hit_once,
    events_are_followed_live_and_resumed,
    a_caller_that_hangs_up_leaves_no_place_taken,
);

/// 200 parallel calls under a limit of 3 reach the service three times; one that fails gives its
/// place back.
async fn a_limit_holds_under_parallel_calls(database: TestDatabase) {
    let upstream = Upstream::start(|_| {
        let answer = Answer::Json(200, json!({"path": "x"}));
        Answer::Late(Duration::from_millis(30), Box::new(answer))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, Some(3)).await;
    for action in ["write_item", "read_item"] {
        let conversation = sample.converse(&client).await;
        let path = format!("/conversations/{conversation}/actions/{action}/call");
        let before = upstream.hits();
        let body = json!({"arguments": {"id": "1"}});
        let replies = join_all((0..200).map(|_| client.post(&path, body.clone()))).await;
        let count = |status: u16| {
            replies
                .iter()
                .filter(|reply| reply.status == status)
                .count()
        };
        assert_eq!((count(200), count(409)), (3, 197));
        assert_eq!(upstream.hits() - before, 3);
        let refused = replies
            .into_iter()
            .find(|reply| reply.status == 409)
            .unwrap();
        assert_eq!(refused.problem(409), "max_successful_calls_reached");
    }

    let failing = Upstream::start(|_| Answer::Json(500, json!({}))).await;
    let patch = json!({"environments": {"production": {"base_url": failing.url, "auth": {"type": "none"}}}});
    client
        .patch(&format!("/integrations/{}", sample.integration), patch)
        .await
        .expect(200);
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/write_item/call");
    for _ in 0..5 {
        let answer = client
            .post(&path, json!({"arguments": {"id": "1"}}))
            .await
            .expect(200);
        assert_eq!(answer["error"]["code"], "upstream_error");
    }
    assert_eq!(failing.hits(), 5);
}

/// The same key 50 times in parallel: one request, 50 equal answers.
async fn one_idempotency_key_is_one_call(database: TestDatabase) {
    let upstream = Upstream::start(|_| {
        let answer = Answer::Json(200, json!({"path": "once"}));
        Answer::Late(Duration::from_millis(100), Box::new(answer))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, Some(1)).await;
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/write_item/call");
    let call = |id: &'static str| {
        let body = json!({"arguments": {"id": id}});
        client.send(
            Method::POST,
            &path,
            &[("idempotency-key", "order-7")],
            Some(body),
        )
    };
    let replies = join_all((0..50).map(|_| call("1"))).await;
    let answers: std::collections::BTreeSet<String> = replies
        .into_iter()
        .map(|reply| reply.expect(200).to_string())
        .collect();
    assert_eq!((answers.len(), upstream.hits()), (1, 1));
    assert_eq!(call("2").await.problem(409), "idempotency_key_reused");
    let again = call("1").await;
    assert_eq!(again.headers.get("idempotency-replayed").unwrap(), "true");
    assert_eq!(upstream.hits(), 1);
}

/// 50 parallel calls on an expired token make one token request; so does a token that is refused.
async fn an_expired_token_is_asked_for_once(database: TestDatabase) {
    let issued = Arc::new(AtomicUsize::new(0));
    let valid_from = Arc::new(AtomicUsize::new(1));
    let (issue, valid) = (issued.clone(), valid_from.clone());
    let upstream = Upstream::start(move |request| {
        if request.uri().path() == "/token" {
            let number = issue.fetch_add(1, Ordering::SeqCst) + 1;
            let token = json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 3600});
            return Answer::Late(Duration::from_millis(50), Box::new(Answer::Json(200, token)));
        }
        let sent = request.headers().get("authorization").unwrap().to_str().unwrap();
        let number: usize = sent.trim_start_matches("Bearer token-").parse().unwrap();
        if number < valid.load(Ordering::SeqCst) {
            return Answer::Json(401, json!({}));
        }
        Answer::Json(200, json!({"path": "ok"}))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let auth = json!({
        "type": "oauth2_client_credentials", "token_url": format!("{}/token", upstream.url),
        "client_id": "me", "client_secret": {"secret": "token"}, "scope": "a b", "client_auth": "body",
    });
    let patch = json!({"environments": {"production": {"base_url": upstream.url, "auth": auth}}});
    client
        .patch(&format!("/integrations/{}", sample.integration), patch)
        .await
        .expect(200);
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    for round in 1..=2 {
        let replies =
            join_all((0..50).map(|_| client.post(&path, json!({"arguments": {"id": "1"}})))).await;
        for reply in replies {
            assert_eq!(reply.expect(200)["status"], "succeeded");
        }
        assert_eq!(issued.load(Ordering::SeqCst), round, "token requests");
        // From now on the token at hand is refused, as if it had expired early.
        valid_from.store(round + 1, Ordering::SeqCst);
    }
}

/// Links are live: the next call uses the new shape, also in a conversation that is under way.
async fn a_change_is_seen_by_the_next_call(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let body = json!({"arguments": {"id": "a/b"}});
    let answer = client.post(&path, body.clone()).await.expect(200);
    assert_eq!(answer["output"]["path"], "/items/a%2Fb");
    assert_eq!(answer["variables"], json!({"seen": "/items/a%2Fb"}));
    let change = json!({"path": "/v2/{id}", "headers": {"x-who": "{{ variables.seen }}"}});
    client
        .patch(&format!("/actions/{}", sample.read), change)
        .await
        .expect(200);
    let answer = client.post(&path, body).await.expect(200);
    assert_eq!(answer["output"]["path"], "/v2/a%2Fb");
    assert_eq!(answer["output"]["headers"]["x-who"], "/items/a%2Fb");
    client.delete("/secrets/token?force=true").await.expect(204);
    let answer = client
        .post(&path, json!({"arguments": {"id": "1"}}))
        .await
        .expect(200);
    assert_eq!(answer["error"]["code"], "missing_secret");
    assert_eq!(upstream.hits(), 2, "nothing is sent without its credential");
}

/// What answers after our timeout was hit once; nobody knows what came of it, and its place stays
/// taken.
async fn an_upstream_that_answers_too_late_is_hit_once(database: TestDatabase) {
    let upstream = Upstream::start(|_| {
        Answer::Late(
            Duration::from_secs(3),
            Box::new(Answer::Json(200, json!({}))),
        )
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, Some(1)).await;
    let change = json!({"timeout_ms": 300});
    client
        .patch(&format!("/actions/{}", sample.write), change)
        .await
        .expect(200);
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/write_item/call");
    let answer = client
        .post(&path, json!({"arguments": {"id": "1"}}))
        .await
        .expect(200);
    assert_eq!(
        (&answer["status"], &answer["error"]["code"]),
        (&json!("failed"), &json!("outcome_unknown"))
    );
    let again = client.post(&path, json!({"arguments": {"id": "1"}})).await;
    assert_eq!(again.problem(409), "max_successful_calls_reached");
    assert_eq!(upstream.hits(), 1);
}

async fn events_are_followed_live_and_resumed(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let events = format!("/conversations/{conversation}/events");
    let follower = tokio::spawn({
        let (client, events) = (client.clone(), events.clone());
        async move { client.follow(&events, None, 3).await }
    });
    let call = format!("/conversations/{conversation}/actions/read_item/call");
    for id in ["1", "2"] {
        client
            .post(&call, json!({"arguments": {"id": id}}))
            .await
            .expect(200);
    }
    let live = follower.await.unwrap();
    let listed = client.get(&events).await.expect(200);
    let seen: Vec<&Value> = live.iter().map(|(_, event)| event).collect();
    assert_eq!(json!(seen), listed["data"]);
    let resumed = client.follow(&events, Some(&live[1].0), 1).await;
    assert_eq!(resumed[0].1["sequence"], 3);
    let page = client
        .get(&format!("{events}?limit=1&after=1"))
        .await
        .expect(200);
    assert_eq!(
        (&page["data"][0]["sequence"], &page["next"]),
        (&json!(2), &json!("2"))
    );
}

/// Callers that hang up at any moment: every place they took is given back or used up, and every
/// request that went out has its event.
async fn a_caller_that_hangs_up_leaves_no_place_taken(database: TestDatabase) {
    const LIMIT: u64 = 500;
    let upstream = Upstream::start(|_| {
        let answer = Answer::Json(200, json!({"path": "x"}));
        Answer::Late(Duration::from_millis(2), Box::new(answer))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let key = server.key("run", "default");
    let sample = Sample::create(&client, &upstream.url, Some(500)).await;
    let conversation = sample.converse(&client).await;
    let body = r#"{"arguments":{"id":"1"}}"#;
    let request = format!(
        "POST /api/v1/conversations/{conversation}/actions/write_item/call HTTP/1.1\r\nhost: x\r\n\
         authorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // One that waits, so that there is something to settle even if no other request is read in time.
    let path = format!("/conversations/{conversation}/actions/write_item/call");
    let waiting = client.post(&path, json!({"arguments": {"id": "1"}})).await;
    waiting.expect(200);
    let address = server.address().trim_start_matches("http://").to_owned();
    let callers = (0..150u64).map(|number| {
        let (address, request) = (address.clone(), request.clone());
        async move {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            // The moment differs from caller to caller.
            tokio::time::sleep(Duration::from_micros(number * 40)).await;
        }
    });
    join_all(callers).await;
    let tools = format!("/conversations/{conversation}/tools");
    let events = format!("/conversations/{conversation}/events?limit=200");
    eventually("every call's end", || async {
        let tools = client.get(&tools).await.expect(200);
        let remaining = tools["tools"][1]["remaining_successful_calls"].as_u64()?;
        let events = client.get(&events).await.expect(200);
        let calls = events["data"].as_array()?.len() - 1;
        let settled = LIMIT - remaining == calls as u64 && calls == upstream.hits();
        (settled && calls > 0).then_some(())
    })
    .await;
}

/// What services do wrong, and the code each of it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_a_service_are_told_apart() {
    let upstream = Upstream::start(|request| match request.uri().path() {
        "/items/404" => Answer::Json(404, json!({"why": "gone"})),
        "/items/500" => Answer::Json(500, json!({})),
        "/items/garbage" => Answer::Raw(200, "application/json", "{\"a\":".into()),
        "/items/text" => Answer::Raw(200, "text/plain", "hello".into()),
        "/items/empty" => Answer::Raw(204, "text/plain", "".into()),
        "/items/binary" => Answer::Raw(200, "image/png", vec![0xff, 0xfe, 0x00].into()),
        "/items/huge" => Answer::Raw(200, "text/plain", vec![b'x'; 2 << 20].into()),
        "/items/drop" => Answer::Drop,
        _ => Answer::Late(
            Duration::from_secs(9),
            Box::new(Answer::Json(200, json!({}))),
        ),
    })
    .await;
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    for id in [&sample.read, &sample.write] {
        client
            .patch(&format!("/actions/{id}"), json!({"timeout_ms": 700}))
            .await
            .expect(200);
    }
    let conversation = sample.converse(&client).await;
    for (action, id, code, status) in [
        ("read_item", "404", "upstream_error", json!(404)),
        ("write_item", "500", "upstream_error", json!(500)),
        ("read_item", "garbage", "invalid_response", json!(200)),
        ("read_item", "binary", "invalid_response", json!(200)),
        ("read_item", "huge", "response_too_large", json!(200)),
        ("read_item", "drop", "connection_lost", Value::Null),
        ("write_item", "drop", "outcome_unknown", Value::Null),
        ("read_item", "slow", "timeout", Value::Null),
        ("write_item", "slow", "outcome_unknown", Value::Null),
    ] {
        let path = format!("/conversations/{conversation}/actions/{action}/call");
        let answer = client
            .post(&path, json!({"arguments": {"id": id}}))
            .await
            .expect(200);
        assert_eq!(answer["error"]["code"], code, "{action} {id}: {answer}");
        assert_eq!(answer["error"]["upstream_status"], status, "{action} {id}");
    }
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let text = client
        .post(&path, json!({"arguments": {"id": "text"}}))
        .await
        .expect(200);
    assert_eq!(
        (&text["output"], &text["variables"]),
        (&json!("hello"), &json!({}))
    );
    let empty = client
        .post(&path, json!({"arguments": {"id": "empty"}}))
        .await
        .expect(200);
    assert_eq!(
        (&empty["status"], &empty["output"]),
        (&json!("succeeded"), &Value::Null)
    );
}

/// Every URL a user can set passes the guard.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_addresses_are_refused_wherever_a_url_is_set() {
    let upstream = Upstream::echo().await;
    let server = Server::start_with(BINARY, TestDatabase::sqlite(), &[]).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let test = format!("/actions/{}/test", sample.read);
    let try_it = json!({"environment": "production", "arguments": {"id": "1"}});
    let port = upstream.url.rsplit(':').next().unwrap().to_owned();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
    ];
    for host in hosts {
        let url = format!("http://{host}:{port}");
        let auth = json!({
            "type": "oauth2_client_credentials", "token_url": format!("{url}/token"),
            "client_id": "me", "client_secret": {"secret": "token"},
        });
        for slot in [
            json!({"base_url": url}),
            json!({"base_url": "https://example.com", "auth": auth}),
        ] {
            let patch = json!({"environments": {"production": slot}});
            client
                .patch(&format!("/integrations/{}", sample.integration), patch)
                .await
                .expect(200);
            let answer = client.post(&test, try_it.clone()).await.expect(200);
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains("--allow-network"), "{host}: {answer}");
        }
        let own = json!({"actions": [{"action": {"kind": "api_call", "name": "own", "method": "GET", "url": format!("{url}/x")}}]});
        client
            .put(&format!("/agents/{}/draft", sample.agent), own)
            .await
            .expect(200);
        let conversation = sample.converse(&client).await;
        let path = format!("/conversations/{conversation}/actions/own/call");
        let answer = client.post(&path, json!({})).await.expect(200);
        assert_eq!(answer["error"]["code"], "address_refused", "{host}");
    }
    assert_eq!(upstream.hits(), 0);
}
