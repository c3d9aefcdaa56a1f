//! What the catalog keeps in memory.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use switchboard_domain::id::WorkspaceId;
use switchboard_outbound::Breakers;
use switchboard_store::{Db, Location, workspace};
use switchboard_testkit::FakeClock;
use switchboard_vault::KeyRing;
use uuid::Uuid;

use super::Catalog;

#[tokio::test]
async fn workspaces_that_nobody_uses_are_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(directory.path().join("test.db"));
    let db = Db::open(&location).await.unwrap();
    let ids = [1, 2, 3].map(|number| WorkspaceId::from_uuid(Uuid::from_u128(number)));
    let mut tx = db.write().await.unwrap();
    for id in ids {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        workspace::insert(&mut tx.engine(), id, &id.to_string(), at)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let keys = KeyRing::load_or_create(&directory.path().join("key"), &|bytes| bytes.fill(7));
    let clock = FakeClock::at(DateTime::UNIX_EPOCH);
    let (keys, breakers) = (Arc::new(keys.unwrap()), Breakers::default());
    let catalog = Catalog::new(db, keys, breakers, clock.context(1));

    let [idle, asked, listened] = ids;
    for id in ids {
        catalog.snapshot(id).await.unwrap();
    }
    let listener = catalog.changes(listened).await.unwrap();
    clock.jump(Duration::from_mins(9));
    catalog.sweep().await;
    assert_eq!(catalog.lag().workspaces, 3);
    catalog.snapshot(asked).await.unwrap();
    clock.jump(Duration::from_mins(2));
    catalog.sweep().await;
    assert!(catalog.loaded(idle).is_none());
    assert!(catalog.loaded(asked).is_some(), "somebody asked for it");
    assert!(catalog.loaded(listened).is_some(), "somebody hears of it");
    drop(listener);
    clock.jump(Duration::from_mins(11));
    catalog.sweep().await;
    assert_eq!(catalog.lag().workspaces, 0);
    // It is loaded again for who asks.
    catalog.snapshot(idle).await.unwrap();
    assert_eq!(catalog.lag().workspaces, 1);
}
