//! Removing conversations, while they are called and while the database fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use serde_json::Map;
use switchboard_domain::conversation::Outcome;
use switchboard_domain::id::{AuditId, WorkspaceId};
use switchboard_domain::retention::Piece;
use switchboard_domain::variable_caps::VariableCaps;
use switchboard_operation::AppError;
use switchboard_store::audit::{self, AuditRow, More};
use switchboard_store::journal as rows;
use switchboard_store::{Fault, conversation, event, forget, workspace};
use switchboard_testkit::{TestDatabase, on_both_databases};
use uuid::Uuid;

use super::super::{Change, Done, End, Key, Removal, Reserved, Work};
use super::{
    BINDING, PATIENT, World, at, at_one_step, new_conversation, refusal, story, uuid, world_at,
};

on_both_databases!(
    a_removal_may_fail_at_every_step,
    what_is_removed_is_not_called_and_what_is_called_is_not_removed,
    what_waits_behind_a_removal_does_not_bring_it_back,
    only_what_is_closed_and_old_is_removed_for_its_age,
);

/// Somebody asks for a conversation to be removed.
fn removal() -> Work {
    Work::Remove(Removal::Asked(Box::new(AuditRow {
        id: AuditId::from_uuid(uuid()),
        at: at(),
        actor: "somebody".to_owned(),
        operation: "conversation.deleted".to_owned(),
        entity: "conversation".to_owned(),
        entity_id: "x".to_owned(),
        more: More::default(),
    })))
}

impl World {
    /// What the audit log's entries belong to.
    async fn with_workspace(&self) {
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        let mut tx = self.watcher.write().await.unwrap();
        workspace::insert(&mut tx.engine(), workspace, "w", at())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// What holds of a conversation that was removed: nobody finds it, and nothing of it is left.
    async fn is_gone(&self, key: Key) {
        assert!(self.journal.get(key).await.unwrap().is_none());
        let outcome = self.journal.submit(key, refusal()).await;
        assert!(matches!(outcome, Err(AppError::NotFound(_))), "{outcome:?}");
        loop {
            let mut tx = self.watcher.write().await.unwrap();
            let (engine, mut piece) = (&mut tx.engine(), Piece::default());
            let is_all = forget::clear(engine, key.0, key.1, &mut piece);
            let is_all = is_all.await.unwrap();
            tx.commit().await.unwrap();
            if is_all {
                break;
            }
        }
        let mut conn = self.watcher.read().await.unwrap();
        let engine = &mut conn.engine();
        assert_eq!(forget::left_over(engine, 10).await.unwrap(), vec![]);
        let left = event::list(engine, key.0, key.1, 0, 10, 1 << 20).await;
        assert_eq!(left.unwrap().rows, vec![]);
        let answered = rows::call_by_idempotency_key(engine, key.0, key.1, "key").await;
        assert_eq!(answered.unwrap(), None);
        let found = conversation::get(engine, key.0, key.1).await.unwrap();
        assert_eq!(found, None);
    }

    async fn told_of(&self) -> usize {
        let mut conn = self.watcher.read().await.unwrap();
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        let page = audit::list(&mut conn.engine(), workspace, None, 1000).await;
        page.unwrap().rows.len()
    }
}

async fn a_removal_may_fail_at_every_step(database: TestDatabase) {
    let (step, fault, seen, faults) = at_one_step();
    let world = world_at(PATIENT, database, faults).await;
    world.with_workspace().await;
    let mut removed = 0;
    for kind in 0..2 {
        fault.store(kind, Ordering::SeqCst);
        let mut number = 0;
        loop {
            let (key, _) = story(&world).await;
            step.store(number, Ordering::SeqCst);
            seen.store(0, Ordering::SeqCst);
            let outcome = world.journal.submit(key, removal()).await;
            let steps = seen.swap(usize::MAX / 2, Ordering::SeqCst);
            assert!(matches!(outcome, Ok(Done::Removed)), "{outcome:?}");
            world.is_gone(key).await;
            removed += 1;
            assert_eq!(world.told_of().await, removed);
            if number >= steps {
                break;
            }
            number += 1;
        }
        assert!(number > 1, "a removal has {number} steps");
    }
    // One that never was is none that is gone.
    let (never, _) = new_conversation();
    let outcome = world.journal.submit(never, removal()).await;
    assert!(matches!(outcome, Err(AppError::NotFound(_))));
}

/// Callers and one who removes, at the same time: either a call is there, and then the conversation is,
/// or the conversation is gone, and then nobody calls.
async fn what_is_removed_is_not_called_and_what_is_called_is_not_removed(database: TestDatabase) {
    const ROUNDS: usize = 60;
    let world = Arc::new(world_at(PATIENT, database, Arc::new(|_| Fault::None)).await);
    world.with_workspace().await;
    let (mut stayed, mut went) = (0, 0);
    for round in 0..ROUNDS {
        let key = world.start().await;
        let calls = (0..3).map(|caller| {
            let world = world.clone();
            tokio::spawn(async move {
                for _ in 0..(round + caller) % 4 {
                    tokio::task::yield_now().await;
                }
                let (call, reserve) = world.reserve(key, None, 100);
                match world.journal.submit(key, reserve).await {
                    Ok(Done::Now(_)) => {
                        tokio::task::yield_now().await;
                        let settle =
                            World::settle(call, Reserved::UntilSettled, Outcome::Succeeded);
                        world.journal.submit(key, settle).await.unwrap();
                        true
                    }
                    Err(AppError::NotFound(_)) => false,
                    other => panic!("{other:?}"),
                }
            })
        });
        let calls: Vec<_> = calls.collect();
        for _ in 0..round % 5 {
            tokio::task::yield_now().await;
        }
        let removed = world.journal.submit(key, removal()).await;
        let mut called = 0;
        for call in calls {
            called += usize::from(call.await.unwrap());
        }
        match removed {
            Ok(Done::Removed) => {
                went += 1;
                world.is_gone(key).await;
            }
            Err(AppError::Conflict { .. }) => {
                stayed += 1;
                assert!(called > 0);
                let found = world.journal.get(key).await.unwrap().unwrap();
                assert_eq!(found.last_sequence, 1 + called as u64);
                assert_eq!(found.usage(BINDING).in_flight, 0);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(stayed + went == ROUNDS && went > 0, "{stayed} {went}");
}

/// Everything that comes in one batch with a removal, before and after it.
async fn what_waits_behind_a_removal_does_not_bring_it_back(database: TestDatabase) {
    let world = world_at(PATIENT, database, Arc::new(|_| Fault::None)).await;
    world.with_workspace().await;
    let journal = &world.journal;
    for _ in 0..20 {
        let (key, other) = (world.start().await, world.start().await);
        let (_, reserve) = world.reserve(key, Some("key"), 5);
        // The first is written alone, and the rest gathers behind it.
        let (first, before, removed, refused, called, beside) = tokio::join!(
            journal.submit(other, refusal()),
            journal.submit(key, refusal()),
            journal.submit(key, removal()),
            journal.submit(key, refusal()),
            journal.submit(key, reserve),
            journal.submit(other, refusal()),
        );
        assert!(first.is_ok() && before.is_ok() && beside.is_ok());
        assert!(matches!(removed, Ok(Done::Removed)), "{removed:?}");
        for outcome in [refused, called] {
            assert!(matches!(outcome, Err(AppError::NotFound(_))), "{outcome:?}");
        }
        world.is_gone(key).await;
        let left = journal.get(other).await.unwrap().unwrap();
        assert_eq!(left.last_sequence, 3);
    }
    assert_eq!(world.running.count(), 0);
}

async fn only_what_is_closed_and_old_is_removed_for_its_age(database: TestDatabase) {
    let world = world_at(PATIENT, database, Arc::new(|_| Fault::None)).await;
    let journal = &world.journal;
    let old = |before| Work::Remove(Removal::Old(before));
    let end = || {
        let change = Change {
            state: None,
            variables: Map::new(),
            end: Some(End::Asked),
            caps: VariableCaps::default(),
            ids: std::array::from_fn(|_| uuid()),
        };
        Work::Change(Box::new(change), at())
    };
    let key = world.start().await;
    let (later, call) = (at() + TimeDelta::seconds(1), world.reserve(key, None, 1));
    journal.submit(key, call.1).await.unwrap();
    for _ in 0..2 {
        let kept = journal.submit(key, old(later)).await.unwrap();
        assert!(matches!(kept, Done::Kept), "it is open");
        journal.submit(key, end()).await.unwrap();
    }
    let kept = journal.submit(key, old(later)).await.unwrap();
    assert!(matches!(kept, Done::Kept), "a call is under way");
    let settle = World::settle(call.0, Reserved::UntilSettled, Outcome::Succeeded);
    journal.submit(key, settle).await.unwrap();
    let kept = journal.submit(key, old(at())).await.unwrap();
    assert!(matches!(kept, Done::Kept), "it is not old enough");
    let gone = journal.submit(key, old(later)).await.unwrap();
    assert!(matches!(gone, Done::Removed));
    world.is_gone(key).await;
    let again = journal.submit(key, old(later)).await;
    assert!(matches!(again, Err(AppError::NotFound(_))));
}
