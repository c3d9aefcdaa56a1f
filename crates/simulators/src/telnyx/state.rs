//! What the simulator remembers.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use switchboard_domain::sms::status::Status;

use super::behaviour::{Behaviour, Rule};

/// A message that was taken. A message that was sent twice is here twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Its id.
    pub id: String,
    /// The key of the request that brought it.
    pub idempotency_key: Option<String>,
    /// Who sends.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// What it says.
    pub text: String,
    /// The profile it was sent with.
    pub messaging_profile_id: Option<String>,
    /// Where webhooks about it go before others.
    pub webhook_url: Option<String>,
    /// How it is encoded.
    pub encoding: &'static str,
    /// How many parts it takes.
    pub parts: usize,
    /// How far it has come.
    pub status: Status,
    /// The code of the error it ended with.
    pub error: Option<String>,
    /// When it was taken.
    pub received_at: DateTime<Utc>,
    /// When it was handed to a carrier.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it came to its end.
    pub completed_at: Option<DateTime<Utc>>,
}

/// What is known of a key.
pub enum Known {
    /// Nothing; it is under way from now on.
    New,
    /// Its request is under way.
    UnderWay,
    /// Its request had other bytes.
    Other,
    /// This was the answer.
    Answered(Value),
}

struct Key {
    body: Bytes,
    answer: Option<Value>,
}

/// What the simulator remembers.
#[derive(Default)]
pub struct State {
    counter: u64,
    taken: Vec<Taken>,
    places: HashMap<String, usize>,
    keys: HashMap<String, Key>,
    rules: Vec<Rule>,
    /// Where webhooks go.
    pub webhook_url: Option<String>,
}

impl State {
    /// Nothing yet.
    pub fn new(webhook_url: Option<String>) -> Self {
        Self {
            webhook_url,
            ..Self::default()
        }
    }

    /// A number that was not given before.
    pub const fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Every message that was taken, in order.
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// The message of this id.
    pub fn find(&self, id: &str) -> Option<&Taken> {
        self.places.get(id).and_then(|place| self.taken.get(*place))
    }

    /// Takes a message.
    pub fn take(&mut self, message: Taken) {
        self.places.insert(message.id.clone(), self.taken.len());
        self.taken.push(message);
    }

    /// Changes a message; answers what it became.
    pub fn change(&mut self, id: &str, change: impl FnOnce(&mut Taken)) -> Option<Taken> {
        let place = *self.places.get(id)?;
        let message = self.taken.get_mut(place)?;
        change(message);
        Some(message.clone())
    }

    /// Looks at a key. A new one is under way until [`State::finish`].
    pub fn begin(&mut self, key: &str, body: &Bytes) -> Known {
        if let Some(known) = self.keys.get(key) {
            return match &known.answer {
                _ if known.body != *body => Known::Other,
                None => Known::UnderWay,
                Some(answer) => Known::Answered(answer.clone()),
            };
        }
        let known = Key {
            body: body.clone(),
            answer: None,
        };
        self.keys.insert(key.to_owned(), known);
        Known::New
    }

    /// Keeps the good answer of a key, or forgets it: bad answers are not given again.
    pub fn finish(&mut self, key: &str, good: Option<Value>) {
        if good.is_none() {
            self.keys.remove(key);
        } else if let Some(known) = self.keys.get_mut(key) {
            known.answer = good;
        }
    }

    /// Adds a rule.
    pub fn add_rule(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Forgets every rule.
    pub fn clear_rules(&mut self) {
        self.rules.clear();
    }

    /// What is done with a message to this number.
    pub fn behaviour(&mut self, to: &str) -> Behaviour {
        let fits = |rule: &Rule| {
            rule.to.as_deref().is_none_or(|wanted| wanted == to) && rule.times != Some(0)
        };
        match self.rules.iter_mut().find(|rule| fits(rule)) {
            Some(rule) => {
                rule.times = rule.times.map(|times| times - 1);
                rule.behaviour.clone()
            }
            None => Behaviour::of_number(to),
        }
    }
}
