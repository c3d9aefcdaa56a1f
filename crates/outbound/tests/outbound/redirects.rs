//! Which redirects are followed, and what goes along.

use http::{HeaderName, HeaderValue, Method, header};
use switchboard_outbound::Options;

use crate::server::{Server, ok, redirect_to};
use crate::{Script, client_resolving, get, local, request, send, soon};

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    let script = Script::of(&[("inside.example", &[&["10.0.0.1"]])]);
    let client = client_resolving(script, &["127.0.0.1"]);
    for place in [
        "http://169.254.169.254/",
        "http://[::1]/",
        "//10.0.0.1/x",
        "https://10.0.0.1/",
        "http://127.0.0.2/",
        "http://0x7f.0.0.2/",
        "http://[::ffff:127.0.0.2]/",
        "http://inside.example/",
    ] {
        for status in [301, 302, 303, 307, 308] {
            let server = Server::start(move |_| redirect_to(status, place)).await;
            let error = get(&client, &server.url("/")).await.unwrap_err();
            assert_eq!(error.code(), "address_refused", "{status} {place}: {error}");
        }
    }
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let other = Server::start(|_| ok("other")).await;
    let away = other.url("/landed?key=canary&page=2");
    let server = Server::start(move |request| match request.path.as_str() {
        "/away" => redirect_to(302, &away),
        "/near" => redirect_to(307, "/here?key=canary"),
        _ => ok("same"),
    })
    .await;
    let client = local();
    let options = Options::default();
    for (path, body) in [("/away", "other"), ("/near", "same")] {
        let mut request = request(Method::GET, &server.url(path));
        request.credential_queries = vec!["key".to_owned()];
        let own = HeaderName::from_static("x-key");
        for name in [
            header::AUTHORIZATION,
            header::COOKIE,
            header::PROXY_AUTHORIZATION,
            own.clone(),
        ] {
            request
                .headers
                .insert(name, HeaderValue::from_static("canary"));
        }
        request
            .headers
            .insert("x-plain", HeaderValue::from_static("kept"));
        request.credentials.push(own);
        request.body = "canary".into();
        let answer = client.send_with(request, &options, soon()).await.unwrap();
        assert_eq!(answer.body, body);
    }
    let landed = &other.received()[0];
    assert_eq!(landed.path, "/landed?page=2");
    assert!(!format!("{landed:?}").contains("canary"), "{landed:?}");
    assert_eq!(landed.headers["x-plain"], "kept");
    assert_eq!(landed.headers["host"], other.address.to_string().as_str());
    let near = format!("{:?}", server.received().last().unwrap());
    assert_eq!(near.matches("canary").count(), 6, "{near}");
}

/// Once dropped, credentials do not come back, even where they came from.
#[tokio::test]
async fn credentials_do_not_return_by_a_detour() {
    let back = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let target = back.clone();
    let other = Server::start(move |_| redirect_to(302, target.get().unwrap())).await;
    let away = other.url("/");
    let server = Server::start(move |request| match request.path.as_str() {
        "/start" => redirect_to(302, &away),
        _ => ok("back"),
    })
    .await;
    back.set(server.url("/back")).unwrap();
    let mut request = request(Method::GET, &server.url("/start"));
    request
        .headers
        .insert(header::AUTHORIZATION, HeaderValue::from_static("canary"));
    assert_eq!(send(&local(), request).await.unwrap().body, "back");
    let received = server.received();
    assert!(received[0].headers.contains_key(header::AUTHORIZATION));
    assert!(!received[1].headers.contains_key(header::AUTHORIZATION));
}

#[tokio::test]
async fn only_methods_that_change_nothing_are_redirected() {
    let server = Server::start(|request| match request.path.as_str() {
        "/" => redirect_to(307, "/there"),
        _ => ok(""),
    })
    .await;
    let client = local();
    for (method, status, hits) in [
        (Method::GET, 200, 2),
        (Method::HEAD, 200, 2),
        (Method::POST, 307, 1),
        (Method::PUT, 307, 1),
        (Method::PATCH, 307, 1),
        (Method::DELETE, 307, 1),
    ] {
        let before = server.hits();
        let answer = send(&client, request(method.clone(), &server.url("/")))
            .await
            .unwrap();
        assert_eq!(
            (answer.status.as_u16(), server.hits() - before),
            (status, hits),
            "{method}"
        );
        let end = if hits == 2 { "/there" } else { "/" };
        assert_eq!(answer.uri.path(), end);
        assert!(
            server.received()[before..]
                .iter()
                .all(|one| one.method == method)
        );
    }
}

#[tokio::test]
async fn redirects_are_followed_five_times() {
    let server = Server::start(|request| {
        let left: u32 = request.path[1..].parse().unwrap();
        match left {
            0 => ok("end"),
            _ => redirect_to(302, &format!("/{}", left - 1)),
        }
    })
    .await;
    let client = local();
    assert_eq!(get(&client, &server.url("/5")).await.unwrap().body, "end");
    assert_eq!(server.hits(), 6);
    let error = get(&client, &server.url("/6")).await.unwrap_err();
    assert_eq!(error.code(), "too_many_redirects");
    assert_eq!(server.hits(), 12);
    let none = Options {
        max_redirects: 0,
        ..Options::default()
    };
    let answer = client
        .send_with(request(Method::GET, &server.url("/1")), &none, soon())
        .await;
    assert_eq!(answer.unwrap().status.as_u16(), 302);
}

#[tokio::test]
async fn places_that_cannot_be_requested_end_a_call() {
    for place in [
        "ftp://127.0.0.1/",
        "http://user:word@127.0.0.1/",
        "http://",
        "javascript:1",
    ] {
        let server = Server::start(move |_| redirect_to(302, place)).await;
        let error = get(&local(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.code(), "invalid_redirect", "{place}");
        assert!(!error.to_string().contains("word"));
    }
}
