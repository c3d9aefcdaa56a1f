//! A session that is open: what all requests in it have in common, who uses it, and its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use rmcp::RoleClient;
use rmcp::service::RunningService;

use crate::dialect::Dialect;
use crate::negotiate::Negotiated;
use crate::peer::Handler;
use crate::shared::Core;
use crate::{subscribe, wire};

/// How long telling a server that nobody waits any more may take.
pub const GOODBYE: Duration = Duration::from_secs(5);

/// An open session, as it was negotiated.
pub struct Opened {
    /// What the SDK's side and the calls share.
    pub core: Arc<Core>,
    /// How the server is spoken to.
    pub dialect: Dialect,
    /// The revision that was agreed on.
    pub revision: String,
    /// The headers of every request.
    pub headers: HeaderMap,
    /// What the SDK runs for it.
    running: RunningService<RoleClient, Handler>,
    /// Nobody new gets it.
    retired: AtomicBool,
    /// Its end has begun.
    closed: AtomicBool,
    /// The calls that are under way in it.
    users: AtomicUsize,
}

impl Opened {
    /// A session from a handshake. It listens for changes of the tools if the server tells of them.
    pub fn new(negotiated: Negotiated, handler: &Handler) -> Self {
        let Negotiated {
            core,
            running,
            dialect,
            revision,
        } = negotiated;
        let revision = revision.as_str().to_owned();
        let mut headers = core.headers();
        if dialect == Dialect::Stateless
            && let Ok(version) = HeaderValue::from_str(&revision)
        {
            headers.insert(wire::VERSION, version);
        }
        let tells = running
            .peer()
            .peer_info()
            .and_then(|info| info.capabilities.tools.as_ref()?.list_changed)
            .unwrap_or(false);
        if tells {
            match dialect {
                Dialect::Stateless => subscribe::by_request(&core, running.peer(), handler),
                Dialect::Streamable => subscribe::by_stream(&core, headers.clone()),
                // Its one stream brings them.
                Dialect::HttpSse => {}
            }
        }
        Self {
            core,
            dialect,
            revision,
            headers,
            running,
            retired: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            users: AtomicUsize::new(0),
        }
    }

    /// True when it is of no use any more.
    pub fn is_gone(&self) -> bool {
        self.core.gone.load(Ordering::Acquire)
    }

    /// A call begins in it.
    pub fn enter(&self) {
        self.users.fetch_add(1, Ordering::SeqCst);
    }

    /// A call in it is over.
    pub fn leave(&self) {
        let left = self.users.fetch_sub(1, Ordering::SeqCst) - 1;
        if left == 0 && self.retired.load(Ordering::SeqCst) {
            self.close();
        }
    }

    /// Nobody new gets it; it is closed when the last call in it is over. Its memory may be held a
    /// while longer, so this does not wait for it to be dropped.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
        if self.users.load(Ordering::SeqCst) == 0 {
            self.close();
        }
    }

    /// Ends what runs for it, and tells the server. A call that comes too late sees a session that
    /// the server forgot, and opens another one.
    fn close(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.core.closing.cancel();
        self.running.cancellation_token().cancel();
        if self.core.session_id.get().is_none() || self.is_gone() {
            return;
        }
        let (core, headers) = (self.core.clone(), self.headers.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { core.wire.delete(headers, GOODBYE).await });
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.close();
    }
}
