//! Who gets in, and to what.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::json;
use switchboard_testkit::{Builder, Server, TestDatabase, Upstream, on_both_databases};

use super::client::Door;
use super::{BINARY, agent};

on_both_databases!(
    streams_of_a_key_end_when_it_expires,
    only_those_who_may_get_in,
    a_version_is_for_those_who_may_have_it
);

async fn only_those_who_may_get_in(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start_with(
        BINARY,
        database,
        &[
            "--allow-network",
            "127.0.0.1",
            "--allowed-host",
            "hub.example",
        ],
    )
    .await;
    let client = server.client("admin");
    let agent = agent(&client, &upstream.url).await;
    let door = Door::new(&client, &agent);
    let session = door.session().await;

    let nobody = Door::new(&client.with_key("sb_wrong"), &agent)
        .initialize("2025-11-25")
        .await;
    let challenge = nobody.headers.get("www-authenticate").unwrap();
    assert!(challenge.to_str().unwrap().starts_with("Bearer"));
    assert_eq!(
        nobody.expect(401)["error"]["data"]["code"],
        "unauthenticated"
    );

    for (header, value, status) in [
        ("host", "evil.example", 403),
        ("host", "hub.example", 200),
        ("origin", "http://evil.example", 403),
        ("origin", "https://hub.example", 200),
        ("origin", "http://localhost:3000", 200),
        ("origin", "null", 403),
    ] {
        let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        let reply = session.send_with(ping, &[(header, value)]).await;
        assert_eq!(reply.status, status, "{header}: {value}");
        let discover = door
            .raw("server/discover", json!({}), &[(header, value)])
            .await;
        assert_eq!(discover.status, status, "{header}: {value}");
    }

    // Another workspace's agent, and its sessions, are as unknown as what never was.
    let made = server
        .command()
        .args(["workspaces", "create", "other"])
        .status()
        .unwrap();
    assert!(made.success());
    let other = client.with_key(&server.key("admin", "other"));
    let theirs = Door::new(&other, &agent);
    assert_eq!(theirs.initialize("2025-11-25").await.status, 404);
    assert_eq!(theirs.raw("tools/list", json!({}), &[]).await.status, 404);
    assert_eq!(
        theirs.raw("server/discover", json!({}), &[]).await.status,
        404
    );
    let stolen = theirs.resume(&session.id);
    assert_eq!(stolen.raw("ping", json!({})).await.status, 404);
    assert_eq!(stolen.try_listen().await.status, 404);
    assert_eq!(stolen.end().await.status, 404);
    let call = json!({"name": "read_item", "arguments": {"id": "1"}});
    assert_eq!(stolen.raw("tools/call", call.clone()).await.status, 404);
    // So is a session at another agent.
    let second = Builder::new(&client).agent("Second").await;
    let misled = Door::new(&client, &second).resume(&session.id);
    assert_eq!(misled.raw("tools/call", call).await.status, 404);
    assert_eq!(misled.raw("tools/list", json!({})).await.status, 404);
    assert_eq!(upstream.hits(), 0);
    for id in ["nope", "agt_00000000000000000000000000000000"] {
        assert_eq!(
            Door::new(&client, id).initialize("2025-11-25").await.status,
            404
        );
    }
}

async fn a_version_is_for_those_who_may_have_it(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let agent = agent(&client, "http://127.0.0.1:9").await;
    let door = Door::new(&client, &agent);
    let second = Builder::new(&client).agent("Second").await;

    // An agent without a published version says so; its draft is for those who work on it.
    let unpublished = Door::new(&client, &second)
        .initialize("2025-11-25")
        .await
        .expect(200);
    assert_eq!(unpublished["error"]["data"]["code"], "not_published");
    assert!(
        unpublished["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no published version")
    );
    let discover = Door::new(&client, &second)
        .raw("server/discover", json!({}), &[])
        .await;
    assert_eq!(
        discover.expect(200)["error"]["data"]["code"],
        "not_published"
    );
    for (scope, version, status) in [
        ("run", "draft", 403),
        ("run", "1", 403),
        ("manage", "draft", 200),
        ("manage", "1", 200),
        ("manage", "7", 200),
        ("manage", "x", 400),
        ("manage", "0", 400),
    ] {
        let door =
            Door::new(&server.client(scope), &agent).with_query(&format!("version={version}"));
        let reply = door.initialize("2025-11-25").await;
        assert_eq!(reply.status, status, "{scope} {version}: {}", reply.text);
        let is_there = reply.json().get("result").is_some();
        assert_eq!(
            is_there,
            status == 200 && version != "7",
            "{scope} {version}"
        );
    }
    let staging = door.with_query("environment=staging").session().await;
    let started = client.get(&format!("/conversations/{}", staging.id)).await;
    assert_eq!(started.expect(200)["environment"], "staging");
    let reply = door
        .with_query("environment=moon")
        .initialize("2025-11-25")
        .await;
    assert_eq!(reply.status, 400);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test compares with the time that a server on this machine sees"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Nothing wakes an idle stream but the time itself.
async fn streams_of_a_key_end_when_it_expires(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let admin = server.client("admin");
    let agent = agent(&admin, &upstream.url).await;
    let expires_at = now() + TimeDelta::seconds(3);
    let made = json!({"name": "short", "scope": "run", "expires_at": expires_at});
    let made = admin.post("/api-keys", made).await.expect(201);
    let short = admin.with_key(made["key"].as_str().unwrap());
    let door = Door::new(&short, &agent);
    let session = door.session().await;
    let events = format!("/api/v1/conversations/{}/events", session.id);
    let accept = [("accept", "text/event-stream")];
    let mut streams = vec![
        short
            .open(Method::GET, &events, &accept, None)
            .await
            .unwrap(),
        session.listen(None).await,
        door.subscribe(json!({"notifications": {"toolsListChanged": true}}))
            .await,
    ];
    let mut kept = admin
        .open(Method::GET, &events, &accept, None)
        .await
        .unwrap();
    for stream in &mut streams {
        stream.end().await;
        let late = now() - expires_at;
        assert!(late >= TimeDelta::zero(), "ended {late} too early");
        assert!(late < TimeDelta::seconds(1), "ended {late} after its key");
    }
    short.get("/conversations").await.problem(401);
    // Others go on.
    assert_eq!(kept.next().await.1["type"], "conversation.started");
    let ended = tokio::time::timeout(Duration::from_millis(300), kept.end()).await;
    assert!(ended.is_err(), "the stream of another key ended");
}
