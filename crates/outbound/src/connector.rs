//! Dialling: names are resolved here, each address is checked, and what was checked is dialled.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower_service::Service;
use url::Host;

use crate::error::OutboundError;
use crate::guard::NetworkPolicy;

/// A future that can be named.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How names become addresses.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a name.
    fn resolve(&self, host: String) -> BoxFuture<std::io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: String) -> BoxFuture<std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Makes connections, with TLS where the scheme asks for it. The pool clones it for each request,
/// so it is one pointer.
#[derive(Clone)]
pub struct Dialer(Arc<Shared>);

struct Shared {
    https: HttpsConnector<Tcp>,
    timeout: Duration,
}

impl Dialer {
    pub fn new(
        policy: NetworkPolicy,
        resolver: Arc<dyn Resolve>,
        tls: rustls::ClientConfig,
        timeout: Duration,
    ) -> Self {
        let tcp = Tcp(Arc::new(Guarded {
            policy,
            resolver,
            timeout,
        }));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .with_server_name_resolver(|uri: &Uri| server_name(uri))
            .enable_all_versions()
            .wrap_connector(tcp);
        Self(Arc::new(Shared { https, timeout }))
    }
}

/// The host of a URI. Every spelling of an address is one: `2130706433` is not a name to look up.
fn host_of(uri: &Uri) -> Result<Host<String>, OutboundError> {
    Host::parse(uri.host().unwrap_or_default())
        .map_err(|_| OutboundError::InvalidUrl("its host is no name and no address"))
}

/// Whom a certificate must be for.
fn server_name(uri: &Uri) -> Result<ServerName<'static>, OutboundError> {
    match host_of(uri)? {
        Host::Ipv4(address) => Ok(ServerName::from(IpAddr::V4(address))),
        Host::Ipv6(address) => Ok(ServerName::from(IpAddr::V6(address))),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            ServerName::try_from(name.to_owned())
                .map_err(|_| OutboundError::InvalidUrl("its host is no name of DNS"))
        }
    }
}

impl Service<Uri> for Dialer {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = OutboundError;
    type Future = BoxFuture<Result<Self::Response, OutboundError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OutboundError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let shared = self.0.clone();
        Box::pin(async move {
            let host = || uri.host().unwrap_or_default().to_owned();
            let mut https = shared.https.clone();
            // The pool may finish a connection that nobody waits for any more, so this does not
            // rely on the deadline of the request.
            match tokio::time::timeout(shared.timeout, https.call(uri.clone())).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(match error.downcast::<OutboundError>() {
                    Ok(own) => *own,
                    Err(tls) => OutboundError::Tls {
                        host: host(),
                        detail: tls.to_string(),
                    },
                }),
                Err(_) => Err(OutboundError::Connect {
                    host: host(),
                    detail: format!("it took longer than {} s", shared.timeout.as_secs_f32()),
                }),
            }
        })
    }
}

/// Whether it was this process, or this machine, that had no descriptor left.
fn is_ours(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE]
        .iter()
        .any(|ours| code == Some(ours.raw_os_error()))
}

fn overloaded(host: &str) -> OutboundError {
    tracing::warn!(host, "there is no file descriptor left for a connection");
    OutboundError::Overloaded {
        host: host.to_owned(),
    }
}

/// Dials what the policy allows.
#[derive(Clone)]
struct Tcp(Arc<Guarded>);

struct Guarded {
    policy: NetworkPolicy,
    resolver: Arc<dyn Resolve>,
    timeout: Duration,
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<TcpStream>;
    type Error = OutboundError;
    type Future = BoxFuture<Result<Self::Response, OutboundError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OutboundError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let guarded = self.0.clone();
        Box::pin(async move { guarded.connect(&uri).await.map(TokioIo::new) })
    }
}

impl Guarded {
    async fn connect(&self, uri: &Uri) -> Result<TcpStream, OutboundError> {
        let end = Instant::now() + self.timeout;
        let host = uri.host().unwrap_or_default();
        let default_port = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(default_port);
        let mut last = String::from("it has no address");
        let allowed = self.addresses(uri, host, port).await?;
        let mut left = u32::try_from(allowed.len()).unwrap_or(u32::MAX);
        for address in allowed {
            // Each address gets its share of the time that is left, so that a dead one does not
            // use up that of the next.
            let share = end.saturating_duration_since(Instant::now()) / left.max(1);
            left = left.saturating_sub(1);
            let dial = TcpStream::connect(SocketAddr::new(address, port));
            match tokio::time::timeout(share, dial).await {
                Ok(Ok(stream)) => {
                    // Without this, small requests wait for acknowledgements.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) if is_ours(&error) => return Err(overloaded(host)),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => "it did not answer in time".clone_into(&mut last),
            }
        }
        Err(OutboundError::Connect {
            host: host.to_owned(),
            detail: last,
        })
    }

    /// The addresses of a host that may be dialled. When none may, the first refusal says why.
    async fn addresses(
        &self,
        uri: &Uri,
        host: &str,
        port: u16,
    ) -> Result<Vec<IpAddr>, OutboundError> {
        let all = match host_of(uri)? {
            Host::Ipv4(address) => vec![IpAddr::V4(address)],
            Host::Ipv6(address) => vec![IpAddr::V6(address)],
            Host::Domain(name) => self.resolver.resolve(name).await.map_err(|error| {
                if is_ours(&error) {
                    return overloaded(host);
                }
                OutboundError::Dns {
                    host: host.to_owned(),
                    detail: error.to_string(),
                }
            })?,
        };
        let mut refusal = None;
        let mut allowed = Vec::with_capacity(all.len());
        for address in all {
            match self.policy.check(host, address, port) {
                Ok(()) => allowed.push(address),
                Err(refused) => refusal = refusal.or(Some(refused)),
            }
        }
        match (allowed.is_empty(), refusal) {
            (false, _) => Ok(allowed),
            (true, Some(refusal)) => Err(refusal.into()),
            (true, None) => Err(OutboundError::Dns {
                host: host.to_owned(),
                detail: "it has no address".to_owned(),
            }),
        }
    }
}
