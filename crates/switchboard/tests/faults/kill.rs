//! The process is killed, again and again, at any moment.

use std::time::Duration;

use switchboard_testkit::{Kind, Surroundings, TestDatabase, on_both_databases};

use super::{CALLERS, Rounds, World};

on_both_databases!(killed_again_and_again_it_keeps_its_promises);

/// Kills between two looks at the invariants.
const KILLS: u64 = 4;

async fn killed_again_and_again_it_keeps_its_promises(database: TestDatabase) {
    let mut world = World::start(database, Surroundings::reachable()).await;
    world.was_killed = true;
    world.plan.pause = Duration::from_millis(10);
    // Nothing is answered before a start is over, which is what callers wait for.
    let callers: Vec<Kind> = [CALLERS, CALLERS].concat();
    let mut rounds = Rounds::of(Duration::from_secs(8));
    while let Some(number) = rounds.next() {
        let load = world.load(&callers);
        for kill in 0..KILLS {
            // The moment differs from time to time.
            let moment = 120 + (kill * 83 + number as u64 * 37) % 400;
            tokio::time::sleep(Duration::from_millis(moment)).await;
            world.server.kill();
            world.server.launch().await;
        }
        let result = world.finish(load).await;
        assert!(result.is_ok(), "round {number}:\n  {}", result.unwrap_err());
    }
}
