//! What holds whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use switchboard_app::overview::{self, Window};

use super::script::Action;
use super::story::{Attempt, Stage, Story};
use crate::world::input;

/// How a caller may be refused.
const REFUSALS: &[&str] = &[
    "max_successful_calls_reached",
    "idempotency_key_reused",
    "call_in_progress",
    "database_unavailable",
];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The events of calls that went out, by call.
type Told<'a> = BTreeMap<String, Vec<&'a Value>>;

fn told(events: &[Value]) -> Told<'_> {
    let mut told = Told::new();
    for event in events {
        if event["type"] == "action.succeeded" || event["type"] == "action.failed" {
            told.entry(text(&event["call_id"])).or_default().push(event);
        }
    }
    told
}

/// A call's place stays taken where it succeeded, or may have.
fn is_taken(event: &Value) -> bool {
    event["error"].is_null() || event["error"]["code"] == "outcome_unknown"
}

impl Attempt {
    /// The answer of a call that was admitted.
    fn answer(&self) -> Option<Value> {
        let answer = self.came.as_ref()?.as_ref().ok()?;
        Some(input(serde_json::from_str(&answer.json).unwrap()))
    }

    fn code(&self) -> Option<&'static str> {
        Some(self.came.as_ref()?.as_ref().err()?.code().as_str())
    }
}

impl Story<'_> {
    /// What does not hold, in sentences.
    pub async fn check(&self) -> Vec<String> {
        let mut found = self.answers();
        found.extend(self.service());
        for (number, id) in self.conversations.iter().enumerate() {
            let server = self.stage.server(number);
            let events = server.events(*id).await;
            let places = events
                .iter()
                .map(|event| event["sequence"].as_u64().unwrap_or(0));
            if !places.eq(1..=events.len() as u64) {
                found.push(format!("the log has a gap: {events:?}"));
            }
            let ids: BTreeSet<_> = events.iter().map(|event| event["id"].as_str()).collect();
            if ids.len() != events.len() {
                found.push(format!("an event is there twice: {events:?}"));
            }
            let now = server.conversation(*id).await;
            if now.last_sequence != events.len() as u64 {
                found.push(format!(
                    "{} is not the last event's number",
                    now.last_sequence
                ));
            }
            found.extend(self.calls(number, &events));
            let told = told(&events);
            for (binding, usage) in &now.usage {
                let binding = binding.to_string();
                let of_it = told.values().flatten();
                let taken = of_it
                    .filter(|event| event["binding_id"] == binding && is_taken(event))
                    .count();
                if usage.in_flight != 0 {
                    found.push(format!("{} calls are open for ever", usage.in_flight));
                }
                if usage.taken as usize != taken {
                    found.push(format!(
                        "{} places are taken, by {taken} calls",
                        usage.taken
                    ));
                }
            }
        }
        found
    }

    /// Whether everybody was told what a caller can expect, and one key stands for one answer.
    fn answers(&self) -> Vec<String> {
        let mut found = vec![];
        let mut of_key = BTreeMap::new();
        for attempt in &self.attempts {
            if let Some(code) = attempt.code().filter(|code| !REFUSALS.contains(code)) {
                found.push(format!("nobody expects {code}: {attempt:?}"));
            }
            let (Some(answer), Some(key)) = (attempt.answer(), &attempt.key) else {
                continue;
            };
            let which = (attempt.conversation, key);
            let (path, first) = of_key
                .entry(which)
                .or_insert((attempt.path(), answer.clone()));
            if *path != attempt.path() || *first != answer {
                found.push(format!("one key stands for {first} and {answer}"));
            }
        }
        // Who asks again in the end learns what came of it, or that nothing ever did.
        for attempt in &self.attempts {
            let is_last = self
                .attempts
                .iter()
                .rfind(|other| other.key == attempt.key && other.path() == attempt.path())
                .is_some_and(|last| std::ptr::eq(last, attempt));
            if attempt.key.is_some() && is_last && attempt.code() == Some("call_in_progress") {
                found.push(format!(
                    "a call with a key never comes to an end: {attempt:?}"
                ));
            }
        }
        found
    }

    /// Whether the service was asked as often as it may be.
    fn service(&self) -> Vec<String> {
        let mut found = vec![];
        let service = &self.stage.service;
        let mut done: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for attempt in &self.attempts {
            let path = attempt.path();
            let hits = service.hits_of(&path);
            if hits > 1 && !attempt.action.is_safe() {
                found.push(format!("{path} was asked for {hits} times"));
            }
            let succeeded = attempt.answer().is_some_and(|a| a["status"] == "succeeded");
            if succeeded && hits == 0 {
                found.push(format!("{path} succeeded and was never asked for"));
            }
            if hits > 0 && service.does(&path).is_done() {
                let of_it = done.entry((attempt.conversation, attempt.action));
                of_it.or_default().insert(path);
            }
        }
        for ((conversation, action), paths) in done {
            let limit = action.limit().unwrap_or(usize::MAX);
            if action == Action::Take && paths.len() > limit {
                found.push(format!(
                    "a limit of {limit} was passed in conversation {conversation}: {paths:?}"
                ));
            }
        }
        found
    }

    /// Whether each call has one event, which says what its caller was told, and no limit is passed.
    fn calls(&self, conversation: usize, events: &[Value]) -> Vec<String> {
        let mut found = vec![];
        let told = told(events);
        for (id, of_call) in &told {
            if of_call.len() > 1 {
                found.push(format!("call {id} has {} events", of_call.len()));
            }
        }
        // Whoever performs a call knows how long it took; whoever finds it later does not.
        let mut all = told.values().flatten();
        if self.is_calm && all.any(|event| event["duration_ms"].is_null()) {
            found.push(format!(
                "what came of a call was lost while its server ran: {told:?}"
            ));
        }
        let own = || {
            self.attempts
                .iter()
                .filter(|a| a.conversation == conversation)
        };
        for attempt in own() {
            let Some(answer) = attempt.answer() else {
                continue;
            };
            let of_call = told.get(answer["call_id"].as_str().unwrap());
            match of_call.map(Vec::as_slice) {
                Some([event]) => {
                    let kind = format!("action.{}", text(&answer["status"]));
                    if event["type"] != kind.as_str()
                        || event["error"]["code"] != answer["error"]["code"]
                    {
                        found.push(format!("{answer} was answered, and {event} is told"));
                    }
                }
                Some(_) => {}
                None => found.push(format!("{answer} was answered and has no event")),
            }
        }
        // Whatever reached the service and changed something there is in the log, once.
        let paths: BTreeSet<_> = own()
            .filter(|attempt| !attempt.action.is_safe())
            .map(|attempt| (attempt.path(), attempt.action, &attempt.id))
            .filter(|(path, ..)| self.stage.service.hits_of(path) > 0)
            .collect();
        for (path, action, id) in paths {
            let is_of_it = |event: &&&Value| {
                event["name"] == action.name() && event["arguments"]["id"] == id.as_str()
            };
            let count = told.values().flatten().filter(is_of_it).count();
            if count != 1 {
                found.push(format!(
                    "{path} reached the service, and {count} events say so"
                ));
            }
        }
        for action in Action::ALL {
            let taken = told.values().flatten();
            let taken = taken.filter(|event| event["name"] == action.name() && is_taken(event));
            let (taken, limit) = (taken.count(), action.limit().unwrap_or(usize::MAX));
            if taken > limit {
                found.push(format!(
                    "{} was taken {taken} times of {limit}",
                    action.name()
                ));
            }
        }
        let refused = own().filter(|a| a.code() == Some("max_successful_calls_reached"));
        let in_log = events
            .iter()
            .filter(|event| event["type"] == "action.refused");
        let (refused, in_log) = (refused.count(), in_log.count());
        if in_log < refused {
            found.push(format!(
                "{refused} callers were refused, and {in_log} events say so"
            ));
        }
        found
    }
}

impl Stage {
    /// Whether what is counted, over all stories, is what the events say.
    pub async fn check_counts(&self) {
        self.pass(Duration::from_secs(6)).await;
        let mut events = 0;
        for id in &self.conversations {
            let all = self.server(0).types(*id).await;
            let calls = all.iter().filter(|kind| kind.starts_with("action."));
            events += calls.count() as u64;
        }
        let window = Window {
            from: Some(self.world.now() - TimeDelta::days(30)),
            ..Window::default()
        };
        let counted = switchboard_testkit::eventually("calls are added up", || async {
            let reader = self.server(0).manager();
            let work = self
                .server(0)
                .run(|app| async move { overview::get(&app.manage, &reader, window).await });
            let tally = work.await.unwrap().tally;
            let counted: u64 = tally.points.values().map(overview::Counts::calls).sum();
            if counted < events {
                self.pass(Duration::from_secs(3)).await;
                return None;
            }
            Some(counted)
        })
        .await;
        assert_eq!(
            counted, events,
            "calls are counted as often as they are told"
        );
    }
}
