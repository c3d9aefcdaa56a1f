//! The client: sessions at hand, discovery and calls.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use serde_json::Value;
use switchboard_connect::{Secrets, TokenCache};
use switchboard_outbound::Client;
use switchboard_spent::{Part, wait};
use tokio::time::Instant;

use crate::answer::ToolAnswer;
use crate::credentials::{Credentials, Fingerprint, fingerprint};
use crate::dialect::Dialect;
use crate::discovery::{self, Discovery};
use crate::error::McpError;
use crate::limits::Limits;
use crate::negotiate::negotiate;
use crate::notice::Sink;
use crate::peer::Handler;
use crate::session::{Ask, Session};
use crate::target::McpTarget;
use crate::tool::Tool;
use crate::wire::Wire;

/// Told with a target's key when its server says that its tools changed.
pub type ToolsChanged = Arc<dyn Fn(&Arc<str>) + Send + Sync>;

/// How a client is set up.
#[derive(Clone)]
pub struct McpSettings {
    /// The way out.
    pub client: Client,
    /// Tokens at hand, shared with calls of other kinds.
    pub tokens: TokenCache,
    /// What a server may ask of us.
    pub limits: Limits,
    /// Who hears that tools changed. It is called often by a server that changes often.
    pub tools_changed: ToolsChanged,
}

type Key = (Arc<str>, Fingerprint);

/// Speaks to MCP servers. Cloning it is cheap and shares its sessions.
#[derive(Clone)]
pub struct McpClient {
    settings: Arc<McpSettings>,
    sessions: Cache<Key, Arc<Session>>,
    /// Which dialect a server spoke the last time.
    known: moka::sync::Cache<Key, Dialect>,
}

impl std::fmt::Debug for McpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("McpClient")
    }
}

impl McpClient {
    /// A client without sessions.
    pub fn new(settings: McpSettings) -> Self {
        let limits = settings.limits;
        Self {
            sessions: Cache::builder()
                .max_capacity(limits.max_sessions)
                .time_to_idle(limits.idle_session)
                .eviction_listener(|_: Arc<Key>, session: Arc<Session>, _| session.retire())
                .build(),
            // A server that learnt a newer revision is asked again after a while.
            known: moka::sync::Cache::builder()
                .max_capacity(limits.max_sessions)
                .time_to_live(Duration::from_hours(1))
                .build(),
            settings: Arc::new(settings),
        }
    }

    /// Asks a server for all its tools. Tools that cannot be used are named and left out.
    pub async fn discover(
        &self,
        target: &McpTarget,
        secrets: Secrets<'_>,
        deadline: Instant,
    ) -> Result<Discovery, McpError> {
        let limits = &self.settings.limits;
        let _waiting = wait(Part::Upstream);
        let key = key(target, secrets)?;
        let session = self.session(&key, target, secrets, deadline).await?;
        match discovery::discover(&session, limits, deadline).await {
            Err(McpError::SessionLost { .. }) => {
                self.forget(&key, &session).await;
                let session = self.session(&key, target, secrets, deadline).await?;
                discovery::discover(&session, limits, deadline).await
            }
            result => result,
        }
    }

    /// Calls a tool. The deadline covers everything: a token, a session that is to be opened, the
    /// call. A result that says of itself that it failed (`isError`) is an answer, not an error.
    pub async fn call(
        &self,
        target: &McpTarget,
        tool: &Tool,
        arguments: &Value,
        secrets: Secrets<'_>,
        sink: Option<&dyn Sink>,
        deadline: Instant,
    ) -> Result<ToolAnswer, McpError> {
        let ask = Ask {
            method: "tools/call",
            tool: Some((tool, arguments)),
            cursor: None,
            sink,
            cap: self.settings.limits.max_answer_bytes,
            deadline,
        };
        let waiting = wait(Part::Upstream);
        let key = key(target, secrets)?;
        let session = self.session(&key, target, secrets, deadline).await?;
        let text = match session.ask(&ask).await {
            Err(McpError::SessionLost { sent, .. }) if !sent || tool.repeatable() => {
                self.forget(&key, &session).await;
                let session = self.session(&key, target, secrets, deadline).await?;
                session.ask(&ask).await
            }
            result => result,
        }?;
        drop(waiting);
        // A session knows the secrets of when it was opened; here are those of now.
        let text = match secrets.redactor().clean_json(&text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(clean) => Some(clean),
        }
        .unwrap_or(text);
        ToolAnswer::read(text)
    }

    /// Closes the sessions that nobody used for long. To be called now and then: nothing runs by
    /// itself.
    pub async fn maintain(&self) {
        self.sessions.run_pending_tasks().await;
    }

    /// Closes all sessions.
    pub async fn close(&self) {
        for (key, _) in &self.sessions {
            self.sessions.invalidate(&*key).await;
        }
        self.sessions.run_pending_tasks().await;
    }

    /// How many sessions are open.
    pub async fn sessions(&self) -> u64 {
        self.sessions.run_pending_tasks().await;
        self.sessions.entry_count()
    }

    /// The session of a key, opened if there is none. Whoever comes meanwhile waits for the same
    /// one.
    async fn session(
        &self,
        key: &Key,
        target: &McpTarget,
        secrets: Secrets<'_>,
        deadline: Instant,
    ) -> Result<Arc<Session>, McpError> {
        if let Some(session) = self.sessions.get(key).await {
            if !session.is_gone() {
                return Ok(session);
            }
            self.forget(key, &session).await;
        }
        let opening = self
            .sessions
            .try_get_with_by_ref(key, self.open(key, target, secrets, deadline));
        Box::pin(tokio::time::timeout_at(deadline, opening))
            .await
            .map_err(|_| McpError::Timeout { sent: false })?
            .map_err(|error: Arc<McpError>| (*error).clone())
    }

    async fn open(
        &self,
        key: &Key,
        target: &McpTarget,
        secrets: Secrets<'_>,
        deadline: Instant,
    ) -> Result<Arc<Session>, McpError> {
        let settings = &self.settings;
        let wire = || {
            Ok(Wire::new(
                settings.client.clone(),
                settings.tokens.clone(),
                settings.limits,
                Credentials::resolve(target, secrets)?,
                target.breaker.clone(),
            ))
        };
        let (changed, of) = (settings.tools_changed.clone(), target.key.clone());
        let handler = Handler::new(Arc::new(move || changed(&of)));
        let known = self.known.get(key);
        let mut result = negotiate(&wire, known, &handler, deadline).await;
        // The server may be another one by now.
        if known.is_some() && result.as_ref().is_err_and(speaks_otherwise) {
            self.known.invalidate(key);
            result = negotiate(&wire, None, &handler, deadline).await;
        }
        let session = Session::new(result?, &handler);
        self.known.insert(key.clone(), session.dialect());
        tracing::debug!(
            key = &*key.0,
            dialect = session.dialect().as_str(),
            revision = session.revision(),
            "an MCP session is open"
        );
        Ok(Arc::new(session))
    }

    /// Forgets a session, unless another one has its place by now.
    async fn forget(&self, key: &Key, session: &Arc<Session>) {
        let current = self.sessions.get(key).await;
        if current.is_some_and(|current| Arc::ptr_eq(&current, session)) {
            self.sessions.invalidate(key).await;
        }
    }
}

fn key(target: &McpTarget, secrets: Secrets<'_>) -> Result<Key, McpError> {
    Ok((target.key.clone(), fingerprint(target, secrets)?))
}

/// Whether a failed handshake may mean that the server speaks another dialect than it did.
const fn speaks_otherwise(error: &McpError) -> bool {
    matches!(
        error,
        McpError::Status { .. }
            | McpError::Rpc { .. }
            | McpError::Protocol { .. }
            | McpError::NotMcp { .. }
    )
}
