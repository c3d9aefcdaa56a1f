//! The client against real sockets on loopback.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use switchboard_outbound::{
    Breaker, BreakerSettings, Client, ClientSettings, NetworkPolicy, OutboundError, Request,
    Resolve, Response,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// A server whose answers are bytes: what it got, and what it does then.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

enum Act {
    Answer(Vec<u8>),
    /// Answers, then sends bytes for ever.
    Flood(Vec<u8>),
    /// Answers, then a byte now and then.
    Drip(Vec<u8>),
    Drop,
    Hang,
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut buffer = vec![];
    loop {
        let mut chunk = [0; 4096];
        let read = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        buffer.extend(&chunk[..read]);
        let text = String::from_utf8_lossy(&buffer).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            })
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}

impl Server {
    async fn start(act: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let (requests, connections) = (server.requests.clone(), server.connections.clone());
        let act = Arc::new(act);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (requests, act) = (requests.clone(), act.clone());
                tokio::spawn(async move {
                    while let Some(request) = read_request(&mut stream).await {
                        let number = {
                            let mut requests = requests.lock().unwrap();
                            requests.push(request.clone());
                            requests.len()
                        };
                        let sent = match act(number, &request) {
                            Act::Answer(bytes) => stream.write_all(&bytes).await,
                            Act::Flood(bytes) => {
                                let _ = stream.write_all(&bytes).await;
                                while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
                                return;
                            }
                            Act::Drip(bytes) => {
                                let _ = stream.write_all(&bytes).await;
                                while stream.write_all(b"x").await.is_ok() {
                                    tokio::time::sleep(Duration::from_millis(20)).await;
                                }
                                return;
                            }
                            Act::Drop => return,
                            Act::Hang => std::future::pending().await,
                        };
                        if sent.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn hits(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn request(&self, number: usize) -> String {
        self.requests.lock().unwrap()[number].to_lowercase()
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Act {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    Act::Answer(bytes)
}

fn client_allowing(allowances: &[&str]) -> Client {
    Client::new(ClientSettings {
        policy: NetworkPolicy::new(allowances.iter().copied()).unwrap(),
        ..ClientSettings::default()
    })
    .unwrap()
}

fn local() -> Client {
    client_allowing(&["127.0.0.1"])
}

fn request(method: Method, url: &str) -> Request {
    Request {
        method,
        uri: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        credentials: vec![],
        max_response_bytes: 1 << 20,
        breaker: None,
    }
}

async fn send(client: &Client, request: Request) -> Result<Response, OutboundError> {
    client
        .send(request, Instant::now() + Duration::from_secs(5))
        .await
}

async fn get(client: &Client, url: &str) -> Result<Response, OutboundError> {
    send(client, request(Method::GET, url)).await
}

const REFUSED: &[&str] = &[
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.255.255.254/",
    "http://0/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.255.255/",
    "http://0xc0a80001/",
    "http://3232235521/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.0.1/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://168.63.129.16/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://100.127.255.255/",
    "http://192.0.0.1/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://239.255.255.255/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.88.99.1/",
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::10.0.0.1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/",
    "http://[2001:0:0:0:0:0:80ff:fffe]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[100::1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[2606:4700::5efe:7f00:1]/",
    "https://127.0.0.1/",
    "https://[::1]:8443/",
];

/// The table of threats: each of these is refused before anything is dialled.
#[tokio::test]
async fn addresses_that_are_not_public_are_refused() {
    assert!(REFUSED.len() >= 60);
    let client = client_allowing(&[]);
    for text in REFUSED {
        // As a user's URL is read everywhere: the parser turns every spelling into an address.
        let url = url::Url::parse(text).unwrap();
        let error = get(&client, url.as_str()).await.unwrap_err();
        assert_eq!(error.code(), "address_refused", "{text}: {error}");
        assert!(error.to_string().contains("--allow-network"), "{error}");
    }
}

#[tokio::test]
async fn spellings_that_no_parser_touched_are_refused_too() {
    let client = client_allowing(&[]);
    for text in ["http://2130706433/", "http://0x7f.1/", "http://127.1/"] {
        let error = get(&client, text).await.unwrap_err();
        assert!(
            matches!(error.code(), "address_refused" | "dns_failed"),
            "{text}: {error}"
        );
    }
}

#[tokio::test]
async fn an_allowed_address_works_and_its_neighbour_does_not() {
    let server = Server::start(|_, _| answer("200 OK", "", b"hi")).await;
    let client = local();
    assert_eq!(get(&client, &server.url("/")).await.unwrap().body, "hi");
    let neighbour = server.url("/").replace("127.0.0.1", "127.0.0.2");
    let error = get(&client, &neighbour).await.unwrap_err();
    assert_eq!(error.code(), "address_refused");
    assert!(error.to_string().contains("a loopback address"), "{error}");
}

/// Answers a public address first and loopback from then on.
struct Rebinding(AtomicUsize);

impl Resolve for Rebinding {
    fn resolve(
        &self,
        _: String,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>> {
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        let address: IpAddr = if first {
            [93, 184, 216, 34]
        } else {
            [127, 0, 0, 1]
        }
        .into();
        Box::pin(async move { Ok(vec![address]) })
    }
}

#[tokio::test]
async fn a_name_that_turns_to_loopback_is_refused_when_it_does() {
    let server = Server::start(|_, _| answer("200 OK", "", b"inside")).await;
    let resolver = Arc::new(Rebinding(AtomicUsize::new(1)));
    let client = Client::new(ClientSettings {
        resolver,
        ..ClientSettings::default()
    })
    .unwrap();
    let url = format!("http://rebind.example:{}/", server.address.port());
    assert_eq!(
        get(&client, &url).await.unwrap_err().code(),
        "address_refused"
    );
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    for place in [
        "http://169.254.169.254/",
        "http://[::1]/",
        "http://10.0.0.1/x",
    ] {
        let server =
            Server::start(move |_, _| answer("302 Found", &format!("location: {place}\r\n"), b""))
                .await;
        let error = get(&local(), &server.url("/")).await.unwrap_err();
        assert_eq!(error.code(), "address_refused", "{place}");
    }
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let other = Server::start(|_, _| answer("200 OK", "", b"other")).await;
    let place = other.url("/landed");
    let server = Server::start(move |_, request| {
        if request.starts_with("GET /away") {
            answer("302 Found", &format!("location: {place}\r\n"), b"")
        } else if request.starts_with("GET /near") {
            answer("307 Temporary Redirect", "location: /here\r\n", b"")
        } else {
            answer("200 OK", "", b"same")
        }
    })
    .await;
    let client = local();
    for (path, body) in [("/away", "other"), ("/near", "same")] {
        let mut request = request(Method::GET, &server.url(path));
        let key = HeaderName::from_static("x-key");
        request.headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_static("Bearer canary"),
        );
        request
            .headers
            .insert(key.clone(), HeaderValue::from_static("canary"));
        request.credentials.push(key);
        assert_eq!(send(&client, request).await.unwrap().body, body);
    }
    assert!(!other.request(0).contains("canary"));
    assert_eq!(server.request(2).matches("canary").count(), 2);
}

#[tokio::test]
async fn only_get_follows_redirects_and_not_for_ever() {
    let server = Server::start(|_, _| answer("302 Found", "location: /again\r\n", b"")).await;
    let client = local();
    let post = send(&client, request(Method::POST, &server.url("/")))
        .await
        .unwrap();
    assert_eq!((post.status.as_u16(), server.hits()), (302, 1));
    let error = get(&client, &server.url("/")).await.unwrap_err();
    assert_eq!(error.code(), "too_many_redirects");
    let ftp = Server::start(|_, _| answer("302 Found", "location: ftp://x/\r\n", b"")).await;
    assert_eq!(
        get(&client, &ftp.url("/")).await.unwrap_err().code(),
        "invalid_redirect"
    );
}

fn gzip_of_zeros(megabytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    for _ in 0..megabytes {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

#[tokio::test]
async fn answers_are_read_to_the_cap_and_no_further() {
    let bomb = gzip_of_zeros(64);
    assert!(bomb.len() < 1 << 20);
    let small = {
        let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        encoder.write_all(b"{\"a\":1}").unwrap();
        encoder.finish().unwrap()
    };
    let server = Server::start(move |_, request| {
        if request.starts_with("GET /bomb") {
            answer("200 OK", "content-encoding: gzip\r\n", &bomb)
        } else if request.starts_with("GET /small") {
            answer("200 OK", "content-encoding: gzip\r\n", &small)
        } else if request.starts_with("GET /declared") {
            Act::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_vec())
        } else {
            Act::Flood(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())
        }
    })
    .await;
    let client = local();
    assert_eq!(
        get(&client, &server.url("/small")).await.unwrap().body,
        "{\"a\":1}"
    );
    for path in ["/bomb", "/declared", "/flood"] {
        let error = get(&client, &server.url(path)).await.unwrap_err();
        assert_eq!(error.code(), "response_too_large", "{path}: {error}");
    }
}

#[tokio::test]
async fn one_deadline_covers_everything() {
    let server = Server::start(|_, request| {
        if request.contains("/drip") {
            Act::Drip(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())
        } else if request.contains("/busy") {
            answer("503 Service Unavailable", "retry-after: 60\r\n", b"")
        } else {
            Act::Hang
        }
    })
    .await;
    let client = local();
    for path in ["/drip", "/hang"] {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(300);
        let error = client
            .send(request(Method::POST, &server.url(path)), deadline)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "timeout", "{path}");
        assert!(error.may_have_reached_upstream());
        assert!(start.elapsed() < Duration::from_secs(2));
    }
    // A wait that does not fit the deadline is not begun.
    let busy = get(&client, &server.url("/busy")).await.unwrap();
    assert_eq!((busy.status.as_u16(), busy.attempts), (503, 1));
}

#[tokio::test]
async fn what_may_be_repeated_is_and_what_may_not_is_not() {
    for (method, act, hits) in [
        (Method::GET, "503", 3),
        (Method::PUT, "503", 3),
        (Method::DELETE, "502", 3),
        (Method::POST, "503", 1),
        (Method::PATCH, "504", 1),
        (Method::GET, "drop", 3),
        (Method::POST, "drop", 1),
        (Method::GET, "500", 1),
    ] {
        let server = Server::start(move |_, _| match act {
            "drop" => Act::Drop,
            status => answer(&format!("{status} X"), "", b""),
        })
        .await;
        let result = send(&local(), request(method.clone(), &server.url("/"))).await;
        assert_eq!(server.hits(), hits, "{method} {act}");
        if act == "drop" {
            let error = result.unwrap_err();
            assert_eq!(error.code(), "connection_lost");
            assert!(error.may_have_reached_upstream());
        }
    }
    let recovering = Server::start(|number, _| match number {
        1 => answer("429 Too Many", "retry-after: 0\r\n", b""),
        _ => answer("200 OK", "", b"ok"),
    })
    .await;
    let response = get(&local(), &recovering.url("/")).await.unwrap();
    assert_eq!((response.body, response.attempts), (Bytes::from("ok"), 2));
}

#[tokio::test]
async fn nothing_listening_is_known_not_to_have_got_the_request() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{free}/");
    let error = send(&local(), request(Method::POST, &url))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "connect_failed");
    assert!(!error.may_have_reached_upstream());
}

#[tokio::test]
async fn garbage_is_named() {
    let server = Server::start(|_, _| Act::Answer(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())).await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.code(), "invalid_response", "{error}");
    let server =
        Server::start(|_, _| answer("200 OK", "content-encoding: gzip\r\n", b"not gzip")).await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error.code(), "invalid_response", "{error}");
}

#[tokio::test]
async fn an_upstream_that_keeps_failing_is_left_alone() {
    let server = Server::start(|_, _| answer("503 X", "", b"")).await;
    let settings = BreakerSettings {
        failures: 4,
        cool_down: Duration::from_mins(1),
    };
    let breaker = Arc::new(Breaker::new("billing.example", settings));
    let client = local();
    let mut last = None;
    for _ in 0..6 {
        let mut request = request(Method::POST, &server.url("/"));
        request.breaker = Some(breaker.clone());
        last = Some(send(&client, request).await);
    }
    assert_eq!(server.hits(), 4);
    let error = last.unwrap().unwrap_err();
    assert_eq!(error.code(), "circuit_open");
    assert!(error.to_string().contains("billing.example"), "{error}");
}

#[tokio::test]
async fn connections_are_kept() {
    let server = Server::start(|_, _| answer("200 OK", "", b"")).await;
    let client = local();
    for _ in 0..20 {
        get(&client, &server.url("/")).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}
