//! The catalog: configuration prepared for calls, kept in memory and replaced when it changes.
//!
//! Each workspace has one immutable [`Snapshot`] at a time. A call takes it once, so what it sees
//! belongs together. Agents are loaded when they are first asked for; from then on every change of
//! what they use is prepared when it commits, and never while a call waits.
//!
//! Nothing in it is acted on for longer than a moment ([`moment::FRESH`]) after it was last compared with the database:
//! then it is compared first. So it does not matter what was missed, or for how long.

mod build;
mod entries;
mod follow;
mod moment;
mod resolve;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests;
mod trusted_keys;
mod usage;
mod used;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use switchboard_domain::agent::VersionRef;
use switchboard_domain::id::{AgentId, WorkspaceId};
use switchboard_outbound::Breakers;
use switchboard_store::Db;
use switchboard_vault::KeyRing;
use tokio::sync::{Notify, watch};

use build::Source;
pub use entries::{PreparedAgent, PreparedBinding, Snapshot};
pub use follow::{LOOK_AGAIN, Lag};
use moment::Moment;
use switchboard_operation::AppError;
use switchboard_operation::Context;
pub use trusted_keys::Holder;
use trusted_keys::TrustedKeys;
use used::Used;

struct Slot {
    current: ArcSwap<Snapshot>,
    /// The revision that is served; whoever waits for changes hears of it.
    served: watch::Sender<u64>,
    /// How often something may have been taken away that somebody was allowed; whoever has a stream
    /// hears of it, after it holds for whoever asks.
    taken_away: watch::Sender<u64>,
    /// Held by whoever prepares the next snapshot.
    build: tokio::sync::Mutex<()>,
    /// When the last look began that found the snapshot to be what the database has.
    agreed: Moment,
    /// The revision up to which it was heard what was taken away.
    heard: AtomicU64,
    /// When somebody asked for it last.
    used: Moment,
}

impl Slot {
    /// Whether it is worth keeping: it has versions ready, somebody hears of its changes, or it was asked
    /// for a while ago.
    fn is_in_use(&self, now: Duration) -> bool {
        !self.current.load().agents.is_empty()
            || self.served.receiver_count() > 0
            || self.taken_away.receiver_count() > 0
            || self.used.age(now).is_some_and(|age| age < usage::UNUSED)
    }
}

/// The catalog of all workspaces.
pub struct Catalog {
    db: Db,
    keys: Arc<KeyRing>,
    breakers: Breakers,
    context: Context,
    slots: RwLock<HashMap<WorkspaceId, Arc<Slot>>>,
    trusted: TrustedKeys,
    /// Wakes whoever looks for changes.
    look: Notify,
    /// Wakes whoever prepares what a look found.
    behind: Notify,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Catalog")
    }
}

impl Catalog {
    /// An empty catalog.
    pub fn new(db: Db, keys: Arc<KeyRing>, breakers: Breakers, context: Context) -> Self {
        Self {
            db,
            keys,
            breakers,
            context,
            slots: RwLock::default(),
            trusted: TrustedKeys::default(),
            look: Notify::new(),
            behind: Notify::new(),
        }
    }

    fn source(&self, workspace: WorkspaceId) -> Source<'_> {
        Source {
            workspace,
            keys: &self.keys,
            breakers: &self.breakers,
        }
    }

    fn loaded(&self, workspace: WorkspaceId) -> Option<Arc<Slot>> {
        self.slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&workspace)
            .cloned()
    }

    fn all(&self) -> Vec<(WorkspaceId, Arc<Slot>)> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.iter().map(|(id, slot)| (*id, slot.clone())).collect()
    }

    async fn slot(&self, workspace: WorkspaceId) -> Result<Arc<Slot>, AppError> {
        let began = self.context.elapsed();
        if let Some(slot) = self.loaded(workspace) {
            slot.used.advance(began);
            return Ok(slot);
        }
        let source = self.source(workspace);
        let snapshot = Box::pin(build::first(&self.db, &source)).await?;
        let slot = Arc::new(Slot {
            served: watch::Sender::new(snapshot.revision),
            taken_away: watch::Sender::default(),
            heard: AtomicU64::new(snapshot.revision),
            current: ArcSwap::from_pointee(snapshot),
            build: tokio::sync::Mutex::new(()),
            agreed: Moment::at(began),
            used: Moment::at(began),
        });
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        Ok(slots.entry(workspace).or_insert(slot).clone())
    }

    /// A workspace whose snapshot was what the database has a moment ago.
    async fn fresh(&self, workspace: WorkspaceId) -> Result<Arc<Slot>, AppError> {
        let slot = self.slot(workspace).await?;
        if !slot.agreed.is_fresh(self.context.elapsed()) {
            Box::pin(self.catch_up_in_time(workspace, &slot)).await?;
        }
        Ok(slot)
    }

    /// The workspace's configuration as it is now, without its agents' being loaded for it.
    pub async fn snapshot(&self, workspace: WorkspaceId) -> Result<Arc<Snapshot>, AppError> {
        Ok(self.fresh(workspace).await?.current.load_full())
    }

    /// An agent's version, with the snapshot it belongs to. None when there is none.
    pub async fn agent(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        version: VersionRef,
    ) -> Result<Option<(Arc<Snapshot>, Arc<PreparedAgent>)>, AppError> {
        let slot = self.fresh(workspace).await?;
        let key = (agent, version);
        let now = self.context.elapsed();
        let snapshot = slot.current.load_full();
        if let Some(found) = snapshot.agents.get(&key).cloned() {
            found.used.now(now);
            return Ok(Some((snapshot, found)));
        }
        // On the heap: it happens once for each version, and its future is large.
        Box::pin(self.load_agent(workspace, &slot, key, now)).await?;
        let snapshot = slot.current.load_full();
        let found = snapshot.agents.get(&key).cloned();
        Ok(found.map(|found| (snapshot, found)))
    }

    async fn load_agent(
        &self,
        workspace: WorkspaceId,
        slot: &Slot,
        key: (AgentId, VersionRef),
        now: Duration,
    ) -> Result<(), AppError> {
        let _building = slot.build.lock().await;
        let mut next = Snapshot::clone(&slot.current.load());
        if next.agents.contains_key(&key) {
            return Ok(());
        }
        let mut conn = self.db.read().await?;
        build::load_agent(
            &mut next,
            &mut conn.engine(),
            &self.source(workspace),
            key,
            Used::at(now),
        )
        .await?;
        usage::keep_those_in_use(&mut next, now);
        slot.current.store(Arc::new(next));
        Ok(())
    }

    /// Has keys of a workspace looked up again, and then its streams ask whether they may go on: in this
    /// order, so that who is woken is not answered by what was remembered.
    fn take_away(&self, slot: &Slot) {
        self.trusted.forget();
        slot.taken_away.send_modify(|count| *count += 1);
    }

    /// Hears when something may have been taken away from a workspace's keys.
    pub async fn taken_away(
        &self,
        workspace: WorkspaceId,
    ) -> Result<watch::Receiver<u64>, AppError> {
        Ok(self.slot(workspace).await?.taken_away.subscribe())
    }

    /// Hears when another revision of a workspace's configuration is served.
    pub async fn changes(&self, workspace: WorkspaceId) -> Result<watch::Receiver<u64>, AppError> {
        Ok(self.slot(workspace).await?.served.subscribe())
    }
}
