//! The door: takes connections, and lets them go.
//!
//! Whoever can reach the port can open connections, so what each may take is bounded: how many there
//! are, how long a head and a body may take, how long nothing may happen. Some descriptors are never
//! given to connections: the database and the way out need theirs, and a few are kept for answering
//! those who come when the door is full, so that it still says that the process lives.

mod body;
mod watch;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use switchboard_api::Front;
use switchboard_app::{caps, keep_running};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cores::Cores;
use body::Timed;
use watch::{Clock, Patience, TICK, Watch, Watched};

/// How long nothing of an answer may be taken before its connection is closed.
const STALLED: Duration = Duration::from_mins(1);
/// How long a head may take that comes when the door is full.
const SPARE_HEAD: Duration = Duration::from_secs(5);
/// How long the door waits when the system gives it no connection.
const NO_DESCRIPTOR: Duration = Duration::from_millis(50);

/// Files that a server has open before it serves anybody: its database, its log, its runtime.
const OWN_FILES: usize = 28;
/// Those of each core.
const FILES_OF_A_CORE: usize = 6;

/// What the door allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// More of them, which are told to come back.
    pub spare: usize,
    /// How long a head may take.
    pub head: Duration,
    /// How long a body may take.
    pub body: Duration,
    /// How long nothing may happen between requests.
    pub idle: Duration,
}

impl Limits {
    /// The share of the files that a process may have open which connections may take: of those that the
    /// server does not need for itself.
    pub fn of_files(files: u64, most_connections: usize) -> (usize, usize) {
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        let own = OWN_FILES + FILES_OF_A_CORE * Cores::available();
        let files = files.saturating_sub(own);
        let connections = most_connections.min(files / 2).max(8);
        (connections, (files / 16).clamp(4, 256))
    }
}

/// The connections of one kind, the oldest first.
type Table = Mutex<BTreeMap<u64, Arc<Watch>>>;

fn lock(table: &Table) -> MutexGuard<'_, BTreeMap<u64, Arc<Watch>>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Shared {
    limits: Limits,
    cores: Arc<Cores>,
    front: Front,
    clock: Arc<Clock>,
    /// Those that are served.
    whole: Table,
    /// Those that came when the door was full.
    spare: Table,
    /// How many connections were taken, which is what the next one is called.
    taken: AtomicU64,
    closing: CancellationToken,
    tasks: TaskTracker,
}

/// The door. It is open until it is told to close.
pub struct Door(Arc<Shared>);

impl Door {
    /// Opens the door.
    pub fn open(listener: TcpListener, front: Front, limits: Limits, cores: Arc<Cores>) -> Self {
        let shared = Arc::new(Shared {
            limits,
            cores,
            front,
            clock: Arc::new(Clock::new()),
            whole: Mutex::default(),
            spare: Mutex::default(),
            taken: AtomicU64::new(0),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let of = shared.clone();
        tokio::spawn(keep_running("door", move || sweep(of.clone())));
        let (of, listener) = (shared.clone(), Arc::new(listener));
        let taking = keep_running("connections", move || take(of.clone(), listener.clone()));
        shared.tasks.spawn(taking);
        Self(shared)
    }

    /// Takes no more connections, and lets those that are there finish what they are at. Answers
    /// whether all did in this time.
    pub async fn close(self, within: Duration) -> bool {
        self.0.closing.cancel();
        self.0.tasks.close();
        let closed = tokio::time::timeout(within, self.0.tasks.wait()).await;
        for table in [&self.0.whole, &self.0.spare] {
            for watch in lock(table).values() {
                watch.cut.notify_one();
            }
        }
        closed.is_ok()
    }
}

async fn take(shared: Arc<Shared>, listener: Arc<TcpListener>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.closing.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let number = shared.taken.fetch_add(1, Ordering::Relaxed);
                // Without this, small answers wait for acknowledgements.
                let _ = stream.set_nodelay(true);
                admit(&shared, number, stream, peer);
            }
            Err(error) if is_the_peers(&error) => {}
            Err(error) => {
                caps::note("descriptors", &error.to_string());
                make_room(&shared);
                tokio::time::sleep(NO_DESCRIPTOR).await;
            }
        }
    }
}

/// Errors of a connection that was gone before it was taken.
fn is_the_peers(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Closes the oldest connection that never sent a request, if there is one.
fn make_room(shared: &Shared) -> bool {
    let whole = lock(&shared.whole);
    let worthless = whole.iter().find(|(_, watch)| watch.is_worthless());
    if let Some((_, watch)) = worthless {
        watch.cut.notify_one();
    }
    worthless.is_some()
}

fn admit(shared: &Arc<Shared>, number: u64, stream: TcpStream, peer: SocketAddr) {
    let watch = Arc::new(Watch::new(&shared.clock));
    let is_full = lock(&shared.whole).len() >= shared.limits.connections;
    let is_whole = !is_full || make_room(shared);
    if is_full {
        let is = if is_whole {
            "one that sent nothing is closed"
        } else {
            "a request is told to come back"
        };
        caps::note("connections", is);
    }
    let table = if is_whole {
        &shared.whole
    } else {
        &shared.spare
    };
    let mut connections = lock(table);
    if !is_whole
        && connections.len() >= shared.limits.spare
        && let Some((_, oldest)) = connections.pop_first()
    {
        oldest.cut.notify_one();
    }
    connections.insert(number, watch.clone());
    drop(connections);
    let serving = Serving {
        shared: shared.clone(),
        watch,
        peer,
        is_whole,
    };
    // It is this core's from here on: taken out of the runtime that accepted it, and into that one's.
    let Ok(stream) = stream.into_std() else {
        lock(table).remove(&number);
        return;
    };
    let run = serving.run(number, stream);
    shared.cores.spawn(shared.tasks.track_future(run));
}

/// How a connection is spoken on. Where nothing else is said, hyper gives every head 30 s, and counts
/// the time between two requests: [`Watch`] knows the one from the other.
fn speech(is_whole: bool) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .keep_alive(is_whole)
        .header_read_timeout((!is_whole).then_some(SPARE_HEAD));
    builder
}

/// One connection.
struct Serving {
    shared: Arc<Shared>,
    watch: Arc<Watch>,
    peer: SocketAddr,
    is_whole: bool,
}

impl Serving {
    async fn run(self, number: u64, stream: std::net::TcpStream) {
        let (shared, is_whole) = (self.shared.clone(), self.is_whole);
        match TcpStream::from_std(stream) {
            Ok(stream) => self.serve(stream).await,
            Err(error) => caps::note("descriptors", &error.to_string()),
        }
        let table = if is_whole {
            &shared.whole
        } else {
            &shared.spare
        };
        lock(table).remove(&number);
    }

    async fn serve(self, stream: TcpStream) {
        let (shared, watch) = (self.shared.clone(), self.watch.clone());
        let is_whole = self.is_whole;
        let io = TokioIo::new(Watched::new(stream, watch.clone()));
        let service = service_fn(move |request| self.answer(request));
        let connection = speech(is_whole).serve_connection(io, service);
        let mut connection = std::pin::pin!(connection);
        let mut cut = std::pin::pin!(watch.cut.notified());
        let mut closing = std::pin::pin!(shared.closing.cancelled());
        let mut is_closing = false;
        loop {
            tokio::select! {
                // What goes wrong on it is its peer's to know.
                _ = connection.as_mut() => break,
                () = cut.as_mut() => break,
                () = closing.as_mut(), if !is_closing => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response, Infallible>> + use<> {
        let busy = self.watch.begin();
        let deadline = Instant::now() + self.shared.limits.body;
        let is_served = self.is_whole || matches!(request.uri().path(), "/healthz" | "/readyz");
        let front = self.shared.front.clone();
        let mut request = request.map(|body| Timed::body(body, deadline));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        async move {
            let answer = if is_served {
                front.answer(request).await
            } else {
                switchboard_api::full()
            };
            drop(busy);
            Ok(answer)
        }
    }
}

/// Counts the time, and closes connections that are overdue. Ends with the door.
async fn sweep(shared: Arc<Shared>) {
    let patience = Patience {
        head: shared.limits.head,
        idle: shared.limits.idle,
        stalled: STALLED,
    };
    let mut timer = tokio::time::interval(TICK);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while !(shared.closing.is_cancelled() && shared.tasks.is_empty()) {
        timer.tick().await;
        let now = shared.clock.tick();
        if !now.is_multiple_of(4) {
            continue;
        }
        for watch in lock(&shared.whole).values() {
            if let Some(reason) = watch.overdue(now, &patience) {
                metrics::counter!("switchboard_connections_closed_total", "reason" => reason)
                    .increment(1);
                watch.cut.notify_one();
            }
        }
        let open = u32::try_from(lock(&shared.whole).len()).unwrap_or(u32::MAX);
        metrics::gauge!("switchboard_connections").set(open);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_be_idle_for_longer_than_a_head_may_take() {
        let (mut client, server) = tokio::io::duplex(4096);
        let service = service_fn(|_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(axum::body::Body::empty()))
        });
        tokio::spawn(speech(true).serve_connection(TokioIo::new(server), service));
        for _ in 0..2 {
            client
                .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                .await
                .unwrap();
            let mut answer = [0; 15];
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200 OK");
            let mut rest = [0; 4096];
            let _ = client.read(&mut rest).await.unwrap();
            let silence = tokio::time::timeout(Duration::from_secs(89), client.read(&mut rest));
            assert!(silence.await.is_err(), "the connection is kept");
        }
    }
}
