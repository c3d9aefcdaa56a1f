//! The room that a database takes, and that it gives back.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::path::Path;
use std::sync::Arc;

use chrono::DateTime;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{ConversationId, EventId, WorkspaceId};
use switchboard_store::batch::{self, Batch};
use switchboard_store::disk::{self, Space};
use switchboard_store::journal::EventRow;
use switchboard_store::{Db, Location, StoreError, compact, event, forget};
use switchboard_testkit::{TestDatabase, on_both_databases};
use uuid::Uuid;

on_both_databases!(a_database_says_how_much_room_it_takes);

const MIB: u64 = 1 << 20;
const WORKSPACE: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(1));
const CONVERSATION: ConversationId = ConversationId::from_uuid(Uuid::from_u128(2));

async fn a_database_says_how_much_room_it_takes(database: TestDatabase) {
    let directory = tempfile::tempdir().unwrap();
    let location = database.url().map_or_else(
        || Location::Sqlite(directory.path().join("test.db")),
        Location::Postgres,
    );
    let db = Db::open(&location).await.unwrap();
    let found = space(&db).await;
    assert!(found.bytes > 100_000, "{found:?}");
    assert_eq!(found.free.is_some(), db.is_exclusive());
    assert!(gives_back(&db).await);
    let mut tx = db.write().await.unwrap();
    let more = disk::give_back(&mut tx.engine()).await.unwrap();
    assert!(!more, "there is nothing to give");
}

async fn space(db: &Db) -> Space {
    let mut conn = db.read().await.unwrap();
    disk::space(&mut conn.engine()).await.unwrap()
}

async fn gives_back(db: &Db) -> bool {
    let mut conn = db.read().await.unwrap();
    disk::gives_back(&mut conn.engine()).await.unwrap()
}

/// Forty events of a MiB each.
async fn fill(db: &Db) {
    for sequence in 1..=40 {
        let batch = Batch {
            events: vec![EventRow {
                workspace: WORKSPACE,
                conversation: CONVERSATION,
                sequence,
                event: NewEvent {
                    id: EventId::from_uuid(Uuid::from_u128(sequence.into())),
                    at: DateTime::UNIX_EPOCH,
                    kind: EventType::ActionSucceeded,
                    data: "x".repeat(1 << 20),
                },
            }],
            ..Batch::default()
        };
        batch::write_alone(db, Arc::new(batch)).await.unwrap();
    }
}

async fn remove(db: &Db, through: u64) {
    let mut tx = db.write().await.unwrap();
    forget::remove_events(&mut tx.engine(), WORKSPACE, CONVERSATION, through)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn left(db: &Db) -> Vec<u64> {
    let mut conn = db.read().await.unwrap();
    let page = event::list(&mut conn.engine(), WORKSPACE, CONVERSATION, 0, 100, 1 << 30).await;
    let rows = page.unwrap().rows.into_iter();
    rows.map(|event| event.sequence).collect()
}

fn file(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

#[tokio::test]
async fn a_new_file_gets_smaller_a_little_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let db = Db::open(&Location::Sqlite(path.clone())).await.unwrap();
    fill(&db).await;
    remove(&db, 38).await;
    let before = space(&db).await;
    assert!(before.bytes > 40 * MIB, "{before:?}");
    assert!(before.free > Some(37 * MIB), "{before:?}");
    let mut times = 0;
    loop {
        let mut tx = db.write().await.unwrap();
        let more = disk::give_back(&mut tx.engine()).await.unwrap();
        tx.commit().await.unwrap();
        times += 1;
        if !more {
            break;
        }
    }
    assert!(times > 50, "{times} times");
    let after = space(&db).await;
    assert!(after.bytes < 8 * MIB, "{after:?}");
    assert_eq!(after.free, Some(4 * MIB));
    assert_eq!(left(&db).await, [39, 40]);
    db.close().await;
    assert!(file(&path) < 8 * MIB);
}

/// As releases made it before this one.
fn make_old(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA auto_vacuum = NONE; VACUUM;")
        .unwrap();
}

#[tokio::test]
async fn an_old_file_is_written_anew_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let location = Location::Sqlite(path.clone());
    let held = |outcome| match outcome {
        Err(StoreError::Held(why)) => why,
        outcome => panic!("{outcome:?}"),
    };
    assert!(held(compact(&location).await).contains("no database"));
    let db = Db::open(&location).await.unwrap();
    fill(&db).await;
    db.close().await;
    make_old(&path);

    let db = Db::open_exclusively(&location).await.unwrap();
    assert!(!gives_back(&db).await);
    remove(&db, 38).await;
    let mut tx = db.write().await.unwrap();
    assert!(!disk::give_back(&mut tx.engine()).await.unwrap());
    drop(tx);
    let why = held(compact(&location).await);
    assert!(why.contains("is held by another server"), "{why}");
    db.close().await;
    drop(db);

    let done = compact(&location).await.unwrap();
    assert!(done.before > 40 * MIB && done.after < 4 * MIB, "{done:?}");
    assert_eq!(file(&path), done.after);
    let db = Db::open_exclusively(&location).await.unwrap();
    assert!(gives_back(&db).await);
    assert_eq!(left(&db).await, [39, 40]);
}

#[tokio::test]
async fn postgresql_does_it_by_itself() {
    let location = Location::Postgres("postgres://nowhere/x".to_owned());
    let outcome = compact(&location).await;
    assert!(matches!(outcome, Err(StoreError::Held(why)) if why.contains("autovacuum")));
}
