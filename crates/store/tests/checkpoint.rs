//! The write-ahead log of SQLite stays small whoever reads.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use switchboard_domain::id::WorkspaceId;
use switchboard_store::{Db, Location, workspace};
use uuid::Uuid;

const MIB: u64 = 1 << 20;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap()
}

async fn read_until(db: Db, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let mut conn = db.read().await.unwrap();
        workspace::by_name(&mut conn.engine(), "none")
            .await
            .unwrap();
    }
}

async fn checkpoint_until(db: Db, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        db.checkpoint().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Constant readers and a constant writer: before, the log grew with all that was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_small_under_constant_readers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.db");
    let db = Db::open_exclusively(&Location::Sqlite(path.clone()))
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = vec![tokio::spawn(checkpoint_until(db.clone(), stop.clone()))];
    for _ in 0..4 {
        tasks.push(tokio::spawn(read_until(db.clone(), stop.clone())));
    }
    let mut largest = 0;
    for n in 0..110u128 {
        let mut tx = db.write().await.unwrap();
        let name = format!("{n}{}", "x".repeat(1 << 20));
        let id = WorkspaceId::from_uuid(Uuid::from_u128(n + 1));
        workspace::insert(&mut tx.engine(), id, &name, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let log = directory.path().join("x.db-wal");
        largest = largest.max(std::fs::metadata(log).unwrap().len());
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    assert!(largest < 160 * MIB, "the log had {} MiB", largest / MIB);
}
