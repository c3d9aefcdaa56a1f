//! The journal against a database that fails: at each statement, at each commit, for a while, in a
//! panic. On both databases; the faults are injected below the store's functions.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Map;
use switchboard_domain::agent::{Gate, VersionRef};
use switchboard_domain::conversation::{Conversation, ConversationKey, Outcome, Phase, Status};
use switchboard_domain::environment::Environment;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{
    AgentId, BindingId, CallId, ConversationId, EventId, InstanceId, WorkspaceId,
};
use switchboard_domain::variable_caps::VariableCaps;
use switchboard_store::journal::{self as rows, CallRow, KeptAnswer};
use switchboard_store::stat::{self, Called, Came, Count, Of, Span, Sums};
use switchboard_store::{
    Db, DbSettings, Fault, Faults, Location, Step, StoreError, conversation, event,
};
use switchboard_testkit::{TestDatabase, on_both_databases};
use uuid::Uuid;

use super::{
    Change, Done, End, Journal, Key, Pace, Recovery, Reservation, Reserved, Settlement, Work,
};
use crate::running::RunningCalls;
use switchboard_operation::AppError;

mod removal;

on_both_databases!(
    every_statement_and_every_commit_may_fail_once,
    many_callers_at_once_leave_no_gap,
    who_hears_of_news_sees_what_is_new,
    what_has_happened_is_kept_until_it_is_durable,
    what_was_not_written_is_taken_back,
    what_is_settled_is_not_settled_again,
    a_panic_stops_nobody,
    a_database_that_does_not_answer_stops_nobody_for_long,
);

/// Waits that are short enough for a test.
const PACE: Pace = Pace {
    asked: Duration::from_millis(1500),
    kept: Duration::from_millis(300),
    batch: Duration::from_secs(5),
    fail_fast_after: Duration::from_millis(100),
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(20),
};
/// Nobody gives up, however slow the machine is.
const PATIENT: Pace = Pace {
    asked: Duration::from_secs(30),
    kept: Duration::from_secs(30),
    fail_fast_after: Duration::from_secs(30),
    ..PACE
};
const INSTANCE: InstanceId = InstanceId::from_uuid(Uuid::from_u128(7));
const BINDING: BindingId = BindingId::from_uuid(Uuid::from_u128(8));

static NEXT: AtomicUsize = AtomicUsize::new(1000);

fn uuid() -> Uuid {
    Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed) as u128)
}

const fn at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn note(kind: EventType) -> NewEvent {
    NewEvent {
        id: EventId::from_uuid(uuid()),
        at: at(),
        kind,
        data: "{}".to_owned(),
    }
}

fn count(came: Came) -> Count {
    Count {
        environment: Environment::Production,
        called: Arc::new(Called {
            source: "act".to_owned(),
            name: "act".to_owned(),
            integration: None,
            action: None,
        }),
        came,
    }
}

/// A refused call.
fn refusal() -> Work {
    let refused = (note(EventType::ActionRefused), count(Came::Refused));
    Work::Refuse(Box::new(refused))
}

struct World {
    journal: Arc<Journal>,
    db: Db,
    /// The same database, where nothing fails and no answer is late.
    watcher: Db,
    running: Arc<RunningCalls>,
    /// The events of calls that were found in each conversation.
    calls: Mutex<HashMap<Key, usize>>,
    _directory: tempfile::TempDir,
    _database: TestDatabase,
}

async fn world(database: TestDatabase, faults: Faults) -> World {
    world_at(PACE, database, faults).await
}

async fn world_at(pace: Pace, database: TestDatabase, faults: Faults) -> World {
    let settings = DbSettings {
        faults: Some(faults),
        deadline: Some(Duration::from_millis(500)),
        ..DbSettings::default()
    };
    let directory = tempfile::tempdir().unwrap();
    let location = database.url().map_or_else(
        || Location::Sqlite(directory.path().join("test.db")),
        Location::Postgres,
    );
    let db = Db::open_exclusively_with(&location, settings)
        .await
        .unwrap();
    World {
        journal: Arc::new(Journal::new(db.clone(), INSTANCE, pace)),
        db,
        watcher: Db::open(&location).await.unwrap(),
        running: Arc::default(),
        calls: Mutex::default(),
        _directory: directory,
        _database: database,
    }
}

fn new_conversation() -> (Key, Work) {
    let key = ConversationKey {
        workspace: WorkspaceId::from_uuid(Uuid::from_u128(1)),
        id: ConversationId::from_uuid(uuid()),
        agent: AgentId::from_uuid(Uuid::from_u128(2)),
        version: VersionRef::Draft,
        environment: Environment::Production,
        created_at: at(),
    };
    let conversation = Conversation {
        status: Status::Active,
        phase: Phase::InCall,
        state: None,
        variables: Map::new(),
        usage: std::collections::BTreeMap::new(),
        last_sequence: 0,
        updated_at: at(),
        key,
    };
    let key = (conversation.key.workspace, conversation.key.id);
    let start = Work::Start(Box::new(conversation), note(EventType::ConversationStarted));
    (key, start)
}

impl World {
    fn reserve(&self, key: Key, idempotency_key: Option<&str>, limit: u32) -> (CallId, Work) {
        let id = CallId::from_uuid(uuid());
        let reservation = Reservation {
            call: CallRow {
                workspace: key.0,
                conversation: key.1,
                id,
                binding: BINDING,
                name: "act".to_owned(),
                arguments: "{}".to_owned(),
                idempotency_key: idempotency_key.map(ToOwned::to_owned),
                fingerprint: vec![1],
                instance: INSTANCE,
                reserved_at: at(),
                answer: None,
            },
            gate: Gate {
                phases: None,
                max_successful_calls: Some(limit),
                allowed_states: None,
            },
            strict_states: false,
            running: self.running.begin(id),
        };
        (id, Work::Reserve(Box::new(reservation)))
    }

    fn settle(call: CallId, reserved: Reserved, outcome: Outcome) -> Work {
        Work::Settle(Box::new(Settlement {
            call,
            binding: BINDING,
            is_named: true,
            reserved,
            outcome,
            variables: vec![],
            told: None,
            event: NewEvent {
                data: format!(r#"{{"binding_id":"{BINDING}"}}"#),
                ..note(EventType::ActionSucceeded)
            },
            effect: None,
            answer: KeptAnswer::plain("{\"status\":\"succeeded\"}".to_owned()),
            caps: VariableCaps::default(),
            is_shortened: false,
            count: count(Came::Succeeded(Duration::from_millis(5))),
            running: None,
        }))
    }

    async fn start(&self) -> Key {
        let (key, start) = new_conversation();
        self.journal.submit(key, start).await.unwrap();
        key
    }

    /// How many calls are counted, over all conversations.
    async fn counted(&self) -> u64 {
        let mut tx = self.watcher.write().await.unwrap();
        let folded = stat::fold(&mut tx.engine(), 100).await.unwrap();
        assert!(folded.is_some(), "nobody else adds up");
        tx.commit().await.unwrap();
        let mut conn = self.watcher.read().await.unwrap();
        let of = Of {
            workspace: WorkspaceId::from_uuid(Uuid::from_u128(1)),
            environment: None,
        };
        let ever = Span {
            from: at(),
            to: at() + TimeDelta::days(1),
        };
        let mut calls = 0;
        let take = |_, sums: Sums| calls += sums.calls();
        stat::each_total(&mut conn.engine(), of, ever, take)
            .await
            .unwrap();
        calls
    }

    /// What holds whatever failed: the log has no gap and no event twice, the counters are the
    /// events', and nothing is open.
    async fn check(&self, key: Key, events: usize, taken: u32) {
        let mut conn = self.watcher.read().await.unwrap();
        let engine = &mut conn.engine();
        let page = event::list(engine, key.0, key.1, 0, 1000, 1 << 20)
            .await
            .unwrap();
        let sequences: Vec<_> = page.rows.iter().map(|event| event.sequence).collect();
        let expected: Vec<_> = (1..=events as u64).collect();
        assert_eq!(sequences, expected, "{:?}", page.rows);
        let mut ids: Vec<_> = page.rows.iter().map(|event| event.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), events, "an event is there twice");
        let calls = page.rows.iter();
        let calls = calls
            .filter(|event| event.kind.starts_with("action."))
            .count();
        let in_events: usize = {
            let mut all = self.calls.lock().unwrap();
            all.insert(key, calls);
            all.values().sum()
        };
        assert_eq!(self.counted().await, in_events as u64, "{:?}", page.rows);
        let found = conversation::get(engine, key.0, key.1)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.last_sequence, events as u64);
        assert_eq!(found.usage(BINDING).in_flight, 0);
        assert_eq!(found.usage(BINDING).taken, taken);
        let open = rows::open_calls(engine, INSTANCE, 10).await.unwrap();
        assert_eq!(open, vec![]);
        assert_eq!(self.running.count(), 0);
        let remembered = self.journal.get(key).await.unwrap().unwrap();
        assert_eq!(*remembered, found);
    }
}

fn unavailable(outcome: &Result<Done, AppError>) -> bool {
    matches!(
        outcome,
        Err(AppError::Store(StoreError::Unavailable(_)) | AppError::Unavailable { .. })
    )
}

/// Everything the journal does, one after the other; answers how many events there are.
async fn story(world: &World) -> (Key, usize) {
    let journal = &world.journal;
    let key = world.start().await;
    // A call under a limit, one with a key, one that was not reserved, a refusal.
    let (call, reserve) = world.reserve(key, None, 3);
    journal.submit(key, reserve).await.unwrap();
    let settle = World::settle(call, Reserved::UntilSettled, Outcome::Succeeded);
    assert!(matches!(
        journal.submit(key, settle).await.unwrap(),
        Done::Settled
    ));
    let (call, reserve) = world.reserve(key, Some("key"), 3);
    assert!(matches!(
        journal.submit(key, reserve).await.unwrap(),
        Done::Now(_)
    ));
    let settle = World::settle(call, Reserved::WithAnswer, Outcome::Succeeded);
    assert!(matches!(
        journal.submit(key, settle).await.unwrap(),
        Done::Settled
    ));
    let (_, again) = world.reserve(key, Some("key"), 3);
    let Done::Before(before) = journal.submit(key, again).await.unwrap() else {
        panic!("a key stands for one call");
    };
    assert_eq!(before.id, call);
    assert!(before.answer.is_some());
    let settle = World::settle(CallId::from_uuid(uuid()), Reserved::No, Outcome::Failed);
    journal.submit(key, settle).await.unwrap();
    let refusal = refusal();
    journal.submit(key, refusal).await.unwrap();
    let end = Change {
        state: None,
        variables: Map::new(),
        end: Some(End::Asked),
        caps: VariableCaps::default(),
        ids: std::array::from_fn(|_| uuid()),
    };
    let end = Work::Change(Box::new(end), at());
    journal.submit(key, end).await.unwrap();
    (key, 6)
}

/// Faults at one step, counted from when `seen` is set to 0: which step, what kind of fault, and how many
/// steps there were.
fn at_one_step() -> (Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>, Faults) {
    let step = Arc::new(AtomicUsize::new(usize::MAX));
    let fault = Arc::new(AtomicUsize::new(0));
    // No step is hit before a test begins to count.
    let seen = Arc::new(AtomicUsize::new(usize::MAX / 2));
    let faults: Faults = {
        let (step, fault, seen) = (step.clone(), fault.clone(), seen.clone());
        Arc::new(move |_| {
            let hit = seen.fetch_add(1, Ordering::SeqCst) == step.load(Ordering::SeqCst);
            match (hit, fault.load(Ordering::SeqCst)) {
                (false, _) => Fault::None,
                (true, 0) => Fault::Fails,
                (true, _) => Fault::AnswerLost,
            }
        })
    };
    (step, fault, seen, faults)
}

async fn every_statement_and_every_commit_may_fail_once(database: TestDatabase) {
    let (step, fault, seen, faults) = at_one_step();
    let world = world_at(PATIENT, database, faults).await;
    for kind in 0..2 {
        fault.store(kind, Ordering::SeqCst);
        let mut number = 0;
        loop {
            step.store(number, Ordering::SeqCst);
            seen.store(0, Ordering::SeqCst);
            let (key, events) = story(&world).await;
            let steps = seen.swap(usize::MAX / 2, Ordering::SeqCst);
            world.check(key, events, 2).await;
            if number >= steps {
                break;
            }
            number += 1;
        }
        assert!(number > 8, "the story has {number} steps");
    }
}

async fn many_callers_at_once_leave_no_gap(database: TestDatabase) {
    const CALLERS: usize = 8;
    const ROUNDS: usize = 60;
    // Now and then a commit's answer is lost.
    let count = AtomicUsize::new(0);
    let faults: Faults = Arc::new(move |step| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        match step {
            Step::Commit if number % 23 == 22 => Fault::AnswerLost,
            Step::Statement if number % 41 == 40 => Fault::Fails,
            _ => Fault::None,
        }
    });
    let world = Arc::new(world_at(PATIENT, database, faults).await);
    let key = loop {
        let (key, start) = new_conversation();
        if world.journal.submit(key, start).await.is_ok() {
            break key;
        }
    };
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let world = world.clone();
        tasks.spawn(async move {
            for _ in 0..ROUNDS {
                let refusal = refusal();
                world.journal.submit(key, refusal).await.unwrap();
                // Lets the queue run empty now and then: that is when who writes changes.
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let events = 1 + CALLERS * ROUNDS;
    let mut conn = world.db.read().await;
    while conn.is_err() {
        conn = world.db.read().await;
    }
    drop(conn);
    let page = loop {
        let mut conn = world.db.read().await.unwrap();
        if let Ok(page) = event::list(&mut conn.engine(), key.0, key.1, 0, 1000, 1 << 20).await {
            break page;
        }
    };
    let sequences: Vec<_> = page.rows.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=events as u64).collect::<Vec<_>>());
}

/// Who waits for news looks once when it hears of some, and then waits for more: what it was told of
/// has to be there by then, also where the answer of the commit was lost.
async fn who_hears_of_news_sees_what_is_new(database: TestDatabase) {
    const ROUNDS: u64 = 200;
    let commits = AtomicUsize::new(0);
    let faults: Faults = Arc::new(move |step| match step {
        Step::Commit if commits.fetch_add(1, Ordering::SeqCst) % 9 == 8 => Fault::AnswerLost,
        _ => Fault::None,
    });
    let world = Arc::new(world_at(PATIENT, database, faults).await);
    let key = world.start().await;
    let (seen, mut look) = tokio::sync::watch::channel(0);
    let mut news = world.journal.news();
    let listener = {
        let world = world.clone();
        tokio::spawn(async move {
            while news.recv().await.is_ok() {
                let found = world.journal.get(key).await.unwrap().unwrap();
                seen.send_replace(found.last_sequence);
            }
        })
    };
    for round in 1..=ROUNDS {
        world.journal.submit(key, refusal()).await.unwrap();
        let sees = look.wait_for(|sequence| *sequence == round + 1);
        let sees = tokio::time::timeout(Duration::from_secs(10), sees).await;
        sees.expect("who listens sees what was written").unwrap();
    }
    listener.abort();
}

/// Faults that can be switched on.
fn switched() -> (Arc<AtomicBool>, Faults) {
    let failing = Arc::new(AtomicBool::new(false));
    let faults = {
        let failing = failing.clone();
        Arc::new(move |step| match step {
            _ if !failing.load(Ordering::SeqCst) => Fault::None,
            Step::Commit => Fault::AnswerLost,
            Step::Statement => Fault::Fails,
        })
    };
    (failing, faults)
}

async fn eventually(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn what_has_happened_is_kept_until_it_is_durable(database: TestDatabase) {
    let (failing, faults) = switched();
    let world = world(database, faults).await;
    let key = world.start().await;
    let (call, reserve) = world.reserve(key, Some("pay"), 1);
    world.journal.submit(key, reserve).await.unwrap();
    failing.store(true, Ordering::SeqCst);
    let settle = World::settle(call, Reserved::WithAnswer, Outcome::Succeeded);
    let outcome = world.journal.submit(key, settle).await;
    assert!(unavailable(&outcome), "{outcome:?}");
    // Meanwhile nothing else waits for long, and calls are not begun.
    let start = Instant::now();
    let refusal = refusal();
    let outcome = world.journal.submit(key, refusal).await;
    assert!(unavailable(&outcome), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(world.journal.failing().is_some());
    assert!(world.journal.check(key).is_err());
    failing.store(false, Ordering::SeqCst);
    eventually("the journal writes again", async || {
        world.journal.failing().is_none()
    })
    .await;
    world.check(key, 2, 1).await;
    let (_, again) = world.reserve(key, Some("pay"), 1);
    let outcome = world.journal.submit(key, again).await.unwrap();
    assert!(matches!(outcome, Done::Before(before) if before.answer.is_some()));
}

async fn what_was_not_written_is_taken_back(database: TestDatabase) {
    let (failing, faults) = switched();
    let world = world(database, faults).await;
    let key = world.start().await;
    failing.store(true, Ordering::SeqCst);
    // The commit happens and its answer is lost, on SQLite; on PostgreSQL it never comes to that.
    let (_, reserve) = world.reserve(key, Some("pay"), 1);
    let outcome = world.journal.submit(key, reserve).await;
    assert!(unavailable(&outcome), "{outcome:?}");
    failing.store(false, Ordering::SeqCst);
    eventually("the reservation is taken back", async || {
        world.journal.failing().is_none() && world.running.count() == 0
    })
    .await;
    world.check(key, 1, 0).await;
    // Its place and its key are free.
    let (call, reserve) = world.reserve(key, Some("pay"), 1);
    let outcome = world.journal.submit(key, reserve).await.unwrap();
    assert!(matches!(outcome, Done::Now(_)), "{outcome:?}");
    let settle = World::settle(call, Reserved::WithAnswer, Outcome::Succeeded);
    world.journal.submit(key, settle).await.unwrap();
    world.check(key, 2, 1).await;
}

/// Whoever looks for lost calls may have seen one that was settled a moment later.
async fn what_is_settled_is_not_settled_again(database: TestDatabase) {
    let world = world(database, Arc::new(|_| Fault::None)).await;
    let journal = &world.journal;
    for reserved in [Reserved::UntilSettled, Reserved::WithAnswer] {
        let key = world.start().await;
        let idempotency_key = (reserved == Reserved::WithAnswer).then_some("pay");
        let mut seen = vec![];
        for _ in 0..2 {
            let (call, reserve) =
                world.reserve(key, idempotency_key.filter(|_| seen.is_empty()), 2);
            journal.submit(key, reserve).await.unwrap();
            let mut conn = world.watcher.read().await.unwrap();
            let open = rows::open_calls(&mut conn.engine(), INSTANCE, 10)
                .await
                .unwrap();
            seen.extend(open.into_iter().filter(|row| row.id == call));
        }
        let lost = |call: &CallRow| {
            Work::Recover(Box::new(Recovery {
                call: call.clone(),
                event: note(EventType::ActionFailed),
                answer: KeptAnswer::plain("{\"status\":\"failed\"}".to_owned()),
                count: None,
            }))
        };
        let settle = |call: &CallRow| {
            let kept = call.idempotency_key.as_ref();
            let reserved = kept.map_or(Reserved::UntilSettled, |_| Reserved::WithAnswer);
            World::settle(call.id, reserved, Outcome::Succeeded)
        };
        // One after the other, and both in one batch: it gathers behind what is being written.
        journal.submit(key, settle(&seen[0])).await.unwrap();
        let again = journal.submit(key, lost(&seen[0])).await.unwrap();
        assert!(matches!(again, Done::Gone(_)), "{again:?}");
        let (first, settled, again) = tokio::join!(
            journal.submit(key, refusal()),
            journal.submit(key, settle(&seen[1])),
            journal.submit(key, lost(&seen[1])),
        );
        assert!(first.is_ok() && settled.is_ok());
        assert!(matches!(again, Ok(Done::Gone(_))), "{again:?}");
        world.check(key, 4, 2).await;
    }
}

async fn a_panic_stops_nobody(database: TestDatabase) {
    let armed = Arc::new(AtomicUsize::new(0));
    let faults: Faults = {
        let armed = armed.clone();
        Arc::new(move |_| {
            let left = armed.load(Ordering::SeqCst);
            if left > 0 {
                armed.store(left - 1, Ordering::SeqCst);
                panic!("a fault of the test");
            }
            Fault::None
        })
    };
    let world = Arc::new(world(database, faults).await);
    let key = world.start().await;
    for panics in 1..=2 {
        armed.store(panics, Ordering::SeqCst);
        // Whoever writes panics with it; what it was to write is written by another.
        let task = {
            let world = world.clone();
            tokio::spawn(async move {
                let refusal = refusal();
                world.journal.submit(key, refusal).await
            })
        };
        assert!(task.await.unwrap_err().is_panic());
        let refusal = refusal();
        world.journal.submit(key, refusal).await.unwrap();
        world.check(key, 1 + 2 * panics, 0).await;
    }
    // What panics each time is given up, and what waits behind it is written.
    armed.store(4, Ordering::SeqCst);
    let task = {
        let world = world.clone();
        tokio::spawn(async move {
            let refusal = refusal();
            world.journal.submit(key, refusal).await
        })
    };
    // Whether it wrote itself or another did for it.
    let is_lost = task.await.map_or_else(
        |error| error.is_panic(),
        |outcome| matches!(outcome, Err(AppError::Internal(_))),
    );
    assert!(is_lost);
    let refusal = refusal();
    world.journal.submit(key, refusal).await.unwrap();
    world.check(key, 6, 0).await;
}

async fn a_database_that_does_not_answer_stops_nobody_for_long(database: TestDatabase) {
    let hanging = Arc::new(AtomicBool::new(false));
    let faults: Faults = {
        let hanging = hanging.clone();
        Arc::new(move |_| {
            if hanging.load(Ordering::SeqCst) {
                Fault::Hangs
            } else {
                Fault::None
            }
        })
    };
    let world = world(database, faults).await;
    let key = world.start().await;
    let (call, reserve) = world.reserve(key, None, 1);
    world.journal.submit(key, reserve).await.unwrap();
    hanging.store(true, Ordering::SeqCst);
    let start = Instant::now();
    let settle = World::settle(call, Reserved::UntilSettled, Outcome::Succeeded);
    let (refused, settled) = tokio::join!(
        world.journal.submit(key, refusal()),
        world.journal.submit(key, settle),
    );
    assert!(unavailable(&refused), "{refused:?}");
    assert!(unavailable(&settled), "{settled:?}");
    assert!(start.elapsed() < Duration::from_secs(8));
    // A connection that hung is not used again.
    hanging.store(false, Ordering::SeqCst);
    eventually("the journal writes again", async || {
        world.journal.failing().is_none()
    })
    .await;
    world.check(key, 2, 1).await;
}
