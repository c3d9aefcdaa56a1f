//! Whatever is done in whatever order: locked versions stay as they were, published ones were whole
//! when they were published, and drift tells just what differs.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, on_both_databases};
use tokio::runtime::Handle;

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(versions_tell_the_truth);

#[derive(Debug, Clone)]
enum Step {
    Edit(usize, u8),
    Delete(usize),
    Undelete(usize),
    Move(usize, usize),
    Lock,
    Restore(usize),
    Publish(usize),
    Relink(usize),
    Unlink(usize),
    Instruct(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let action = 0..ACTIONS;
    prop_oneof![
        4 => (action.clone(), 0..3_u8).prop_map(|(action, text)| Step::Edit(action, text)),
        2 => action.clone().prop_map(Step::Delete),
        2 => action.clone().prop_map(Step::Undelete),
        2 => (action.clone(), 0..2_usize).prop_map(|(action, to)| Step::Move(action, to)),
        4 => Just(Step::Lock),
        2 => (0..4_usize).prop_map(Step::Restore),
        4 => (0..4_usize).prop_map(Step::Publish),
        2 => action.clone().prop_map(Step::Relink),
        1 => action.prop_map(Step::Unlink),
        1 => (0..3_u8).prop_map(Step::Instruct),
    ]
}

const ACTIONS: usize = 3;

/// What is known of a shared action without asking.
#[derive(Debug, Clone, PartialEq)]
struct Shared {
    id: String,
    under: String,
    is_deleted: bool,
    digest: Value,
}

/// A link as a version has it: the action, the integration it names, and the digest it saw.
#[derive(Debug, Clone)]
struct Linked {
    action: usize,
    under: String,
    seen: Value,
}

struct Version {
    document: String,
    links: BTreeMap<String, Linked>,
}

struct World {
    client: Client,
    integrations: Vec<String>,
    actions: Vec<Shared>,
    agent: String,
    versions: Vec<Version>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl World {
    async fn new(client: &Client) -> Self {
        let build = Builder::new(client);
        let integrations = vec![
            build.integration("One", "http://127.0.0.1:9").await,
            build.integration("Two", "http://127.0.0.1:9").await,
        ];
        let mut actions = vec![];
        for number in 0..ACTIONS {
            let input = json!({"name": format!("a{number}"), "method": "GET", "path": "/"});
            let id = build.action(&integrations[0], input).await;
            let shown = client.get(&format!("/actions/{id}")).await.expect(200);
            actions.push(Shared {
                id,
                under: integrations[0].clone(),
                is_deleted: false,
                digest: shown["shape_digest"].clone(),
            });
        }
        let agent = build.agent("Subject").await;
        let links: Vec<_> = actions
            .iter()
            .map(|action| json!({"link": {"action_id": action.id}}))
            .collect();
        let world = Self {
            client: client.clone(),
            integrations,
            actions,
            agent,
            versions: vec![],
        };
        let draft = json!({"instructions": "0", "actions": links});
        world
            .client
            .put(&world.path("draft"), draft)
            .await
            .expect(200);
        world
    }

    fn path(&self, rest: &str) -> String {
        format!("/agents/{}/{rest}", self.agent)
    }

    fn is_broken(&self, link: &Linked) -> bool {
        let action = &self.actions[link.action];
        action.is_deleted || action.under != link.under
    }

    async fn draft(&self) -> Value {
        self.client.get(&self.path("draft")).await.expect(200)
    }

    /// The links of a document, with what the actions are now.
    fn links(&self, document: &Value) -> BTreeMap<String, Linked> {
        let bindings = document["actions"].as_array().unwrap();
        bindings
            .iter()
            .map(|binding| {
                let id = text(&binding["link"]["action_id"]);
                let action = self
                    .actions
                    .iter()
                    .position(|known| known.id == id)
                    .unwrap();
                let linked = Linked {
                    action,
                    under: text(&binding["link"]["integration_id"]),
                    seen: self.actions[action].digest.clone(),
                };
                (text(&binding["id"]), linked)
            })
            .collect()
    }

    async fn binding_of(&self, action: usize) -> Option<String> {
        let draft = self.draft().await;
        let found = self.links(&draft).into_iter();
        found
            .filter(|(_, link)| link.action == action)
            .map(|(id, _)| id)
            .next()
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Edit(action, text) => {
                let path = format!("/actions/{}", self.actions[action].id);
                let patch = json!({"description": format!("text {text}")});
                let reply = self.client.patch(&path, patch).await;
                if self.actions[action].is_deleted {
                    reply.expect(404);
                } else {
                    self.actions[action].digest = reply.expect(200)["shape_digest"].clone();
                }
            }
            Step::Delete(action) => {
                let path = format!("/actions/{}", self.actions[action].id);
                let expected = if self.actions[action].is_deleted {
                    404
                } else {
                    204
                };
                self.client.delete(&path).await.expect(expected);
                self.actions[action].is_deleted = true;
            }
            Step::Undelete(action) => {
                let path = format!("/actions/{}/undelete", self.actions[action].id);
                self.client.post(&path, json!({})).await.expect(200);
                self.actions[action].is_deleted = false;
            }
            Step::Move(action, to) => {
                let path = format!("/actions/{}/move", self.actions[action].id);
                let target = self.integrations[to].clone();
                let reply = self
                    .client
                    .post(&path, json!({"integration_id": target}))
                    .await;
                if self.actions[action].is_deleted {
                    reply.expect(404);
                } else {
                    reply.expect(200);
                    self.actions[action].under = target;
                }
            }
            Step::Lock => self.lock().await,
            Step::Restore(number) => {
                if let Some(number) = self.existing(number) {
                    let path = self.path(&format!("versions/{number}/restore"));
                    self.client.post(&path, json!({})).await.expect(200);
                }
            }
            Step::Publish(number) => self.publish(number).await,
            Step::Relink(action) => {
                if let Some(binding) = self.binding_of(action).await {
                    let path = self.path(&format!("draft/actions/{binding}/relink"));
                    let reply = self.client.post(&path, json!({})).await;
                    let expected = if self.actions[action].is_deleted {
                        422
                    } else {
                        200
                    };
                    reply.expect(expected);
                }
            }
            Step::Unlink(action) => {
                if let Some(binding) = self.binding_of(action).await {
                    let path = self.path(&format!("draft/actions/{binding}"));
                    self.client.delete(&path).await.expect(204);
                }
            }
            Step::Instruct(text) => {
                let mut draft = self.draft().await;
                draft["instructions"] = json!(text.to_string());
                self.client
                    .put(&self.path("draft"), draft)
                    .await
                    .expect(200);
            }
        }
    }

    fn existing(&self, number: usize) -> Option<usize> {
        (!self.versions.is_empty()).then(|| number % self.versions.len() + 1)
    }

    async fn lock(&mut self) {
        let locked = self
            .client
            .post(&self.path("versions"), json!({}))
            .await
            .expect(201);
        assert_eq!(locked["number"], self.versions.len() + 1);
        self.versions.push(Version {
            document: locked["document"].to_string(),
            links: self.links(&locked["document"]),
        });
    }

    /// Publishing is accepted just when no link is broken, and names those that are.
    async fn publish(&mut self, number: usize) {
        let Some(number) = self.existing(number) else {
            return;
        };
        let path = self.path(&format!("versions/{number}/publish"));
        let reply = self.client.post(&path, json!({})).await;
        let links = &self.versions[number - 1].links;
        let broken: Vec<_> = links
            .iter()
            .filter(|(_, link)| self.is_broken(link))
            .map(|(binding, _)| binding.clone())
            .collect();
        if broken.is_empty() {
            reply.expect(200);
            return;
        }
        let refused = reply.expect(409);
        let mut named: Vec<_> = refused["broken_references"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reference| text(&reference["binding_id"]))
            .collect();
        named.sort();
        assert_eq!(named, broken);
    }

    /// Every locked version is as it was, and its drift is just the links that differ.
    async fn check(&self) {
        for (at, version) in self.versions.iter().enumerate() {
            let path = self.path(&format!("versions/{}", at + 1));
            let reply = self.client.get(&path).await;
            let (_, document) = reply.text.split_once("\"document\":").unwrap();
            assert_eq!(document, format!("{}}}", version.document));
            let drift = self.client.get(&format!("{path}/drift")).await.expect(200);
            let mut told: Vec<_> = drift["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|change| text(&change["binding_id"]))
                .collect();
            told.sort();
            let differs = |link: &Linked| {
                self.is_broken(link) || self.actions[link.action].digest != link.seen
            };
            let expected: Vec<_> = version
                .links
                .iter()
                .filter(|(_, link)| differs(link))
                .map(|(binding, _)| binding.clone())
                .collect();
            assert_eq!(told, expected);
        }
    }
}

async fn versions_tell_the_truth(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    });
    let steps = prop::collection::vec(step(), 5..40);
    let run = |steps: Vec<Step>| -> Result<(), TestCaseError> {
        tokio::task::block_in_place(|| {
            Handle::current().block_on(async {
                let mut world = World::new(&client).await;
                for step in &steps {
                    world.take(step).await;
                }
                world.check().await;
            });
        });
        Ok(())
    };
    runner.run(&steps, run).unwrap();
}
