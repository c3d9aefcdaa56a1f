//! Keeping tools fresh without being asked: when a server says that they changed, and now and then
//! where an integration wants that.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::integration::{IntegrationDefinition, IntegrationKind};
use switchboard_store::integration;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::refresh::refresh_as;
use crate::{App, AppError};

/// A server that changes its tools often is asked no more often than this.
const AT_MOST_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whose tools are to be fetched again.
const LOOK: Duration = Duration::from_secs(5);
/// Who fetches, for the audit log.
const ACTOR: &str = "system";

/// What servers announced.
#[derive(Debug)]
pub struct Watch(mpsc::Receiver<Arc<str>>);

impl Watch {
    /// A watch, and what servers' announcements go to. It may be called from anywhere and never
    /// waits; what does not fit is found by the next announcement.
    pub fn new() -> (Self, switchboard_mcp::ToolsChanged) {
        let (sender, receiver) = mpsc::channel(1024);
        let changed = Arc::new(move |key: &Arc<str>| {
            let _ = sender.try_send(key.clone());
        });
        (Self(receiver), changed)
    }
}

/// Follows announcements and intervals until the server stops.
pub async fn watch(app: Arc<App>, mut watch: Watch) {
    let mut timer = tokio::time::interval(LOOK);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last: HashMap<(WorkspaceId, IntegrationId), Instant> = HashMap::new();
    let mut announced = vec![];
    loop {
        tokio::select! {
            key = watch.0.recv() => match key {
                Some(key) => announced.extend(parse(&key)),
                None => return,
            },
            _ = timer.tick() => {
                app.mcp.maintain().await;
                match due(&app).await {
                    Ok(due) => announced.extend(due),
                    Err(error) => tracing::warn!(%error, "MCP servers are not looked at"),
                }
            }
        }
        let now = Instant::now();
        announced.sort_unstable();
        announced.dedup();
        let ready = |key: &(WorkspaceId, IntegrationId)| {
            last.get(key).is_none_or(|at| now - *at >= AT_MOST_EVERY)
        };
        let (go, wait): (Vec<_>, Vec<_>) = announced.drain(..).partition(ready);
        // What has to wait is looked at again at the next tick.
        announced = wait;
        for key in go {
            last.insert(key, now);
            if let Err(error) = refresh_as(&app, key.0, key.1, ACTOR).await {
                tracing::info!(integration = %key.1, %error, "the tools of an MCP server were not fetched");
            }
        }
        last.retain(|_, at| now - *at < AT_MOST_EVERY);
    }
}

/// Which integration a target's key is of.
fn parse(key: &str) -> Option<(WorkspaceId, IntegrationId)> {
    let mut parts = key.split('/');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The integrations whose interval is over.
async fn due(app: &App) -> Result<Vec<(WorkspaceId, IntegrationId)>, AppError> {
    let mut conn = app.db.read().await?;
    let rows = integration::of_kind(&mut conn.engine(), IntegrationKind::McpServer).await?;
    let now = app.context.now();
    Ok(rows
        .into_iter()
        .filter(|(_, row)| {
            let IntegrationDefinition::McpServer(server) = &row.definition else {
                return false;
            };
            let Some(interval) = server.refresh_interval_s else {
                return false;
            };
            let discovery = row.discovery.as_ref();
            let tried = discovery.and_then(|found| found.error.as_ref().map(|error| error.at));
            let fetched = discovery.and_then(|found| found.fetched_at);
            let last = tried.max(fetched);
            last.is_none_or(|last| (now - last).num_seconds() >= i64::from(interval))
        })
        .map(|(workspace, row)| (workspace, row.id))
        .collect())
}
