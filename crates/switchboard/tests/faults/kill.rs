//! The process is killed, again and again, at any moment.

use std::time::{Duration, Instant};

use switchboard_testkit::{Kind, Load, Surroundings, TestDatabase, on_both_databases};

use super::{CALLERS, Rounds, World};

on_both_databases!(killed_again_and_again_it_keeps_its_promises);

/// Kills between two looks at the invariants.
const KILLS: usize = 30;

/// Waits until so many more calls are answered: whoever is killed then is in the middle of others.
async fn answered(load: &Load, more: usize) {
    let (start, enough) = (Instant::now(), load.good() + more);
    while load.good() < enough {
        assert!(start.elapsed() < Duration::from_mins(1), "no call succeeds");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn killed_again_and_again_it_keeps_its_promises(database: TestDatabase) {
    let mut world = World::start(database, Surroundings::reachable()).await;
    world.was_killed = true;
    world.plan.pause = Duration::from_millis(10);
    // Nothing is answered before a start is over, which is what callers wait for.
    let callers: Vec<Kind> = [CALLERS, CALLERS].concat();
    let mut rounds = Rounds::of(Duration::ZERO);
    while let Some(number) = rounds.next() {
        let load = world.load(&callers);
        for kill in 0..KILLS {
            // The moment differs from time to time.
            answered(&load, 1 + (kill * 7 + number * 5) % 12).await;
            world.server.kill();
            world.server.launch().await;
        }
        let result = world.finish(load).await;
        assert!(result.is_ok(), "round {number}:\n  {}", result.unwrap_err());
    }
}
