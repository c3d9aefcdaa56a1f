//! Sessions end when they are ended, and each is in one workspace.

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use switchboard_store::session::{self, NewSession};
use switchboard_store::workspace;
use switchboard_testkit::{Client, Server, TestDatabase, invite, on_both_databases};
use switchboard_vault::Token;

use super::{BINARY, id_of, now, open};

on_both_databases!(
    sessions_end,
    another_workspace_is_not_seen,
    a_tab_changes_only_the_workspace_it_shows
);

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn sessions_end(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let (second, third) = (
        server.sign_in("owner@example.com").await,
        server.sign_in("owner@example.com").await,
    );
    let bob = server.member(&owner, "bob@example.com", "viewer").await;
    // On PostgreSQL another server knows at once.
    let replica = match server.database() {
        TestDatabase::Sqlite => None,
        _ => Some(server.replica().await),
    };
    let there = |client: &Client| {
        let address = replica.as_ref().map_or(server.address(), Server::address);
        let cookie = client.session().0.to_owned();
        let nobody = Client::new(address, "").nobody();
        async move {
            nobody
                .send(Method::GET, "/session", &[("cookie", &cookie)], None)
                .await
                .status
        }
    };
    assert_eq!(there(&second).await, 200);
    third.delete("/session").await.expect(204);
    assert_eq!(there(&third).await, 401);
    owner
        .post("/session/sign-out-everywhere", json!({}))
        .await
        .expect(204);
    for client in [&owner, &second] {
        assert_eq!(there(client).await, 401);
        client.get("/integrations").await.expect(401);
    }
    assert_eq!(there(&bob).await, 200);

    // One that is at its end by the clock.
    let db = open(&server).await;
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    let user = id_of(&bob).await.parse().unwrap();
    let workspace = workspace::by_name(engine, "default").await;
    let workspace = workspace.unwrap().unwrap().id;
    let tokens = [(1, -1, 401), (2, 600, 200)].map(|(fill, left, status)| {
        let token = Token::generate(&|buffer: &mut [u8]| buffer.fill(fill));
        (token, now() + TimeDelta::seconds(left), status)
    });
    for (token, expires_at, _) in &tokens {
        let hash = token.hash();
        let new = NewSession {
            hash: hash.bytes(),
            user,
            workspace,
            created_at: now(),
            expires_at: *expires_at,
        };
        session::insert(engine, new).await.unwrap();
    }
    tx.commit().await.unwrap();
    for (token, _, status) in tokens {
        let cookie = format!("switchboard_session={}", *token.expose());
        let reply = server
            .nobody()
            .send(Method::GET, "/session", &[("cookie", &cookie)], None)
            .await;
        reply.expect(status);
    }
}

async fn another_workspace_is_not_seen(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let made = server
        .command()
        .args(["workspaces", "create", "other"])
        .status();
    assert!(made.unwrap().success());
    let other_key = Client::new(server.address(), &server.key("admin", "other"));
    let there = server
        .member(&other_key, "there@example.com", "admin")
        .await;
    let there_id = id_of(&there).await;
    let invited = json!({"email": "x@example.com", "role": "viewer"});
    let invited = other_key.post("/invitations", invited).await.expect(201);
    let invitation = format!("/invitations/{}", invited["id"].as_str().unwrap());
    let member = format!("/members/{there_id}");
    assert_eq!(
        owner
            .patch(&member, json!({"role": "viewer"}))
            .await
            .problem(404),
        "not_found"
    );
    assert_eq!(owner.delete(&member).await.problem(404), "not_found");
    assert_eq!(owner.delete(&invitation).await.problem(404), "not_found");
    let members = owner.get("/members").await.expect(200);
    assert_eq!(members["data"].as_array().unwrap().len(), 1);
    let other_id = there.get("/session").await.expect(200)["workspace"]["id"].clone();
    let switch = |client: &Client, id: &Value| {
        let (client, body) = (client.clone(), json!({"workspace_id": id}));
        async move { client.put("/session/workspace", body).await }
    };
    assert_eq!(switch(&owner, &other_id).await.problem(404), "not_found");

    // Somebody with an account joins with its password, and goes from one to the other.
    let token = invite(&there, "owner@example.com", "viewer").await;
    let nobody = server.nobody();
    let seen = nobody
        .post("/invitations/inspect", json!({"token": token}))
        .await;
    assert_eq!(seen.expect(200)["has_account"], true);
    let body = |password: &str| json!({"token": token, "name": "x", "password": password});
    let wrong = nobody
        .post("/invitations/accept", body("wrong wrong wrong"))
        .await;
    assert_eq!(wrong.problem(401), "invalid_credentials");
    let joined = nobody
        .post("/invitations/accept", body(Server::PASSWORD))
        .await;
    let joined = nobody.signed_in(joined);
    let session = joined.get("/session").await.expect(200);
    assert_eq!(
        (&session["role"], &session["workspace"]["id"]),
        (&json!("viewer"), &other_id)
    );
    assert_eq!(session["user"]["name"], "Olive Owner");
    assert_eq!(session["workspaces"].as_array().unwrap().len(), 2);
    let moved = switch(&owner, &other_id).await.expect(200);
    assert_eq!(
        (&moved["role"], &moved["workspace"]["name"]),
        (&json!("viewer"), &json!("other"))
    );
    let named = [("switchboard-workspace", text(&other_id))];
    let agent = Some(json!({"name": "a"}));
    let refused = owner.send(Method::POST, "/agents", &named, agent).await;
    assert_eq!(refused.problem(403), "forbidden");
    // Leaving one workspace ends the sessions there, and only those.
    let elsewhere = server.sign_in("owner@example.com").await;
    let home = owner.get("/session").await.expect(200)["workspaces"][0]["id"].clone();
    switch(&elsewhere, &home).await.expect(200);
    let owner_id = id_of(&owner).await;
    there
        .delete(&format!("/members/{owner_id}"))
        .await
        .expect(204);
    for client in [&owner, &joined] {
        client.get("/session").await.expect(401);
    }
    let left = elsewhere.get("/session").await.expect(200);
    assert_eq!(left["workspaces"].as_array().unwrap().len(), 1);
    assert_eq!(left["role"], "owner");
}

/// Two tabs share a session: what one of them shows is not saved where the other one went.
async fn a_tab_changes_only_the_workspace_it_shows(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let secret = || Some(json!({"values": {"production": "s3cret"}}));
    let put = |headers: Vec<(&'static str, String)>| {
        let owner = owner.clone();
        async move {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            owner
                .send(Method::PUT, "/secrets/token", &headers, secret())
                .await
        }
    };
    let named = |id: &str| ("switchboard-workspace", id.to_owned());
    // A member of one workspace needs not say which.
    put(vec![]).await.expect(201);
    let made = server
        .command()
        .args(["workspaces", "create", "other"])
        .status();
    assert!(made.unwrap().success());
    let other = Client::new(server.address(), &server.key("admin", "other"));
    let token = invite(&other, "owner@example.com", "admin").await;
    let joined = json!({"token": token, "name": "x", "password": Server::PASSWORD});
    let nobody = server.nobody();
    nobody.post("/invitations/accept", joined).await.expect(201);
    let session = owner.get("/session").await.expect(200);
    let here = text(&session["workspace"]["id"]).to_owned();
    let there = session["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| text(&own["id"]))
        .find(|id| *id != here)
        .unwrap()
        .to_owned();

    assert_eq!(put(vec![]).await.problem(409), "workspace_not_named");
    put(vec![named(&here)]).await.expect(200);
    let both = put(vec![named(&here), named(&there)]).await;
    assert_eq!(both.problem(409), "workspace_changed");
    // Nothing can be read wrongly by who does not say what it shows.
    owner.get("/secrets").await.expect(200);

    // The other tab goes elsewhere.
    let to = |id: &str| json!({"workspace_id": id});
    owner
        .put("/session/workspace", to(&there))
        .await
        .expect(200);
    for id in [here.as_str(), "", "wsp_00000000000000000000000000000001"] {
        let reply = put(vec![named(id)]).await;
        let problem = reply.json();
        assert_eq!(reply.problem(409), "workspace_changed", "{id:?}");
        assert_eq!(problem["workspace"], json!({"id": there, "name": "other"}));
        let detail = text(&problem["detail"]);
        assert!(detail.contains("\"other\""), "{detail}");
        assert_eq!(detail.contains("\"default\""), id == here, "{detail}");
    }
    let stale = [("switchboard-workspace", here.as_str())];
    for path in ["/secrets", "/session", "/conversations"] {
        let reply = owner.send(Method::GET, path, &stale, None).await;
        assert_eq!(reply.problem(409), "workspace_changed", "{path}");
    }
    assert_eq!(
        other.get("/secrets").await.expect(200)["data"],
        json!([]),
        "nothing was saved in the other workspace"
    );
    // The first tab goes back, and goes on.
    let back = owner
        .send(Method::PUT, "/session/workspace", &stale, Some(to(&here)))
        .await;
    back.expect(200);
    put(vec![named(&here)]).await.expect(200);
    // A key is of one workspace, whatever is named.
    let listed = other.send(Method::GET, "/secrets", &stale, None).await;
    assert_eq!(listed.expect(200)["data"], json!([]));
}
