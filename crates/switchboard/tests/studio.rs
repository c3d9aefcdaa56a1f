//! The Studio's pages, from the binary.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use http::Method;
use switchboard_testkit::{Reply, Server, TestDatabase};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Reply {
    let nobody = server.nobody();
    let asked = nobody.try_send(Method::GET, path, headers, None).await;
    asked.unwrap()
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply
        .headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_the_studio_and_the_rest_is_not() {
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let page = get(&server, "/", &[]).await;
    assert_eq!(
        (page.status.as_u16(), header(&page, "content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = header(&page, "content-security-policy");
    for rule in [
        "default-src 'none'",
        "script-src 'self';",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    assert!(!header(&page, "referrer-policy").is_empty());
    for path in [
        "/api",
        "/api/v1/nothing",
        "/api/nothing",
        "/api/docs/nothing",
        "/mcp/nothing",
        "/metrics/x",
        "/assets/gone.js",
    ] {
        assert_eq!(
            get(&server, path, &[]).await.problem(404),
            "unknown_path",
            "{path}"
        );
    }
    let posted = server
        .nobody()
        .try_send(Method::POST, "/agents", &[], None)
        .await;
    assert_eq!(posted.unwrap().problem(404), "unknown_path");
    assert!(
        !page.text.contains("make run"),
        "the Studio is not in this binary: run `scripts/studio.sh`, then the tests again"
    );
    assert_eq!(header(&page, "cache-control"), "no-cache");
    let tag = header(&page, "etag").to_owned();
    let known = get(&server, "/", &[("if-none-match", &tag)]).await;
    assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));
    let deep = get(&server, "/agents/agt_1/actions?tab=x", &[]).await;
    assert_eq!(deep.text, page.text);
    // The API's reference is a page of it that nobody has to sign in for.
    for path in ["/api/docs", "/api/docs/"] {
        assert_eq!(get(&server, path, &[]).await.text, page.text, "{path}");
    }
    let script = page.text.split("src=\"/").nth(1).unwrap();
    let script = format!("/{}", script.split('"').next().unwrap());
    assert!(script.starts_with("/assets/"), "{script}");
    let plain = get(&server, &script, &[]).await;
    assert_eq!(
        header(&plain, "content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(
        header(&plain, "cache-control"),
        "public, max-age=31536000, immutable"
    );
    for encoding in ["br", "gzip"] {
        let packed = get(&server, &script, &[("accept-encoding", encoding)]).await;
        assert_eq!(header(&packed, "content-encoding"), encoding);
    }
}
