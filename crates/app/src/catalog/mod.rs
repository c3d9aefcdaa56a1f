//! The catalog: configuration prepared for calls, kept in memory and replaced when it changes.
//!
//! Each workspace has one immutable [`Snapshot`] at a time. A call takes it once, so what it sees
//! belongs together. Agents are loaded when they are first asked for; from then on every change of
//! what they use is prepared when it commits, and never while a call waits.

mod build;
mod entries;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwap;
use moka::sync::Cache;
use switchboard_domain::agent::VersionRef;
use switchboard_domain::id::{AgentId, WorkspaceId};
use switchboard_store::change::Entity;
use switchboard_store::{Db, api_key, change};
use switchboard_vault::{ApiKeyHash, KeyRing};
use tokio::sync::watch;

use crate::error::AppError;
use crate::principal::{Access, Actor, Principal};
pub use entries::{
    GO_TO_STATE, MCP_TOOL, OwnCall, OwnParts, PreparedAgent, PreparedBinding, PreparedTarget,
    Snapshot, TargetView,
};

/// API keys that are remembered.
const REMEMBERED_KEYS: u64 = 100_000;

struct Slot {
    current: ArcSwap<Snapshot>,
    /// The revision that is served; whoever waits for changes hears of it.
    served: watch::Sender<u64>,
    /// Held by whoever prepares the next snapshot.
    build: tokio::sync::Mutex<()>,
}

/// The catalog of all workspaces.
pub struct Catalog {
    db: Db,
    keys: Arc<KeyRing>,
    slots: RwLock<HashMap<WorkspaceId, Arc<Slot>>>,
    principals: Cache<ApiKeyHash, Principal>,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Catalog")
    }
}

impl Catalog {
    /// An empty catalog.
    pub fn new(db: Db, keys: Arc<KeyRing>) -> Self {
        Self {
            db,
            keys,
            slots: RwLock::default(),
            principals: Cache::new(REMEMBERED_KEYS),
        }
    }

    /// Whom a key stands for, if it is known.
    pub fn known_principal(&self, hash: &ApiKeyHash) -> Option<Principal> {
        self.principals.get(hash)
    }

    /// Whom a key stands for, from the database.
    pub async fn find_principal(&self, hash: ApiKeyHash) -> Result<Option<Principal>, AppError> {
        let mut conn = self.db.read().await?;
        let found = api_key::by_hash(&mut conn.engine(), hash.bytes()).await?;
        drop(conn);
        let Some(row) = found else { return Ok(None) };
        // From here on, a revocation is heard of: the workspace is followed.
        self.slot(row.workspace).await?;
        let principal = Principal {
            workspace: row.workspace,
            actor: Actor::Key(row.id),
            access: Access::Key(row.scope),
            request: None,
        };
        self.principals.insert(hash, principal.clone());
        Ok(Some(principal))
    }

    fn loaded(&self, workspace: WorkspaceId) -> Option<Arc<Slot>> {
        self.slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&workspace)
            .cloned()
    }

    async fn slot(&self, workspace: WorkspaceId) -> Result<Arc<Slot>, AppError> {
        if let Some(slot) = self.loaded(workspace) {
            return Ok(slot);
        }
        let snapshot = build::first(&self.db, &self.keys, workspace).await?;
        let slot = Arc::new(Slot {
            served: watch::Sender::new(snapshot.revision),
            current: ArcSwap::from_pointee(snapshot),
            build: tokio::sync::Mutex::new(()),
        });
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        Ok(slots.entry(workspace).or_insert(slot).clone())
    }

    /// The workspace's configuration as it is now, without its agents' being loaded for it.
    pub async fn snapshot(&self, workspace: WorkspaceId) -> Result<Arc<Snapshot>, AppError> {
        Ok(self.slot(workspace).await?.current.load_full())
    }

    /// An agent's version, with the snapshot it belongs to. None when there is none.
    pub async fn agent(
        &self,
        workspace: WorkspaceId,
        agent: AgentId,
        version: VersionRef,
    ) -> Result<Option<(Arc<Snapshot>, Arc<PreparedAgent>)>, AppError> {
        let slot = self.slot(workspace).await?;
        let snapshot = slot.current.load_full();
        if let Some(found) = snapshot.agents.get(&(agent, version)).cloned() {
            return Ok(Some((snapshot, found)));
        }
        let _building = slot.build.lock().await;
        let mut next = Snapshot::clone(&slot.current.load());
        if !next.agents.contains_key(&(agent, version)) {
            let mut conn = self.db.read().await?;
            let engine = &mut conn.engine();
            build::load_agent(&mut next, engine, workspace, agent, version).await?;
            slot.current.store(Arc::new(next));
        }
        let snapshot = slot.current.load_full();
        let found = snapshot.agents.get(&(agent, version)).cloned();
        Ok(found.map(|found| (snapshot, found)))
    }

    /// Prepares what changed in a workspace since its snapshot. Returns when calls see it.
    pub async fn catch_up(&self, workspace: WorkspaceId) -> Result<(), AppError> {
        let Some(slot) = self.loaded(workspace) else {
            return Ok(());
        };
        let _building = slot.build.lock().await;
        let mut next = Snapshot::clone(&slot.current.load());
        let mut conn = self.db.read().await?;
        let engine = &mut conn.engine();
        let changes = change::since(engine, workspace, next.revision).await?;
        let Some(last) = changes.last() else {
            return Ok(());
        };
        if changes.iter().any(|change| change.entity == Entity::ApiKey) {
            // Keys change seldom, so all of them are looked up again.
            self.principals.invalidate_all();
        }
        build::apply(&mut next, engine, &self.keys, workspace, &changes).await?;
        next.revision = last.revision;
        slot.current.store(Arc::new(next));
        slot.served.send_replace(last.revision);
        Ok(())
    }

    /// Hears when another revision of a workspace's configuration is served.
    pub async fn changes(&self, workspace: WorkspaceId) -> Result<watch::Receiver<u64>, AppError> {
        Ok(self.slot(workspace).await?.served.subscribe())
    }

    /// The workspaces that are in memory, with the revision each is at.
    pub fn revisions(&self) -> HashMap<WorkspaceId, u64> {
        self.slots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(workspace, slot)| (*workspace, slot.current.load().revision))
            .collect()
    }
}
