//! What becomes of a call whose caller goes away.

use std::sync::PoisonError;

use bytes::Bytes;
use tokio::time::Instant;

use crate::dialect::Dialect;
use crate::opened::{GOODBYE, Opened};

/// A call that waits for its answer. When it is dropped before, its caller has gone away, and the
/// server is told.
pub struct Waiting<'a> {
    session: &'a Opened,
    id: u64,
    over: bool,
}

impl<'a> Waiting<'a> {
    /// A call that begins.
    pub fn new(session: &'a Opened, id: u64) -> Self {
        session.enter();
        Self {
            session,
            id,
            over: false,
        }
    }

    /// Nobody waits for it on the other side either.
    pub const fn over(&mut self) {
        self.over = true;
    }
}

impl Waiting<'_> {
    fn cancel(&self) {
        let session = self.session;
        if session.dialect == Dialect::HttpSse {
            let waiting = &session.core.waiting;
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.remove(&self.id);
        }
        // To a stateless server the closed connection says it.
        if self.over || session.dialect == Dialect::Stateless {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let body = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{},"reason":"the caller does not wait any more"}}}}"#,
            self.id
        );
        let (core, headers) = (session.core.clone(), session.headers.clone());
        runtime.spawn(async move {
            let deadline = Instant::now() + GOODBYE;
            let (to, body) = (&core.post_to, Bytes::from(body));
            drop(core.wire.post(to, headers, body, 4096, deadline).await);
        });
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.cancel();
        self.session.leave();
    }
}
