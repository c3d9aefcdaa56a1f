//! The service that is called: it does what the test planned for each request, and keeps a log.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use switchboard_testkit::{Answer, Gate, Upstream};

/// How long a call waits for an answer, by its action. Long for a machine that is busy, short for one
/// who waits.
pub const PATIENCE_MS: u32 = 400;
/// When an answer is too late for that.
const TOO_LATE: Duration = Duration::from_millis(700);

/// What the service does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Does {
    /// It does what is asked, and says so.
    #[default]
    Succeeds,
    /// It refuses.
    Refuses,
    /// It says that it is not well.
    Fails,
    /// It does what is asked, and the connection ends without an answer.
    Vanishes,
    /// It does what is asked, and says so too late.
    IsLate,
    /// It does what is asked, and says so when the test lets it.
    IsHeld,
}

impl Does {
    /// Whether what was asked for is done.
    pub const fn is_done(self) -> bool {
        !matches!(self, Self::Refuses | Self::Fails)
    }
}

#[derive(Debug, Default)]
struct Plan {
    planned: HashMap<String, Does>,
    gate: Gate,
    /// The paths whose answers it holds.
    held: HashSet<String>,
}

/// The service.
#[derive(Debug, Clone)]
pub struct Service {
    upstream: Upstream,
    plan: Arc<Mutex<Plan>>,
}

impl Service {
    /// Starts it.
    pub async fn start() -> Self {
        let plan: Arc<Mutex<Plan>> = Arc::default();
        let follows = plan.clone();
        let upstream = Upstream::start(move |request| {
            let path = request.uri().path();
            let mut plan = follows.lock().unwrap();
            let does = plan.planned.get(path).copied().unwrap_or_default();
            let done = Answer::Json(200, json!({"path": path}));
            match does {
                Does::Succeeds => done,
                Does::Refuses => Answer::Json(422, json!({})),
                Does::Fails => Answer::Json(503, json!({})),
                Does::Vanishes => Answer::Drop,
                Does::IsLate => Answer::Late(TOO_LATE, Box::new(done)),
                Does::IsHeld => {
                    plan.held.insert(path.to_owned());
                    Answer::Held(plan.gate.clone(), Box::new(done))
                }
            }
        })
        .await;
        Self { upstream, plan }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.upstream.url
    }

    /// Says what it does with requests to a path.
    pub fn plan(&self, path: &str, does: Does) {
        self.plan
            .lock()
            .unwrap()
            .planned
            .insert(path.to_owned(), does);
    }

    /// What it did, or would do, with requests to a path.
    pub fn does(&self, path: &str) -> Does {
        let plan = self.plan.lock().unwrap();
        plan.planned.get(path).copied().unwrap_or_default()
    }

    /// Lets the answers go that it holds. Those of later requests are held again.
    pub fn release(&self) {
        let mut plan = self.plan.lock().unwrap();
        plan.held.clear();
        std::mem::take(&mut plan.gate).open();
    }

    /// Whether it holds the answer to a request to a path.
    pub fn holds(&self, path: &str) -> bool {
        self.plan.lock().unwrap().held.contains(path)
    }

    /// How often a path was asked for.
    pub fn hits_of(&self, path: &str) -> usize {
        self.upstream.hits_of(path)
    }
}
