//! Counts of calls: each is added up once, whatever fails, and what is read of many is little.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, Executor as _};
use switchboard_domain::environment::Environment;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{ConversationId, EventId, WorkspaceId};
use switchboard_store::batch::{self, Batch};
use switchboard_store::journal::EventRow;
use switchboard_store::stat::{
    self, Called, Came, Count, Counted, Of, Parts, Span, Sums, bucket_of, hour_of,
};
use switchboard_store::{Conn, Db, DbSettings, Fault, Faults, Location, StoreError};
use switchboard_testkit::{TestDatabase, on_both_databases};
use uuid::Uuid;

on_both_databases!(
    each_call_is_added_once_whatever_fails,
    what_an_older_release_counted_is_added_once,
    what_cannot_be_read_keeps_nothing_from_being_counted,
    a_day_of_many_actions_is_read_in_few_rows,
);

const WORKSPACE: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(1));
const OF: Of = Of {
    workspace: WORKSPACE,
    environment: None,
};

struct Opened {
    db: Db,
    _directory: tempfile::TempDir,
    _database: TestDatabase,
}

async fn open(database: TestDatabase, faults: Option<Faults>) -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let location = database.url().map_or_else(
        || Location::Sqlite(directory.path().join("test.db")),
        Location::Postgres,
    );
    let settings = DbSettings {
        faults,
        ..DbSettings::default()
    };
    Opened {
        db: Db::open_exclusively_with(&location, settings)
            .await
            .unwrap(),
        _directory: directory,
        _database: database,
    }
}

/// An hour, and a bucket in the middle of it.
fn hour() -> DateTime<Utc> {
    hour_of(DateTime::from_timestamp(1_790_000_000, 0).unwrap())
}

fn at() -> DateTime<Utc> {
    hour() + TimeDelta::minutes(25)
}

fn count(source: &str, name: &str, came: Came) -> Count {
    Count {
        environment: Environment::Production,
        called: Arc::new(Called {
            source: source.to_owned(),
            name: name.to_owned(),
            integration: None,
            action: None,
        }),
        came,
    }
}

/// Writes a batch of one event, which counts so.
async fn write(db: &Db, number: u64, text: String) {
    let event = EventRow {
        workspace: WORKSPACE,
        conversation: ConversationId::from_uuid(Uuid::from_u128(2)),
        sequence: number,
        event: NewEvent {
            id: EventId::from_uuid(Uuid::from_u128(number.into())),
            at: at(),
            kind: EventType::ActionSucceeded,
            data: "{}".to_owned(),
        },
    };
    let batch = Batch {
        events: vec![event],
        counted: Some(text),
        ..Batch::default()
    };
    if db.is_exclusive() {
        batch::write_alone(db, Arc::new(batch)).await.unwrap();
        return;
    }
    let mut tx = db.write().await.unwrap();
    batch::write(&mut tx.engine(), &batch).await.unwrap();
    tx.commit().await.unwrap();
}

/// Adds up in one transaction; waits for its turn, which one that failed may have for a moment more.
async fn fold(db: &Db) -> Result<usize, StoreError> {
    loop {
        let mut tx = db.write().await?;
        let count = stat::fold(&mut tx.engine(), 100).await?;
        tx.commit().await?;
        if let Some(count) = count {
            return Ok(count);
        }
        tokio::task::yield_now().await;
    }
}

const fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> Span {
    Span { from, to }
}

/// What all tables say of the test's hour, which is to be the same.
async fn counted(db: &Db) -> (Sums, BTreeMap<String, Sums>) {
    let mut conn = db.read().await.unwrap();
    let engine = &mut conn.engine();
    let end = hour() + TimeDelta::hours(1);
    let mut all = Sums::default();
    let take = |at: DateTime<Utc>, sums: Sums| {
        assert_eq!(at, bucket_of(at));
        all.add(&sums);
    };
    stat::each_total(engine, OF, span(hour(), end), take)
        .await
        .unwrap();
    let none = span(end, end);
    let mut found = vec![];
    for parts in [
        Parts {
            hours: span(hour(), end),
            buckets: [none, none],
        },
        Parts {
            hours: none,
            buckets: [span(hour(), at()), span(at(), end)],
        },
    ] {
        let sources = stat::busiest(engine, OF, &parts, 10).await.unwrap();
        let mut actions = BTreeMap::<String, Sums>::new();
        stat::each_of(engine, OF, &parts, &sources, |row| {
            let key = format!("{} {}", row.called.source, row.called.name);
            actions.entry(key).or_default().add(&row.sums);
        })
        .await
        .unwrap();
        let most = actions.values().map(Sums::calls).max();
        let first = actions.iter().find(|(key, _)| {
            sources
                .first()
                .is_some_and(|first| key.starts_with(&**first))
        });
        assert_eq!(first.map(|(_, sums)| sums.calls()), most);
        found.push(actions);
    }
    assert_eq!(found[0], found[1]);
    let mut sum = Sums::default();
    for sums in found[0].values() {
        sum.add(sums);
    }
    assert_eq!(sum, all);
    (all, found.swap_remove(0))
}

async fn each_call_is_added_once_whatever_fails(database: TestDatabase) {
    let step = Arc::new(AtomicUsize::new(usize::MAX));
    let lost = Arc::new(AtomicUsize::new(0));
    let seen = Arc::new(AtomicUsize::new(0));
    let faults: Faults = {
        let (step, lost, seen) = (step.clone(), lost.clone(), seen.clone());
        Arc::new(move |_| {
            let hit = seen.fetch_add(1, Ordering::SeqCst) == step.load(Ordering::SeqCst);
            match (hit, lost.load(Ordering::SeqCst)) {
                (false, _) => Fault::None,
                (true, 0) => Fault::Fails,
                (true, _) => Fault::AnswerLost,
            }
        })
    };
    let opened = open(database, Some(faults)).await;
    let db = &opened.db;
    let took = Duration::from_millis(40);
    let mut batches = 0;
    for kind in 0..2 {
        lost.store(kind, Ordering::SeqCst);
        for number in 0.. {
            let mut calls = Counted::default();
            calls.add(WORKSPACE, at(), &count("a", "one", Came::Succeeded(took)));
            calls.add(
                WORKSPACE,
                at(),
                &count("b", "two", Came::Failed(Some(took))),
            );
            calls.add(WORKSPACE, at(), &count("b", "two", Came::Refused));
            batches += 1;
            write(db, batches, calls.text().unwrap()).await;
            step.store(number, Ordering::SeqCst);
            seen.store(0, Ordering::SeqCst);
            let failed = fold(db).await.is_err();
            // Nothing fails from here on.
            let steps = seen.swap(usize::MAX / 2, Ordering::SeqCst);
            assert_eq!(failed, number < steps);
            fold(db).await.unwrap();
            let (all, actions) = counted(db).await;
            assert_eq!(
                (all.succeeded, all.failed, all.refused),
                (batches, batches, batches),
                "step {number}"
            );
            assert_eq!(all.durations.total(), 2 * batches);
            assert_eq!(actions["a one"].calls(), batches);
            assert_eq!(actions["b two"].calls(), 2 * batches);
            if number >= steps {
                assert!(number > 6, "adding up takes {number} steps");
                break;
            }
        }
    }
}

async fn what_cannot_be_read_keeps_nothing_from_being_counted(database: TestDatabase) {
    let opened = open(database, None).await;
    let db = &opened.db;
    write(db, 1, "from a later release".to_owned()).await;
    let mut calls = Counted::default();
    calls.add(WORKSPACE, at(), &count("a", "one", Came::Failed(None)));
    write(db, 2, calls.text().unwrap()).await;
    assert_eq!(fold(db).await.unwrap(), 2);
    assert_eq!(fold(db).await.unwrap(), 0);
    let (all, _) = counted(db).await;
    assert_eq!((all.failed, all.durations.total()), (1, 0));
}

async fn run(db: &Db, statements: &[String]) {
    let mut tx = db.write().await.unwrap();
    for sql in statements {
        let sql = AssertSqlSafe(sql.clone());
        match &mut tx.engine() {
            switchboard_store::Engine::Sqlite(link) => {
                link.connection().execute(sql).await.unwrap();
            }
            switchboard_store::Engine::Postgres(link) => {
                link.connection().execute(sql).await.unwrap();
            }
        }
    }
    tx.commit().await.unwrap();
}

type Literals = (fn(u128) -> String, fn(DateTime<Utc>) -> String);

/// How this database writes an id, and a time.
fn literals(conn: &Conn) -> Literals {
    match conn {
        Conn::Sqlite(_) => (
            |number| format!("x'{}'", Uuid::from_u128(number).as_simple()),
            |time| format!("'{}'", time.to_rfc3339()),
        ),
        Conn::Postgres(_) => (
            |number| format!("'{}'", Uuid::from_u128(number)),
            |time| format!("'{}'", time.to_rfc3339()),
        ),
    }
}

async fn what_an_older_release_counted_is_added_once(database: TestDatabase) {
    let opened = open(database, None).await;
    let db = &opened.db;
    let (id, time) = literals(&db.read().await.unwrap());
    let mut statements = vec![format!(
        "INSERT INTO workspace (id, name, config_revision, config_changed_at, created_at) VALUES ({}, 'W', 1, {now}, {now})",
        id(1),
        now = time(hour())
    )];
    for run in 10..13 {
        for minutes in [0, 5, 50] {
            let at = time(hour() + TimeDelta::minutes(minutes));
            statements.push(format!(
                "INSERT INTO call_stat (workspace_id, bucket_at, run_id, environment, source, name, succeeded, failed, refused, durations) \
                 VALUES ({}, {at}, {}, 'production', 'a', 'one', 5, 1, 2, '[0,4,2]')",
                id(1),
                id(run)
            ));
        }
    }
    run(db, &statements).await;
    let mut calls = Counted::default();
    calls.add(WORKSPACE, at(), &count("a", "one", Came::Refused));
    write(db, 1, calls.text().unwrap()).await;
    fold(db).await.unwrap();
    let adopt = async |before| {
        let mut tx = db.write().await.unwrap();
        let count = stat::adopt(&mut tx.engine(), before, 4).await.unwrap();
        tx.commit().await.unwrap();
        count
    };
    let before = hour() + TimeDelta::minutes(50);
    assert_eq!((adopt(before).await, adopt(before).await), (4, 2));
    assert_eq!(adopt(before).await, 0);
    let later = hour() + TimeDelta::hours(1);
    assert_eq!(adopt(later).await, 3);
    let (all, actions) = counted(db).await;
    assert_eq!((all.succeeded, all.failed, all.refused), (45, 9, 19));
    assert_eq!(all.durations.total(), 54);
    assert_eq!(actions.len(), 1);
    // Buckets go first, and hours when nobody may ask any more.
    let forget = async |buckets, all| {
        let mut tx = db.write().await.unwrap();
        stat::forget(&mut tx.engine(), buckets, all).await.unwrap();
        tx.commit().await.unwrap();
    };
    let rows = async |parts: Parts| {
        let mut conn = db.read().await.unwrap();
        let mut rows = 0;
        let sources = ["a".to_owned()];
        stat::each_of(&mut conn.engine(), OF, &parts, &sources, |_| rows += 1)
            .await
            .unwrap();
        rows
    };
    let (none, whole) = (span(later, later), span(hour(), later));
    let hours = Parts {
        hours: whole,
        buckets: [none, none],
    };
    let buckets = Parts {
        hours: none,
        buckets: [whole, none],
    };
    forget(later, hour()).await;
    assert_eq!((rows(hours).await, rows(buckets).await), (1, 0));
    forget(later, later).await;
    assert_eq!(rows(hours).await, 0);
}

/// A thousand actions that are each called in each bucket of a day.
async fn a_day_of_many_actions_is_read_in_few_rows(database: TestDatabase) {
    const ACTIONS: usize = 1000;
    let opened = open(database, None).await;
    let db = &opened.db;
    let conn = db.read().await.unwrap();
    let (id, _) = literals(&conn);
    let is_sqlite = matches!(conn, Conn::Sqlite(_));
    drop(conn);
    let series = |name: &str, last: usize| {
        if is_sqlite {
            format!(
                "(WITH RECURSIVE s (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s) AS {name}"
            )
        } else {
            format!("(SELECT generate_series(0, {last}) AS n) AS {name}")
        }
    };
    let time = |seconds: &str| {
        let start = hour().timestamp();
        if is_sqlite {
            format!("strftime('%Y-%m-%dT%H:%M:%S+00:00', {start} + {seconds}, 'unixepoch')")
        } else {
            format!("to_timestamp({start} + {seconds})")
        }
    };
    let durations = "'[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,3,2,1]'";
    let by_action = |table: &str, seconds: usize, pieces: usize| {
        format!(
            "INSERT INTO {table} (workspace_id, at, environment, source, name, succeeded, failed, refused, durations) \
             SELECT {}, {}, 'production', 'act_' || a.n, 'name', 9 + a.n, 0, 0, {durations} FROM {}, {}",
            id(1),
            time(&format!("p.n * {seconds}")),
            series("p", pieces - 1),
            series("a", ACTIONS - 1),
        )
    };
    run(
        db,
        &[
            by_action("call_stat_bucket", 300, 288),
            by_action("call_stat_hour", 3600, 24),
            format!(
                "INSERT INTO call_stat_all (workspace_id, at, environment, succeeded, failed, refused, durations) \
                 SELECT {}, {}, 'production', 1, 0, 0, {durations} FROM {}",
                id(1),
                time("p.n * 300"),
                series("p", 287),
            ),
        ],
    )
    .await;
    // From 25 past until the same a day later, as far as there are calls.
    let (from, to) = (at(), at() + TimeDelta::days(1));
    let first = hour() + TimeDelta::hours(1);
    let parts = Parts {
        hours: span(first, to),
        buckets: [span(from, first), span(to, to)],
    };
    let mut conn = db.read().await.unwrap();
    let engine = &mut conn.engine();
    let mut rows = 0;
    stat::each_total(engine, OF, span(from, to), |_, _| rows += 1)
        .await
        .unwrap();
    assert_eq!(rows, 288 - 5);
    let busiest = stat::busiest(engine, OF, &parts, 200).await.unwrap();
    assert_eq!(busiest.len(), 200);
    assert_eq!(busiest[..2], ["act_999", "act_998"]);
    let (mut rows, mut sums) = (0, Sums::default());
    stat::each_of(engine, OF, &parts, &busiest, |row| {
        rows += 1;
        if row.called.source == "act_999" {
            sums.add(&row.sums);
        }
    })
    .await
    .unwrap();
    // Of each, 23 hours and what is left of the first one: 864,000 rows were read of three servers.
    assert_eq!(rows, 200 * (23 + 7));
    assert_eq!(sums.succeeded, 1008 * 30);
    assert_eq!(sums.durations.total(), 9 * 30);
    let staging = Of {
        environment: Some(Environment::Staging),
        ..OF
    };
    let none = stat::busiest(engine, staging, &parts, 200).await.unwrap();
    assert_eq!(none, Vec::<String>::new());
}
