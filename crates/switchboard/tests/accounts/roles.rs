//! What each role may, on every route.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{Client, Sample, Server, TestDatabase, Upstream, on_both_databases};

use super::{BINARY, id_of, role_of};

on_both_databases!(
    each_role_may_what_it_may,
    a_changed_role_holds_at_once,
    owners_stay
);

/// Every operation that takes a key or a session: method and path. Others, which say so, are about
/// one's own account, for who has none, or for services that sign what they send.
fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation.get("security").is_none() {
                let method = method.to_uppercase().parse().unwrap();
                found.push((method, path["/api/v1".len()..].to_owned()));
            }
        }
    }
    found
}

/// Asks every operation as somebody, with a body that need not be right: who may not do a thing is
/// told so before that is looked at. Answers which were refused.
async fn refused(client: &Client, operations: &[(Method, String)]) -> Vec<(Method, String)> {
    let mut refused = vec![];
    for (method, path) in operations {
        let id = "00000000000000000000000000000001";
        let prefix = match path.split('/').nth(1).unwrap() {
            "integrations" => "int",
            "actions" => "act",
            "agents" => "agt",
            "conversations" => "cnv",
            "messages" => "msg",
            "api-keys" => "key",
            "members" => "usr",
            "invitations" => "inv",
            _ => "x",
        };
        let filled = path
            .replace("{id}", &format!("{prefix}_{id}"))
            .replace("{binding_id}", &format!("bnd_{id}"))
            .replace("{event_id}", &format!("evt_{id}"))
            .replace("{number}", "1")
            .replace("{name}", "n");
        let body = (*method != Method::GET).then(|| json!({}));
        let reply = client.send(method.clone(), &filled, &[], body).await;
        if reply.status == 403 {
            assert_eq!(reply.problem(403), "forbidden", "{method} {path}");
            refused.push((method.clone(), path.clone()));
        }
    }
    refused
}

async fn each_role_may_what_it_may(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let document = server.nobody();
    let document = document
        .try_send(Method::GET, "/api/openapi.json", &[], None)
        .await
        .unwrap()
        .json();
    let operations = operations(&document);
    let changing: Vec<_> = operations
        .iter()
        .filter(|(method, _)| *method != Method::GET)
        .cloned()
        .collect();
    assert!(changing.len() > 30, "{changing:?}");
    let viewer = server.member(&owner, "viewer@example.com", "viewer").await;
    assert_eq!(refused(&viewer, &operations).await, changing);
    let editor = server.member(&owner, "editor@example.com", "editor").await;
    let of_admins: Vec<_> = changing
        .iter()
        .filter(|(_, path)| {
            ["/api-keys", "/members", "/invitations", "/workspace"]
                .iter()
                .any(|start| path.starts_with(start))
        })
        .cloned()
        .collect();
    assert_eq!(refused(&editor, &operations).await, of_admins);
    let admin = server.member(&owner, "admin@example.com", "admin").await;
    assert_eq!(refused(&admin, &operations).await, []);

    // An editor builds and calls; a viewer reads all of it.
    let sample = Sample::create(&editor, &upstream.url, None).await;
    let conversation = sample.converse(&editor).await;
    let call = format!("/conversations/{conversation}/actions/read_item/call");
    let arguments = json!({"arguments": {"id": "1"}});
    assert_eq!(
        viewer.post(&call, arguments.clone()).await.problem(403),
        "forbidden"
    );
    editor.post(&call, arguments).await.expect(200);
    let hits = upstream.hits();
    for path in [
        "/integrations",
        "/secrets",
        "/variables",
        "/agents",
        "/conversations",
        "/api-keys",
        "/audit",
        "/members",
        "/invitations",
        &format!("/agents/{}/draft", sample.agent),
        &format!("/actions/{}/usage", sample.read),
        &format!("/conversations/{conversation}/tools"),
        &format!("/conversations/{conversation}/events"),
    ] {
        viewer.get(path).await.expect(200);
    }
    assert_eq!(upstream.hits(), hits);
}

/// Without waiting: each request looks at what holds now.
async fn a_changed_role_holds_at_once(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let admin = server.member(&owner, "admin@example.com", "admin").await;
    let viewer = server.member(&owner, "viewer@example.com", "viewer").await;
    let sample = Sample::create(&owner, &upstream.url, None).await;
    let conversation = sample.converse(&owner).await;
    let path = format!("/api/v1/conversations/{conversation}/events");
    let accept = [("accept", "text/event-stream")];
    let mut stream = viewer
        .open(Method::GET, &path, &accept, None)
        .await
        .unwrap();
    stream.next().await;
    let viewer_id = id_of(&viewer).await;
    let path = format!("/members/{viewer_id}");
    let changed = owner
        .patch(&path, json!({"role": "editor"}))
        .await
        .expect(200);
    assert_eq!(changed["role"], "editor");
    assert_eq!(role_of(&viewer).await, "editor");
    viewer
        .post("/agents", json!({"name": "a"}))
        .await
        .expect(201);
    owner
        .patch(&path, json!({"role": "viewer"}))
        .await
        .expect(200);
    viewer
        .post("/agents", json!({"name": "a"}))
        .await
        .expect(403);
    admin.delete(&path).await.expect(204);
    viewer.get("/session").await.expect(401);
    tokio::time::timeout(Duration::from_secs(10), stream.end())
        .await
        .expect("the stream of a removed member ends");
    let body = json!({"email": "viewer@example.com", "password": Server::PASSWORD});
    assert_eq!(
        server.nobody().post("/session", body).await.problem(403),
        "no_workspace"
    );
}

async fn owners_stay(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let admin = server.member(&owner, "admin@example.com", "admin").await;
    let key = server.client("admin");
    let owner_path = format!("/members/{}", id_of(&owner).await);
    let admin_path = format!("/members/{}", id_of(&admin).await);
    for patch in ["admin", "viewer"] {
        let reply = owner.patch(&owner_path, json!({"role": patch})).await;
        assert_eq!(reply.problem(409), "last_owner");
    }
    assert_eq!(owner.delete(&owner_path).await.problem(409), "last_owner");
    // Neither an admin nor a key touches an owner, or makes one.
    for other in [&admin, &key] {
        let reply = other.patch(&owner_path, json!({"role": "admin"})).await;
        assert_eq!(reply.problem(403), "forbidden");
        assert_eq!(other.delete(&owner_path).await.problem(403), "forbidden");
        let reply = other.patch(&admin_path, json!({"role": "owner"})).await;
        assert_eq!(reply.problem(403), "forbidden");
        let invitation = json!({"email": "x@example.com", "role": "owner"});
        assert_eq!(
            other.post("/invitations", invitation).await.problem(403),
            "forbidden"
        );
    }
    let wrong = owner.patch(&admin_path, json!({"role": "king"})).await;
    assert_eq!(wrong.expect(422)["errors"][0]["pointer"], "/role");
    owner
        .patch(&admin_path, json!({"role": "owner"}))
        .await
        .expect(200);
    // Of two owners who remove each other at once, one stays.
    let (one, two) = tokio::join!(owner.delete(&admin_path), admin.delete(&owner_path));
    let done = [&one, &two]
        .iter()
        .filter(|reply| reply.status == 204)
        .count();
    assert_eq!(done, 1, "{} {}", one.text, two.text);
    let members = key.get("/members").await.expect(200);
    assert_eq!(members["data"].as_array().unwrap().len(), 1);
    assert_eq!(members["data"][0]["role"], "owner");
    assert!(members["data"][0]["last_seen_at"].is_string());
}
