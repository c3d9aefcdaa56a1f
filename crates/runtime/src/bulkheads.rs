//! Bulkheads: how many calls may be under way at once, and how many may begin in a second, for the
//! whole server and for each workspace, key or person, integration and host.
//!
//! A place is taken before anything of a call is reserved or sent, so a call that finds none has
//! done nothing. It waits for a moment first: a burst of quick calls passes, slow ones do not.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use uuid::Uuid;

use switchboard_operation::Actor;
use switchboard_operation::{AppError, caps};

/// What one bulkhead allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Calls under way at once.
    pub at_once: usize,
    /// Calls that may begin in a second; none is as many as come.
    pub a_second: Option<NonZeroU32>,
}

impl Allowance {
    /// So many at once, however many in a second.
    pub const fn at_once(at_once: usize) -> Self {
        Self {
            at_once,
            a_second: None,
        }
    }
}

/// What all of them allow.
#[derive(Debug, Clone, Copy)]
pub struct CallLimits {
    /// The whole server: calls under way at once.
    pub at_once: usize,
    /// Each workspace.
    pub workspace: Allowance,
    /// Each key, or person.
    pub key: Allowance,
    /// Each integration.
    pub integration: Allowance,
    /// Each host that a workspace calls.
    pub host: Allowance,
    /// How long a call waits for its places.
    pub wait: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            at_once: 4096,
            workspace: Allowance::at_once(1024),
            key: Allowance::at_once(512),
            integration: Allowance::at_once(256),
            host: Allowance::at_once(256),
            wait: Duration::from_secs(1),
        }
    }
}

/// Whose bulkhead.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Workspace(WorkspaceId),
    Actor(WorkspaceId, Uuid),
    Integration(WorkspaceId, IntegrationId),
    Host(WorkspaceId, Arc<str>),
}

#[derive(Debug)]
struct Bulkhead {
    places: Arc<Semaphore>,
    rate: Option<DefaultDirectRateLimiter>,
    at_once: usize,
}

impl Bulkhead {
    fn new(allowance: Allowance) -> Self {
        Self {
            places: Arc::new(Semaphore::new(allowance.at_once)),
            rate: allowance
                .a_second
                .map(|rate| RateLimiter::direct(Quota::per_second(rate))),
            at_once: allowance.at_once,
        }
    }

    /// Nobody is inside; its rate, if it has one, may still remember.
    fn is_empty(&self) -> bool {
        self.rate.is_none() && self.places.available_permits() == self.at_once
    }
}

/// How many parts the table has, so that calls seldom wait for each other.
const PARTS: usize = 16;
/// How many bulkheads a part keeps before the empty ones are dropped.
const PRUNE_AT: usize = 1024;

/// Where a call goes, as far as bulkheads matter.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Goes<'a> {
    /// Through this integration.
    pub integration: Option<IntegrationId>,
    /// To this host.
    pub host: Option<&'a Arc<str>>,
}

/// The places that a call has taken; dropped, they are free.
#[derive(Debug)]
pub(crate) struct Inside {
    _places: [Option<OwnedSemaphorePermit>; 5],
}

/// All bulkheads of a server.
#[derive(Debug)]
pub(crate) struct Bulkheads {
    limits: CallLimits,
    all: Arc<Semaphore>,
    parts: [Mutex<HashMap<Whose, Arc<Bulkhead>>>; PARTS],
    hash: RandomState,
    clock: DefaultClock,
}

impl Bulkheads {
    pub(crate) fn new(limits: CallLimits) -> Self {
        Self {
            limits,
            all: Arc::new(Semaphore::new(limits.at_once)),
            parts: std::array::from_fn(|_| Mutex::default()),
            hash: RandomState::new(),
            clock: DefaultClock::default(),
        }
    }

    fn find(&self, whose: Whose, allowance: Allowance) -> Arc<Bulkhead> {
        let part = usize::try_from(self.hash.hash_one(&whose) % PARTS as u64).unwrap_or_default();
        let mut part = self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = part.get(&whose) {
            return known.clone();
        }
        if part.len() >= PRUNE_AT {
            part.retain(|_, known| Arc::strong_count(known) > 1 || !known.is_empty());
        }
        let new = Arc::new(Bulkhead::new(allowance));
        part.insert(whose, new.clone());
        new
    }

    /// Takes a place everywhere, or says what is full. Those nearest to the service come first: who
    /// waits for a slow one holds no place that calls of others need.
    pub(crate) async fn enter(
        &self,
        workspace: WorkspaceId,
        actor: Actor,
        goes: Goes<'_>,
    ) -> Result<Inside, AppError> {
        let limits = &self.limits;
        let actor = match actor {
            Actor::Key(id) => id.uuid(),
            Actor::Person(id) => id.uuid(),
        };
        let host = goes.host.map(|host| {
            let whose = Whose::Host(workspace, host.clone());
            ("host", self.find(whose, limits.host))
        });
        let integration = goes.integration.map(|id| {
            let whose = Whose::Integration(workspace, id);
            ("integration", self.find(whose, limits.integration))
        });
        let key = self.find(Whose::Actor(workspace, actor), limits.key);
        let own = self.find(Whose::Workspace(workspace), limits.workspace);
        let bulkheads = [
            host,
            integration,
            Some(("key", key)),
            Some(("workspace", own)),
        ];
        for (name, bulkhead) in bulkheads.iter().flatten() {
            if let Some(Err(until)) = bulkhead.rate.as_ref().map(RateLimiter::check) {
                let wait = until.wait_time_from(self.clock.now());
                return Err(full(name, "begin too quickly", wait.as_secs() + 1));
            }
        }
        let deadline = Instant::now() + limits.wait;
        let mut places = [const { None }; 5];
        for (place, (name, bulkhead)) in places.iter_mut().zip(bulkheads.iter().flatten()) {
            *place = Some(take(name, &bulkhead.places, deadline).await?);
        }
        places[4] = Some(take("server", &self.all, deadline).await?);
        Ok(Inside { _places: places })
    }
}

async fn take(
    name: &'static str,
    places: &Arc<Semaphore>,
    deadline: Instant,
) -> Result<OwnedSemaphorePermit, AppError> {
    if let Ok(place) = places.clone().try_acquire_owned() {
        return Ok(place);
    }
    match tokio::time::timeout_at(deadline, places.clone().acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) | Err(_) => Err(full(name, "are under way", 1)),
    }
}

fn full(name: &'static str, why: &'static str, retry_after: u64) -> AppError {
    let (cap, code) = match name {
        "host" => ("calls of a host", ErrorCode::Overloaded),
        "integration" => ("calls of an integration", ErrorCode::Overloaded),
        "key" => ("calls of a key", ErrorCode::TooManyCalls),
        "workspace" => ("calls of a workspace", ErrorCode::TooManyCalls),
        _ => ("calls of the server", ErrorCode::Overloaded),
    };
    caps::note(cap, why);
    AppError::Unavailable {
        code,
        message: format!(
            "as many {cap} {why} as this server allows; nothing was sent, so try again after `Retry-After`"
        ),
        retry_after,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use switchboard_domain::id::ApiKeyId;

    use super::*;

    fn workspace(number: u128) -> WorkspaceId {
        WorkspaceId::from_uuid(Uuid::from_u128(number))
    }

    fn key(number: u128) -> Actor {
        Actor::Key(ApiKeyId::from_uuid(Uuid::from_u128(number)))
    }

    fn limits() -> CallLimits {
        CallLimits {
            at_once: 10,
            workspace: Allowance::at_once(6),
            key: Allowance::at_once(4),
            integration: Allowance::at_once(3),
            host: Allowance::at_once(2),
            wait: Duration::from_secs(1),
        }
    }

    fn code(result: Result<Inside, AppError>) -> ErrorCode {
        result.unwrap_err().code()
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_host_leaves_room_for_the_others() {
        let bulkheads = Bulkheads::new(limits());
        let (slow, quick) = (Arc::<str>::from("slow"), Arc::<str>::from("quick"));
        let to = |host| Goes {
            integration: None,
            host: Some(host),
        };
        let enter = |number, goes| bulkheads.enter(workspace(1), key(number), goes);
        let first = enter(1, to(&slow)).await.unwrap();
        let _second = enter(1, to(&slow)).await.unwrap();
        assert_eq!(code(enter(1, to(&slow)).await), ErrorCode::Overloaded);
        let _quick = enter(1, to(&quick)).await.unwrap();
        bulkheads
            .enter(workspace(2), key(1), to(&slow))
            .await
            .unwrap();
        drop(first);
        enter(1, to(&slow)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn keys_workspaces_and_the_server_have_their_own() {
        let bulkheads = Bulkheads::new(limits());
        let enter = |of, number| bulkheads.enter(workspace(of), key(number), Goes::default());
        let mut inside = vec![];
        for _ in 0..4 {
            inside.push(enter(1, 1).await.unwrap());
        }
        assert_eq!(code(enter(1, 1).await), ErrorCode::TooManyCalls);
        inside.push(enter(1, 2).await.unwrap());
        inside.push(enter(1, 2).await.unwrap());
        assert_eq!(code(enter(1, 2).await), ErrorCode::TooManyCalls);
        for _ in 0..4 {
            inside.push(enter(2, 1).await.unwrap());
        }
        assert_eq!(code(enter(3, 1).await), ErrorCode::Overloaded);
        inside.clear();
        enter(1, 1).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_waits_for_its_turn() {
        let bulkheads = Arc::new(Bulkheads::new(limits()));
        let calls = (0..40).map(|_| {
            let bulkheads = bulkheads.clone();
            tokio::spawn(async move {
                let inside = bulkheads.enter(workspace(1), key(1), Goes::default()).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
                inside.is_ok()
            })
        });
        for call in calls.collect::<Vec<_>>() {
            assert!(call.await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_rate_is_kept() {
        let bulkheads = Bulkheads::new(CallLimits {
            key: Allowance {
                at_once: 100,
                a_second: NonZeroU32::new(3),
            },
            ..limits()
        });
        let enter = |number| bulkheads.enter(workspace(1), key(number), Goes::default());
        for _ in 0..3 {
            enter(1).await.unwrap();
        }
        let refused = enter(1).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::TooManyCalls);
        assert!(matches!(
            refused,
            AppError::Unavailable { retry_after: 1, .. }
        ));
        enter(2).await.unwrap();
    }
}
