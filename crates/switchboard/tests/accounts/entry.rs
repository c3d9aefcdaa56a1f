//! The first owner, signing in and out, and how often that may be tried.

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use switchboard_testkit::{Client, Server, TestDatabase, on_both_databases};

use super::BINARY;

on_both_databases!(
    a_forgotten_password_is_replaced,
    the_first_owner_is_made_once,
    signing_in_and_out,
    attempts_are_limited
);

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
    let cookie = winner.set_cookie().to_owned();
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
    assert!(out.set_cookie().contains("Max-Age=0"));
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

/// All at once, so that little comes back of what is used up, however slow the machine is.
async fn attempts(nobody: &Client, emails: impl Iterator<Item = String>) -> Vec<u16> {
    let asked = emails.map(|email| async move {
        let body = json!({"email": email, "password": "wrong wrong wrong"});
        nobody.post("/session", body).await.status.as_u16()
    });
    join_all(asked).await
}

async fn attempts_are_limited(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    server.owner().await;
    let nobody = server.nobody();
    let body = json!({"email": "owner@example.com", "password": Server::PASSWORD});
    let signed_in = nobody.post("/session", body).await;
    let cookies = signed_in.headers.get_all("set-cookie").iter();
    let device = cookies
        .filter_map(|cookie| cookie.to_str().unwrap().split(';').next())
        .find(|cookie| cookie.starts_with("switchboard_device="))
        .unwrap()
        .to_owned();
    // The account's limit holds whether there is an account or not.
    for email in ["nobody@example.com", "owner@example.com"] {
        let statuses = attempts(&nobody, (0..40).map(|_| email.to_owned())).await;
        let refused = statuses.iter().filter(|status| **status == 429).count();
        assert!((10..=20).contains(&refused), "{statuses:?}");
        assert!(statuses.contains(&401), "{statuses:?}");
    }
    // Nor does the right password get in then.
    loop {
        let body = json!({"email": "owner@example.com", "password": "wrong wrong wrong"});
        let reply = nobody.post("/session", body).await;
        if reply.status == 429 {
            let wait = reply.headers["retry-after"].to_str().unwrap();
            assert!((1..=13).contains(&wait.parse::<u64>().unwrap()), "{wait}");
            assert_eq!(reply.problem(429), "too_many_attempts");
            break;
        }
    }
    let body = json!({"email": "owner@example.com", "password": Server::PASSWORD});
    nobody.post("/session", body.clone()).await.expect(429);
    // But for a browser that was signed in before: strangers do not lock its owner out.
    let known = [("cookie", device.as_str())];
    let reply = nobody
        .send(Method::POST, "/session", &known, Some(body))
        .await;
    reply.expect(201);
    let other = json!({"email": "nobody@example.com", "password": Server::PASSWORD});
    let reply = nobody
        .send(Method::POST, "/session", &known, Some(other))
        .await;
    reply.expect(429);
    // One address has its own limit, over all accounts.
    let emails = (0..100).map(|number| format!("{number}@example.com"));
    let statuses = attempts(&nobody, emails).await;
    assert!(statuses.contains(&429), "{statuses:?}");
}

async fn a_forgotten_password_is_replaced(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let reset = |email: &str| {
        let mut command = server.command();
        command.args(["users", "reset-password", "--email", email]);
        command.output().unwrap()
    };
    let unknown = reset("nobody@example.com");
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        !unknown.status.success() && said.contains("nobody@example.com"),
        "{said}"
    );
    owner.get("/session").await.expect(200);
    let done = reset("Owner@example.com");
    assert!(done.status.success());
    let password = String::from_utf8(done.stdout).unwrap();
    owner.get("/session").await.expect(401);
    let nobody = server.nobody();
    let body = |password: &str| json!({"email": "owner@example.com", "password": password});
    nobody
        .post("/session", body(Server::PASSWORD))
        .await
        .expect(401);
    let again = nobody.signed_in(nobody.post("/session", body(password.trim())).await);
    let log = again.get("/audit").await.expect(200);
    assert_eq!(log["data"][0]["operation"], "session.create");
    let before = log["data"].as_array().unwrap().iter();
    let reset: Vec<_> = before
        .filter(|row| row["operation"] == "user.reset_password")
        .collect();
    assert_eq!(reset.len(), 1);
    assert_eq!(reset[0]["actor"], "command line");
}
