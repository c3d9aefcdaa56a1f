//! Every store function of people, on both databases.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use chrono::{DateTime, TimeDelta, Utc};
use switchboard_domain::account::{EmailAddress, Role};
use switchboard_domain::id::{ApiKeyId, InstanceId, InvitationId, UserId, WorkspaceId};
use switchboard_domain::scope::Scope;
use switchboard_store::account::{self, AccountRow};
use switchboard_store::invitation::{self, InvitationRow};
use switchboard_store::search::Search;
use switchboard_store::session::{self, NewSession};
use switchboard_store::{Db, Engine, Location, StoreError, api_key, membership, setup, workspace};
use switchboard_testkit::{TestDatabase, on_both_databases};
use uuid::Uuid;

on_both_databases!(
    people_and_their_sessions,
    members_are_found_by_name_and_address,
    invitations_end_once,
    setup_is_used_once
);

const ONE: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(1));
const TWO: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(2));
const ADA: UserId = UserId::from_uuid(Uuid::from_u128(3));
const BOB: UserId = UserId::from_uuid(Uuid::from_u128(4));

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap()
}

fn person(id: UserId, name: &str) -> AccountRow {
    AccountRow {
        id,
        email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
        name: name.to_owned(),
        created_at: now(),
    }
}

/// A database with two workspaces and two people, and what keeps it there.
async fn open(database: &TestDatabase) -> (Db, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let location = database.url().map_or_else(
        || Location::Sqlite(directory.path().join("test.db")),
        Location::Postgres,
    );
    let db = Db::open(&location).await.unwrap();
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    for (id, name) in [(ONE, "one"), (TWO, "two")] {
        workspace::insert(engine, id, name, now()).await.unwrap();
    }
    for row in [person(ADA, "ada"), person(BOB, "bob")] {
        account::insert(engine, &row, "hash").await.unwrap();
    }
    tx.commit().await.unwrap();
    (db, directory)
}

async fn members_are_found_by_name_and_address(database: TestDatabase) {
    let (db, _directory) = open(&database).await;
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    let eve = UserId::from_uuid(Uuid::from_u128(5));
    let mut row = person(eve, "eve");
    "Éve Öz".clone_into(&mut row.name);
    account::insert(engine, &row, "hash").await.unwrap();
    for (workspace, user) in [(ONE, ADA), (ONE, BOB), (ONE, eve), (TWO, ADA)] {
        let made = membership::insert(engine, workspace, user, Role::Viewer, now());
        made.await.unwrap();
    }
    for (text, expected) in [
        ("", &[ADA, BOB, eve][..]),
        ("ADA", &[ADA]),
        ("bob example.com", &[BOB]),
        ("éVE öZ", &[eve]),
        ("@example", &[ADA, BOB, eve]),
        ("a_a", &[]),
    ] {
        assert_eq!(found_by(engine, ONE, text).await, expected, "{text}");
    }
    assert_eq!(found_by(engine, TWO, "example").await, [ADA]);
    let search = Search::parse("example");
    let page = membership::list(engine, ONE, search.as_ref(), Some(ADA), 1).await;
    let page = page.unwrap();
    assert_eq!((page.rows[0].account.id, page.more), (BOB, true));
    membership::delete(engine, ONE, ADA).await.unwrap();
    assert_eq!(found_by(engine, ONE, "ada").await, []);
    assert_eq!(found_by(engine, TWO, "ada").await, [ADA]);
}

/// The members that are found by a text.
async fn found_by(engine: &mut Engine<'_>, workspace: WorkspaceId, text: &str) -> Vec<UserId> {
    let search = Search::parse(text);
    let page = membership::list(engine, workspace, search.as_ref(), None, 5).await;
    let rows = page.unwrap().rows.into_iter();
    rows.map(|row| row.account.id).collect()
}

async fn begin(engine: &mut Engine<'_>, hash: u8, user: UserId, workspace: WorkspaceId) {
    let new = NewSession {
        hash: &[hash; 32],
        user,
        workspace,
        created_at: now(),
        expires_at: now() + TimeDelta::days(1),
    };
    session::insert(engine, new).await.unwrap();
}

async fn is_there(engine: &mut Engine<'_>, hash: u8) -> bool {
    let found = session::find(engine, &[hash; 32], now()).await.unwrap();
    found.is_some()
}

async fn people_and_their_sessions(database: TestDatabase) {
    let (db, _directory) = open(&database).await;
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    let ada = person(ADA, "ada");
    assert_eq!(account::get(engine, ADA).await.unwrap(), Some(ada.clone()));
    account::set_password(engine, ADA, "other", now())
        .await
        .unwrap();
    assert_eq!(
        account::by_email(engine, &ada.email).await.unwrap(),
        Some((ada.clone(), "other".to_owned()))
    );

    membership::insert(engine, ONE, ADA, Role::Owner, now())
        .await
        .unwrap();
    membership::insert(engine, TWO, ADA, Role::Viewer, now())
        .await
        .unwrap();
    membership::insert(engine, ONE, BOB, Role::Editor, now())
        .await
        .unwrap();
    assert_eq!(membership::count_owners(engine, ONE).await.unwrap(), 1);
    assert_eq!(membership::count_owners(engine, TWO).await.unwrap(), 0);
    assert!(
        membership::has_email(engine, ONE, &ada.email)
            .await
            .unwrap()
    );
    let bobs = person(BOB, "bob").email;
    assert!(!membership::has_email(engine, TWO, &bobs).await.unwrap());
    let page = membership::list(engine, ONE, None, None, 1).await.unwrap();
    assert_eq!((page.rows[0].account.id, page.more), (ADA, true));
    let page = membership::list(engine, ONE, None, Some(ADA), 1)
        .await
        .unwrap();
    assert_eq!((page.rows[0].account.id, page.more), (BOB, false));
    let own = membership::of_user(engine, ADA).await.unwrap();
    let own: Vec<_> = own.iter().map(|own| (&*own.name, own.role)).collect();
    assert_eq!(own, [("one", Role::Owner), ("two", Role::Viewer)]);
    membership::set_role(engine, ONE, BOB, Role::Admin)
        .await
        .unwrap();
    membership::seen(engine, ONE, BOB, now()).await.unwrap();
    let bob = membership::get(engine, ONE, BOB).await.unwrap().unwrap();
    assert_eq!((bob.role, bob.seen_at), (Role::Admin, Some(now())));
    assert_eq!(membership::get(engine, TWO, BOB).await.unwrap(), None);

    for hash in 1..=3 {
        begin(engine, hash, ADA, ONE).await;
    }
    begin(engine, 4, BOB, ONE).await;
    session::switch(engine, &[2; 32], TWO).await.unwrap();
    let found = session::find(engine, &[2; 32], now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.account, found.workspace, &*found.workspace_name),
        (ada, TWO, "two")
    );
    assert_eq!((found.role, found.seen_at), (Role::Viewer, None));
    session::delete(engine, &[1; 32]).await.unwrap();
    assert!(!is_there(engine, 1).await);
    // A membership takes the sessions in its workspace with it, and no others.
    membership::delete(engine, TWO, ADA).await.unwrap();
    assert!(!is_there(engine, 2).await && is_there(engine, 3).await);
    begin(engine, 5, ADA, ONE).await;
    session::delete_of_user(engine, ADA, Some(&[5; 32]))
        .await
        .unwrap();
    assert!(!is_there(engine, 3).await && is_there(engine, 5).await);
    session::delete_of_user(engine, ADA, None).await.unwrap();
    assert!(!is_there(engine, 5).await && is_there(engine, 4).await);
    let end = now() + TimeDelta::days(1);
    assert_eq!(session::find(engine, &[4; 32], end).await.unwrap(), None);
    session::delete_expired(engine, end).await.unwrap();
    assert!(!is_there(engine, 4).await);

    let key = api_key::ApiKeyRow {
        workspace: ONE,
        id: ApiKeyId::from_uuid(Uuid::from_u128(9)),
        name: "deploy".to_owned(),
        scope: Scope::Run,
        prefix: "sb_x".to_owned(),
        created_at: now(),
        revoked_at: None,
        created_by: Some("somebody".to_owned()),
        last_used_at: None,
        expires_at: None,
    };
    api_key::insert(engine, &key, &[7; 32]).await.unwrap();
    let named = api_key::name(engine, ONE, key.id).await.unwrap();
    assert_eq!(named.as_deref(), Some("deploy"));
    assert_eq!(api_key::name(engine, TWO, key.id).await.unwrap(), None);

    let mut again = person(UserId::from_uuid(Uuid::from_u128(5)), "ada");
    again.name.push_str(" the second");
    let taken = account::insert(engine, &again, "hash").await;
    assert!(matches!(taken, Err(StoreError::Duplicate)));
}

async fn invitations_end_once(database: TestDatabase) {
    let (db, _directory) = open(&database).await;
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    let make = |number: u128| InvitationRow {
        workspace: ONE,
        id: InvitationId::from_uuid(Uuid::from_u128(number)),
        email: EmailAddress::parse("eve@example.com").unwrap(),
        role: Role::Editor,
        invited_by: ADA.to_string(),
        created_at: now(),
        expires_at: now() + TimeDelta::days(7),
    };
    let (first, second, third) = (make(1), make(2), make(3));
    for (row, hash) in [(&first, 1), (&second, 2), (&third, 3)] {
        invitation::insert(engine, row, &[hash; 32]).await.unwrap();
    }
    assert_eq!(
        invitation::by_hash(engine, &[1; 32], now()).await.unwrap(),
        Some((first.clone(), "one".to_owned()))
    );
    let late = now() + TimeDelta::days(7);
    assert_eq!(
        invitation::by_hash(engine, &[1; 32], late).await.unwrap(),
        None
    );
    assert!(!invitation::end(engine, ONE, first.id, late).await.unwrap());
    assert!(!invitation::end(engine, TWO, first.id, now()).await.unwrap());
    assert!(invitation::end(engine, ONE, first.id, now()).await.unwrap());
    assert!(!invitation::end(engine, ONE, first.id, now()).await.unwrap());
    let page = invitation::list(engine, ONE, None, None, 1, now())
        .await
        .unwrap();
    assert_eq!((&page.rows[..], page.more), (&[second.clone()][..], true));
    for (text, expected) in [
        ("EVE", &[&second, &third][..]),
        ("example.com eve", &[&second, &third]),
        ("ada", &[]),
        ("e_e", &[]),
    ] {
        let search = Search::parse(text);
        let page = invitation::list(engine, ONE, search.as_ref(), None, 5, now()).await;
        let found = page.unwrap().rows;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{text}");
    }
    let page = invitation::list(engine, ONE, None, Some(second.id), 5, now()).await;
    assert_eq!(page.unwrap().rows, std::slice::from_ref(&third));
    let ended = invitation::end_all_of(engine, ONE, &second.email, now()).await;
    let mut ended = ended.unwrap();
    ended.sort();
    assert_eq!(ended, [second.id, third.id]);
    let left = invitation::list(engine, ONE, None, None, 5, now())
        .await
        .unwrap();
    assert_eq!(left.rows, []);
}

async fn setup_is_used_once(database: TestDatabase) {
    let (db, _directory) = open(&database).await;
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    assert_eq!(setup::lock(engine).await.unwrap(), None);
    let server = |number| InstanceId::from_uuid(Uuid::from_u128(number));
    assert!(setup::put(engine, &[1; 32], server(1)).await.unwrap());
    assert!(setup::put(engine, &[2; 32], server(1)).await.unwrap());
    // Of two servers that start together the first one's counts.
    assert!(!setup::put(engine, &[9; 32], server(2)).await.unwrap());
    assert_eq!(setup::lock(engine).await.unwrap(), Some(vec![2; 32]));
    setup::mark_used(engine, now()).await.unwrap();
    assert_eq!(setup::lock(engine).await.unwrap(), None);
    assert!(setup::put(engine, &[3; 32], server(1)).await.unwrap());
    assert_eq!(setup::lock(engine).await.unwrap(), Some(vec![3; 32]));
}
