//! The pools of a database: one for each kind of work, so that none takes another's connections.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Postgres};

use crate::connection::Faults;
use crate::error::StoreError;
use crate::{failure, postgres};

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Writing what happened in conversations.
    Journal,
    /// What calls read on their way.
    Calls,
    /// Everything else that a request asks for: lists, pages, changes of configuration.
    Requests,
    /// What a server does beside requests.
    Background,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Journal, Self::Calls, Self::Requests, Self::Background];

    /// Its name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Calls => "calls",
            Self::Requests => "requests",
            Self::Background => "background",
        }
    }

    /// How long one statement may take: its caller waits for it.
    pub(crate) const fn deadline(self) -> Duration {
        match self {
            Self::Journal | Self::Calls => Duration::from_secs(5),
            Self::Requests => Duration::from_secs(15),
            Self::Background => Duration::from_secs(30),
        }
    }
}

/// How many connections each lane of a `PostgreSQL` database may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSizes {
    /// [`Lane::Journal`].
    pub journal: u32,
    /// [`Lane::Calls`].
    pub calls: u32,
    /// [`Lane::Requests`].
    pub requests: u32,
    /// [`Lane::Background`].
    pub background: u32,
}

impl PoolSizes {
    /// Divides a number of connections: the journal has a writer each for four batches and two to
    /// spare, background work four, and calls and other requests share the rest evenly.
    pub const fn split(connections: u32) -> Self {
        let rest = connections.saturating_sub(10);
        let requests = if rest < 4 { 2 } else { rest / 2 };
        Self {
            journal: 6,
            calls: if rest < 4 { 2 } else { rest - requests },
            requests,
            background: 4,
        }
    }
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self::split(26)
    }
}

/// How a database is used.
#[derive(Clone)]
pub struct DbSettings {
    /// Connections to `PostgreSQL`.
    pub pools: PoolSizes,
    /// Prepared statements a connection keeps; 0 behind a pooler that hands connections on between
    /// transactions: then everything is asked within one.
    pub statement_cache: usize,
    /// Where announcements are listened to, if that is not the database's own URL: behind a pooler
    /// that hands connections on, the server itself.
    pub listen_url: Option<String>,
    /// The certificates of the authorities that `PostgreSQL` servers' certificates are verified with,
    /// beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// How long a statement may take, in place of each lane's own.
    pub deadline: Option<Duration>,
    /// What fails on purpose.
    pub faults: Option<Faults>,
}

impl Default for DbSettings {
    fn default() -> Self {
        Self {
            pools: PoolSizes::default(),
            statement_cache: 256,
            listen_url: None,
            ca_file: None,
            deadline: None,
            faults: None,
        }
    }
}

/// How long a connection may take to be had.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long an idle connection that may be dead has to answer.
const TEST: Duration = Duration::from_secs(1);
/// How long the reason why nothing can be had is believed.
const EXPLAINED: Duration = Duration::from_secs(1);

/// Counts milliseconds since this process began to use a database.
#[derive(Debug, Clone)]
struct Suspicion {
    start: Instant,
    /// Connections that were used last before this time may be dead: one beside them was.
    since: Arc<AtomicU64>,
}

impl Suspicion {
    fn millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn raise(&self) {
        self.since.store(self.millis(), Ordering::Relaxed);
    }

    fn concerns(&self, idle_for: Duration) -> bool {
        let idle = u64::try_from(idle_for.as_millis()).unwrap_or(u64::MAX);
        let since = self.since.load(Ordering::Relaxed);
        since > 0 && self.millis().saturating_sub(idle) <= since
    }
}

/// The pools of a `PostgreSQL` database.
pub(crate) struct PgPools {
    lanes: [PgPool; 4],
    pub(crate) options: PgConnectOptions,
    /// For what needs a connection that stays: announcements, and the lock of migrations.
    pub(crate) direct: PgConnectOptions,
    suspicion: Suspicion,
    /// Why the last look found no connection, and when that was.
    explained: tokio::sync::Mutex<Option<(Instant, String)>>,
}

impl std::fmt::Debug for PgPools {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PgPools")
    }
}

impl PgPools {
    /// Opens the pools, and a connection of each: the first to see that there is a database, the rest so
    /// that each kind of work has one when there are no more to be had.
    pub(crate) async fn open(url: &str, settings: &DbSettings) -> Result<Self, StoreError> {
        let ca_file = settings.ca_file.as_deref();
        let options = postgres::options(url, ca_file)?;
        let direct = settings.listen_url.as_ref().map_or_else(
            || Ok(options.clone()),
            |url| postgres::options(url, ca_file),
        )?;
        let options = options
            .statement_cache_capacity(settings.statement_cache)
            // Nothing of ours takes longer; the server ends it even where nobody waits any more.
            .options([
                ("statement_timeout", "40000"),
                ("idle_in_transaction_session_timeout", "20000"),
            ]);
        let suspicion = Suspicion {
            start: Instant::now(),
            since: Arc::default(),
        };
        let pool = |size: u32| {
            let suspicion = suspicion.clone();
            PgPoolOptions::new()
                .max_connections(size.max(1))
                // The pool keeps it; it does not open it by itself.
                .min_connections(1)
                .acquire_timeout(ACQUIRE)
                .idle_timeout(Duration::from_mins(5))
                .max_lifetime(Duration::from_mins(30))
                .test_before_acquire(false)
                .before_acquire(move |connection, about| {
                    let suspect = suspicion.concerns(about.idle_for);
                    Box::pin(async move {
                        if !suspect {
                            return Ok(true);
                        }
                        let answered = tokio::time::timeout(TEST, connection.ping()).await;
                        Ok(matches!(answered, Ok(Ok(()))))
                    })
                })
                .connect_lazy_with(options.clone())
        };
        let sizes = settings.pools;
        let pools = Self {
            lanes: [
                pool(sizes.journal),
                pool(sizes.calls),
                pool(sizes.requests),
                pool(sizes.background),
            ],
            options,
            direct,
            suspicion,
            explained: tokio::sync::Mutex::default(),
        };
        drop(pools.acquire(Lane::Background).await?);
        for lane in [Lane::Journal, Lane::Calls, Lane::Requests] {
            // Without it this lane begins later, where others are as late.
            if pools.acquire(lane).await.is_err() {
                break;
            }
        }
        Ok(pools)
    }

    /// A pool of the one connection that listens.
    pub(crate) fn listening(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(self.direct.clone())
    }

    pub(crate) const fn lane(&self, lane: Lane) -> &PgPool {
        &self.lanes[lane as usize]
    }

    /// A connection, or why there is none: where it was looked for, and what the server said.
    pub(crate) async fn acquire(&self, lane: Lane) -> Result<PoolConnection<Postgres>, StoreError> {
        let error = match self.lane(lane).acquire().await {
            Ok(connection) => return Ok(connection),
            Err(error) => error,
        };
        if !matches!(error, sqlx::Error::PoolTimedOut) {
            self.suspicion.raise();
            return Err(StoreError::Unavailable(failure::told(
                &self.options,
                &error,
            )));
        }
        Err(StoreError::Unavailable(self.explain(lane).await))
    }

    /// Notes that a connection did not answer, so that those beside it are tried before they are used.
    pub(crate) fn suspect(&self) {
        self.suspicion.raise();
    }

    /// Why no connection can be had: asked of the server itself, since a pool says only that it
    /// waited.
    async fn explain(&self, lane: Lane) -> String {
        let mut explained = self.explained.lock().await;
        if let Some((at, reason)) = &*explained
            && at.elapsed() < EXPLAINED
        {
            return reason.clone();
        }
        let tried = tokio::time::timeout(TEST * 2, self.options.connect()).await;
        let reason = match tried {
            Ok(Ok(connection)) => {
                let _ = tokio::time::timeout(TEST, connection.close()).await;
                format!(
                    "{}: all {} connections for {} are in use",
                    failure::place(&self.options),
                    self.lane(lane).options().get_max_connections(),
                    lane.as_str(),
                )
            }
            Ok(Err(error)) => failure::told(&self.options, &error),
            Err(_) => format!("{} does not answer", failure::place(&self.options)),
        };
        *explained = Some((Instant::now(), reason.clone()));
        reason
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        for pool in &self.lanes {
            pool.close().await;
        }
    }
}
