//! What the overview and the filters of lists say after some calls.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Builder, Client, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    the_overview_tells_how_it_goes,
    the_last_error_is_the_integrations_own,
    after_a_kill_the_counts_are_those_of_the_events
);

async fn call(client: &Client, conversation: &str, name: &str, arguments: Value) {
    let path = format!("/conversations/{conversation}/actions/{name}/call");
    client.post(&path, json!({"arguments": arguments})).await;
}

fn ids(page: &Value) -> Vec<&str> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap()).collect()
}

#[expect(
    clippy::too_many_lines,
    reason = "it is one story, and each part stands on the one before"
)]
async fn the_overview_tells_how_it_goes(database: TestDatabase) {
    let upstream = Upstream::start(|request| {
        if request.uri().path() == "/broken" {
            Answer::Json(500, json!({"sorry": true}))
        } else {
            Answer::Json(200, json!({}))
        }
    })
    .await;
    let mut server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let billing = build.integration("Billing", &upstream.url).await;
    let mut actions = vec![];
    for name in ["fine", "broken"] {
        let schema =
            json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
        let action = json!({"name": name, "method": "GET", "path": format!("/{name}"), "parameters": schema});
        actions.push(build.action(&billing, action).await);
    }
    let mut links: Vec<_> = actions
        .iter()
        .map(|id| json!({"link": {"action_id": id}}))
        .collect();
    links.push(json!({"action": {"kind": "static_response", "name": "hours", "response": "Nine to five."}}));
    let agent = build.agent("Desk").await;
    build.publish(&agent, json!({"actions": links})).await;

    let empty = client.get("/overview").await.expect(200);
    assert_eq!(
        (&empty["actions"], &empty["drift"]),
        (&json!([]), &json!([]))
    );
    let (good, bad) = (build.converse(&agent).await, build.converse(&agent).await);
    for n in 0..3 {
        call(&client, &good, "fine", json!({"n": n})).await;
    }
    call(&client, &good, "hours", json!({})).await;
    call(&client, &bad, "broken", json!({"n": 1})).await;
    call(&client, &bad, "broken", json!({})).await;

    let overview = eventually("the counts", || async {
        let overview = client.get("/overview").await.expect(200);
        (overview["actions"].as_array().unwrap().len() == 3).then_some(overview)
    })
    .await;
    let of = |name: &str| {
        let actions = overview["actions"].as_array().unwrap().iter();
        actions
            .clone()
            .find(|action| action["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(of("fine")["calls"], 3);
    assert!(of("fine")["p95_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(of("hours")["integration_id"], Value::Null);
    let broken = of("broken");
    assert_eq!(
        (&broken["calls"], &broken["failed"], &broken["refused"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(broken["integration_id"], billing.as_str());
    let total: u64 = overview["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bucket| bucket["calls"].as_u64().unwrap())
        .sum();
    assert_eq!(total, 5);
    let elsewhere = client
        .get("/overview?environment=staging")
        .await
        .expect(200);
    assert_eq!(elsewhere["actions"], json!([]));
    for (query, pointer) in [
        ("from=yesterday", "/from"),
        ("environment=moon", "/environment"),
        ("to=2026-01-01T00:00:00Z&from=2026-01-02T00:00:00Z", "/from"),
    ] {
        let refused = client.get(&format!("/overview?{query}")).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }

    // The integration says what went wrong with it last.
    let shown = client
        .get(&format!("/integrations/{billing}"))
        .await
        .expect(200);
    assert_eq!(shown["last_error"]["environment"], "production");
    assert!(
        shown["last_error"]["message"]
            .as_str()
            .unwrap()
            .contains("500"),
        "{shown}"
    );

    // What was counted is there after a stop, and counts go on.
    let key = server.key("admin", "default");
    call(&client, &good, "fine", json!({"n": 4})).await;
    server.ask_to_stop();
    server.stopped().await;
    server.launch().await;
    let client = Client::new(server.address(), &key);
    call(&client, &good, "fine", json!({"n": 5})).await;
    eventually("both runs", || async {
        let overview = client.get("/overview").await.expect(200);
        (overview["actions"][0]["calls"] == 5).then_some(())
    })
    .await;

    // A changed action is drift of the published agent; a secret that is not there is missing.
    let patch = json!({"description": "Another one."});
    client
        .patch(&format!("/actions/{}", actions[0]), patch)
        .await
        .expect(200);
    let slot =
        json!({"base_url": upstream.url, "auth": {"type": "bearer", "token": {"secret": "gone"}}});
    let patch = json!({"environments": {"staging": slot}});
    client
        .patch(&format!("/integrations/{billing}"), patch)
        .await
        .expect(200);
    let overview = client.get("/overview").await.expect(200);
    assert_eq!(
        overview["drift"],
        json!([{"agent_id": agent, "agent_name": "Desk", "version": 1, "changed": 1}])
    );
    assert_eq!(
        overview["missing_secrets"],
        json!([{"name": "gone", "environments": ["staging"], "used_by": [{"kind": "integration", "id": billing}]}])
    );

    for (query, expected) in [
        ("outcome=failed", vec![&*bad]),
        ("outcome=refused", vec![&*bad]),
        ("outcome=succeeded", vec![&*good]),
        ("status=active", vec![&*bad, &*good]),
        ("status=closed", vec![]),
        ("environment=staging", vec![]),
        ("environment=production&outcome=failed", vec![&*bad]),
        ("to=2026-01-01T00:00:00Z", vec![]),
        ("from=2026-01-01T00:00:00Z", vec![&*bad, &*good]),
    ] {
        let page = client
            .get(&format!("/conversations?{query}"))
            .await
            .expect(200);
        assert_eq!(ids(&page), expected, "{query}");
    }
    for (query, pointer) in [
        ("outcome=lost", "/outcome"),
        ("status=x", "/status"),
        ("from=x", "/from"),
    ] {
        let refused = client
            .get(&format!("/conversations?{query}"))
            .await
            .expect(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
}

/// What a caller asked for and is not there says nothing of the integration; a call that goes well ends
/// what was said.
async fn the_last_error_is_the_integrations_own(database: TestDatabase) {
    let upstream = Upstream::start(|request| {
        let status = request.uri().query().and_then(|query| {
            let (_, status) = query.split_once("status=")?;
            status.parse().ok()
        });
        Answer::Json(status.unwrap_or(200), json!({}))
    })
    .await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let billing = build.integration("Billing", &upstream.url).await;
    let schema = json!({"type": "object", "properties": {"status": {"type": "integer"}}});
    let action = json!({"name": "ask", "method": "GET", "path": "/", "parameters": schema});
    let action = build.action(&billing, action).await;
    let agent = build.agent("Desk").await;
    let links = json!({"actions": [{"link": {"action_id": action}}]});
    build.publish(&agent, links).await;
    let conversation = build.converse(&agent).await;
    let ask = |status: u16| call(&client, &conversation, "ask", json!({"status": status}));
    let last_error = |wanted: Option<&'static str>| {
        let (client, billing) = (&client, &billing);
        eventually("the last error to be as it is", move || async move {
            let shown = client
                .get(&format!("/integrations/{billing}"))
                .await
                .expect(200);
            let said = shown["last_error"]["message"].as_str();
            let is_so = match (said, wanted) {
                (Some(said), Some(wanted)) => said.contains(wanted),
                (said, wanted) => said.is_none() && wanted.is_none(),
            };
            is_so.then_some(())
        })
    };
    ask(503).await;
    last_error(Some("503")).await;
    ask(404).await;
    ask(401).await;
    last_error(Some("401")).await;
    ask(200).await;
    ask(422).await;
    last_error(None).await;
}

type Counts = BTreeMap<String, (u64, u64, u64)>;

/// How often each action was called, failed and was refused, by the events of conversations.
async fn told(client: &Client, conversations: &[String]) -> Counts {
    let mut counts = Counts::new();
    for conversation in conversations {
        let mut after = 0;
        loop {
            let path = format!("/conversations/{conversation}/events?limit=200&after={after}");
            let page = client.get(&path).await.expect(200);
            let events = page["data"].as_array().unwrap();
            for event in events {
                let name = event["name"].as_str().unwrap_or_default().to_owned();
                after = event["sequence"].as_u64().unwrap();
                let kind = event["type"].as_str().unwrap();
                if !kind.starts_with("action.") {
                    continue;
                }
                let count = counts.entry(name).or_default();
                match kind {
                    "action.succeeded" => count.0 += 1,
                    "action.failed" => (count.0, count.1) = (count.0 + 1, count.1 + 1),
                    _ => count.2 += 1,
                }
            }
            if events.is_empty() {
                break;
            }
        }
    }
    counts
}

/// The same by the overview: of its actions, and of all in its plot.
fn shown(overview: &Value) -> (Counts, (u64, u64, u64)) {
    let of = |row: &Value| {
        let number = |name: &str| row[name].as_u64().unwrap();
        (number("calls"), number("failed"), number("refused"))
    };
    let actions = overview["actions"].as_array().unwrap().iter();
    let actions = actions.map(|row| (row["name"].as_str().unwrap().to_owned(), of(row)));
    let plot = overview["buckets"].as_array().unwrap().iter().map(of);
    let sum = plot.fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    (actions.collect(), sum)
}

async fn counts_are_those_of_the_events(client: &Client, conversations: &[String]) {
    let expected = told(client, conversations).await;
    let all = expected.values();
    let all = all.fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    assert!(all.0 > 0 && all.1 > 0 && all.2 > 0, "{expected:?}");
    eventually("the overview to say what the events say", || async {
        let overview = client.get("/overview").await.expect(200);
        let (actions, plot) = shown(&overview);
        for (name, counts) in &actions {
            let told = expected.get(name).copied().unwrap_or_default();
            let more = counts.0 > told.0 || counts.1 > told.1 || counts.2 > told.2;
            assert!(!more, "{name} is counted twice: {counts:?}, {told:?}");
        }
        (actions == expected && plot == all).then_some(())
    })
    .await;
}

/// A service, and an agent with actions that go well, fail, and hang.
struct Desk {
    upstream: Upstream,
    agent: String,
}

impl Desk {
    async fn open(client: &Client) -> Self {
        let upstream = Upstream::start(|request| match request.uri().path() {
            "/broken" => Answer::Json(500, json!({})),
            "/hang" => Answer::Late(
                Duration::from_mins(1),
                Box::new(Answer::Json(200, json!({}))),
            ),
            _ => Answer::Json(200, json!({})),
        })
        .await;
        let build = Builder::new(client);
        let billing = build.integration("Billing", &upstream.url).await;
        let mut links = vec![];
        for (name, method) in [
            ("fine", "GET"),
            ("pay", "POST"),
            ("broken", "GET"),
            ("hang", "POST"),
        ] {
            let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
            let action = json!({"name": name, "method": method, "path": format!("/{name}"), "parameters": schema});
            let action = build.action(&billing, action).await;
            links.push(json!({"link": {"action_id": action}}));
        }
        links.push(json!({"action": {"kind": "static_response", "name": "hours", "response": "Nine to five."}}));
        let agent = build.agent("Desk").await;
        build.publish(&agent, json!({"actions": links})).await;
        Self { upstream, agent }
    }

    /// Has calls answered, and leaves one open, in a conversation that it begins.
    async fn work(&self, client: &Client) -> String {
        let conversation = Builder::new(client).converse(&self.agent).await;
        for n in 0..4 {
            for name in ["fine", "pay", "broken", "hours"] {
                call(client, &conversation, name, json!({"n": n})).await;
            }
            call(client, &conversation, "pay", json!({})).await;
        }
        let asked = self.upstream.hits_of("/hang");
        let hanging = {
            let (client, conversation) = (client.clone(), conversation.clone());
            tokio::spawn(async move {
                let path = format!("/conversations/{conversation}/actions/hang/call");
                let body = json!({"arguments": {"n": 1}});
                let body = Some(body.to_string());
                let path = format!("/api/v1{path}");
                client.try_send(Method::POST, &path, &[], body).await
            })
        };
        eventually("the service to be asked", || async {
            (self.upstream.hits_of("/hang") > asked).then_some(())
        })
        .await;
        hanging.abort();
        conversation
    }
}

async fn after_a_kill_the_counts_are_those_of_the_events(database: TestDatabase) {
    let mut server = Server::start(BINARY, database).await;
    let key = server.key("admin", "default");
    let mut client = Client::new(server.address(), &key);
    let desk = Desk::open(&client).await;
    let mut conversations = vec![];
    for _ in 0..3 {
        conversations.push(desk.work(&client).await);
        server.kill();
        server.launch().await;
        client = Client::new(server.address(), &key);
    }
    counts_are_those_of_the_events(&client, &conversations).await;
}

/// A server that died comes back never; another one counts what it wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_server_counts_what_a_dead_one_wrote() {
    let server = Server::start(BINARY, TestDatabase::postgres()).await;
    let key = server.key("admin", "default");
    let client = Client::new(server.address(), &key);
    let desk = Desk::open(&client).await;
    let mut replica = server.replica().await;
    let conversation = desk.work(&Client::new(replica.address(), &key)).await;
    replica.kill();
    let settled = format!("/conversations/{conversation}/events?limit=200&after=21");
    eventually("its open call to be settled", || async {
        let page = client.get(&settled).await.expect(200);
        (page["data"][0]["name"] == "hang").then_some(())
    })
    .await;
    counts_are_those_of_the_events(&client, &[conversation]).await;
}
