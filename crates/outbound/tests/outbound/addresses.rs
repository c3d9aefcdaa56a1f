//! What may be dialled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use switchboard_outbound::{Request, parse_url};
use tokio::net::TcpListener;

use crate::server::{Server, ok, reply};
use crate::{Script, client_allowing, client_resolving, get, send};

/// Places that no call may reach: scheme and host.
const REFUSED: &[&str] = &[
    "http://127.0.0.1",
    "http://127.1",
    "http://127.0.1",
    "http://127.255.255.254",
    "http://0",
    "http://0.0.0.0",
    "http://0.1.2.3",
    "http://2130706433",
    "http://0x7f000001",
    "http://0x7f.0.0.1",
    "http://0x7f.1",
    "http://0177.0.0.1",
    "http://017700000001",
    "http://0177.0x0.0.1",
    "http://127.0.0.1.",
    "http://%31%32%37.0.0.1",
    "http://１２７.0.0.1",
    "http://localhost",
    "http://LOCALHOST",
    "http://localhost.",
    "http://rebound.example",
    "http://metadata.example",
    "http://mapped.example",
    "http://10.0.0.1",
    "http://10.255.255.255",
    "http://167772161",
    "http://172.16.0.1",
    "http://172.31.255.255",
    "http://192.168.0.1",
    "http://192.168.255.255",
    "http://0xc0a80001",
    "http://3232235521",
    "http://169.254.169.254",
    "http://169.254.0.1",
    "http://2852039166",
    "http://0xa9fea9fe",
    "http://0251.0376.0251.0376",
    "http://168.63.129.16",
    "http://100.64.0.1",
    "http://100.100.100.200",
    "http://100.127.255.255",
    "http://192.0.0.1",
    "http://192.0.0.192",
    "http://192.0.2.1",
    "http://198.18.0.1",
    "http://198.19.255.255",
    "http://198.51.100.1",
    "http://203.0.113.1",
    "http://224.0.0.1",
    "http://239.255.255.255",
    "http://240.0.0.1",
    "http://255.255.255.255",
    "http://192.88.99.1",
    "http://[::]",
    "http://[::1]",
    "http://[0:0:0:0:0:0:0:1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:7f00:1]",
    "http://[::ffff:0.0.0.0]",
    "http://[::ffff:10.0.0.1]",
    "http://[::ffff:169.254.169.254]",
    "http://[::127.0.0.1]",
    "http://[::8.8.8.8]",
    "http://[64:ff9b::127.0.0.1]",
    "http://[64:ff9b::a9fe:a9fe]",
    "http://[64:ff9b:1::10.0.0.1]",
    "http://[64:ff9b:1::808:808]",
    "http://[2002:7f00:1::]",
    "http://[2002:a00:1::1]",
    "http://[2001:0:0:0:0:0:80ff:fffe]",
    "http://[2001:0:a00:1::f7f7:f7f7]",
    "http://[fe80::1]",
    "http://[fe80::5efe:808:808]",
    "http://[fc00::1]",
    "http://[fd00:ec2::254]",
    "http://[fec0::1]",
    "http://[ff02::1]",
    "http://[2001:db8::1]",
    "http://[3fff::1]",
    "http://[100::1]",
    "http://[5f00::1]",
    "http://[4000::1]",
    "http://[::ffff:0:127.0.0.1]",
    "http://[2606:4700::5efe:7f00:1]",
    "https://127.0.0.1",
    "https://[::1]",
    "https://0x7f.1",
    "https://169.254.169.254",
    "https://localhost",
];

/// A socket that counts who connects, by every address of this machine.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let listener = match TcpListener::bind("[::]:0").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let port = listener.local_addr().unwrap().port();
    let caught = Arc::<AtomicUsize>::default();
    let count = caught.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, caught)
}

fn names() -> Arc<Script> {
    Script::of(&[
        ("localhost", &[&["127.0.0.1", "::1"]]),
        ("localhost.", &[&["127.0.0.1"]]),
        ("rebound.example", &[&["127.0.0.1"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
        ("mapped.example", &[&["::ffff:127.0.0.1"]]),
    ])
}

/// The table of threats: each of these is refused, and nothing is dialled.
#[tokio::test]
async fn addresses_that_are_not_public_are_refused() {
    assert!(REFUSED.len() >= 60);
    let (port, caught) = trap().await;
    let client = client_resolving(names(), &[]);
    for place in REFUSED {
        for method in [Method::GET, Method::POST] {
            let uri = parse_url(&format!("{place}:{port}/latest?key=canary")).unwrap();
            let error = send(&client, Request::new(method, uri)).await.unwrap_err();
            assert_eq!(error.code(), "address_refused", "{place}: {error}");
            assert!(!error.may_have_reached_upstream());
            let text = error.to_string();
            assert!(text.contains("--allow-network"), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }
    assert_eq!(caught.load(Ordering::SeqCst), 0);
    // The trap does catch: the same client, allowed to.
    let allowed = client_resolving(names(), &["127.0.0.0/8"]);
    for place in ["http://127.1", "http://localhost", "http://2130706433"] {
        let before = caught.load(Ordering::SeqCst);
        let uri = parse_url(&format!("{place}:{port}/")).unwrap();
        assert!(
            send(&allowed, Request::new(Method::POST, uri))
                .await
                .is_err()
        );
        assert!(caught.load(Ordering::SeqCst) > before, "{place}");
    }
}

/// A URI that did not go through the URL parser is read the same way when it is dialled.
#[tokio::test]
async fn spellings_that_no_parser_touched_are_refused_too() {
    let resolver = names();
    let client = client_resolving(resolver.clone(), &[]);
    for text in [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://[::ffff:127.0.0.1]/",
        "https://0x7f000001/",
    ] {
        let error = get(&client, text).await.unwrap_err();
        assert_eq!(error.code(), "address_refused", "{text}: {error}");
    }
    assert_eq!(resolver.lookups(), 0, "an address is not looked up");
}

#[tokio::test]
async fn places_that_are_not_http_are_refused() {
    let client = client_allowing(&["127.0.0.1"]);
    for text in [
        "ftp://127.0.0.1/",
        "/x",
        "127.0.0.1:80",
        "http://user:canary@127.0.0.1/",
    ] {
        let error = get(&client, text).await.unwrap_err();
        assert_eq!(error.code(), "invalid_url", "{text}");
        assert!(!error.to_string().contains("canary"));
    }
}

#[tokio::test]
async fn an_allowed_network_works_and_its_neighbour_does_not() {
    let server = Server::on("127.0.0.9:0", |_| ok("hi")).await;
    let port = server.address.port();
    let client = client_allowing(&["127.0.0.8/31"]);
    let url = |host: &str| format!("http://{host}:{port}/");
    assert_eq!(get(&client, &url("127.0.0.9")).await.unwrap().body, "hi");
    for neighbour in ["127.0.0.7", "127.0.0.10", "[::ffff:127.0.0.10]"] {
        let error = get(&client, &url(neighbour)).await.unwrap_err();
        assert_eq!(error.code(), "address_refused");
        let text = error.to_string();
        assert!(text.contains("a loopback address"), "{text}");
        assert!(text.contains("--allow-network 127.0.0."), "{text}");
    }
    let mapped = get(&client, &url("[::ffff:127.0.0.9]")).await.unwrap();
    assert_eq!(
        mapped.body, "hi",
        "a mapped address is the one it stands for"
    );
}

#[tokio::test]
async fn a_host_allowed_by_name_may_be_anywhere() {
    let server = Server::start(|_| ok("hi")).await;
    let script = Script::of(&[
        ("billing.internal", &[&["127.0.0.1"]]),
        ("other.internal", &[&["127.0.0.1"]]),
    ]);
    let client = client_resolving(script, &["billing.internal"]);
    let url = |host: &str| format!("http://{host}:{}/", server.address.port());
    assert_eq!(
        get(&client, &url("billing.internal")).await.unwrap().body,
        "hi"
    );
    let error = get(&client, &url("other.internal")).await.unwrap_err();
    assert_eq!(error.code(), "address_refused");
    assert!(error.to_string().contains("`other.internal`"), "{error}");
}

/// The name turns from an allowed address to one that is not, between two connections.
#[tokio::test]
async fn a_name_that_turns_to_loopback_is_refused_when_it_does() {
    let close = |text: &'static str| move |_: &_| reply(200, &[("connection", "close")], text);
    let outside = Server::on("127.0.0.2:0", close("outside")).await;
    let port = outside.address.port();
    let inside = Server::on(&format!("127.0.0.1:{port}"), close("inside")).await;
    let script = Script::of(&[("rebind.example", &[&["127.0.0.2"], &["127.0.0.1"]])]);
    let client = client_resolving(script.clone(), &["127.0.0.2"]);
    let url = format!("http://rebind.example:{port}/");
    assert_eq!(get(&client, &url).await.unwrap().body, "outside");
    // One lookup for one connection: what was checked is what was dialled.
    assert_eq!(script.lookups(), 1);
    let error = get(&client, &url).await.unwrap_err();
    assert_eq!(error.code(), "address_refused");
    assert_eq!((outside.hits(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn of_several_addresses_only_the_allowed_are_dialled() {
    let allowed = Server::on("127.0.0.3:0", |_| ok("allowed")).await;
    let port = allowed.address.port();
    let refused = Server::on(&format!("127.0.0.1:{port}"), |_| ok("refused")).await;
    // Nothing listens at the second, so the third is tried.
    let script = Script::of(&[("both.example", &[&["127.0.0.1", "127.0.0.4", "127.0.0.3"]])]);
    let client = client_resolving(script, &["127.0.0.3", "127.0.0.4"]);
    let answer = get(&client, &format!("http://both.example:{port}/")).await;
    assert_eq!(answer.unwrap().body, "allowed");
    assert_eq!(refused.connections(), 0);
}

#[tokio::test]
async fn a_name_without_an_address_is_a_failure_of_dns() {
    let script = Script::of(&[("empty.example", &[&[]])]);
    let client = client_resolving(script.clone(), &[]);
    for host in ["unknown.example", "empty.example"] {
        let error = get(&client, &format!("http://{host}/")).await.unwrap_err();
        assert_eq!(error.code(), "dns_failed");
        assert!(error.to_string().contains(host), "{error}");
        assert!(!error.may_have_reached_upstream());
    }
    assert_eq!(script.lookups(), 6, "and is looked up again");
}
