//! Invitations work once, for a while, and not when they were taken back.

use chrono::TimeDelta;
use serde_json::json;
use switchboard_domain::account::{EmailAddress, Role};
use switchboard_domain::id::InvitationId;
use switchboard_store::invitation::{self, InvitationRow};
use switchboard_store::workspace;
use switchboard_testkit::{Server, TestDatabase, invite, on_both_databases};
use switchboard_vault::Token;

use super::{BINARY, now, open, role_of};

on_both_databases!(invitations_work_once, others_do_not_work);

async fn invitations_work_once(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let nobody = server.nobody();
    let accept = |token: &str| json!({"token": token, "name": "Ada", "password": Server::PASSWORD});
    let body = json!({"email": "Ada@Example.com", "role": "editor"});
    let made = owner.post("/invitations", body).await.expect(201);
    assert_eq!(
        (&made["email"], &made["role"], &made["invited_by"]),
        (
            &json!("ada@example.com"),
            &json!("editor"),
            &json!("Olive Owner")
        )
    );
    let link = made["link"].as_str().unwrap();
    let (page, token) = link.split_once('#').unwrap();
    assert_eq!(page, format!("{}/invitation", server.address()));
    let listed = owner.get("/invitations").await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert!(listed["data"][0].get("link").is_none());
    let seen = nobody
        .post("/invitations/inspect", json!({"token": token}))
        .await;
    assert_eq!(
        seen.expect(200),
        json!({"email": "ada@example.com", "role": "editor", "workspace": {"name": "default"}, "has_account": false})
    );
    let weak = json!({"token": token, "name": "Ada", "password": "short"});
    nobody.post("/invitations/accept", weak).await.expect(422);
    let nameless = json!({"token": token, "password": Server::PASSWORD});
    nobody
        .post("/invitations/accept", nameless)
        .await
        .expect(422);
    let ada = nobody.signed_in(nobody.post("/invitations/accept", accept(token)).await);
    assert_eq!(role_of(&ada).await, "editor");
    for path in ["/invitations/accept", "/invitations/inspect"] {
        let body = if path.ends_with("accept") {
            accept(token)
        } else {
            json!({"token": token})
        };
        let again = nobody.post(path, body).await;
        assert_eq!(again.problem(404), "invitation_not_found");
    }
    assert_eq!(
        owner.get("/invitations").await.expect(200)["data"],
        json!([])
    );
    let member = json!({"email": "ada@example.com", "role": "admin"});
    assert_eq!(
        owner.post("/invitations", member).await.problem(409),
        "already_a_member"
    );
}

/// Replaced, taken back or too old.
async fn others_do_not_work(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let nobody = server.nobody();
    let accept = |token: &str| json!({"token": token, "name": "Ada", "password": Server::PASSWORD});
    // A second one replaces the first; taken back, it works no more.
    let first = invite(&owner, "bob@example.com", "viewer").await;
    let second = invite(&owner, "bob@example.com", "viewer").await;
    nobody
        .post("/invitations/accept", accept(&first))
        .await
        .expect(404);
    let listed = owner.get("/invitations").await.expect(200);
    let id = listed["data"][0]["id"].as_str().unwrap();
    owner
        .delete(&format!("/invitations/{id}"))
        .await
        .expect(204);
    owner
        .delete(&format!("/invitations/{id}"))
        .await
        .expect(404);
    nobody
        .post("/invitations/accept", accept(&second))
        .await
        .expect(404);

    // One that is too old.
    let db = open(&server).await;
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    let workspace = workspace::by_name(engine, "default").await;
    let token = Token::generate(&|buffer: &mut [u8]| buffer.fill(7));
    let row = InvitationRow {
        workspace: workspace.unwrap().unwrap().id,
        id: InvitationId::from_uuid("00000000-0000-7000-8000-000000000001".parse().unwrap()),
        email: EmailAddress::parse("old@example.com").unwrap(),
        role: Role::Editor,
        invited_by: "test".to_owned(),
        created_at: now() - TimeDelta::days(8),
        expires_at: now() - TimeDelta::days(1),
    };
    invitation::insert(engine, &row, token.hash().bytes())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let old = nobody
        .post("/invitations/accept", accept(&token.expose()))
        .await;
    assert_eq!(old.problem(404), "invitation_not_found");
    let id = row.id;
    owner
        .delete(&format!("/invitations/{id}"))
        .await
        .expect(404);
}
