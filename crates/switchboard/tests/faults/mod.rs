//! Something outside fails while calls are made: afterwards every promise about calls holds.
//!
//! Each scenario is the same: callers at work, a fault for a while, its end, callers served again,
//! peace, and then the invariants. `make faults` goes round for as long as
//! `SWITCHBOARD_FAULTS_SECONDS` says; without that there is one round of each.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod clock;
mod kill;
mod postgres;
mod services;
mod sqlite;

use std::time::{Duration, Instant};

use switchboard_testkit::{
    Counter, Evidence, Kind, Load, Noted, Plan, Server, Surroundings, TestDatabase, told,
    violations,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

/// Callers of each scenario.
const CALLERS: &[Kind] = &[
    Kind::Read,
    Kind::Limited,
    Kind::Keyed,
    Kind::Read,
    Kind::Limited,
    Kind::Keyed,
    Kind::Change,
];

/// How long the service takes for an answer: long enough that calls are under way at any moment.
const TAKES: Duration = Duration::from_millis(60);
/// How soon calls have to be answered well after a fault is over.
const SERVED_AGAIN: Duration = Duration::from_secs(45);

/// The longest that one round of a scenario takes.
const LONGEST: Duration = Duration::from_mins(4);

/// How long the test run was told to go on.
fn told_to_last() -> Option<Duration> {
    let seconds = told("SWITCHBOARD_FAULTS_SECONDS").map(|text| text.parse().unwrap());
    seconds.map(Duration::from_secs)
}

/// Until when rounds go on.
struct Rounds {
    until: Instant,
    number: usize,
}

impl Rounds {
    /// As long as the test run was told, or else this long.
    fn of(short: Duration) -> Self {
        Self {
            until: Instant::now() + told_to_last().unwrap_or(short),
            number: 0,
        }
    }

    /// A tenth of that: where one round is much like the other.
    fn few() -> Self {
        let all = Self::of(Duration::ZERO);
        let left = all.until.saturating_duration_since(Instant::now());
        Self {
            until: Instant::now() + left / 10,
            ..all
        }
    }

    /// Whether there is another round; there is always a first one.
    fn next(&mut self) -> Option<usize> {
        self.number += 1;
        (self.number == 1 || Instant::now() < self.until).then_some(self.number)
    }
}

/// A server with an agent, and a service to call.
struct World {
    server: Server,
    key: String,
    service: Counter,
    plan: Plan,
    was_killed: bool,
}

impl World {
    async fn start(database: TestDatabase, surroundings: Surroundings) -> Self {
        Self::start_beside(database, surroundings, None).await
    }

    /// The same with another service, which misbehaves.
    async fn start_beside(
        database: TestDatabase,
        surroundings: Surroundings,
        bad: Option<&str>,
    ) -> Self {
        let service = Counter::start(TAKES).await;
        let arguments = ["--allow-network", "127.0.0.1"];
        let server = Server::start_in(BINARY, database, &arguments, surroundings).await;
        // Not on a thread that the way to the database may need.
        let key = tokio::task::block_in_place(|| server.key("admin", "default"));
        let plan = Plan::prepare(server.address(), &key, service.url(), bad).await;
        Self {
            server,
            key,
            service,
            plan,
            was_killed: false,
        }
    }

    fn load(&self, kinds: &[Kind]) -> Load {
        Load::start(&self.plan, kinds)
    }

    /// Waits until calls are answered well again, lets the callers finish, and looks for what must
    /// not be.
    async fn finish(&self, load: Load) -> Result<(), String> {
        self.finish_with(load, vec![]).await.map(drop)
    }

    /// The same with what others noted already. Answers how long the slowest call took.
    async fn finish_with(&self, load: Load, others: Vec<Noted>) -> Result<Duration, String> {
        let (start, before) = (Instant::now(), load.good());
        let mut found = vec![];
        while load.good() < before + 10 {
            if start.elapsed() > SERVED_AGAIN {
                found.push(format!(
                    "calls fail {SERVED_AGAIN:?} after the fault is over"
                ));
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut noted = load.end().await;
        let slowest = noted.iter().map(|noted| noted.took).max();
        noted.extend(others);
        let evidence = Evidence {
            server: &self.server,
            key: &self.key,
            noted: &noted,
            service: &self.service,
            was_killed: self.was_killed,
        };
        found.extend(violations(&evidence).await);
        if found.is_empty() {
            Ok(slowest.unwrap_or_default())
        } else {
            Err(found.join("\n  "))
        }
    }
}

/// Waits until the callers are at work.
async fn at_work(load: &Load) {
    let start = Instant::now();
    while load.good() < 20 {
        assert!(start.elapsed() < Duration::from_mins(1), "no call succeeds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs scenarios side by side: most of their time is waiting.
async fn side_by_side<S>(scenarios: Vec<(&'static str, S)>)
where
    S: Future<Output = Result<(), String>> + Send + 'static,
{
    let longest = Rounds::of(Duration::ZERO).until + LONGEST;
    let spawn = |(name, scenario)| {
        let bounded = tokio::time::timeout_at(longest.into(), scenario);
        (name, tokio::spawn(bounded))
    };
    let tasks: Vec<_> = scenarios.into_iter().map(spawn).collect();
    let mut failed = vec![];
    for (name, task) in tasks {
        let result = match task.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("it does not end".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(what) = result {
            failed.push(format!("{name}:\n  {what}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
