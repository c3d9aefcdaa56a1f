//! What holds whatever happened: the promises about calls, checked over the API and in the database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::Value;

use crate::client::Client;
use crate::load::{Counter, Kind, LIMIT, Noted};
use crate::server::Server;

/// How long the server has to settle everything after a fault is over.
const QUIET: Duration = Duration::from_mins(1);
/// Findings of one kind that are told.
const TOLD: usize = 5;

/// Queries that find nothing.
const NOTHING: &[(&str, &str)] = &[
    (
        "sequences have gaps",
        "SELECT conversation_id, count(*) AS events, max(sequence) AS last FROM event \
         GROUP BY conversation_id HAVING count(*) <> max(sequence) OR min(sequence) <> 1",
    ),
    (
        "a conversation's last sequence is not its last event's",
        BEHIND,
    ),
    (
        "an event is there twice",
        "SELECT id, count(*) AS events FROM event GROUP BY id HAVING count(*) > 1",
    ),
    (
        "events are in no conversation",
        "SELECT e.id FROM event e WHERE NOT EXISTS (SELECT 1 FROM conversation c \
         WHERE c.workspace_id = e.workspace_id AND c.id = e.conversation_id)",
    ),
    (
        "calls are in no conversation",
        "SELECT k.id FROM call k WHERE NOT EXISTS (SELECT 1 FROM conversation c \
         WHERE c.workspace_id = k.workspace_id AND c.id = k.conversation_id)",
    ),
];

/// What is open, which nothing is after a while.
const OPEN: &str = "SELECT id, name FROM call WHERE answer IS NULL";
/// Conversations whose rows are not written yet, which none is after a while.
const BEHIND: &str = "SELECT c.id, c.last_sequence FROM conversation c WHERE c.last_sequence <> \
    (SELECT count(*) FROM event e WHERE e.workspace_id = c.workspace_id AND e.conversation_id = c.id)";

/// What was done to a server and what it said.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// A server on the database, which works again.
    pub server: &'a Server,
    /// A key of it that may read.
    pub key: &'a str,
    /// What callers noted.
    pub noted: &'a [Noted],
    /// The service that they called.
    pub service: &'a Counter,
    /// True where a caller's connection may have ended without an answer: the server was killed.
    pub was_killed: bool,
}

/// What an event says of its call.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    status: &'static str,
    code: Option<String>,
    binding: String,
    /// Whether its place under a limit stays taken: it succeeded, or may have done.
    is_taken: bool,
}

/// Waits until the server is ready and nothing is open any more, then looks for what must not be.
/// Answers it in sentences.
pub async fn violations(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = vec![];
    found.extend(quiet(evidence).await.err());
    for (what, sql) in NOTHING {
        match evidence.server.try_rows(sql).await {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) => found.push(told(what, &rows)),
            Err(error) => found.push(format!("the database cannot be read: {error}")),
        }
    }
    for (what, them) in answers(evidence) {
        found.push(told(what, &them));
    }
    match events(evidence).await {
        Ok(events) => {
            let counters = counters(evidence, &events).await;
            for (what, them) in calls(evidence, &events).into_iter().chain(counters) {
                found.push(told(what, &them));
            }
        }
        Err(error) => found.push(error),
    }
    for (what, them) in service(evidence) {
        found.push(told(what, &them));
    }
    found
}

fn told<T: std::fmt::Debug>(what: &str, them: &[T]) -> String {
    let some = &them[..them.len().min(TOLD)];
    format!("{what}: {} times, such as {some:?}", them.len())
}

async fn quiet(evidence: &Evidence<'_>) -> Result<(), String> {
    let client = Client::new(evidence.server.address(), "");
    let start = Instant::now();
    loop {
        let sent = client.try_send(Method::GET, "/readyz", &[], None);
        let ready = tokio::time::timeout(Duration::from_secs(5), sent).await;
        let ready = ready.ok().flatten();
        let is_ready = ready.as_ref().is_some_and(|reply| reply.status == 200);
        let open = evidence.server.try_rows(OPEN).await;
        let behind = evidence.server.try_rows(BEHIND).await;
        let is_empty = |rows: &Result<Vec<_>, _>| rows.as_ref().is_ok_and(Vec::is_empty);
        if is_ready && is_empty(&open) && is_empty(&behind) {
            return Ok(());
        }
        if start.elapsed() > QUIET {
            let ready = ready.map(|reply| reply.text);
            return Err(format!(
                "after {QUIET:?} of peace the server is {ready:?}, open are {open:?}, and not written {behind:?}"
            ));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What went wrong, and examples of it.
type Findings = BTreeMap<&'static str, Vec<String>>;

/// Whether every caller was answered, and with what a caller can expect.
fn answers(evidence: &Evidence<'_>) -> Findings {
    let mut found = Findings::new();
    for noted in evidence.noted {
        let mut note = |what| {
            let reply = noted.reply.as_ref();
            let reply = reply.map(|reply| format!("{} {}", reply.status, reply.text));
            let text = format!("{} after {:?}: {reply:?}", noted.path, noted.took);
            found.entry(what).or_default().push(text);
        };
        let Some(reply) = &noted.reply else {
            if noted.waited_in_vain {
                note("a caller waited in vain");
            } else if !evidence.was_killed {
                note("a connection ended without an answer");
            }
            continue;
        };
        let comes_back = reply.headers.contains_key("retry-after");
        let code = noted.problem().unwrap_or_default();
        match (reply.status.as_u16(), code.as_str()) {
            (201, _) if noted.kind == Kind::Change => {}
            (200, _) | (409, "max_successful_calls_reached") => {}
            (409, "call_in_progress") | (429 | 503, _) if comes_back => {}
            (429 | 503, _) => note("an answer does not say when to come back"),
            _ => note("an answer that nobody expects"),
        }
    }
    // Who repeats a call with its key learns in the end what came of it.
    let keyed = |noted: &&Noted| noted.idempotency_key.is_some();
    let all: BTreeSet<_> = evidence
        .noted
        .iter()
        .filter(keyed)
        .map(|n| &n.path)
        .collect();
    let answered = evidence.noted.iter().filter(|n| n.answer().is_some());
    let answered: BTreeSet<_> = answered.map(|n| &n.path).collect();
    let never: Vec<_> = all.difference(&answered).map(ToString::to_string).collect();
    if !never.is_empty() {
        found.insert("a repeated call was never answered", never);
    }
    found
}

/// A call that succeeded, one of which nobody knows, and one that a service said yes to without our
/// understanding the rest, unless that changes nothing there.
fn is_taken(event: &Value) -> bool {
    let error = &event["error"];
    let said_yes = matches!(error["upstream_status"].as_u64(), Some(200..=299));
    error.is_null()
        || error["code"] == "outcome_unknown"
        || said_yes && event["request"]["method"] != "GET"
}

/// The events of calls, by conversation and call.
type Events = BTreeMap<String, BTreeMap<String, Vec<Told>>>;

async fn events(evidence: &Evidence<'_>) -> Result<Events, String> {
    let client = Client::new(evidence.server.address(), evidence.key);
    let conversations: BTreeSet<_> = evidence
        .noted
        .iter()
        .map(|noted| &noted.conversation)
        .filter(|id| !id.is_empty())
        .collect();
    let mut all = Events::new();
    for conversation in conversations {
        let calls = all.entry(conversation.clone()).or_default();
        let mut after = String::new();
        let mut sequence = 0;
        loop {
            let path = format!("/conversations/{conversation}/events?limit=200&after={after}");
            let reply = client.get(&path).await;
            if reply.status != 200 {
                return Err(format!("{path}: {} {}", reply.status, reply.text));
            }
            let page = reply.json();
            for event in page["data"].as_array().unwrap() {
                sequence += 1;
                if event["sequence"] != sequence {
                    return Err(format!("{path}: {event} is number {sequence}"));
                }
                let status = match event["type"].as_str().unwrap_or_default() {
                    "action.succeeded" => "succeeded",
                    "action.failed" => "failed",
                    _ => continue,
                };
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let told = Told {
                    status,
                    code: event["error"]["code"].as_str().map(ToOwned::to_owned),
                    binding: text(&event["binding_id"]),
                    is_taken: is_taken(event),
                };
                calls.entry(text(&event["call_id"])).or_default().push(told);
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
    }
    Ok(all)
}

/// Whether each call that was answered has its event, which says the same.
fn calls(evidence: &Evidence<'_>, events: &Events) -> Findings {
    let mut found = Findings::new();
    let mut of_key = BTreeMap::new();
    for noted in evidence.noted {
        let Some(answer) = noted.answer() else {
            continue;
        };
        let id = answer["call_id"].as_str().unwrap_or_default();
        let code = answer["error"]["code"].as_str();
        let told = events.get(&noted.conversation).and_then(|all| all.get(id));
        let mut note = |what| {
            let text = format!("{answer} but {told:?}");
            found.entry(what).or_default().push(text);
        };
        match told.map(Vec::as_slice) {
            Some([told]) if answer["status"] == told.status && code == told.code.as_deref() => {}
            Some([_]) => note("an event says something else than the answer"),
            Some(_) => note("a call has more than one event"),
            None => note("an answered call has no event"),
        }
        if let Some(key) = &noted.idempotency_key {
            let first = of_key.entry(key).or_insert_with(|| answer.clone());
            if *first != answer {
                let text = format!("{first} and {answer}");
                found
                    .entry("one key stands for two answers")
                    .or_default()
                    .push(text);
            }
        }
    }
    for (id, told) in events.values().flatten() {
        if told.len() > 1 {
            let text = format!("{id}: {told:?}");
            found
                .entry("a call has more than one event")
                .or_default()
                .push(text);
        }
    }
    found
}

/// Whether the counters of limits are what the events say, and nothing is in flight.
async fn counters(evidence: &Evidence<'_>, events: &Events) -> Findings {
    let mut found = Findings::new();
    let digits = |id: &str| id.rsplit('_').next().unwrap_or_default().to_owned();
    let wanted: BTreeMap<_, _> = events
        .iter()
        .map(|(id, calls)| (digits(id), calls))
        .collect();
    let is_sqlite = evidence.server.database().url().is_none();
    let ids: Vec<_> = wanted.keys().cloned().collect();
    for ids in ids.chunks(300) {
        let quoted = ids.iter().map(|id| {
            let kind = if is_sqlite { "x" } else { "" };
            format!("{kind}'{id}'")
        });
        let list = quoted.collect::<Vec<_>>().join(",");
        let sql = format!("SELECT id, call_usage FROM conversation WHERE id IN ({list})");
        let rows = match evidence.server.try_rows(&sql).await {
            Ok(rows) => rows,
            Err(error) => {
                found.insert("the database cannot be read", vec![error]);
                return found;
            }
        };
        if rows.len() != ids.len() {
            let text = format!("{} of {}", rows.len(), ids.len());
            found
                .entry("conversations are gone")
                .or_default()
                .push(text);
        }
        for row in rows {
            let id = row["id"].as_str().unwrap_or_default().replace('-', "");
            let usage: Value =
                serde_json::from_str(row["call_usage"].as_str().unwrap_or_default()).unwrap();
            let Some(calls) = wanted.get(&id) else {
                continue;
            };
            for (binding, counted) in usage.as_object().into_iter().flatten() {
                let told = calls.values().flatten();
                let taken = told
                    .filter(|told| &told.binding == binding && told.is_taken)
                    .count();
                let in_flight = counted["f"].as_u64().unwrap_or_default();
                if counted["t"] != taken || in_flight > 0 {
                    let text = format!("{id} {binding}: {counted}, the events say {taken}");
                    found
                        .entry("a counter is not what the events say")
                        .or_default()
                        .push(text);
                }
            }
        }
    }
    found
}

/// Whether the service was asked as often as it may be.
fn service(evidence: &Evidence<'_>) -> Findings {
    let mut found = Findings::new();
    let hits = evidence.service.hits();
    let mut seen = BTreeSet::new();
    for noted in evidence.noted {
        let count = hits.get(&noted.path).copied().unwrap_or_default();
        let is_new = seen.insert(&noted.path);
        let mut note = |what| {
            let text = format!("{}: {count} requests", noted.path);
            found.entry(what).or_default().push(text);
        };
        match noted.kind {
            Kind::Limited if is_new && count > LIMIT => note("a limit was passed"),
            Kind::Keyed if is_new && count > 1 => note("a call with a key was made twice"),
            _ => {}
        }
        let succeeded = noted
            .answer()
            .is_some_and(|answer| answer["status"] == "succeeded");
        if succeeded && count == 0 {
            note("a call succeeded that the service never saw");
        }
    }
    found
}
