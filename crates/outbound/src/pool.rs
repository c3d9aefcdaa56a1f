//! Connections to services, kept open from one request to the next.
//!
//! A connection of HTTP/1.1 has no task of its own: whoever uses it drives it, first until the head of
//! its answer is there and then as its body is read. So a request wakes nobody. HTTP/2 shares one
//! connection among all requests to a host, which does need a task.

use std::collections::HashMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower_service::Service as _;

use crate::connector::Dialer;
use crate::error::OutboundError;
use crate::outgoing::Outgoing;

/// How often it is seen which connections that are not used were closed, or are old.
const SWEEP: Duration = Duration::from_secs(5);
/// All requests to a host share one connection of HTTP/2, so one that is dead must be found.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long the other side has for its answer to that.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// How long, and how many, connections that are not used are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// For each host.
    pub per_host: usize,
    /// Since they were used last.
    pub time: Duration,
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Failed {
    /// No connection could be made.
    NotConnected(OutboundError),
    /// The connection failed.
    Lost(hyper::Error),
}

/// The connections of one core. Cloning it is cheap.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    dialer: Dialer,
    keep: Keep,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    plain: HashMap<Authority, Host>,
    tls: HashMap<Authority, Host>,
    /// Whether somebody sees which of them are old.
    is_swept: bool,
}

#[derive(Default)]
struct Host {
    /// The one used last is at the end, and is taken first.
    idle: Vec<(Box<Line>, Instant)>,
    shared: Option<http2::SendRequest<Outgoing>>,
}

/// A connection of HTTP/1.1.
struct Line {
    sender: http1::SendRequest<Outgoing>,
    connection: http1::Connection<Stream, Outgoing>,
    is_over: bool,
    is_tls: bool,
    authority: Authority,
    /// The authority as requests name it.
    host: HeaderValue,
}

enum Taken {
    Line(Box<Line>),
    Shared(http2::SendRequest<Outgoing>),
}

impl Pool {
    /// A pool whose connections this dialer makes.
    pub fn new(dialer: Dialer, keep: Keep) -> Self {
        Self(Arc::new(Shared {
            dialer,
            keep,
            lines: Mutex::default(),
        }))
    }

    /// Sends a request whose URI is absolute, and waits for the head of its answer.
    ///
    /// A kept connection may turn out to be closed. Then the request goes by another one, whatever its
    /// method: that repeats nothing, as it only comes back while nothing of it was written.
    pub async fn request(
        &self,
        uri: &Uri,
        mut request: Request<Outgoing>,
    ) -> Result<Response<Answer>, Failed> {
        while let Some(taken) = self.take(uri) {
            let is_shared = matches!(taken, Taken::Shared(_));
            match self.send(taken, uri, request).await {
                Ok(answer) => return Ok(answer),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(Failed::Lost(error.into_error())),
                },
            }
            if is_shared {
                self.forget_shared(uri);
            }
        }
        let taken = Box::pin(self.dial(uri)).await?;
        let sent = self.send(taken, uri, request).await;
        sent.map_err(|error| Failed::Lost(error.into_error()))
    }

    async fn send(
        &self,
        taken: Taken,
        uri: &Uri,
        mut request: Request<Outgoing>,
    ) -> Result<Response<Answer>, TrySendError<Request<Outgoing>>> {
        match taken {
            Taken::Line(mut line) => {
                *request.uri_mut() = origin_form(uri);
                let host = || line.host.clone();
                request
                    .headers_mut()
                    .entry(header::HOST)
                    .or_insert_with(host);
                let answer = line.send(request).await?;
                let driven = Driving {
                    line,
                    pool: self.clone(),
                };
                Ok(answer.map(|body| Answer::new(body, Some(driven))))
            }
            Taken::Shared(mut sender) => {
                *request.uri_mut() = uri.clone();
                // The authority says it.
                request.headers_mut().remove(header::HOST);
                let answer = sender.try_send_request(request).await?;
                Ok(answer.map(|body| Answer::new(body, None)))
            }
        }
    }

    async fn dial(&self, uri: &Uri) -> Result<Taken, Failed> {
        let (is_tls, authority, host) = named(uri).map_err(Failed::NotConnected)?;
        let dialed = self.0.dialer.clone().call(uri.clone()).await;
        let stream = dialed.map_err(Failed::NotConnected)?;
        if stream.connected().is_negotiated_h2() {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(PING_EVERY)
                .keep_alive_timeout(PING_TIMEOUT)
                .handshake(stream)
                .await
                .map_err(Failed::Lost)?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection of HTTP/2 ended");
                }
            });
            let mut lines = self.0.lock();
            let host = lines.of(is_tls).entry(authority).or_default();
            host.shared = Some(sender.clone());
            self.0.begin_sweeping(&mut lines);
            return Ok(Taken::Shared(sender));
        }
        let (sender, connection) = http1::handshake(stream).await.map_err(Failed::Lost)?;
        Ok(Taken::Line(Box::new(Line {
            sender,
            connection,
            is_over: false,
            is_tls,
            authority,
            host,
        })))
    }

    /// A kept connection that is still open.
    fn take(&self, uri: &Uri) -> Option<Taken> {
        let authority = uri.authority()?;
        let mut lines = self.0.lock();
        let host = lines.of(is_tls(uri)).get_mut(authority)?;
        if let Some(shared) = &host.shared {
            if !shared.is_closed() {
                return Some(Taken::Shared(shared.clone()));
            }
            host.shared = None;
        }
        while let Some((mut line, since)) = host.idle.pop() {
            if since.elapsed() < self.0.keep.time && line.is_usable() {
                return Some(Taken::Line(line));
            }
        }
        None
    }

    fn forget_shared(&self, uri: &Uri) {
        let mut lines = self.0.lock();
        let all = lines.of(is_tls(uri));
        if let Some(host) = uri.authority().and_then(|authority| all.get_mut(authority)) {
            host.shared = None;
        }
    }

    /// Keeps a connection whose answer was read to its end.
    fn keep(&self, mut line: Box<Line>) {
        if !line.is_usable() {
            return;
        }
        let mut lines = self.0.lock();
        let all = lines.of(line.is_tls);
        if !all.contains_key(&line.authority) {
            all.insert(line.authority.clone(), Host::default());
        }
        if let Some(host) = all.get_mut(&line.authority)
            && host.idle.len() < self.0.keep.per_host
        {
            host.idle.push((line, Instant::now()));
            self.0.begin_sweeping(&mut lines);
        }
    }
}

impl Lines {
    const fn of(&mut self, is_tls: bool) -> &mut HashMap<Authority, Host> {
        if is_tls {
            &mut self.tls
        } else {
            &mut self.plain
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has connections that are old, or that the other side closed, closed here too.
    fn begin_sweeping(self: &Arc<Self>, lines: &mut Lines) {
        if !std::mem::replace(&mut lines.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// False when none is left.
    fn sweep(&self) -> bool {
        let mut lines = self.lock();
        for all in [true, false] {
            lines.of(all).retain(|_, host| {
                let keep = self.keep.time;
                host.idle
                    .retain_mut(|(line, since)| since.elapsed() < keep && line.is_usable());
                host.shared.take_if(|shared| shared.is_closed());
                !host.idle.is_empty() || host.shared.is_some()
            });
        }
        lines.is_swept = !(lines.plain.is_empty() && lines.tls.is_empty());
        lines.is_swept
    }
}

async fn sweep(pool: Weak<Shared>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if !pool.upgrade().is_some_and(|pool| pool.sweep()) {
            return;
        }
    }
}

impl Line {
    /// Sends a request, and drives the connection until the head of the answer is there.
    async fn send(
        &mut self,
        request: Request<Outgoing>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Outgoing>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let (connection, is_over) = (&mut self.connection, &mut self.is_over);
        std::future::poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            drive(connection, is_over, context);
            // What ended the connection is what this fails with.
            answer.as_mut().poll(context)
        })
        .await
    }

    /// Whether another request may be sent. What came meanwhile, such as the end, is seen.
    fn is_usable(&mut self) -> bool {
        let mut nobody = Context::from_waker(Waker::noop());
        drive(&mut self.connection, &mut self.is_over, &mut nobody);
        !self.is_over && self.sender.is_ready()
    }
}

fn drive(
    connection: &mut http1::Connection<Stream, Outgoing>,
    is_over: &mut bool,
    context: &mut Context<'_>,
) {
    if *is_over {
        return;
    }
    if let Poll::Ready(ended) = Pin::new(connection).poll(context) {
        *is_over = true;
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        }
    }
}

/// The connection that an answer comes by.
struct Driving {
    line: Box<Line>,
    pool: Pool,
}

/// The body of an answer. Read to its end, it gives its connection back; dropped before, it closes it.
pub struct Answer {
    body: Incoming,
    by: Option<Driving>,
}

impl Answer {
    fn new(body: Incoming, by: Option<Driving>) -> Self {
        let mut this = Self { body, by };
        if this.body.is_end_stream() {
            this.give_back();
        }
        this
    }

    fn give_back(&mut self) {
        if let Some(Driving { line, pool }) = self.by.take() {
            pool.keep(line);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let mut polled = Pin::new(&mut this.body).poll_frame(context);
        if polled.is_pending()
            && let Some(Driving { line, .. }) = &mut this.by
        {
            drive(&mut line.connection, &mut line.is_over, context);
            polled = Pin::new(&mut this.body).poll_frame(context);
        }
        match &polled {
            Poll::Ready(Some(Err(_))) => this.by = None,
            Poll::Ready(None) => this.give_back(),
            Poll::Ready(Some(Ok(_))) if this.body.is_end_stream() => this.give_back(),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn is_tls(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

/// Whom a connection is to, and how requests on it say so (RFC 9110, section 7.2).
fn named(uri: &Uri) -> Result<(bool, Authority, HeaderValue), OutboundError> {
    let invalid = OutboundError::InvalidUrl("its host is no name and no address");
    let Some(authority) = uri.authority() else {
        return Err(invalid);
    };
    let is_tls = is_tls(uri);
    let default = if is_tls { 443 } else { 80 };
    let host = match authority.port_u16().filter(|port| *port != default) {
        Some(port) => HeaderValue::from_str(&format!("{}:{port}", authority.host())),
        None => HeaderValue::from_str(authority.host()),
    };
    Ok((is_tls, authority.clone(), host.map_err(|_| invalid)?))
}

/// What a request of HTTP/1.1 says of its URI (RFC 9112, section 3.2.1).
fn origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned();
    path.map_or_else(Uri::default, Uri::from)
}
