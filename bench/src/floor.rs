//! The least that keeps the promises of a call: a yardstick that moves with the machine as nginx does.
//!
//! It checks a key by its hash and the arguments by a schema, calls the upstream with a secret, takes
//! two outputs, looks for the secret in the answer, and answers when an event with headers and bodies
//! is durable. It has one thread a core, a thread that writes, and nothing that a product needs.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future as _;
use std::path::Path;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::mpsc;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest, handshake};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use memchr::memmem;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::load::Target;
use crate::setup;

const KEY: &str = "floor_0123456789abcdef";
const SECRET: &str = "sk_live_0123456789abcdef";
/// Calls that share a commit at most.
const LARGEST_BATCH: usize = 256;

/// Where calls go.
pub fn target(port: u16) -> Target {
    Target {
        base: format!("http://127.0.0.1:{port}"),
        paths: (0..64).map(|number| format!("/call/{number}")).collect(),
        method: "POST",
        body: json!({"arguments": setup::arguments()}).to_string(),
        key: Some(KEY.to_owned()),
        headers: vec![],
    }
}

struct Event {
    conversation: String,
    data: String,
    done: oneshot::Sender<()>,
}

/// Writes what waits in one transaction, and again.
fn write(database: &rusqlite::Connection, events: &mpsc::Receiver<Event>) -> anyhow::Result<()> {
    let mut sequence = 0_i64;
    while let Ok(first) = events.recv() {
        let mut batch = vec![first];
        batch.extend(events.try_iter().take(LARGEST_BATCH - 1));
        database.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for event in &batch {
            sequence += 1;
            database
                .prepare_cached(
                    "INSERT INTO event (conversation, sequence, data) VALUES (?, ?, ?)",
                )?
                .execute((&event.conversation, sequence, &event.data))?;
        }
        database.prepare_cached("COMMIT")?.execute([])?;
        for event in batch {
            let _ = event.done.send(());
        }
    }
    Ok(())
}

type Line = (
    SendRequest<Full<Bytes>>,
    Connection<TokioIo<TcpStream>, Full<Bytes>>,
);

/// What a core has.
struct Core {
    upstream: u16,
    idle: RefCell<Vec<Line>>,
    key: [u8; 32],
    schema: jsonschema::Validator,
    secret: memmem::Finder<'static>,
    events: mpsc::Sender<Event>,
}

/// Serves until it is ended.
pub fn run(port: u16, upstream: u16, directory: &Path) -> anyhow::Result<()> {
    let database = rusqlite::Connection::open(directory.join("floor.db"))?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; \
         CREATE TABLE event (conversation TEXT, sequence INTEGER, data TEXT, PRIMARY KEY (conversation, sequence))",
    )?;
    let (events, waiting) = mpsc::channel();
    std::thread::spawn(move || write(&database, &waiting));
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut cores = vec![];
    for _ in 0..count {
        let (connections, taken) = tokio::sync::mpsc::unbounded_channel();
        let events = events.clone();
        std::thread::spawn(move || serve(upstream, events, taken));
        cores.push(connections);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let mut next = 0;
        loop {
            let (stream, _) = listener.accept().await?;
            next = (next + 1) % cores.len();
            cores[next].send(stream.into_std()?)?;
        }
    })
}

fn serve(
    upstream: u16,
    events: mpsc::Sender<Event>,
    mut taken: tokio::sync::mpsc::UnboundedReceiver<std::net::TcpStream>,
) -> anyhow::Result<()> {
    let core = Rc::new(Core {
        upstream,
        idle: RefCell::default(),
        key: Sha256::digest(KEY).into(),
        schema: jsonschema::validator_for(&setup::parameters())?,
        secret: memmem::Finder::new(SECRET),
        events,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        while let Some(stream) = taken.recv().await {
            let stream = TcpStream::from_std(stream)?;
            stream.set_nodelay(true)?;
            let core = core.clone();
            tokio::task::spawn_local(async move {
                let service = service_fn(|request| {
                    let core = core.clone();
                    async move { Ok::<_, Infallible>(answer(&core, request).await) }
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
        Ok(())
    })
}

async fn answer(core: &Core, request: Request<Incoming>) -> Response<Full<Bytes>> {
    call(core, request).await.map_or_else(
        |error| {
            let mut refused = Response::new(Full::new(error.to_string().into()));
            *refused.status_mut() = StatusCode::BAD_REQUEST;
            refused
        },
        |text| Response::new(Full::new(text.into())),
    )
}

async fn call(core: &Core, request: Request<Incoming>) -> anyhow::Result<String> {
    let authorization = request.headers().get("authorization").context("no key")?;
    let key = authorization
        .to_str()?
        .strip_prefix("Bearer ")
        .context("no key")?;
    anyhow::ensure!(Sha256::digest(key)[..] == core.key, "another key");
    let conversation = request.uri().path().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    let body: Value = serde_json::from_slice(&body)?;
    let arguments = &body["arguments"];
    anyhow::ensure!(core.schema.is_valid(arguments), "other arguments");
    let text = |name: &str| arguments[name].as_str().unwrap_or_default();
    let path = format!(
        "/invoices/{}?expand={}&currency={}",
        text("invoice_id"),
        text("expand"),
        text("currency")
    );
    let sent = Request::get(&path)
        .header("host", format!("127.0.0.1:{}", core.upstream))
        .header("authorization", format!("Bearer {SECRET}"))
        .body(Full::default())?;
    let (status, headers, came) = exchange(core, sent).await?;
    anyhow::ensure!(core.secret.find(&came).is_none(), "the secret came back");
    let value: Value = serde_json::from_slice(&came)?;
    let variables = json!({
        "amount": value.pointer("/amount"), "customer": value.pointer("/customer/name"),
    });
    let output = std::str::from_utf8(&came)?;
    let data = format!(
        r#"{{"arguments":{arguments},"request":{{"method":"GET","url":"{path}","headers":{{"authorization":"[redacted]"}}}},"response":{{"status":{status},"headers":{headers},"body":{output}}},"variables":{variables}}}"#
    );
    let (done, durable) = oneshot::channel();
    core.events.send(Event {
        conversation,
        data,
        done,
    })?;
    durable.await?;
    Ok(format!(
        r#"{{"status":"succeeded","output":{output},"variables":{variables}}}"#
    ))
}

/// Sends a request on a kept connection, or on a new one, which this task drives.
async fn exchange(
    core: &Core,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<(u16, Value, Bytes)> {
    let kept = core.idle.borrow_mut().pop();
    let (mut sender, mut connection) = if let Some(kept) = kept {
        kept
    } else {
        let stream = TcpStream::connect(("127.0.0.1", core.upstream)).await?;
        stream.set_nodelay(true)?;
        handshake(TokioIo::new(stream)).await?
    };
    let received = {
        let mut work = pin!(async {
            let response = sender.send_request(request).await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            sender.ready().await?;
            anyhow::Ok((head, body))
        });
        std::future::poll_fn(|context| {
            if let std::task::Poll::Ready(done) = work.as_mut().poll(context) {
                return std::task::Poll::Ready(done);
            }
            let _ = Pin::new(&mut connection).poll(context);
            work.as_mut().poll(context)
        })
        .await
    };
    let (head, body) = received?;
    core.idle.borrow_mut().push((sender, connection));
    let headers: serde_json::Map<String, Value> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().into()))
        .collect();
    Ok((head.status.as_u16(), headers.into(), body))
}
