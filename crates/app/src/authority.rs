//! Whether whoever opened a stream may still read it.
//!
//! A stream lives for hours, so what its request was allowed is asked for again: before anything is
//! sent, and when it may have ended. The catalog tells when a key may have been revoked, and one that
//! expires is waited for. Sessions are looked at together, once a second, by one task for all streams; an idle
//! stream has no query of its own, and a timer only where its key expires.
//!
//! Whom a key stands for is no matter of this module: the catalog remembers that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use switchboard_domain::account::Role;
use switchboard_domain::id::WorkspaceId;
use switchboard_store::session;
use switchboard_vault::{ApiKeyHash, ParsedApiKey};
use tokio::sync::watch;

use switchboard_accounts::sessions::Session;
use switchboard_operation::{AppError, Context, Principal};

use crate::App;

/// How often sessions with open streams are looked at.
const LOOK_AT_SESSIONS: Duration = Duration::from_secs(1);
/// How long a stream waits at most before it looks at the clock again, which may have been set.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(30);
/// How long a look that failed is waited with.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// What a session stands for. A stream ends with any change of it: whoever may go on comes back.
type Standing = (WorkspaceId, Role);

/// What the streams of a server share.
#[derive(Debug, Default)]
pub(crate) struct Authorities {
    /// Held while a key is looked up, so that its many streams ask once.
    lookup: tokio::sync::Mutex<()>,
    /// The sessions that have streams, each with what it stands for now.
    sessions: Mutex<HashMap<[u8; 32], watch::Sender<Option<Standing>>>>,
}

impl Authorities {
    fn sessions(&self) -> MutexGuard<'_, HashMap<[u8; 32], watch::Sender<Option<Standing>>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears what a session stands for, which was just read.
    fn watch(&self, session: &Session) -> watch::Receiver<Option<Standing>> {
        let now = Some(standing(session));
        let hash = *session.token().hash().bytes();
        let mut sessions = self.sessions();
        let sender = sessions
            .entry(hash)
            .or_insert_with(|| watch::Sender::new(now));
        sender.send_if_modified(|known| std::mem::replace(known, now) != now);
        sender.subscribe()
    }

    /// The sessions whose streams are still open; the others are forgotten.
    fn open_sessions(&self) -> Vec<[u8; 32]> {
        let mut sessions = self.sessions();
        sessions.retain(|_, sender| sender.receiver_count() > 0);
        sessions.keys().copied().collect()
    }
}

fn standing(session: &Session) -> Standing {
    (session.row().workspace, session.row().role)
}

/// Looks at the sessions that have streams. It never ends.
pub(crate) async fn watch_sessions(app: Arc<App>) {
    let mut timer = app.context.every(LOOK_AT_SESSIONS);
    loop {
        tokio::select! {
            () = timer.tick() => {}
            () = app.accounts.session_changes() => {}
        }
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "the sessions of open streams could not be checked; they are checked again");
        }
    }
}

async fn look(app: &App) -> Result<(), AppError> {
    let open = app.authorities.open_sessions();
    if open.is_empty() {
        return Ok(());
    }
    let now = app.context.now();
    let mut conn = app.db.read().await?;
    let standing = session::standing(&mut conn.engine(), &open, now).await?;
    drop(conn);
    let sessions = app.authorities.sessions();
    for hash in &open {
        let now = standing.get(hash).copied();
        if let Some(sender) = sessions.get(hash) {
            sender.send_if_modified(|known| std::mem::replace(known, now) != now);
        }
    }
    Ok(())
}

/// What a stream was opened with.
#[derive(Debug, Clone)]
pub struct Authority {
    app: Arc<App>,
    of: Of,
}

#[derive(Debug, Clone)]
enum Of {
    Key {
        hash: ApiKeyHash,
        principal: Principal,
        /// When it ends by itself, which never changes.
        expires_at: Option<DateTime<Utc>>,
        /// Tells that its workspace's keys may have changed.
        taken_away: watch::Receiver<u64>,
    },
    Session {
        session: Box<Session>,
        standing: watch::Receiver<Option<Standing>>,
    },
}

impl Authority {
    /// A key's, from its text.
    pub async fn of_key(app: &Arc<App>, text: &str) -> Result<Self, AppError> {
        let hash = ParsedApiKey::parse(text)
            .ok_or(AppError::Unauthenticated)?
            .hash;
        let holder = switchboard_runtime::keys::holder(&app.runtime, hash).await?;
        // Heard from here on; what was before is asked for first.
        let workspace = holder.principal.workspace;
        let taken_away = app.runtime.catalog().taken_away(workspace).await?;
        Ok(Self {
            app: app.clone(),
            of: Of::Key {
                hash,
                principal: holder.principal,
                expires_at: holder.expires_at,
                taken_away,
            },
        })
    }

    /// A session's.
    pub fn of_session(app: &Arc<App>, session: Session) -> Self {
        Self {
            of: Of::Session {
                standing: app.authorities.watch(&session),
                session: Box::new(session),
            },
            app: app.clone(),
        }
    }

    /// Whether it holds now. It does not when nobody can say.
    pub async fn holds(&self) -> bool {
        match self.ask().await {
            Ok(holds) => holds,
            Err(error) => {
                tracing::warn!(%error, "it could not be checked whether a stream may go on, so it ends");
                false
            }
        }
    }

    async fn ask(&self) -> Result<bool, AppError> {
        let app = &self.app;
        match &self.of {
            Of::Key {
                hash, principal, ..
            } => {
                if let Some(known) = app.runtime.catalog().known_holder(hash) {
                    return Ok(known.principal == *principal);
                }
                let _one_asks = app.authorities.lookup.lock().await;
                let found = match app.runtime.catalog().known_holder(hash) {
                    Some(known) => Some(known),
                    None => app.runtime.catalog().find_holder(*hash).await?,
                };
                Ok(found.is_some_and(|found| found.principal == *principal))
            }
            Of::Session { session, .. } => {
                let mut conn = app.db.read().await?;
                let hash = *session.token().hash().bytes();
                let now = app.context.now();
                let found = session::standing(&mut conn.engine(), &[hash], now).await?;
                Ok(found.get(&hash) == Some(&standing(session)))
            }
        }
    }

    /// Returns when it does not hold any more.
    pub async fn ended(mut self) {
        loop {
            let holds = match &self.of {
                // The shared look asked.
                Of::Session {
                    session,
                    standing: now,
                } => *now.borrow() == Some(standing(session)),
                Of::Key { .. } => {
                    let Ok(holds) = self.ask().await else {
                        self.app.context.sleep(TRY_AGAIN).await;
                        continue;
                    };
                    holds
                }
            };
            if !holds {
                return;
            }
            let heard = match &mut self.of {
                Of::Session { standing, .. } => standing.changed().await,
                Of::Key {
                    taken_away,
                    expires_at,
                    ..
                } => {
                    tokio::select! {
                        heard = taken_away.changed() => heard,
                        () = until(&self.app.context, *expires_at) => return,
                    }
                }
            };
            if heard.is_err() {
                // Nobody tells any more: the server stops, and its streams with it.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Returns at that time by the clock; never where there is none.
async fn until(context: &Context, time: Option<DateTime<Utc>>) {
    let Some(time) = time else {
        return std::future::pending().await;
    };
    while let Ok(left) = (time - context.now()).to_std() {
        // The last millisecond too: what is asked then compares the same clock.
        let pause = left.min(LOOK_AT_CLOCK) + Duration::from_millis(1);
        context.sleep(pause).await;
    }
}
