//! Other pages cannot use a session.

use http::Method;
use serde_json::json;
use switchboard_testkit::{Server, TestDatabase, on_both_databases};

use super::BINARY;

on_both_databases!(a_cookie_alone_changes_nothing, other_pages_do_not_sign_in);

async fn a_cookie_alone_changes_nothing(database: TestDatabase) {
    let server =
        Server::start_with(BINARY, database, &["--public-url", "https://hub.example"]).await;
    let nobody = server.nobody();
    let body = json!({
        "token": server.setup_token().unwrap(), "email": "owner@example.com", "name": "O",
        "password": Server::PASSWORD,
    });
    let made = nobody.post("/setup", body).await;
    assert!(made.set_cookie().contains("; Secure"));
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
    let invitation = json!({"email": "x@example.com", "role": "viewer"});
    let made = owner.post("/invitations", invitation).await.expect(201);
    let link = made["link"].as_str().unwrap();
    assert!(
        link.starts_with("https://hub.example/invitation#"),
        "{link}"
    );
}

/// Signing in and the pages of links are for our own pages too, and the MCP endpoint is for keys.
async fn other_pages_do_not_sign_in(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let cookie = owner.session().0;
    let nobody = server.nobody();
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
}
