//! Sessions, invitations and guesses: each has its time.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::json;
use switchboard_app::AppError;
use switchboard_app::accounts::CameFrom;
use switchboard_app::accounts::invitations;
use switchboard_app::accounts::sessions::{self, Session};
use switchboard_app::accounts::setup::{self, Offer};
use switchboard_app::authority::Authority;
use switchboard_testkit::{TestDatabase, on_both_databases};

use crate::world::{Options, Process, World, input};

on_both_databases!(
    a_session_ends_after_two_weeks,
    an_invitation_stands_for_a_week,
    who_guesses_too_often_waits_for_each_next_try,
);

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);
const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "a long enough password";

async fn owner(server: &Process) -> Session {
    server
        .run(|app| async move {
            let Offer::Token(token) = setup::offer(&app.accounts).await.unwrap() else {
                panic!("there is an owner already");
            };
            let owner = input(json!({
                "token": *token.expose(), "email": EMAIL, "name": "Owner", "password": PASSWORD,
            }));
            setup::complete(&app.accounts, owner).await.unwrap()
        })
        .await
}

async fn find(server: &Process, session: &Session) -> Result<Session, AppError> {
    let text = session.token().expose().to_string();
    let found = server.run(|app| async move { sessions::find(&app.accounts, &text).await });
    found.await
}

async fn a_session_ends_after_two_weeks(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let session = owner(&server).await;
    let stream = {
        let session = session.clone();
        server.spawn(|app| async move { Authority::of_session(&app, session).ended().await })
    };
    world.jump(13 * DAY + 23 * HOUR, &[&server]);
    world.pass(2 * SECOND, &[&server]).await;
    find(&server, &session).await.unwrap();
    assert!(!stream.is_finished());
    world.jump(HOUR, &[&server]);
    let ended = find(&server, &session).await.unwrap_err();
    assert!(matches!(ended, AppError::Unauthenticated), "{ended}");
    world.pass(2 * SECOND, &[&server]).await;
    let ended = tokio::time::timeout(30 * SECOND, stream).await;
    ended.expect("its streams end with it").unwrap();
}

async fn an_invitation_stands_for_a_week(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    let admin = server.admin();
    let token = server
        .run(|app| async move {
            let guest = input(json!({"email": "guest@example.com", "role": "editor"}));
            let (_, token) = invitations::create(&app.accounts, &admin, guest)
                .await
                .unwrap();
            token.expose().to_string()
        })
        .await;
    let look = async || {
        let token = input(json!(token));
        server
            .run(|app| async move { invitations::inspect(&app.accounts, &token).await.map(drop) })
            .await
    };
    world.jump(6 * DAY + 86_399 * SECOND, &[&server]);
    look().await.unwrap();
    world.jump(SECOND, &[&server]);
    assert_eq!(
        look().await.unwrap_err().code().as_str(),
        "invitation_not_found"
    );
}

async fn who_guesses_too_often_waits_for_each_next_try(database: TestDatabase) {
    let world = World::new(database, Options::default());
    let server = world.start(1).await;
    owner(&server).await;
    let guess = async || {
        let guess = input(json!({"email": EMAIL, "password": "another password"}));
        let from = CameFrom {
            address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            device: None,
        };
        let tried = server
            .run(|app| async move { sessions::sign_in(&app.accounts, &guess, &from, None).await });
        tried.await.unwrap_err().code().as_str()
    };
    for _ in 0..20 {
        assert_eq!(guess().await, "invalid_credentials");
    }
    assert_eq!(guess().await, "too_many_attempts");
    // One is forgotten every twelve seconds.
    for _ in 0..2 {
        world.jump(11 * SECOND, &[&server]);
        assert_eq!(guess().await, "too_many_attempts");
        world.jump(SECOND, &[&server]);
        assert_eq!(guess().await, "invalid_credentials");
    }
}
