//! Whatever callers, servers, the database and the service do, in whatever order: every promise about
//! calls holds.
//!
//! A seed makes a script; the scripts of a run have seeds in a row. The order in which things that
//! happen at once are done is the machine's, so a seed that failed may pass: try it a few times.
//! `SWITCHBOARD_MODEL_SEED` names the first one, and `SWITCHBOARD_FAULTS_SECONDS` says how long to go on.

mod check;
mod script;
mod story;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use switchboard_testkit::{TestDatabase, on_both_databases, told};
use tokio::runtime::Handle;

use script::{Step, script};
use story::{Stage, Story, stage};

on_both_databases!(whatever_happens_calls_keep_their_promises);

/// How long a usual run goes on.
const USUAL: Duration = Duration::from_secs(15);
/// The first seed of a usual run.
const FIRST: u64 = 1;
/// How long a script that fails is made smaller.
const SMALLER_MS: u32 = 60_000;

fn number(name: &str) -> Option<u64> {
    told(name).map(|text| text.parse().unwrap())
}

async fn play(stage: &mut Stage, steps: &[Step]) -> Result<(), TestCaseError> {
    let found = match Story::act(stage, steps).await {
        Ok(story) => story.check().await,
        Err(why) => vec![why],
    };
    if found.is_empty() {
        return Ok(());
    }
    Err(TestCaseError::fail(found.join("\n  ")))
}

async fn whatever_happens_calls_keep_their_promises(database: TestDatabase) {
    let lasts = number("SWITCHBOARD_FAULTS_SECONDS").map_or(USUAL, Duration::from_secs);
    let start = Instant::now();
    let mut stage = stage(database).await;
    let first = number("SWITCHBOARD_MODEL_SEED").unwrap_or(FIRST);
    let mut seed = first;
    while start.elapsed() < lasts {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config {
            cases: 1,
            failure_persistence: None,
            max_shrink_time: SMALLER_MS,
            max_shrink_iters: 1000,
            ..Config::default()
        };
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(config, random);
        let result = tokio::task::block_in_place(|| {
            let handle = Handle::current();
            let stage = Mutex::new(&mut stage);
            runner.run(&script(), |steps| {
                // A script that panics fails, and a smaller one is tried.
                let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
                handle.block_on(play(&mut stage, &steps))
            })
        });
        if let Err(error) = result {
            panic!("SWITCHBOARD_MODEL_SEED={seed}: {error}");
        }
        seed += 1;
    }
    eprintln!("{} scripts in {:?}", seed - first, start.elapsed());
    stage.check_counts().await;
}
