//! The tools of the tests are tested too: a tool that is wrong makes tests pass that should not.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod contract;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::Method;
use serde_json::json;
use switchboard_testkit::{
    Answer, Client, FakeClock, Fault, Gate, Proxy, Upstream, broken, eventually,
};

fn client(url: &str) -> Client {
    Client::new(url, "sb_key")
}

#[tokio::test]
async fn an_echo_says_what_it_got_and_remembers_it() {
    let upstream = Upstream::echo().await;
    let client = client(&upstream.url);
    let answer = client.post("/a%2Fb?x=1", json!({"n": 1})).await.expect(200);
    assert_eq!(answer["method"], "POST");
    assert_eq!(answer["path"], "/api/v1/a%2Fb");
    assert_eq!(answer["query"], "x=1");
    assert_eq!(answer["body"], json!({"n": 1}));
    assert_eq!(answer["headers"]["authorization"], "Bearer sb_key");
    assert_eq!(answer["headers"]["content-type"], "application/json");
    client.get("/c").await.expect(200);
    assert_eq!(upstream.hits(), 2);
    assert_eq!(upstream.hits_of("/api/v1/c"), 1);
    assert_eq!(upstream.paths(), ["/api/v1/a%2Fb", "/api/v1/c"]);
}

#[tokio::test]
async fn an_upstream_answers_as_it_is_told() {
    let upstream = Upstream::start(|request| match request.uri().path() {
        "/status" => Answer::Json(418, json!({})),
        "/raw" => Answer::Raw(200, "text/plain", "hello".into()),
        "/late" => Answer::Late(
            Duration::from_millis(60),
            Box::new(Answer::Json(200, json!({}))),
        ),
        _ => Answer::Drop,
    })
    .await;
    let client = client(&upstream.url);
    let get = async |path: &str| client.try_send(Method::GET, path, &[], None).await;
    assert_eq!(get("/status").await.unwrap().status, 418);
    assert_eq!(get("/raw").await.unwrap().text, "hello");
    let start = std::time::Instant::now();
    assert_eq!(get("/late").await.unwrap().status, 200);
    assert!(start.elapsed() >= Duration::from_millis(60));
    assert!(get("/drop").await.is_none());
    assert_eq!(upstream.hits(), 4);
}

#[tokio::test]
async fn an_answer_is_held_until_the_gate_opens() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = Upstream::start(move |_| {
        Answer::Held(held.clone(), Box::new(Answer::Json(200, json!({}))))
    })
    .await;
    let client = client(&upstream.url);
    let asking = tokio::spawn(async move { client.get("/").await.status });
    eventually("the request", || async {
        (upstream.hits() == 1).then_some(())
    })
    .await;
    assert!(!asking.is_finished());
    gate.open();
    assert_eq!(asking.await.unwrap(), 200);
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_clock_and_all_that_waits_by_it_move_when_the_test_moves_them() {
    let begin = chrono::DateTime::UNIX_EPOCH;
    let clock = FakeClock::at(begin);
    let context = clock.context(1);
    let before = context.elapsed();
    let mut slept = tokio::spawn(context.sleep(3 * SECOND));
    let ticks = Arc::new(AtomicU32::new(0));
    let counting = {
        let (context, ticks) = (context.clone(), ticks.clone());
        tokio::spawn(async move {
            let mut every = context.every(SECOND);
            loop {
                every.tick().await;
                ticks.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    eventually("the first tick", || async {
        (ticks.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    clock.pass(SECOND).await;
    clock.pass(SECOND).await;
    assert!(!slept.is_finished());
    assert_eq!(context.timeout(SECOND, async { 7 }).await, Some(7));
    assert_eq!(ticks.load(Ordering::SeqCst), 3);
    clock.pass(SECOND).await;
    (&mut slept).await.unwrap();
    // Ticks that nobody waited for are not made up for.
    clock.jump(60 * SECOND);
    eventually("one tick", || async {
        (ticks.load(Ordering::SeqCst) == 5).then_some(())
    })
    .await;
    assert_eq!(context.elapsed(), before + 63 * SECOND);
    assert_eq!((context.now() - begin).num_seconds(), 63);
    // Whoever sets the wall clock moves no timer.
    clock.set(begin);
    assert_eq!(context.now(), begin);
    assert_eq!(context.elapsed(), before + 63 * SECOND);
    counting.abort();
    let late = {
        let context = context.clone();
        tokio::spawn(async move { context.timeout(SECOND, std::future::pending::<()>()).await })
    };
    tokio::task::yield_now().await;
    clock.jump(2 * SECOND);
    assert_eq!(late.await.unwrap(), None);
}

#[test]
fn one_seed_gives_the_same_ids_and_another_one_others() {
    let ids = |seed| {
        let context = FakeClock::at(chrono::DateTime::UNIX_EPOCH).context(seed);
        [context.uuid(), context.uuid()]
    };
    assert_eq!(ids(1), ids(1));
    assert_ne!(ids(1), ids(2));
    assert!(ids(1)[0] < ids(1)[1]);
}

#[tokio::test]
async fn a_stream_is_read_event_by_event() {
    let stream =
        "id: 1\nevent: a\ndata: {\"n\":1}\n\n: keep-alive\n\nid: 2\ndata: {\ndata: \"n\":2}\n\n";
    let upstream = Upstream::start(move |request| {
        let resumed = request.headers().get("last-event-id").is_some();
        let from = if resumed {
            stream.find("id: 2").unwrap()
        } else {
            0
        };
        Answer::Raw(200, "text/event-stream", stream[from..].into())
    })
    .await;
    let client = client(&upstream.url);
    let events = client.follow("/events", None, 2).await;
    assert_eq!(
        events,
        [
            ("1".to_owned(), json!({"n": 1})),
            ("2".to_owned(), json!({"n": 2}))
        ]
    );
    let events = client.follow("/events", Some("1"), 1).await;
    assert_eq!(events[0].0, "2");
}

#[tokio::test]
async fn a_broken_service_never_gives_a_whole_answer() {
    for fault in [
        Fault::Reset,
        Fault::Garbage,
        Fault::Silence,
        Fault::Drip,
        Fault::Endless,
        Fault::Truncation,
    ] {
        let client = client(&broken(fault).await);
        let asked = client.try_send(Method::GET, "/", &[], None);
        let answer = tokio::time::timeout(Duration::from_millis(300), asked).await;
        let hangs = matches!(fault, Fault::Silence | Fault::Drip | Fault::Endless);
        assert_eq!(answer.is_err(), hangs, "{fault:?}: {answer:?}");
        assert!(!matches!(answer, Ok(Some(_))), "{fault:?}: {answer:?}");
    }
}

#[tokio::test]
async fn eventually_asks_until_it_is_there() {
    let asked = AtomicU32::new(0);
    let found = eventually("the third time", || async {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        (number == 3).then_some(number)
    })
    .await;
    assert_eq!(found, 3);
}

#[test]
#[should_panic(expected = "SWITCHBOARD_TEST_NOWHERE is not set: run `make test`")]
fn what_is_missing_is_named() {
    switchboard_testkit::environment("SWITCHBOARD_TEST_NOWHERE", "run `make test`");
}

#[tokio::test]
async fn a_proxy_passes_cuts_freezes_and_refuses() {
    let upstream = Upstream::echo().await;
    let address = upstream.url.trim_start_matches("http://").parse().unwrap();
    let proxy = Proxy::before(address).await;
    let url = format!("http://{}", proxy.address());
    let asked = || {
        let client = Client::new(&url, "sb_key");
        async move {
            let asked = client.try_send(Method::GET, "/", &[], None);
            let answer = tokio::time::timeout(Duration::from_millis(300), asked).await;
            answer.map(|answer| answer.map(|reply| reply.status.as_u16()))
        }
    };
    assert_eq!(asked().await, Ok(Some(200)));
    proxy.refuse();
    assert_eq!(asked().await, Ok(None), "it is closed at once");
    proxy.hole();
    assert!(asked().await.is_err(), "nobody answers");
    proxy.pass();
    proxy.freeze();
    proxy.cut();
    assert_eq!(
        asked().await,
        Ok(Some(200)),
        "a new connection has a fate of its own"
    );
    assert_eq!(upstream.hits(), 2);
}
