//! People: how they get in, what they may do, and that nobody else gets in.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};
use switchboard_domain::account::{EmailAddress, Role};
use switchboard_domain::id::InvitationId;
use switchboard_store::invitation::{self, InvitationRow};
use switchboard_store::session::{self, NewSession};
use switchboard_store::{Db, Location};
use switchboard_testkit::{
    Client, Sample, Server, TestDatabase, Upstream, invite, on_both_databases,
};
use switchboard_vault::Token;

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    the_first_owner_is_made_once,
    signing_in_and_out,
    attempts_are_limited,
    a_cookie_alone_changes_nothing,
    each_role_may_what_it_may,
    invitations_work_once,
    owners_stay,
    sessions_end,
    another_workspace_is_not_seen,
    the_audit_log_names_people,
    nothing_secret_is_said,
);

/// The server's database, opened beside it.
async fn open(server: &Server) -> Db {
    let location = server.database().url().map_or_else(
        || Location::Sqlite(server.data_dir().join("switchboard.db")),
        Location::Postgres,
    );
    Db::open(&location).await.unwrap()
}

async fn role_of(client: &Client) -> String {
    let session = client.get("/session").await.expect(200);
    session["role"].as_str().unwrap().to_owned()
}

async fn id_of(client: &Client) -> String {
    let session = client.get("/session").await.expect(200);
    session["user"]["id"].as_str().unwrap().to_owned()
}

async fn the_first_owner_is_made_once(database: TestDatabase) {
    let mut server = Server::start(BINARY, database).await;
    let nobody = server.nobody();
    assert_eq!(
        nobody.get("/setup").await.expect(200),
        json!({"needed": true})
    );
    let old = server.setup_token().unwrap();
    server.kill();
    server.launch().await;
    let token = server.setup_token().unwrap();
    assert_ne!(old, token);
    let nobody = server.nobody();
    let setup = |token: &str, email: &str, password: &str| {
        let body = json!({"token": token, "email": email, "name": "O", "password": password});
        let nobody = nobody.clone();
        async move { nobody.post("/setup", body).await }
    };
    for wrong in ["", "x", &old] {
        let reply = setup(wrong, "o@example.com", Server::PASSWORD).await;
        assert_eq!(reply.problem(403), "invalid_setup_token", "{wrong}");
    }
    for (email, password) in [("o@example.com", "too short"), ("nobody", Server::PASSWORD)] {
        let reply = setup(&token, email, password).await;
        assert_eq!(reply.problem(422), "invalid_input");
    }
    // Of two at once, one makes the owner.
    let (one, two) = tokio::join!(
        setup(&token, "one@example.com", Server::PASSWORD),
        setup(&token, "two@example.com", Server::PASSWORD),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text, two.text);
    let winner = if one.status == 201 { one } else { two };
    let cookie = winner.headers["set-cookie"].to_str().unwrap().to_owned();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "{cookie}");
    let owner = nobody.signed_in(winner);
    let session = owner.get("/session").await.expect(200);
    assert_eq!(session["role"], "owner");
    assert_eq!(session["workspace"]["name"], "default");
    assert_eq!(session["workspaces"][0]["role"], "owner");
    let again = setup(&token, "three@example.com", Server::PASSWORD).await;
    assert_eq!(again.problem(409), "already_set_up");
    assert_eq!(
        nobody.get("/setup").await.expect(200),
        json!({"needed": false})
    );
    let before = server.stdout().matches("/setup#").count();
    server.kill();
    server.launch().await;
    assert_eq!(server.stdout().matches("/setup#").count(), before);
}

async fn signing_in_and_out(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let nobody = server.nobody();
    let owner = server.owner().await;
    assert_eq!(nobody.get("/session").await.problem(401), "unauthenticated");
    assert_eq!(
        nobody.get("/integrations").await.problem(401),
        "unauthenticated"
    );
    // A key is nobody's session, and what has a key never looks at the cookie.
    let key = server.client("admin");
    assert_eq!(key.get("/session").await.problem(401), "unauthenticated");
    let cookie = owner.session().0;
    let both = nobody
        .send(
            Method::GET,
            "/integrations",
            &[("cookie", cookie), ("authorization", "Bearer sb_nothing")],
            None,
        )
        .await;
    assert_eq!(both.problem(401), "unauthenticated");

    let texts = [
        ("owner@example.com", "wrong wrong wrong"),
        ("nobody@example.com", Server::PASSWORD),
        ("no address", Server::PASSWORD),
    ];
    let mut said = vec![];
    for (email, password) in texts {
        let reply = nobody
            .post("/session", json!({"email": email, "password": password}))
            .await;
        said.push(reply.text.clone());
        assert!(reply.headers.get("set-cookie").is_none());
        assert_eq!(reply.problem(401), "invalid_credentials");
    }
    assert!(said.iter().all(|text| *text == said[0]), "{said:?}");

    let again = server.sign_in(" Owner@Example.COM ").await;
    let found = again.get("/session").await;
    assert_eq!(found.headers["cache-control"], "no-store");
    assert_eq!(found.expect(200)["user"]["email"], "owner@example.com");
    assert_ne!(again.session().0, cookie);
    let out = again.delete("/session").await;
    assert!(
        out.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(out.status, 204);
    assert_eq!(again.get("/session").await.problem(401), "unauthenticated");
    owner.get("/session").await.expect(200);

    // A changed password ends the other sessions.
    let other = server.sign_in("owner@example.com").await;
    let change =
        |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let new = "another horse battery";
    let wrong = owner
        .put("/session/password", change("not this one", new))
        .await;
    assert_eq!(wrong.problem(401), "invalid_credentials");
    let short = owner
        .put("/session/password", change(Server::PASSWORD, "short"))
        .await;
    assert_eq!(short.expect(422)["errors"][0]["pointer"], "/new_password");
    other.get("/session").await.expect(200);
    owner
        .put("/session/password", change(Server::PASSWORD, new))
        .await
        .expect(204);
    owner.get("/session").await.expect(200);
    other.get("/session").await.expect(401);
    let body = |password: &str| json!({"email": "owner@example.com", "password": password});
    nobody
        .post("/session", body(Server::PASSWORD))
        .await
        .expect(401);
    nobody.post("/session", body(new)).await.expect(201);
}

async fn attempts_are_limited(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    server.owner().await;
    let nobody = server.nobody();
    // The account's limit holds whether there is an account or not.
    for email in ["owner@example.com", "nobody@example.com"] {
        let body = json!({"email": email, "password": "wrong wrong wrong"});
        for _ in 0..10 {
            nobody.post("/session", body.clone()).await.expect(401);
        }
        let refused = nobody.post("/session", body).await;
        let wait: u64 = refused.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=13).contains(&wait), "{wait}");
        assert_eq!(refused.problem(429), "too_many_attempts");
    }
    // Nor does the right password get in then.
    let body = json!({"email": "owner@example.com", "password": Server::PASSWORD});
    nobody.post("/session", body).await.expect(429);
    // One address has its own limit, over all accounts.
    let mut statuses = vec![];
    for number in 0..60 {
        let email = format!("{number}@example.com");
        let body = json!({"email": email, "password": "wrong wrong wrong"});
        statuses.push(nobody.post("/session", body).await.status.as_u16());
    }
    assert_eq!((statuses[0], statuses[59]), (401, 429), "{statuses:?}");
}

async fn a_cookie_alone_changes_nothing(database: TestDatabase) {
    let server =
        Server::start_with(BINARY, database, &["--public-url", "https://hub.example"]).await;
    let nobody = server.nobody();
    let body = json!({
        "token": server.setup_token().unwrap(), "email": "owner@example.com", "name": "O",
        "password": Server::PASSWORD,
    });
    let made = nobody.post("/setup", body).await;
    assert!(
        made.headers["set-cookie"]
            .to_str()
            .unwrap()
            .contains("; Secure")
    );
    let owner = nobody.signed_in(made);
    let (cookie, csrf) = owner.session();
    let here = server.address();
    let (_, port) = here.rsplit_once(':').unwrap();
    let sibling = format!("http://localhost:{port}");
    let ask = |headers: Vec<(&'static str, String)>| {
        let nobody = nobody.clone();
        let cookie = cookie.to_owned();
        async move {
            let mut all = vec![("cookie", cookie.as_str())];
            all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            let body = json!({"values": {"production": 1}});
            nobody
                .send(Method::PUT, "/variables/v", &all, Some(body))
                .await
        }
    };
    let token = || ("x-csrf-token", csrf.to_owned());
    let from = |origin: &str| ("origin", origin.to_owned());
    let other = server.sign_in("owner@example.com").await;
    for headers in [
        vec![],
        vec![from(here)],
        vec![("x-csrf-token", String::new())],
        vec![("x-csrf-token", other.session().1.to_owned()), from(here)],
        vec![token(), from("https://evil.example")],
        vec![token(), from("null")],
        vec![token(), from(&sibling)],
        vec![token(), from("http://hub.example")],
    ] {
        let reply = ask(headers.clone()).await;
        assert_eq!(reply.problem(403), "csrf_failed", "{headers:?}");
    }
    let foreign = ask(vec![
        token(),
        from("http://evil.example"),
        ("host", "evil.example".to_owned()),
    ]);
    assert_eq!(foreign.await.problem(403), "foreign_host");
    let rebound = [("cookie", cookie), ("host", "evil.example")];
    let read = nobody.send(Method::GET, "/session", &rebound, None).await;
    assert_eq!(read.problem(403), "foreign_host");
    for headers in [
        vec![token()],
        vec![token(), from(here)],
        vec![token(), from("https://hub.example")],
        vec![
            token(),
            from("https://hub.example"),
            ("host", "hub.example".to_owned()),
        ],
    ] {
        let status = ask(headers.clone()).await.status;
        assert!(status.is_success(), "{status} {headers:?}");
    }
    // Signing in and the links' pages are for our own pages too.
    let sign_in = json!({"email": "owner@example.com", "password": Server::PASSWORD});
    for (path, body) in [
        ("/session", sign_in),
        (
            "/setup",
            json!({"token": "x", "email": "a@b.example", "name": "n", "password": "p"}),
        ),
        ("/invitations/inspect", json!({"token": "x"})),
        (
            "/invitations/accept",
            json!({"token": "x", "password": "p"}),
        ),
    ] {
        for (header, value, code) in [
            ("origin", "https://evil.example", "csrf_failed"),
            ("host", "evil.example", "foreign_host"),
        ] {
            let reply = nobody
                .send(Method::POST, path, &[(header, value)], Some(body.clone()))
                .await;
            assert_eq!(reply.problem(403), code, "{path} {header}");
        }
    }
    // The MCP endpoint takes keys only.
    let path = "/mcp/agents/agt_00000000000000000000000000000001";
    let mcp = nobody
        .try_send(
            Method::POST,
            path,
            &[
                ("cookie", cookie),
                ("accept", "application/json, text/event-stream"),
            ],
            Some(json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string()),
        )
        .await
        .unwrap();
    assert_eq!(mcp.status, 401, "{}", mcp.text);
    let invitation = json!({"email": "x@example.com", "role": "viewer"});
    let made = owner.post("/invitations", invitation).await.expect(201);
    let link = made["link"].as_str().unwrap();
    assert!(
        link.starts_with("https://hub.example/invitation#"),
        "{link}"
    );
}

/// Asks every operation of the document as somebody, with a body that need not be right: who may
/// not do a thing is told so before that is looked at.
async fn refused(client: &Client, document: &Value) -> Vec<String> {
    let mut refused = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        // What is about one's own account, or for who has none.
        if [
            "/session",
            "/setup",
            "/invitations/inspect",
            "/invitations/accept",
        ]
        .iter()
        .any(|own| path["/api/v1".len()..].starts_with(own))
        {
            continue;
        }
        let id = "00000000000000000000000000000001";
        let prefix = match path.split('/').nth(3).unwrap() {
            "integrations" => "int",
            "actions" => "act",
            "agents" => "agt",
            "conversations" => "cnv",
            "api-keys" => "key",
            "members" => "usr",
            "invitations" => "inv",
            _ => "x",
        };
        let filled = path
            .replace("{id}", &format!("{prefix}_{id}"))
            .replace("{binding_id}", &format!("bnd_{id}"))
            .replace("{number}", "1")
            .replace("{name}", "n");
        for method in item.as_object().unwrap().keys() {
            let parsed: Method = method.to_uppercase().parse().unwrap();
            let body = (parsed != Method::GET).then(|| "{}".to_owned());
            let reply = client.try_send(parsed, &filled, &[], body).await.unwrap();
            if reply.status == 403 {
                assert_eq!(reply.json()["code"], "forbidden", "{method} {path}");
                refused.push(format!("{method} {}", &path["/api/v1".len()..]));
            }
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
    let changing: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            let path = path["/api/v1".len()..].to_owned();
            methods
                .filter(|method| *method != "get")
                .map(move |method| format!("{method} {path}"))
        })
        .filter(|operation| {
            !operation.contains("/session")
                && !operation.contains("/setup")
                && !operation.contains("/invitations/inspect")
                && !operation.contains("/invitations/accept")
        })
        .collect();
    assert!(changing.len() > 30, "{changing:?}");
    let viewer = server.member(&owner, "viewer@example.com", "viewer").await;
    assert_eq!(refused(&viewer, &document).await, changing);
    let editor = server.member(&owner, "editor@example.com", "editor").await;
    let of_admins: Vec<_> = changing
        .iter()
        .filter(|operation| {
            ["/api-keys", "/members", "/invitations"]
                .iter()
                .any(|path| operation.contains(path))
        })
        .cloned()
        .collect();
    assert_eq!(refused(&editor, &document).await, of_admins);
    let admin = server.member(&owner, "admin@example.com", "admin").await;
    assert_eq!(refused(&admin, &document).await, Vec::<String>::new());

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
    let path = format!("/api/v1/conversations/{conversation}/events");
    let accept = [("accept", "text/event-stream")];
    let mut stream = viewer
        .open(Method::GET, &path, &accept, None)
        .await
        .unwrap();
    stream.next().await;

    // A change of role holds from the next request on, and the end of a membership ends streams.
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
    let workspace = switchboard_store::workspace::by_name(engine, "default").await;
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

#[expect(
    clippy::disallowed_methods,
    reason = "a test makes what is too old by now"
)]
fn now() -> chrono::DateTime<Utc> {
    chrono::SubsecRound::trunc_subsecs(Utc::now(), 6)
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
    let workspace = switchboard_store::workspace::by_name(engine, "default").await;
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
    owner
        .post("/agents", json!({"name": "a"}))
        .await
        .expect(403);
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
