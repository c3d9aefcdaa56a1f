//! API keys: how long they count, and how long that is believed.

use std::time::Duration;

use chrono::TimeDelta;
use switchboard_app::api_keys::{self, NewKey, Which};
use switchboard_app::authority::Authority;
use switchboard_app::{AppError, Principal, keys};
use switchboard_domain::id::ApiKeyId;
use switchboard_domain::scope::Scope;
use switchboard_testkit::{TestDatabase, eventually, on_both_databases};

use crate::world::{Options, Process, Trouble, World};

on_both_databases!(
    a_key_ends_when_it_says,
    what_is_known_of_a_key_counts_for_three_seconds,
    a_key_that_is_revoked_beside_the_server_counts_until_the_next_look,
    a_server_that_was_paused_asks_first,
    a_use_is_noted_by_the_minute,
    a_key_of_a_workspace_that_was_not_used_for_a_while_is_looked_up,
);

const SECOND: Duration = Duration::from_secs(1);

/// A key's id and its text.
async fn key(server: &Process, expires_in: Option<TimeDelta>) -> (ApiKeyId, String) {
    let admin = server.admin();
    server
        .run(|app| async move {
            let new = NewKey {
                name: "runner".to_owned(),
                scope: Scope::Run,
                expires_at: expires_in.map(|left| app.context().now() + left),
            };
            let (row, text) = api_keys::create(&app.accounts, &admin, &new).await.unwrap();
            (row.id, text.expose().to_owned())
        })
        .await
}

async fn show(server: &Process, text: &str) -> Result<Principal, AppError> {
    let text = text.to_owned();
    server
        .run(|app| async move { keys::authenticate(&app.runtime, &text).await })
        .await
}

/// Revokes a key as another program does: nobody tells the server.
async fn revoke_beside(server: &Process, by: &Process, id: ApiKeyId) {
    let workspace = server.admin().workspace();
    by.run(|app| async move {
        api_keys::revoke_in(app.db(), app.context(), workspace, "test", id).await
    })
    .await
    .unwrap();
}

async fn a_key_ends_when_it_says(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let (_, text) = key(&server, Some(TimeDelta::hours(2))).await;
    let stream = {
        let text = text.clone();
        server.spawn(|app| async move {
            let authority = Authority::of_key(&app, &text).await.unwrap();
            authority.ended().await;
        })
    };
    world.jump(Duration::from_mins(119), &[&server]);
    world.pass(59 * SECOND, &[&server]).await;
    show(&server, &text).await.unwrap();
    assert!(!stream.is_finished());
    // Time that was set back and put right again changes nothing.
    let now = world.now();
    server.clock.set(now - TimeDelta::hours(1));
    show(&server, &text).await.unwrap();
    server.clock.set(now);
    world.pass(2 * SECOND, &[&server]).await;
    let error = show(&server, &text).await.unwrap_err();
    assert!(matches!(error, AppError::Unauthenticated), "{error}");
    tokio::time::timeout(30 * SECOND, stream)
        .await
        .expect("what it opened ends with it")
        .unwrap();
}

async fn what_is_known_of_a_key_counts_for_three_seconds(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let (_, text) = key(&server, None).await;
    // Looked at a moment before, however busy the machine is.
    eventually("it is believed", || async {
        server.trouble(Trouble::None);
        world.pass(SECOND / 2, &[&server]).await;
        show(&server, &text).await.unwrap();
        server.trouble(Trouble::Away);
        server.clock.jump(Duration::from_millis(2400));
        show(&server, &text).await.ok()
    })
    .await;
    server.clock.jump(Duration::from_millis(1100));
    let error = show(&server, &text).await.unwrap_err();
    assert!(error.is_database_away(), "{error}");
    server.trouble(Trouble::None);
    show(&server, &text).await.unwrap();
}

async fn a_key_that_is_revoked_beside_the_server_counts_until_the_next_look(
    database: TestDatabase,
) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let (id, text) = key(&server, None).await;
    show(&server, &text).await.unwrap();
    revoke_beside(&server, &server, id).await;
    let before = world.now();
    eventually("it is refused", || async {
        world.pass(SECOND / 2, &[&server]).await;
        show(&server, &text).await.err()
    })
    .await;
    let took = world.now() - before;
    assert!(took <= TimeDelta::seconds(2), "{took}");
}

/// A process that stood still for 40 s believes nothing that it knew before.
async fn a_server_that_was_paused_asks_first(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let (id, text) = key(&server, None).await;
    show(&server, &text).await.unwrap();
    // The last thing that happens before it stands still.
    revoke_beside(&server, &server, id).await;
    server.freeze().await;
    server.clock.jump(40 * SECOND);
    // Asked before any of its tasks has had time to look.
    let asked = {
        let text = text.clone();
        server.spawn(|app| async move { keys::authenticate(&app.runtime, &text).await })
    };
    server.thaw();
    let error = asked.await.unwrap().unwrap_err();
    assert!(matches!(error, AppError::Unauthenticated), "{error}");
}

async fn a_use_is_noted_by_the_minute(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let (id, text) = key(&server, None).await;
    let last_used = async || {
        let admin = server.admin();
        let page = server.run(|app| async move {
            api_keys::list_for(&app.accounts, &admin, Which::default(), None, 50).await
        });
        let rows = page.await.unwrap().rows;
        let found = rows.into_iter().find(|view| view.row.id == id);
        found.unwrap().row.last_used_at
    };
    let noted = async |at| {
        eventually("its use is noted", || async {
            world.pass(2 * SECOND, &[&server]).await;
            (last_used().await == Some(at)).then_some(())
        })
        .await;
    };
    let first = world.now();
    show(&server, &text).await.unwrap();
    noted(first).await;
    // Not each time: that would be a write for each request.
    show(&server, &text).await.unwrap();
    world.pass(12 * SECOND, &[&server]).await;
    assert_eq!(last_used().await, Some(first));
    world.jump(60 * SECOND, &[&server]);
    let second = world.now();
    show(&server, &text).await.unwrap();
    noted(second).await;
}

/// Of a workspace that was dropped from memory nobody hears what is taken away.
async fn a_key_of_a_workspace_that_was_not_used_for_a_while_is_looked_up(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let (id, text) = key(&server, None).await;
    show(&server, &text).await.unwrap();
    world.jump(Duration::from_mins(11), &[&server]);
    world.pass(60 * SECOND, &[&server]).await;
    revoke_beside(&server, &server, id).await;
    eventually("it is refused", || async {
        world.pass(SECOND / 2, &[&server]).await;
        show(&server, &text).await.err()
    })
    .await;
}
