//! Keeping up with the database: by what others announce, and by comparing the revisions of what is
//! loaded with those in the database, which finds whatever was missed. No clock is involved but the
//! one that says how long ago that was.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use switchboard_domain::id::WorkspaceId;
use switchboard_store::StoreError;
use switchboard_store::change::{self, Entity};

use super::entries::Snapshot;
use super::moment::FRESH;
use super::{Catalog, Slot, build, usage};
use switchboard_operation::AppError;

/// How often the revisions are compared.
pub const LOOK_AGAIN: Duration = Duration::from_millis(400);
/// How long whoever waits for a look waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far the catalog may be behind the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// How long ago the database was last looked at; none for never.
    pub looked: Option<Duration>,
    /// How long ago the workspace that is furthest behind was what the database has; none for never.
    pub agreed: Option<Duration>,
    /// How many workspaces are loaded.
    pub workspaces: usize,
    /// How many versions of agents are kept ready.
    pub versions: usize,
    /// How many values of secrets cannot be opened.
    pub unreadable: usize,
}

impl Lag {
    /// Whether the database was looked at a moment ago.
    pub fn is_looked(&self) -> bool {
        self.looked.is_some_and(|age| age < FRESH)
    }

    /// Whether what is served is what the database had a moment ago.
    pub fn is_fresh(&self) -> bool {
        self.is_looked() && self.agreed.is_some_and(|age| age < FRESH)
    }
}

impl Catalog {
    /// Compares the revisions of what is loaded with the database's. What was taken away holds when
    /// this returns; what else changed is prepared by [`Catalog::keep_up`].
    pub async fn look(&self) -> Result<(), AppError> {
        let looking = async {
            let began = self.context.elapsed();
            let known: Vec<_> = self
                .all()
                .into_iter()
                .map(|(id, slot)| (id, slot.current.load().revision, slot))
                .collect();
            let ids: Vec<_> = known.iter().map(|(id, ..)| *id).collect();
            let mut conn = self.db.read().await?;
            let engine = &mut conn.engine();
            let revisions = change::revisions(engine, &ids).await?;
            let mut behind = false;
            for (id, at, slot) in known {
                let now = revisions.get(&id).copied().unwrap_or(0);
                if now == at {
                    slot.agreed.advance(began);
                    continue;
                }
                behind = true;
                let heard = slot.heard.load(Ordering::Acquire).max(at);
                // Where it went back, this is another database than it was.
                let went_back = now < at;
                if went_back || (now > heard && change::takes_away(engine, id, heard).await?) {
                    self.take_away(&slot);
                }
                if went_back {
                    slot.heard.store(now, Ordering::Release);
                } else {
                    slot.heard.fetch_max(now, Ordering::AcqRel);
                }
            }
            self.trusted.looked.advance(began);
            if behind {
                self.behind.notify_one();
            }
            Ok(())
        };
        in_time(looking).await
    }

    /// Wakes whoever looks.
    pub fn look_soon(&self) {
        self.look.notify_one();
    }

    /// Waits until it is time to look again, or somebody asks for it.
    pub async fn time_to_look(&self) {
        tokio::select! {
            () = self.look.notified() => {}
            () = self.context.sleep(LOOK_AGAIN) => {}
        }
    }

    /// Waits until a look found something to prepare, and prepares it. One workspace that fails does
    /// not keep the others from it.
    pub async fn keep_up(&self) -> Result<(), AppError> {
        self.behind.notified().await;
        let mut result = Ok(());
        for (id, slot) in self.all() {
            if slot.current.load().revision != slot.heard.load(Ordering::Acquire) {
                result = result.and(self.catch_up(id).await);
            }
        }
        result
    }

    /// Prepares what changed in a workspace since its snapshot. Returns when calls see it.
    pub async fn catch_up(&self, workspace: WorkspaceId) -> Result<(), AppError> {
        let Some(slot) = self.loaded(workspace) else {
            return Ok(());
        };
        let _building = slot.build.lock().await;
        self.prepare(workspace, &slot).await
    }

    /// The same, for whoever waits for it. Where others brought it up to date meanwhile that is enough.
    pub(super) async fn catch_up_in_time(
        &self,
        workspace: WorkspaceId,
        slot: &Arc<Slot>,
    ) -> Result<(), AppError> {
        let catching_up = async {
            let _building = slot.build.lock().await;
            if slot.agreed.is_fresh(self.context.elapsed()) {
                return Ok(());
            }
            self.prepare(workspace, slot).await
        };
        in_time(catching_up).await
    }

    /// Catches up after a change was committed here. The change is made, whatever becomes of this, so
    /// nothing is answered: where it fails, the workspace is compared before it is used again.
    pub async fn committed(&self, workspace: WorkspaceId) {
        if let Err(error) = self.catch_up(workspace).await {
            tracing::error!(%workspace, %error, "a change is committed and not served by this server yet");
            if let Some(slot) = self.loaded(workspace) {
                slot.agreed.reset();
                self.take_away(&slot);
            }
            self.look_soon();
        }
    }

    /// Called with the slot's lock held.
    async fn prepare(&self, workspace: WorkspaceId, slot: &Slot) -> Result<(), AppError> {
        let began = self.context.elapsed();
        let mut conn = self.db.read().await?;
        let engine = &mut conn.engine();
        let before = slot.current.load_full();
        let revision = change::revision(engine, workspace).await?;
        if revision == before.revision {
            slot.agreed.advance(began);
            return Ok(());
        }
        let changes = change::since(engine, workspace, before.revision).await?;
        let is_known = !changes.is_empty() && changes.iter().all(|change| change.entity.is_some());
        if !is_known
            || changes
                .iter()
                .any(|change| change.entity == Some(Entity::ApiKey))
        {
            // First, and apart from what may fail. Keys change seldom, so all of them are forgotten.
            self.take_away(slot);
        }
        let next = if is_known {
            let mut next = Snapshot::clone(&before);
            build::apply(&mut next, engine, &self.source(workspace), &changes, began).await?;
            next.revision = changes.last().map_or(revision, |last| last.revision);
            next
        } else {
            build::anew(&before, engine, &self.source(workspace), began).await?
        };
        let revision = next.revision;
        slot.current.store(Arc::new(next));
        slot.agreed.advance(began);
        // Also back, where the database went back.
        slot.heard.store(revision, Ordering::Release);
        slot.served.send_replace(revision);
        Ok(())
    }

    /// Drops what nobody has used for a while.
    pub async fn sweep(&self) {
        let now = self.context.elapsed();
        for (_, slot) in self.all() {
            let _building = slot.build.lock().await;
            let mut next = Snapshot::clone(&slot.current.load());
            if usage::keep_those_in_use(&mut next, now) {
                slot.current.store(Arc::new(next));
            }
        }
        self.drop_unused(now);
    }

    /// Drops workspaces that nobody uses. Nobody can begin to while this has them all.
    fn drop_unused(&self, now: Duration) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let before = slots.len();
        slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_in_use(now));
        let dropped = slots.len() < before;
        drop(slots);
        if dropped {
            // Nobody hears any more what is taken away there, so no key is trusted without a look.
            self.trusted.forget();
        }
    }

    /// How far it may be behind.
    pub fn lag(&self) -> Lag {
        let now = self.context.elapsed();
        let mut lag = Lag {
            looked: self.trusted.looked.age(now),
            agreed: Some(Duration::ZERO),
            workspaces: 0,
            versions: 0,
            unreadable: 0,
        };
        for (_, slot) in self.all() {
            let snapshot = slot.current.load();
            lag.workspaces += 1;
            lag.versions += snapshot.agents.len();
            lag.unreadable += snapshot.secrets.unreadable();
            lag.agreed = match (lag.agreed, slot.agreed.age(now)) {
                (Some(most), Some(age)) => Some(most.max(age)),
                _ => None,
            };
        }
        lag
    }
}

/// Whoever asks is told within a bounded time that the database does not answer.
async fn in_time<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(done) => done,
        Err(_) => Err(StoreError::Unavailable(format!(
            "the database did not answer in {} s",
            PATIENCE.as_secs()
        ))
        .into()),
    }
}
