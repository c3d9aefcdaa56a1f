//! The door: what it takes at once, how long it waits, how it closes, and what it leaves in files.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use switchboard_testkit::{
    Answer, Client, Sample, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_key_has_so_many_calls_at_once_and_a_refused_one_takes_no_place,
    the_port_stays_open_while_the_server_stops,
);

fn connect(server: &Server, sent: &str) -> TcpStream {
    let address = server.address().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

const LOCAL: [&str; 2] = ["--allow-network", "127.0.0.1"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_send_nothing_whole_are_closed() {
    let given = [
        "--header-timeout-seconds",
        "1",
        "--body-timeout-seconds",
        "1",
    ];
    let arguments = [&LOCAL[..], &given].concat();
    let server = Server::start_with(BINARY, TestDatabase::sqlite(), &arguments).await;
    let half = "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let streams = ["", "GET / HTTP/1.1\r\nX-Slow: ", half].map(|sent| connect(&server, sent));
    let said = tokio::task::spawn_blocking(move || {
        streams.map(|mut stream| {
            let mut said = String::new();
            let _ = stream.read_to_string(&mut said);
            said
        })
    });
    let [silent, slow, body] = said.await.unwrap();
    assert_eq!((silent.as_str(), slow.as_str()), ("", ""));
    assert!(body.starts_with("HTTP/1.1 408 "), "{body}");
    assert!(body.contains("request_timeout"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_door_says_so_and_that_the_process_lives() {
    let upstream = Upstream::start(|_| {
        let answer = Answer::Json(200, json!({"path": "x"}));
        Answer::Late(Duration::from_secs(4), Box::new(answer))
    })
    .await;
    let arguments = [
        &LOCAL[..],
        &["--max-connections", "8", "--call-wait-ms", "9000"],
    ]
    .concat();
    let server = Server::start_with(BINARY, TestDatabase::sqlite(), &arguments).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    // Connections that are at work are kept, whoever else comes.
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let keys: Vec<_> = (0..8).map(|_| server.key("run", "default")).collect();
    let calls = keys.iter().map(|key| {
        let (client, path) = (Client::new(server.address(), key), path.clone());
        tokio::spawn(async move { client.post(&path, json!({"arguments": {"id": "1"}})).await })
    });
    let calls: Vec<_> = calls.collect();
    eventually("the calls", || async {
        (upstream.hits() >= 6).then_some(())
    })
    .await;
    let fresh = || Client::new(server.address(), "");
    let get = |path| async move {
        fresh()
            .try_send(Method::GET, path, &[], None)
            .await
            .unwrap()
    };
    // Of eight connections six have a place for a call, and two wait for one.
    let refused = eventually("a full door", || async {
        let reply = get("/api/v1/agents").await;
        (reply.status == 503).then_some(reply)
    })
    .await;
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.problem(503), "overloaded");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(path).await.status, 200, "{path}");
    }
    for call in calls {
        let reply = call.await.unwrap();
        assert!(
            [200, 503].contains(&reply.status.as_u16()),
            "{}",
            reply.text
        );
    }
    assert_eq!(get("/api/v1/agents").await.status, 401);
}

async fn a_key_has_so_many_calls_at_once_and_a_refused_one_takes_no_place(database: TestDatabase) {
    let upstream = Upstream::start(|_| {
        let answer = Answer::Json(200, json!({"path": "x"}));
        Answer::Late(Duration::from_millis(900), Box::new(answer))
    })
    .await;
    let given = ["--key-calls-at-once", "2", "--call-wait-ms", "50"];
    let server = Server::start_with(BINARY, database, &[&LOCAL[..], &given].concat()).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, Some(4)).await;
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/write_item/call");
    let body = json!({"arguments": {"id": "1"}});
    let other = server.client("run");
    let both = futures_util::future::join(
        join_all((0..6).map(|_| client.post(&path, body.clone()))),
        other.post(&path, body.clone()),
    );
    let (replies, others) = both.await;
    assert_eq!(others.expect(200)["status"], "succeeded");
    let (made, refused): (Vec<_>, Vec<_>) =
        replies.into_iter().partition(|reply| reply.status == 200);
    assert_eq!((made.len(), refused.len()), (2, 4));
    for reply in refused {
        assert_eq!(reply.headers["retry-after"], "1");
        assert_eq!(reply.problem(429), "too_many_calls");
    }
    // Three of four places are taken, so one is left.
    client.post(&path, body.clone()).await.expect(200);
    let last = client.post(&path, body).await;
    assert_eq!(last.problem(409), "max_successful_calls_reached");
    assert_eq!(upstream.hits(), 4);
}

async fn the_port_stays_open_while_the_server_stops(database: TestDatabase) {
    let upstream = Upstream::start(|_| {
        let answer = Answer::Json(200, json!({"path": "x"}));
        Answer::Late(Duration::from_secs(2), Box::new(answer))
    })
    .await;
    let mut server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let body = json!({"arguments": {"id": "1"}});
    let call = tokio::spawn({
        let (client, path, body) = (client.clone(), path.clone(), body.clone());
        async move { client.post(&path, body).await }
    });
    eventually("the call", || async { (upstream.hits() > 0).then_some(()) }).await;
    server.ask_to_stop();
    let fresh = || Client::new(server.address(), "");
    eventually("readyz to fail", || async {
        let ready = fresh().try_send(Method::GET, "/readyz", &[], None).await;
        (ready.unwrap().status == 503).then_some(())
    })
    .await;
    let refused = client.post(&path, body).await;
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.problem(503), "stopping");
    assert_eq!(call.await.unwrap().expect(200)["status"], "succeeded");
    assert!(server.stopped().await.success());
    let said = server.stdout();
    assert!(said.contains("Stopping: 1 calls are under way"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_the_server_at_once() {
    let upstream = Upstream::start(|_| {
        let answer = Answer::Json(200, json!({"path": "x"}));
        Answer::Late(Duration::from_secs(30), Box::new(answer))
    })
    .await;
    let mut server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let client = server.client("admin");
    let sample = Sample::create(&client, &upstream.url, None).await;
    let conversation = sample.converse(&client).await;
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    let call = tokio::spawn(async move {
        client
            .send(
                Method::POST,
                &path,
                &[],
                Some(json!({"arguments": {"id": "1"}})),
            )
            .await
    });
    eventually("the call", || async { (upstream.hits() > 0).then_some(()) }).await;
    server.ask_to_stop();
    eventually("what it waits for", || async {
        server.stdout().contains("Stopping: 1 calls").then_some(())
    })
    .await;
    server.ask_to_stop();
    let stopped = tokio::time::timeout(Duration::from_secs(10), server.stopped());
    assert!(!stopped.await.unwrap().success());
    call.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_first_line_stops_nothing() {
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let mut command = server.command();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "other"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    // The pipe is closed while there is more to say.
    drop(output);
    let address = line.split("listening on ").nth(1).unwrap().trim();
    let client = Client::new(address, "");
    eventually("the server to go on", || async {
        let ready = client.try_send(Method::GET, "/readyz", &[], None).await?;
        (ready.status == 200).then_some(())
    })
    .await;
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_for_their_owner_alone() {
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let mut seen = 0;
    for entry in std::fs::read_dir(server.data_dir()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        // Its output is the test's.
        if std::path::Path::new(&name)
            .extension()
            .is_some_and(|end| end == "log")
        {
            continue;
        }
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_say_how_a_browser_treats_them() {
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let client = server.client("admin");
    for (path, kept) in [
        ("/api/v1/agents", "no-store"),
        ("/api/v1/nothing", "no-store"),
        // A page of the Studio: asked for again each time.
        ("/api/docs/", "no-cache"),
        ("/healthz", "no-store"),
        ("/mcp/agents/x", "no-store"),
    ] {
        let reply = client.try_send(Method::GET, path, &[], None).await.unwrap();
        assert_eq!(reply.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(reply.headers["cache-control"], kept, "{path}");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_names_networks_with_metadata_in_them() {
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let mut command = server.command();
    command.args(["check", "--allow-network", "169.254.0.0/16,10.0.0.0/8:443"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success());
    assert!(
        said.contains("169.254.0.0/16 covers 169.254.169.254"),
        "{said}"
    );
    assert!(!said.contains("10.0.0.0/8 covers"), "{said}");
}
