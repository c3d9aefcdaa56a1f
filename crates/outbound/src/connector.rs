//! Dialling: names are resolved here, each address is checked, and what was checked is dialled.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::error::OutboundError;
use crate::guard::NetworkPolicy;

/// How long one address of several is tried.
const PER_ADDRESS: Duration = Duration::from_secs(5);

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

/// Dials what the policy allows.
#[derive(Clone)]
pub struct GuardedConnector {
    pub(crate) policy: Arc<NetworkPolicy>,
    pub(crate) resolver: Arc<dyn Resolve>,
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = OutboundError;
    type Future = BoxFuture<Result<Self::Response, OutboundError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OutboundError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect(&uri).await.map(TokioIo::new) })
    }
}

impl GuardedConnector {
    async fn connect(&self, uri: &Uri) -> Result<TcpStream, OutboundError> {
        let host = uri
            .host()
            .ok_or_else(|| OutboundError::InvalidUrl("it has no host".to_owned()))?
            .trim_matches(['[', ']']);
        let default_port = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = uri.port_u16().unwrap_or(default_port);
        let allowed = self.addresses(host).await?;
        let mut last = String::from("it has no address");
        for address in allowed {
            let dial = TcpStream::connect(SocketAddr::new(address, port));
            match tokio::time::timeout(PER_ADDRESS, dial).await {
                Ok(Ok(stream)) => {
                    // Without this, small requests wait for acknowledgements.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
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
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, OutboundError> {
        let all = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self
                .resolver
                .resolve(host.to_owned())
                .await
                .map_err(|error| OutboundError::Dns {
                    host: host.to_owned(),
                    detail: error.to_string(),
                })?,
        };
        let mut refusal = None;
        let mut allowed = Vec::with_capacity(all.len());
        for address in all {
            match self.policy.check(host, address) {
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
