//! Whom a key stands for: remembered only while the database was looked at a moment ago, and looked up
//! there otherwise. Where it cannot be looked up nobody is let in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use switchboard_domain::id::{ApiKeyId, WorkspaceId};
use switchboard_store::api_key;
use switchboard_vault::ApiKeyHash;

use super::Catalog;
use super::moment::Moment;
use switchboard_operation::AppError;
use switchboard_operation::{Access, Actor, Principal};

/// API keys that are remembered.
const REMEMBERED_KEYS: u64 = 100_000;

/// Whom a key stands for.
#[derive(Debug, Clone)]
pub struct Holder {
    /// What it may do, and where.
    pub principal: Principal,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key that was looked up.
#[derive(Debug, Clone)]
struct Known {
    holder: Holder,
    /// The count of [`TrustedKeys::generation`] before it was looked up.
    generation: u64,
    /// The last minute in which a use was noted.
    noted: Arc<AtomicU64>,
}

/// When keys were used last.
type Uses = HashMap<(WorkspaceId, ApiKeyId), DateTime<Utc>>;

/// What is remembered of keys, and for how long that is believed. What a stream was opened with is a
/// [`crate::authority::Authority`].
pub struct TrustedKeys {
    keys: Cache<ApiKeyHash, Known>,
    /// How often something may have been taken away. What was looked up before counts no more.
    generation: AtomicU64,
    /// When the last look began that heard of everything that was taken away.
    pub(super) looked: Moment,
    uses: Mutex<Uses>,
}

impl Default for TrustedKeys {
    fn default() -> Self {
        Self {
            keys: Cache::new(REMEMBERED_KEYS),
            generation: AtomicU64::new(0),
            looked: Moment::default(),
            uses: Mutex::default(),
        }
    }
}

impl TrustedKeys {
    /// Forgets every key, those too that are being looked up now.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.keys.invalidate_all();
    }

    fn use_of(&self, known: &Known, now: DateTime<Utc>) -> Option<Holder> {
        if known.holder.expires_at.is_some_and(|end| end <= now) {
            return None;
        }
        let minute = u64::try_from(now.timestamp() / 60).unwrap_or_default();
        if known.noted.swap(minute, Ordering::Relaxed) != minute
            && let Actor::Key(id) = known.holder.principal.actor
        {
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            uses.insert((known.holder.principal.workspace, id), now);
        }
        Some(known.holder.clone())
    }
}

impl Catalog {
    /// Whom a key stands for, as far as that is known for certain without asking.
    pub fn known_holder(&self, hash: &ApiKeyHash) -> Option<Holder> {
        let trusted = &self.trusted;
        if !trusted.looked.is_fresh(self.context.elapsed()) {
            return None;
        }
        let known = trusted.keys.get(hash)?;
        let is_current = known.generation == trusted.generation.load(Ordering::Acquire);
        if !is_current {
            return None;
        }
        trusted.use_of(&known, self.context.now())
    }

    /// Whom a key stands for, from the database.
    pub async fn find_holder(&self, hash: ApiKeyHash) -> Result<Option<Holder>, AppError> {
        // Counted before it is looked up: what is taken away meanwhile is heard of.
        let generation = self.trusted.generation.load(Ordering::Acquire);
        let Some(mut row) = self.look_up(&hash).await? else {
            return Ok(None);
        };
        if self.loaded(row.workspace).is_none() {
            // From here on a revocation is heard of: the workspace is followed. It may have been
            // revoked just before.
            self.slot(row.workspace).await?;
            match self.look_up(&hash).await? {
                Some(again) => row = again,
                None => return Ok(None),
            }
        }
        let known = Known {
            holder: Holder {
                principal: Principal {
                    workspace: row.workspace,
                    actor: Actor::Key(row.id),
                    access: Access::Key(row.scope),
                    request: None,
                },
                expires_at: row.expires_at,
            },
            generation,
            noted: Arc::default(),
        };
        let holder = self.trusted.use_of(&known, self.context.now());
        self.trusted.keys.insert(hash, known);
        Ok(holder)
    }

    async fn look_up(&self, hash: &ApiKeyHash) -> Result<Option<api_key::ApiKeyRow>, AppError> {
        let mut conn = self.db.read().await?;
        Ok(api_key::by_hash(&mut conn.engine(), hash.bytes()).await?)
    }

    /// Writes when keys were used last: at most once a minute for each.
    pub async fn write_uses(&self) -> Result<(), AppError> {
        let uses = {
            let mut uses = self
                .trusted
                .uses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *uses)
        };
        if uses.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        for ((workspace, id), at) in uses {
            api_key::used(&mut tx.engine(), workspace, id, at).await?;
        }
        Ok(tx.commit().await?)
    }
}
