//! What is deleted, or older than it is kept for, is gone; and nothing else is.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Client, Gate, Sample, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_deleted_conversation_leaves_an_entry_in_the_audit_log,
    a_conversation_is_not_deleted_under_a_call,
    only_who_may_change_agents_deletes_conversations,
    a_workspace_says_how_long_events_are_kept,
    the_overview_says_how_much_room_the_database_takes,
);

/// How many rows of a conversation each table has.
async fn rows(server: &Server, conversation: &str) -> Value {
    let id = conversation.trim_start_matches("cnv_");
    let mut counts = json!({});
    for (table, column) in [
        ("conversation", "id"),
        ("event", "conversation_id"),
        ("call", "conversation_id"),
        ("client_event", "conversation_id"),
        ("message", "conversation_id"),
        ("removed_conversation", "id"),
    ] {
        let column = if server.database().url().is_some() {
            format!("replace({column}::text, '-', '')")
        } else {
            format!("lower(hex({column}))")
        };
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {column} = '{id}'");
        let found = server.try_rows(&sql).await.unwrap();
        counts[table] = found[0]["n"].clone();
    }
    counts
}

async fn call(client: &Client, conversation: &str, action: &str, key: &str) -> Value {
    let path = format!("/conversations/{conversation}/actions/{action}/call");
    let body = Some(json!({"arguments": {"id": "1"}}));
    let headers = [("idempotency-key", key)];
    let reply = client.send(Method::POST, &path, &headers, body).await;
    reply.expect(200)
}

async fn a_deleted_conversation_leaves_an_entry_in_the_audit_log(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let (gone, stays) = (
        sample.converse(&client).await,
        sample.converse(&client).await,
    );
    for conversation in [&gone, &stays] {
        call(&client, conversation, "write_item", "k").await;
    }
    let path = format!("/conversations/{gone}");
    let events = format!("/api/v1{path}/events");
    let accept = [("accept", "text/event-stream")];
    let mut stream = client
        .open(Method::GET, &events, &accept, None)
        .await
        .unwrap();
    for _ in 0..2 {
        stream.next().await;
    }
    assert_eq!(client.delete(&path).await.status, 204);
    stream.end().await;
    for path in [
        path.clone(),
        format!("{path}/events"),
        format!("{path}/tools"),
    ] {
        assert_eq!(client.get(&path).await.problem(404), "not_found");
    }
    assert_eq!(client.delete(&path).await.problem(404), "not_found");
    let end = client.post(&format!("{path}/end"), json!({})).await;
    assert_eq!(end.problem(404), "not_found");
    assert_eq!(
        rows(&server, &gone).await,
        json!({"conversation": 0, "event": 0, "call": 0, "client_event": 0, "message": 0, "removed_conversation": 0})
    );
    assert_eq!(
        rows(&server, &stays).await,
        json!({"conversation": 1, "event": 2, "call": 1, "client_event": 0, "message": 0, "removed_conversation": 0})
    );
    let listed = client.get("/conversations").await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    let audit = client.get("/audit").await.expect(200);
    let entry = &audit["data"][0];
    assert_eq!(
        (&entry["operation"], &entry["entity"], &entry["entity_id"]),
        (
            &json!("conversation.deleted"),
            &json!("conversation"),
            &json!(gone)
        )
    );
    // The other one goes on, and its key stands for the same call.
    call(&client, &stays, "write_item", "k").await;
    assert_eq!(upstream.hits(), 2);
}

/// Whether or not the call has a row of its own.
async fn a_conversation_is_not_deleted_under_a_call(database: TestDatabase) {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = Upstream::start(move |_| {
        Answer::Held(
            held.clone(),
            Box::new(Answer::Json(200, json!({"path": "x"}))),
        )
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let mut calls = vec![];
    for (count, action) in (1..).zip(["read_item", "write_item"]) {
        let conversation = sample.converse(&client).await;
        let path = format!("/conversations/{conversation}");
        let call = {
            let (client, path) = (client.clone(), format!("{path}/actions/{action}/call"));
            let body = json!({"arguments": {"id": "1"}});
            tokio::spawn(async move { client.post(&path, body).await })
        };
        eventually("the call", || async {
            (upstream.hits() == count).then_some(())
        })
        .await;
        let refused = client.delete(&path).await;
        assert_eq!(refused.headers["retry-after"], "1");
        assert_eq!(refused.problem(409), "call_in_progress");
        calls.push((path, call));
    }
    gate.open();
    for (path, call) in calls {
        let answer = call.await.unwrap().expect(200);
        assert_eq!(answer["status"], "succeeded");
        let events = client.get(&format!("{path}/events")).await.expect(200);
        assert_eq!(events["data"].as_array().unwrap().len(), 2);
        eventually("the conversation goes", || async {
            (client.delete(&path).await.status == 204).then_some(())
        })
        .await;
        client.get(&path).await.problem(404);
    }
}

async fn only_who_may_change_agents_deletes_conversations(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}");
    let delete = async |client: Client| client.delete(&path).await;
    assert_eq!(delete(server.client("run")).await.problem(403), "forbidden");
    let status = server
        .command()
        .args(["workspaces", "create", "other"])
        .status();
    assert!(status.unwrap().success());
    let elsewhere = client.with_key(&server.key("admin", "other"));
    assert_eq!(delete(elsewhere).await.problem(404), "not_found");
    client.get(&path).await.expect(200);
    assert_eq!(delete(server.client("manage")).await.status, 204);
}

/// A stream on another server ends too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_ends_streams_of_other_servers() {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::postgres()).await;
    let other = server.replica().await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let events = format!("/api/v1/conversations/{conversation}/events");
    let there = other.client("admin");
    let mut stream = there
        .open(
            Method::GET,
            &events,
            &[("accept", "text/event-stream")],
            None,
        )
        .await
        .unwrap();
    stream.next().await;
    let path = format!("/conversations/{conversation}");
    assert_eq!(client.delete(&path).await.status, 204);
    stream.end().await;
    there.get(&path).await.problem(404);
}

async fn a_workspace_says_how_long_events_are_kept(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let read = async || {
        let reply = client.get("/workspace").await;
        let etag = reply.headers["etag"].to_str().unwrap().to_owned();
        (reply.expect(200), etag)
    };
    let (first, etag) = read().await;
    assert_eq!(
        (
            &first["name"],
            &first["retain_events_days"],
            &first["revision"]
        ),
        (&json!("default"), &Value::Null, &json!(1))
    );
    let patch = async |days: Value, etag: Option<&str>| {
        let headers: Vec<_> = etag.map(|etag| ("if-match", etag)).into_iter().collect();
        let body = Some(json!({"retain_events_days": days}));
        client
            .send(Method::PATCH, "/workspace", &headers, body)
            .await
    };
    let changed = patch(json!(30), Some(&etag)).await.expect(200);
    assert_eq!(changed["retain_events_days"], 30);
    assert_eq!(
        patch(json!(7), Some(&etag)).await.problem(412),
        "stale_revision"
    );
    for days in [
        json!(0),
        json!(3651),
        json!(-1),
        json!(1.5),
        json!("forever"),
    ] {
        let reply = patch(days.clone(), None).await;
        assert_eq!(
            reply.clone().problem(422),
            "invalid_input",
            "{days} {}",
            reply.text
        );
        assert_eq!(
            reply.json()["errors"][0]["pointer"],
            "/retain_events_days",
            "{}",
            reply.text
        );
    }
    let empty = client.patch("/workspace", json!({})).await.expect(200);
    assert_eq!(empty["retain_events_days"], 30);
    let audit = client.get("/audit").await.expect(200);
    let entry = &audit["data"][1];
    assert_eq!(
        (&entry["operation"], &entry["before"], &entry["after"]),
        (
            &json!("workspace.update"),
            &json!({"retain_events_days": null}),
            &json!({"retain_events_days": 30})
        )
    );
    let cleared = patch(Value::Null, None).await.expect(200);
    assert_eq!(cleared["retain_events_days"], Value::Null);
    // Who manages reads it and does not change it; who runs does neither.
    let manages = server.client("manage");
    manages.get("/workspace").await.expect(200);
    let refused = manages.patch("/workspace", json!({})).await;
    assert_eq!(refused.problem(403), "forbidden");
    let runs = server.client("run").get("/workspace").await;
    assert_eq!(runs.problem(403), "forbidden");

    let agent = json!({"name": "A", "retain_events_days": "forever"});
    let agent = client.post("/agents", agent).await.expect(201);
    assert_eq!(agent["retain_events_days"], "forever");
    let path = format!("/agents/{}", agent["id"].as_str().unwrap());
    for (days, expected) in [
        (json!(7), json!(7)),
        (Value::Null, Value::Null),
        (json!("forever"), json!("forever")),
    ] {
        let patch = json!({"retain_events_days": days});
        manages.patch(&path, patch).await.expect(200);
        let found = client.get(&path).await.expect(200);
        assert_eq!(found["retain_events_days"], expected);
    }
    let renamed = manages.patch(&path, json!({"name": "B"})).await.expect(200);
    assert_eq!(renamed["retain_events_days"], "forever");
    for days in [json!(0), json!("never")] {
        let patch = manages.patch(&path, json!({"retain_events_days": days}));
        assert_eq!(patch.await.problem(422), "invalid_input");
    }
}

async fn the_overview_says_how_much_room_the_database_takes(database: TestDatabase) {
    let is_sqlite = database.url().is_none();
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let overview = client.get("/overview").await.expect(200);
    let room = &overview["database"];
    assert!(room["bytes"].as_u64().unwrap() > 100_000, "{room}");
    assert_eq!(room["free_bytes"].is_u64(), is_sqlite, "{room}");
    let metrics = eventually("it is measured", || async {
        let nobody = client.nobody();
        let reply = nobody.try_send(Method::GET, "/metrics", &[], None).await?;
        let is_there = reply.text.contains("\nswitchboard_database_bytes ");
        is_there.then_some(reply.text)
    })
    .await;
    let free = metrics.contains("\nswitchboard_database_free_bytes ");
    assert_eq!(free, is_sqlite);
    let check = server.command().arg("check").output().unwrap();
    let said = String::from_utf8(check.stdout).unwrap();
    assert!(said.contains("the database takes "), "{said}");
    assert!(said.contains("events are kept for ever"), "{said}");
}

/// A file that an older release made is told of, and written anew while no server runs on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_file_is_compacted() {
    let mut server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let run = |server: &Server, command: &str| {
        let output = server.command().arg(command).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        (output.status.success(), said)
    };
    let (done, said) = run(&server, "compact");
    assert!(
        !done && said.contains("is held by another server"),
        "{said}"
    );
    server.ask_to_stop();
    assert!(server.stopped().await.success());
    server.sql("PRAGMA auto_vacuum = NONE; VACUUM;").await;
    let (_, said) = run(&server, "check");
    assert!(said.contains("run `switchboard compact` once"), "{said}");
    let (done, said) = run(&server, "compact");
    assert!(done && said.contains("the database took "), "{said}");
    let (_, said) = run(&server, "check");
    assert!(!said.contains("switchboard compact"), "{said}");
    server.launch().await;
    server.client("admin").get("/agents").await.expect(200);
}
