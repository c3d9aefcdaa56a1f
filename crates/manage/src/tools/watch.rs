//! Keeping tools fresh without being asked: when a server says that they changed, and now and then
//! where an integration wants that.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::integration::IntegrationKind;
use switchboard_store::integration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::refresh::refresh_as;
use crate::Manage;
use switchboard_operation::AppError;

/// A server that changes its tools often is asked no more often than this.
const AT_MOST_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whose tools are to be fetched again.
const LOOK: Duration = Duration::from_secs(5);
/// How long announcements are gathered: all replicas hear them, and one fetches.
const GATHER: Duration = Duration::from_millis(200);
/// How many servers are asked side by side: a slow one keeps nobody else waiting.
const SIDE_BY_SIDE: usize = 16;
/// Who fetches, for the audit log.
const ACTOR: &str = "system";

type Key = (WorkspaceId, IntegrationId);

/// What servers announced and nobody took yet: each once, however often it was said.
#[derive(Debug, Default)]
struct Announced {
    keys: Mutex<HashSet<Arc<str>>>,
    some: Notify,
}

/// What servers announced.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Announced>);

impl Watch {
    /// A watch, and what servers' announcements go to. It may be called from anywhere and never
    /// waits. A server that says the same again before it was heard adds nothing.
    pub fn new() -> (Self, switchboard_mcp::ToolsChanged) {
        let announced = Arc::new(Announced::default());
        let told = announced.clone();
        let changed = Arc::new(move |key: &Arc<str>| {
            let mut keys = told.keys.lock().unwrap_or_else(PoisonError::into_inner);
            if !keys.contains(key) {
                keys.insert(key.clone());
                told.some.notify_one();
            }
        });
        (Self(announced), changed)
    }

    fn take(&self) -> HashSet<Arc<str>> {
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut keys)
    }
}

/// Servers to be asked: by when somebody must have begun to ask them for that to be enough.
#[derive(Debug, Default)]
struct Waiting(HashMap<Key, DateTime<Utc>>);

impl Waiting {
    fn add(&mut self, key: Key, before: DateTime<Utc>) {
        let known = self.0.entry(key).or_insert(before);
        *known = before.max(*known);
    }
}

/// Follows announcements and intervals until the server stops.
pub async fn watch(manage: Arc<Manage>) {
    let watch = manage.announcements.clone();
    // What was announced before it began, or began again.
    watch.0.some.notify_one();
    let mut timer = manage.context.every(LOOK);
    let mut last: HashMap<Key, Duration> = HashMap::new();
    let mut waiting = Waiting::default();
    let mut running: JoinSet<Key> = JoinSet::new();
    let mut asked: HashSet<Key> = HashSet::new();
    loop {
        tokio::select! {
            () = watch.0.some.notified() => {
                tokio::time::sleep(GATHER).await;
                let now = manage.context.now();
                let keys = watch.take();
                keys.iter()
                    .filter_map(|key| parse(key))
                    .for_each(|key| waiting.add(key, now));
            }
            Some(ended) = running.join_next() => match ended {
                Ok(key) => {
                    asked.remove(&key);
                }
                // One that panicked said not which it was.
                Err(_) => asked.clear(),
            },
            () = timer.tick() => {
                manage.mcp.maintain().await;
                match due(&manage).await {
                    Ok(due) => due.into_iter().for_each(|(key, before)| waiting.add(key, before)),
                    Err(error) => tracing::warn!(%error, "MCP servers are not looked at"),
                }
            }
        }
        let now = manage.context.elapsed();
        last.retain(|_, at| now.saturating_sub(*at) < AT_MOST_EVERY);
        // What has to wait is looked at again at the next tick.
        let room = SIDE_BY_SIDE.saturating_sub(running.len());
        let ready = |key: &&Key| !last.contains_key(*key) && !asked.contains(*key);
        let go: Vec<Key> = waiting.0.keys().filter(ready).take(room).copied().collect();
        for key in go {
            last.insert(key, now);
            asked.insert(key);
            let before = waiting
                .0
                .remove(&key)
                .unwrap_or_else(|| manage.context.now());
            running.spawn(ask(manage.clone(), key, before));
        }
    }
}

/// Fetches the tools of a server, unless another replica began to after that time.
async fn ask(manage: Arc<Manage>, key: Key, before: DateTime<Utc>) -> Key {
    let asked = async {
        if !claim(&manage, key, before).await? {
            return Ok(());
        }
        let refreshed = refresh_as(&manage, key.0, key.1, ACTOR).await;
        refreshed.map(drop)
    };
    if let Err(error) = asked.await {
        tracing::info!(integration = %key.1, %error, "the tools of an MCP server were not fetched");
    }
    key
}

async fn claim(manage: &Manage, key: Key, before: DateTime<Utc>) -> Result<bool, AppError> {
    let mut tx = manage.db.write().await?;
    let now = manage.context.now();
    let is_ours = integration::claim_refresh(&mut tx.engine(), key.0, key.1, now, before).await?;
    tx.commit().await?;
    Ok(is_ours)
}

/// Which integration a target's key is of.
fn parse(key: &str) -> Option<(WorkspaceId, IntegrationId)> {
    let mut parts = key.split('/');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The integrations whose interval is over, each with when it was last due.
async fn due(manage: &Manage) -> Result<Vec<(Key, DateTime<Utc>)>, AppError> {
    let mut conn = manage.db.read().await?;
    let rows = integration::of_kind(&mut conn.engine(), IntegrationKind::WITH_TOOLS).await?;
    let now = manage.context.now();
    let mut due = vec![];
    for (workspace, row) in rows {
        let server = row.definition.mcp_server();
        let Some(interval) = server.and_then(|server| server.refresh_interval_s) else {
            continue;
        };
        let discovery = row.discovery.as_ref();
        let tried = discovery.and_then(|found| found.error.as_ref().map(|error| error.at));
        let fetched = discovery.and_then(|found| found.fetched_at);
        let interval = TimeDelta::seconds(interval.into());
        if tried.max(fetched).is_none_or(|last| now - last >= interval) {
            due.push(((workspace, row.id), now - interval));
        }
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_of_announcements_is_one_and_crowds_out_nobody() {
        let (watch, changed) = Watch::new();
        let (loud, quiet): (Arc<str>, Arc<str>) = ("loud".into(), "quiet".into());
        for _ in 0..100_000 {
            changed(&loud);
        }
        changed(&quiet);
        watch.0.some.notified().await;
        assert_eq!(watch.take(), HashSet::from([loud.clone(), quiet]));
        changed(&loud);
        watch.0.some.notified().await;
        assert_eq!(watch.take(), HashSet::from([loud]));
    }
}
