//! Callers that go on whatever happens, and note what they were answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::builder::Builder;
use crate::client::{Client, Reply};
use crate::upstream::{Answer, Upstream};

/// Calls of a limited action that may succeed in one conversation.
pub const LIMIT: usize = 3;
/// Calls of a conversation before a caller takes another one.
const CALLS: usize = 12;
/// Its pause after it was told to come back.
const COMES_BACK: Duration = Duration::from_millis(150);

/// A service that does what it is asked after a while, and counts.
#[derive(Debug, Clone)]
pub struct Counter {
    service: Upstream,
    hits: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Counter {
    /// Starts it. Each answer takes this long.
    pub async fn start(takes: Duration) -> Self {
        let hits: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        let counted = hits.clone();
        let service = Upstream::start(move |request| {
            let path = request.uri().path().to_owned();
            *counted.lock().unwrap().entry(path.clone()).or_default() += 1;
            let answer = Answer::Json(200, json!({"path": path}));
            Answer::Late(takes, Box::new(answer))
        })
        .await;
        Self { service, hits }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.service.url
    }

    /// How often each path was asked for.
    pub fn hits(&self) -> BTreeMap<String, usize> {
        self.hits.lock().unwrap().clone()
    }
}

/// What a caller calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `read`, a GET without a limit.
    Read,
    /// `take`, a POST that may succeed [`LIMIT`] times in a conversation.
    Limited,
    /// `pay`, a POST with an Idempotency-Key, which is repeated until it is answered.
    Keyed,
    /// `bad`, a POST to a service that misbehaves.
    Bad,
    /// Nothing: the configuration is changed.
    Change,
}

impl Kind {
    const fn action(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Limited => "take",
            Self::Keyed => "pay",
            Self::Bad => "bad",
            Self::Change => "",
        }
    }
}

/// Who is called, by whom.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The servers.
    pub addresses: Vec<String>,
    /// Their key.
    pub key: String,
    /// The agent.
    pub agent: String,
    /// A caller's pause between two calls.
    pub pause: Duration,
    /// The longest that a caller waits for an answer.
    pub longest: Duration,
}

impl Plan {
    /// Makes an agent with the actions of every [`Kind`]. `bad` may be the URL of another service.
    pub async fn prepare(address: &str, key: &str, url: &str, bad: Option<&str>) -> Self {
        let client = Client::new(address, key);
        let build = Builder::new(&client);
        let parameters = json!({
            "type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"],
        });
        let mut links = vec![];
        for (kind, method, limit) in [
            (Kind::Read, "GET", None),
            (Kind::Limited, "POST", Some(LIMIT)),
            (Kind::Keyed, "POST", None),
            (Kind::Bad, "POST", None),
        ] {
            let url = if kind == Kind::Bad { bad } else { Some(url) };
            let Some(url) = url else { continue };
            let name = kind.action();
            let integration = build.integration(name, url).await;
            let action = json!({
                "name": name, "method": method, "path": format!("/{name}/{{id}}"),
                "parameters": parameters, "timeout_ms": 4000,
                "output_variables": [{"name": "seen", "path": "$.path"}],
            });
            let action = build.action(&integration, action).await;
            links.push(json!({
                "link": {"action_id": action}, "overrides": {"max_successful_calls": limit},
            }));
        }
        let agent = build.agent("Load").await;
        build.publish(&agent, json!({"actions": links})).await;
        Self {
            addresses: vec![address.to_owned()],
            key: key.to_owned(),
            agent,
            pause: Duration::from_millis(40),
            longest: Duration::from_secs(30),
        }
    }
}

/// One request and its end.
#[derive(Debug, Clone)]
pub struct Noted {
    /// In which conversation; empty for changes of the configuration.
    pub conversation: String,
    /// What was called.
    pub kind: Kind,
    /// What the service sees of it: its path.
    pub path: String,
    /// The Idempotency-Key, unless there is none.
    pub idempotency_key: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// The answer; none when the connection ended without one.
    pub reply: Option<Reply>,
    /// True when nothing came in the time that a caller waits.
    pub waited_in_vain: bool,
}

impl Noted {
    /// The answer of a call that was admitted.
    pub fn answer(&self) -> Option<Value> {
        let reply = self.reply.as_ref()?;
        (reply.status == 200 && self.kind != Kind::Change).then(|| reply.json())
    }

    /// The code of an answer that is a problem.
    pub fn problem(&self) -> Option<String> {
        let reply = self.reply.as_ref()?;
        let code = reply.json()["code"].as_str().map(ToOwned::to_owned);
        (reply.status != 200).then(|| code.unwrap_or_default())
    }
}

/// Callers at work.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    good: Arc<AtomicUsize>,
    callers: JoinSet<Vec<Noted>>,
}

struct Caller {
    kind: Kind,
    number: usize,
    plan: Plan,
    client: Client,
    stop: Arc<AtomicBool>,
    good: Arc<AtomicUsize>,
    noted: Vec<Noted>,
}

impl Load {
    /// Sets callers to work, one for each kind given.
    pub fn start(plan: &Plan, kinds: &[Kind]) -> Self {
        let (stop, good) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let mut callers = JoinSet::new();
        for (number, kind) in kinds.iter().enumerate() {
            let address = &plan.addresses[number % plan.addresses.len()];
            let caller = Caller {
                kind: *kind,
                number,
                client: Client::new(address, &plan.key),
                plan: plan.clone(),
                stop: stop.clone(),
                good: good.clone(),
                noted: vec![],
            };
            callers.spawn(caller.work());
        }
        Self {
            stop,
            good,
            callers,
        }
    }

    /// How many calls were answered with 200 so far.
    pub fn good(&self) -> usize {
        self.good.load(Ordering::SeqCst)
    }

    /// Lets everybody finish what they wait for; answers what they noted.
    pub async fn end(self) -> Vec<Noted> {
        self.stop.store(true, Ordering::SeqCst);
        self.callers.join_all().await.concat()
    }
}

impl Caller {
    async fn work(mut self) -> Vec<Noted> {
        while self.kind == Kind::Change && !self.stop.load(Ordering::SeqCst) {
            let noted = self.change().await;
            self.noted.push(noted);
            tokio::time::sleep(COMES_BACK).await;
        }
        let mut conversation = None;
        let mut calls = 0;
        while !self.stop.load(Ordering::SeqCst) {
            let Some(id) = conversation.clone() else {
                conversation = self.converse().await;
                calls = 0;
                continue;
            };
            calls += 1;
            if self.call(&id, calls).await.is_break() || calls >= CALLS {
                conversation = None;
            }
            tokio::time::sleep(self.plan.pause).await;
        }
        self.noted
    }

    async fn converse(&self) -> Option<String> {
        let body = json!({"agent_id": self.plan.agent, "environment": "production"});
        let sent = self.client.try_send(
            Method::POST,
            "/api/v1/conversations",
            &[],
            Some(body.to_string()),
        );
        let reply = tokio::time::timeout(self.plan.longest, sent).await.ok()?;
        let id = reply.and_then(|reply| reply.json()["id"].as_str().map(ToOwned::to_owned));
        if id.is_none() {
            tokio::time::sleep(COMES_BACK).await;
        }
        id
    }

    /// Calls once, or with a key until there is an answer. A break means: in another conversation.
    async fn call(&mut self, conversation: &str, number: usize) -> std::ops::ControlFlow<()> {
        let until = Instant::now() + self.plan.longest * 2;
        let id = match self.kind {
            Kind::Keyed => format!("{conversation}-{}-{number}", self.number),
            _ => conversation.to_owned(),
        };
        loop {
            let noted = self.once(conversation, &id).await;
            let is_good = noted.answer().is_some();
            let is_used_up = noted.problem().as_deref() == Some("max_successful_calls_reached");
            self.noted.push(noted);
            if is_good {
                self.good.fetch_add(1, Ordering::SeqCst);
                return std::ops::ControlFlow::Continue(());
            }
            if is_used_up {
                return std::ops::ControlFlow::Break(());
            }
            tokio::time::sleep(COMES_BACK).await;
            if self.kind != Kind::Keyed || Instant::now() > until {
                return std::ops::ControlFlow::Continue(());
            }
        }
    }

    async fn change(&self) -> Noted {
        let body = json!({"values": {"production": self.noted.len()}});
        let path = format!("/variables/load_{}", self.number);
        let noted = self.ask(Method::PUT, &path, None, &body).await;
        Noted { path, ..noted }
    }

    async fn once(&self, conversation: &str, id: &str) -> Noted {
        let action = self.kind.action();
        let path = format!("/conversations/{conversation}/actions/{action}/call");
        let body = json!({"arguments": {"id": id}});
        let key = (self.kind == Kind::Keyed).then_some(id);
        Noted {
            conversation: conversation.to_owned(),
            path: format!("/{action}/{id}"),
            ..self.ask(Method::POST, &path, key, &body).await
        }
    }

    /// Asks the server, and notes what it answers.
    async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: &Value) -> Noted {
        let headers: Vec<_> = key
            .map(|key| ("idempotency-key", key))
            .into_iter()
            .collect();
        let path = format!("/api/v1{path}");
        let start = Instant::now();
        let body = Some(body.to_string());
        let sent = self.client.try_send(method, &path, &headers, body);
        let reply = tokio::time::timeout(self.plan.longest, sent).await;
        Noted {
            conversation: String::new(),
            kind: self.kind,
            path,
            idempotency_key: key.map(ToOwned::to_owned),
            took: start.elapsed(),
            waited_in_vain: reply.is_err(),
            reply: reply.ok().flatten(),
        }
    }
}
