//! The wall clock jumps.

use serde_json::json;
use switchboard_testkit::{
    Client, Surroundings, TestDatabase, WallClock, eventually, on_both_databases,
};

use super::{CALLERS, Rounds, World, at_work};

on_both_databases!(a_clock_that_jumps_changes_nothing);

const HOUR: i64 = 3600;

async fn a_clock_that_jumps_changes_nothing(database: TestDatabase) {
    let clock = WallClock::new();
    let surroundings = Surroundings {
        environment: clock.environment(),
        ..Surroundings::default()
    };
    let world = World::start(database, surroundings).await;
    let admin = Client::new(world.server.address(), &world.key);
    let seen = admin.get("/api-keys").await.expect(200);
    let before = seen["data"][0]["created_at"].as_str().unwrap().to_owned();
    let mut rounds = Rounds::few();
    while let Some(number) = rounds.next() {
        for jump in [HOUR, -HOUR, 90 * 24 * HOUR, 0] {
            let load = world.load(CALLERS);
            at_work(&load).await;
            clock.set(jump);
            let made = admin
                .post("/api-keys", json!({"name": "late", "scope": "run"}))
                .await
                .expect(201);
            if jump != 0 {
                let hour = |text: &str| text[..13].to_owned();
                let made = made["created_at"].as_str().unwrap();
                assert_ne!(hour(made), hour(&before), "the clock has jumped");
            }
            // A key counts at once, and no more when it is revoked, whatever the time.
            let late = admin.with_key(made["key"].as_str().unwrap());
            late.get("/conversations").await.expect(200);
            let path = format!("/api-keys/{}", made["id"].as_str().unwrap());
            admin.delete(&path).await.expect(204);
            eventually("the key is refused", || async {
                (late.get("/conversations").await.status == 401).then_some(())
            })
            .await;
            let result = world.finish(load).await;
            assert!(
                result.is_ok(),
                "round {number}, by {jump} s:\n  {}",
                result.unwrap_err()
            );
        }
    }
}
