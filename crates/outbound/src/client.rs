//! The client.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header};
use hyper_rustls::ConfigBuilderExt as _;
use switchboard_spent::{Part, wait};
use tokio::time::Instant;

use crate::body::{self, Payload};
use crate::breaker::{BreakerSettings, Breakers, Elapsed, Permit, since_now};
use crate::connector::{Dialer, Resolve, SystemResolver};
use crate::cores;
use crate::error::{OutboundError, Phase};
use crate::exchange::exchange;
use crate::guard::NetworkPolicy;
use crate::health::{note_body, note_head};
use crate::pool::{Answer, Keep, Pool};
use crate::redirect;
use crate::request::{self, Options, Request, Response};
use crate::room::Room;
use crate::stream::{ResponseStream, body_error, host};
use crate::uri;

/// How a client is set up.
pub struct ClientSettings {
    /// What may be reached.
    pub policy: NetworkPolicy,
    /// How names are resolved.
    pub resolver: Arc<dyn Resolve>,
    /// Who may sign certificates; none means the public authorities.
    pub roots: Option<Arc<rustls::RootCertStore>>,
    /// How long a connection may take to be made, name and TLS included.
    pub connect_timeout: Duration,
    /// Connections kept open for each host while they are not used.
    pub idle_per_host: usize,
    /// How long a connection that is not used is kept.
    pub idle_timeout: Duration,
    /// What requests without a `User-Agent` say.
    pub user_agent: HeaderValue,
    /// How the breakers are set that [`Client::breakers`] gives out.
    pub breakers: BreakerSettings,
    /// How much time has passed, for these.
    pub elapsed: Elapsed,
    /// How requests are treated where nothing else is said.
    pub options: Options,
    /// How many bytes of large answers are held at once.
    pub answer_memory: usize,
    /// How many threads have connections of their own ([`crate::on_core`]).
    pub cores: usize,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            policy: NetworkPolicy::default(),
            resolver: Arc::new(SystemResolver),
            roots: None,
            connect_timeout: Duration::from_secs(10),
            idle_per_host: 128,
            idle_timeout: Duration::from_secs(90),
            user_agent: HeaderValue::from_static(concat!(
                "switchboard/",
                env!("CARGO_PKG_VERSION")
            )),
            breakers: BreakerSettings::default(),
            elapsed: since_now(),
            options: Options::default(),
            answer_memory: 16 << 20,
            cores: 0,
        }
    }
}

/// The client. Cloning it is cheap and shares its connections.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    /// The connections of each core: what a thread sends goes by its own, so that nothing of it wakes
    /// another thread.
    pools: Box<[Pool]>,
    user_agent: HeaderValue,
    breakers: Breakers,
    options: Options,
    room: Room,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// What an attempt came to.
struct Opened {
    stream: ResponseStream,
    /// Whether a redirect was followed, so that the body is another host's.
    redirected: bool,
}

impl Client {
    /// A client.
    pub fn new(settings: ClientSettings) -> Result<Self, OutboundError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| OutboundError::Setup(error.to_string()))?;
        let tls = match settings.roots {
            Some(roots) => tls.with_root_certificates(roots),
            None => tls.with_webpki_roots(),
        }
        .with_no_client_auth();
        let dialer = Dialer::new(
            settings.policy,
            settings.resolver,
            tls,
            settings.connect_timeout,
        );
        let keep = Keep {
            per_host: settings.idle_per_host,
            time: settings.idle_timeout,
        };
        Ok(Self(Arc::new(Shared {
            // One more for everybody who is on no core.
            pools: (0..=settings.cores)
                .map(|_| Pool::new(dialer.clone(), keep))
                .collect(),
            user_agent: settings.user_agent,
            breakers: Breakers::new(settings.breakers, settings.elapsed),
            options: settings.options,
            room: Room::new(settings.answer_memory),
        })))
    }

    /// The connections of this thread.
    fn pool(&self) -> &Pool {
        let pools = &self.0.pools;
        pools.get(cores::current()).unwrap_or(&pools[0])
    }

    /// The breakers of this client's requests.
    pub fn breakers(&self) -> &Breakers {
        &self.0.breakers
    }

    /// Sends a request and reads the answer, all before the deadline.
    pub async fn send(
        &self,
        request: Request,
        deadline: Instant,
    ) -> Result<Response, OutboundError> {
        self.send_with(request, &self.0.options, deadline).await
    }

    /// Like [`Client::send`], with options of its own.
    #[tracing::instrument(level = "debug", name = "exchange", skip_all)]
    pub async fn send_with(
        &self,
        mut request: Request,
        options: &Options,
        deadline: Instant,
    ) -> Result<Response, OutboundError> {
        let _waiting = wait(Part::Upstream);
        let (mut opened, _permit) = self.open(&mut request, options, deadline).await?;
        opened.stream.room = Some(self.0.room.clone());
        let body = opened.stream.collect(deadline).await;
        if !opened.redirected
            && let Some(breaker) = &request.breaker
        {
            note_body(breaker, opened.stream.status, body.as_ref().err());
        }
        let body = body?;
        let stream = opened.stream;
        Ok(Response {
            status: stream.status,
            headers: stream.headers,
            body,
            attempts: stream.attempts,
            uri: stream.uri,
            held: stream.held,
        })
    }

    /// Sends a request and gives its answer with the body still to be read.
    pub async fn stream(
        &self,
        request: Request,
        deadline: Instant,
    ) -> Result<ResponseStream, OutboundError> {
        self.stream_with(request, &self.0.options, deadline).await
    }

    /// Like [`Client::stream`], with options of its own. The deadline is the head's: each piece of
    /// the body has its own, so a stream of events may live for as long as it says something. A cap
    /// of `usize::MAX` leaves the sum of all pieces to whoever reads them.
    pub async fn stream_with(
        &self,
        mut request: Request,
        options: &Options,
        deadline: Instant,
    ) -> Result<ResponseStream, OutboundError> {
        let (opened, _permit) = self.open(&mut request, options, deadline).await?;
        if !opened.redirected
            && let Some(breaker) = &request.breaker
        {
            note_body(breaker, opened.stream.status, None);
        }
        Ok(opened.stream)
    }

    /// Sends a request until it has an answer that stands.
    async fn open(
        &self,
        request: &mut Request,
        options: &Options,
        deadline: Instant,
    ) -> Result<(Opened, Option<Permit>), OutboundError> {
        uri::check(&request.uri)?;
        if Instant::now() >= deadline {
            return Err(OutboundError::Timeout {
                host: host(&request.uri),
                phase: Phase::Starting,
                sent: false,
            });
        }
        self.prepare(&mut request.headers);
        let method = request.method.clone();
        let retry = &options.retry;
        let mut attempts = 0;
        let mut reached = false;
        loop {
            let permit = match &request.breaker {
                Some(breaker) => match breaker.admit() {
                    Ok(permit) => Some(permit),
                    Err(open) => return Err(open.after_attempts(attempts, reached)),
                },
                None => None,
            };
            attempts += 1;
            // The headers are needed again only for another attempt or a redirect.
            let once = attempts >= retry.max_attempts && !redirect::follows(&method);
            let headers = if once {
                std::mem::take(&mut request.headers)
            } else {
                request.headers.clone()
            };
            let result = self
                .attempt(request, headers, options, attempts, deadline)
                .await;
            let wait = match &result {
                Ok(Opened { stream, .. }) => {
                    retry.after_answer(&method, attempts, stream.status, &stream.headers)
                }
                Err(error) => retry.after_failure(&method, attempts, error),
            }
            .filter(|wait| fits(*wait, deadline))
            // What opened the breaker is better told than that it is open.
            .filter(|_| !request.breaker.as_ref().is_some_and(|b| b.is_open()));
            let Some(wait) = wait else {
                return result
                    .map(|opened| (opened, permit))
                    .map_err(|error| error.after_attempts(attempts, reached));
            };
            reached |= result
                .as_ref()
                .map_or_else(OutboundError::may_have_reached_upstream, |_| true);
            tracing::debug!(attempts, wait = ?wait, "the request is tried again");
            drop((result, permit));
            tokio::time::sleep(wait).await;
        }
    }

    fn prepare(&self, headers: &mut HeaderMap) {
        request::drop_connection_headers(headers);
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static(body::ACCEPTED),
        );
        headers
            .entry(header::USER_AGENT)
            .or_insert_with(|| self.0.user_agent.clone());
    }

    /// One attempt, its redirects included. What the first host came to is noted by its breaker.
    async fn attempt(
        &self,
        request: &Request,
        headers: HeaderMap,
        options: &Options,
        attempts: u32,
        deadline: Instant,
    ) -> Result<Opened, OutboundError> {
        let first = exchange(
            self.pool(),
            request.method.clone(),
            &request.uri,
            headers,
            request.body.clone(),
            deadline,
        )
        .await;
        let breaker = request.breaker.as_deref();
        if let Some(breaker) = breaker {
            note_head(breaker, &first);
        }
        let answer = first?;
        if redirect::follows(&request.method)
            && options.max_redirects > 0
            && redirect::is_redirect(answer.status())
        {
            if let Some(breaker) = breaker {
                breaker.succeeded();
            }
            let followed = self.follow(request, answer, options, attempts, deadline);
            let stream = Box::pin(followed).await?;
            return Ok(Opened {
                stream,
                redirected: true,
            });
        }
        let status = answer.status();
        let stream =
            opened(answer, request.uri.clone(), request, attempts).inspect_err(|error| {
                if let Some(breaker) = breaker {
                    note_body(breaker, status, Some(error));
                }
            })?;
        Ok(Opened {
            stream,
            redirected: false,
        })
    }

    /// Goes where redirects lead.
    async fn follow(
        &self,
        request: &Request,
        mut answer: http::Response<Answer>,
        options: &Options,
        attempts: u32,
        deadline: Instant,
    ) -> Result<ResponseStream, OutboundError> {
        let mut uri = request.uri.clone();
        let mut headers = request.headers.clone();
        let mut body = request.body.clone();
        for _ in 0..options.max_redirects {
            let next = redirect::target(&uri, answer.headers(), &request.credential_queries)?;
            if !redirect::same_origin(&uri, &next) {
                redirect::drop_credentials(&mut headers, &request.credentials);
                body = Bytes::new();
            }
            uri = next;
            answer = exchange(
                self.pool(),
                request.method.clone(),
                &uri,
                headers.clone(),
                body.clone(),
                deadline,
            )
            .await?;
            if !redirect::is_redirect(answer.status()) {
                return opened(answer, uri, request, attempts);
            }
        }
        Err(OutboundError::TooManyRedirects(options.max_redirects))
    }
}

/// True when there is time for another attempt after a wait.
fn fits(wait: Duration, deadline: Instant) -> bool {
    Instant::now()
        .checked_add(wait)
        .is_some_and(|then| then < deadline)
}

/// An answer whose body is to be read, unless it says that it is too large.
fn opened(
    answer: http::Response<Answer>,
    uri: Uri,
    request: &Request,
    attempts: u32,
) -> Result<ResponseStream, OutboundError> {
    let (mut head, body) = answer.into_parts();
    let payload = Payload::new(&mut head.headers, body).map_err(|error| body_error(&uri, error))?;
    let stream = ResponseStream {
        status: head.status,
        headers: head.headers,
        attempts,
        uri,
        limit: request.max_response_bytes,
        read: 0,
        room: None,
        held: None,
        payload,
    };
    let announced = usize::try_from(stream.payload.announced()).unwrap_or(usize::MAX);
    if announced > stream.limit {
        return Err(stream.too_large());
    }
    Ok(stream)
}
