//! What services do that are called.

use std::time::Duration;

use switchboard_testkit::{Fault, Kind, Surroundings, TestDatabase, broken, on_both_databases};

use super::{CALLERS, Rounds, World, at_work};

on_both_databases!(
    a_service_that_hangs_stops_no_other,
    a_service_that_floods_stops_no_other,
    a_service_that_drips_stops_no_other,
);

async fn a_service_that_hangs_stops_no_other(database: TestDatabase) {
    beside(database, Fault::Silence).await;
}

async fn a_service_that_floods_stops_no_other(database: TestDatabase) {
    beside(database, Fault::Endless).await;
}

async fn a_service_that_drips_stops_no_other(database: TestDatabase) {
    beside(database, Fault::Drip).await;
}

/// The longest that a call of a good service may take beside a bad one. A call of the bad one ends
/// after 4 s.
const PROMPT: Duration = Duration::from_secs(3);

async fn beside(database: TestDatabase, fault: Fault) {
    let bad = broken(fault).await;
    let mut world = World::start_beside(database, Surroundings::default(), Some(&bad)).await;
    world.plan.longest = Duration::from_secs(15);
    let mut rounds = Rounds::few();
    while let Some(number) = rounds.next() {
        let bad = world.load(&[Kind::Bad; 12]);
        let good = world.load(CALLERS);
        at_work(&good).await;
        // Until the first calls of the bad service are over and the next ones are under way.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let bad = bad.end().await;
        assert!(bad.len() >= 12, "the bad service was called");
        for call in &bad {
            let answer = call.answer().unwrap_or_else(|| panic!("{call:?}"));
            assert_eq!(answer["status"], "failed", "{answer}");
        }
        let slow = world.finish_with(good, bad).await.unwrap_or_else(|what| {
            panic!("round {number}:\n  {what}");
        });
        assert!(slow < PROMPT, "a call beside it took {slow:?}");
    }
}
