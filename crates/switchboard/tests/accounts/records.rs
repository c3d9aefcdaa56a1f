//! What is written down: who did what, and no secrets.

use http::Method;
use serde_json::json;
use switchboard_testkit::{Client, Server, TestDatabase, invite, on_both_databases};

use super::{BINARY, id_of};

on_both_databases!(the_audit_log_names_people, nothing_secret_is_said);

async fn the_audit_log_names_people(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let owner_id = id_of(&owner).await;
    owner
        .post("/agents", json!({"name": "a"}))
        .await
        .expect(201);
    let editor = server.member(&owner, "editor@example.com", "editor").await;
    let editor_id = id_of(&editor).await;
    editor
        .put("/variables/v", json!({"values": {"production": 1}}))
        .await
        .expect(201);
    owner
        .patch(&format!("/members/{editor_id}"), json!({"role": "viewer"}))
        .await
        .expect(200);
    server
        .client("admin")
        .put("/variables/w", json!({"values": {"production": 1}}))
        .await
        .expect(201);
    owner
        .delete(&format!("/members/{editor_id}"))
        .await
        .expect(204);
    let log = owner.get("/audit").await.expect(200);
    let found: Vec<_> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
            (
                text("operation"),
                text("actor"),
                text("actor_name"),
                text("actor_email"),
            )
        })
        .collect();
    let expect = |operation: &str, actor: &str, name: &str, email: &str| {
        let wanted = (operation, actor, name, email);
        let is_there = found
            .iter()
            .any(|(a, b, c, d)| (a.as_str(), b.as_str(), c.as_str(), d.as_str()) == wanted);
        assert!(is_there, "{wanted:?} in {found:#?}");
    };
    let (olive, owners) = ("Olive Owner", "owner@example.com");
    let editors = "editor@example.com";
    for operation in [
        "member.create",
        "agent.create",
        "invitation.create",
        "member.update",
        "member.delete",
    ] {
        expect(operation, &owner_id, olive, owners);
    }
    for operation in ["member.create", "variable.create"] {
        expect(operation, &editor_id, editors, editors);
    }
    let by_key = found
        .iter()
        .find(|entry| entry.0 == "variable.create" && entry.2 == "test");
    assert!(by_key.unwrap().1.starts_with("key_") && by_key.unwrap().3 == "-");
    expect("api_key.create", "command line", "-", "-");
}

/// Passwords and tokens are nowhere but where they are meant to be.
async fn nothing_secret_is_said(database: TestDatabase) {
    let mut server = Server::start(BINARY, database).await;
    let setup = server.setup_token().unwrap();
    let owner = server.owner().await;
    let invitation = invite(&owner, "ada@example.com", "viewer").await;
    let nobody = server.nobody();
    let typed = "mistyped horse battery";
    let body = json!({"email": "owner@example.com", "password": typed});
    nobody.post("/session", body).await.expect(401);
    let broken = format!("{{\"email\": \"owner@example.com\", \"password\": \"{typed}");
    nobody
        .try_send(Method::POST, "/api/v1/session", &[], Some(broken))
        .await
        .unwrap();
    let body = json!({"token": invitation, "name": "Ada", "password": Server::PASSWORD});
    let ada = nobody.signed_in(nobody.post("/invitations/accept", body).await);
    let mut kept = owner.get("/audit").await.text;
    kept.push_str(&owner.get("/members").await.text);
    server.ask_to_stop();
    server.stopped().await;
    kept.push_str(&server.stderr());
    kept.push_str(&server.database().dump());
    for entry in std::fs::read_dir(server.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        // The link of the first start is printed, once, for whoever started it.
        if path.file_name().is_none_or(|name| name != "stdout.log") {
            kept.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    assert!(
        kept.contains("owner@example.com"),
        "the search finds what is kept"
    );
    let cookie = |client: &Client| client.session().0.split('=').nth(1).unwrap().to_owned();
    let csrf = |client: &Client| client.session().1.to_owned();
    for secret in [
        setup.as_str(),
        &invitation,
        typed,
        Server::PASSWORD,
        &cookie(&owner),
        &cookie(&ada),
        &csrf(&owner),
        &csrf(&ada),
    ] {
        assert!(!kept.contains(secret), "{secret} is kept");
    }
}
