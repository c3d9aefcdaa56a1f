//! What agents do besides calling APIs, and the life of a conversation.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, eventually, on_both_databases};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    each_kind_does_what_it_says,
    a_client_answers_in_time_or_not_at_all,
    states_follow_the_agents_transitions,
    conversations_that_nobody_goes_on_with_end,
    what_cannot_work_is_refused_when_it_is_saved,
);

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is called with values that are made on the spot"
)]
fn own(action: Value) -> Value {
    json!({"action": action})
}

fn desk() -> Value {
    json!({"actions": [
        own(json!({"kind": "static_response", "name": "hours", "response": "Open {{ parameters.day }}, nine to five.",
            "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]}})),
        own(json!({"kind": "static_response", "name": "address", "response": {"city": "Chicago", "caller": "{{ variables.call.from }}"}})),
        own(json!({"kind": "client_event", "name": "show_map", "event": "show_map"})),
        own(json!({"kind": "handover", "name": "to_desk", "handover_type": "queue", "target": "desk", "announcement": "One moment."})),
        own(json!({"kind": "end_call", "name": "hang_up"})),
        {"action": {"kind": "static_response", "name": "summary", "response": "Done."}, "phases": ["post_call"]},
    ]})
}

struct Talk {
    client: Client,
    id: String,
}

impl Talk {
    async fn start(client: &Client, agent: &str) -> Self {
        let input = json!({
            "agent_id": agent, "environment": "production",
            "variables": {"call": {"from": "+13125550100", "to": "+13125550101"}},
        });
        let started = client.post("/conversations", input).await.expect(201);
        Self {
            client: client.clone(),
            id: started["id"].as_str().unwrap().to_owned(),
        }
    }

    async fn call(&self, name: &str, arguments: Value) -> switchboard_testkit::Reply {
        let path = format!("/conversations/{}/actions/{name}/call", self.id);
        self.client
            .post(&path, json!({"arguments": arguments}))
            .await
    }

    async fn now(&self) -> Value {
        let path = format!("/conversations/{}", self.id);
        self.client.get(&path).await.expect(200)
    }

    async fn tools(&self) -> Value {
        let path = format!("/conversations/{}/tools", self.id);
        self.client.get(&path).await.expect(200)
    }

    async fn events(&self) -> Vec<Value> {
        let path = format!("/conversations/{}/events?limit=200", self.id);
        let page = self.client.get(&path).await.expect(200);
        page["data"].as_array().unwrap().clone()
    }

    async fn types(&self) -> Vec<String> {
        let events = self.events().await;
        let types = events.iter().map(|event| event["type"].as_str().unwrap());
        types.map(str::to_owned).collect()
    }
}

fn names(tools: &Value) -> Vec<&str> {
    let tools = tools["tools"].as_array().unwrap().iter();
    tools.map(|tool| tool["name"].as_str().unwrap()).collect()
}

async fn each_kind_does_what_it_says(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let agent = build.agent("Desk").await;
    build.publish(&agent, desk()).await;

    let talk = Talk::start(&client, &agent).await;
    let tools = talk.tools().await;
    assert_eq!(
        names(&tools),
        ["hours", "address", "show_map", "to_desk", "hang_up"]
    );
    assert_eq!(tools["tools"][3]["kind"], "handover");
    assert!(tools["tools"][3]["parameters"]["properties"]["queue_id"].is_object());
    assert_eq!(tools["unavailable"][0]["code"], "phase_not_allowed");

    let hours = talk
        .call("hours", json!({"day": "Monday"}))
        .await
        .expect(200);
    assert_eq!(hours["output"], "Open Monday, nine to five.");
    let missing = talk.call("hours", json!({})).await;
    assert_eq!(missing.problem(422), "invalid_arguments");
    let address = talk.call("address", json!({})).await.expect(200);
    assert_eq!(
        address["output"],
        json!({"city": "Chicago", "caller": "+13125550100"})
    );

    let shown = talk.call("show_map", json!({"zoom": 3})).await.expect(200);
    assert_eq!(shown["status"], "succeeded");
    let events = talk.events().await;
    let told = events
        .iter()
        .find(|event| event["type"] == "client_event.emitted")
        .unwrap();
    assert_eq!(
        (&told["event"], &told["payload"]),
        (&json!("show_map"), &json!({"zoom": 3}))
    );
    assert_eq!(told["call_id"], shown["call_id"]);
    assert_eq!(shown["output"]["event_id"], told["id"]);

    let handed = talk
        .call("to_desk", json!({"queue_id": "billing"}))
        .await
        .expect(200);
    assert_eq!(handed["output"]["target"], "billing");
    let asked = talk.events().await.pop().unwrap();
    assert_eq!(asked["type"], "handover.requested");
    assert_eq!(
        (
            &asked["handover_type"],
            &asked["target"],
            &asked["announcement"]
        ),
        (&json!("queue"), &json!("billing"), &json!("One moment."))
    );
    let now = talk.now().await;
    assert_eq!(
        (&now["status"], &now["phase"]),
        (&json!("handed_over"), &json!("in_call"))
    );
    assert_eq!(names(&talk.tools().await), [""; 0]);
    let refused = talk.call("hours", json!({"day": "Monday"})).await;
    assert_eq!(refused.problem(409), "phase_not_allowed");
    let end = format!("/conversations/{}/end", talk.id);
    client.post(&end, json!({})).await.expect(200);
    assert!(names(&talk.tools().await).contains(&"summary"));

    // Several that end the call at once end it once: the conversation is not closed by that.
    let talk = Talk::start(&client, &agent).await;
    let calls = (0..8).map(|_| talk.call("hang_up", json!({})));
    let replies = futures_util::future::join_all(calls).await;
    assert!(replies.iter().any(|reply| reply.status == 200));
    let now = talk.now().await;
    assert_eq!(
        (&now["status"], &now["phase"]),
        (&json!("ended"), &json!("post_call"))
    );
    let types = talk.types().await;
    let changes = types.iter().filter(|kind| *kind == "phase.changed");
    assert_eq!(changes.count(), 1);
    assert_eq!(
        talk.call("hang_up", json!({})).await.problem(409),
        "phase_not_allowed"
    );
    assert_eq!(
        talk.call("summary", json!({})).await.expect(200)["output"],
        "Done."
    );
}

async fn a_client_answers_in_time_or_not_at_all(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let agent = build.agent("Screen").await;
    let ask = |name: &str, wait: u32| {
        own(json!({"kind": "client_event", "name": name, "event": name, "await_result_ms": wait}))
    };
    let draft = json!({"actions": [ask("choose", 20_000), ask("hurry", 50)]});
    build.publish(&agent, draft).await;
    // The client may be on another server than the call.
    let replica = match server.database().url() {
        Some(_) => Some(server.replica().await),
        None => None,
    };
    let other = replica
        .as_ref()
        .map_or_else(|| client.clone(), |replica| replica.client("run"));

    let talk = Talk::start(&client, &agent).await;
    for (answer, status) in [
        (json!({"result": {"choice": 2}}), "succeeded"),
        (json!({"result": null}), "succeeded"),
        (json!({"error": "the screen is off"}), "failed"),
    ] {
        let before = talk.events().await.len();
        let call = talk.call("choose", json!({"of": [1, 2]}));
        let answering = async {
            let told = eventually("the event", || async {
                let told = talk.events().await.into_iter().nth(before);
                told.filter(|event| event["type"] == "client_event.emitted")
            })
            .await;
            assert!(told["awaits_result_until"].is_string());
            let id = told["id"].as_str().unwrap();
            let path = format!("/conversations/{}/client-events/{id}/result", talk.id);
            let wrong = other.post(&path, json!({})).await;
            assert_eq!(wrong.problem(422), "invalid_input");
            let taken = other.post(&path, answer.clone()).await;
            assert_eq!(taken.status, 204);
            let again = other.post(&path, answer.clone()).await;
            assert_eq!(again.problem(409), "result_not_awaited");
        };
        let (called, ()) = tokio::join!(call, answering);
        let called = called.expect(200);
        assert_eq!(called["status"], status, "{called}");
        match answer.get("result") {
            Some(result) => assert_eq!(called["output"], *result),
            None => assert_eq!(called["error"]["code"], "client_error"),
        }
    }

    let late = talk.call("hurry", json!({})).await.expect(200);
    assert_eq!(late["status"], "failed");
    assert_eq!(late["error"]["code"], "outcome_unknown");
    let events = talk.events().await;
    let told = events
        .iter()
        .rfind(|event| event["type"] == "client_event.emitted")
        .unwrap();
    let path = |id: &str| format!("/conversations/{}/client-events/{id}/result", talk.id);
    let answer = json!({"result": 1});
    let too_late = client
        .post(&path(told["id"].as_str().unwrap()), answer.clone())
        .await;
    assert_eq!(too_late.problem(409), "result_not_awaited");
    let nobody = events[0]["id"].as_str().unwrap();
    assert_eq!(
        client.post(&path(nobody), answer).await.problem(404),
        "not_found"
    );
}

async fn states_follow_the_agents_transitions(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let agent = build.agent("Steps").await;
    let state = |name: &str, next: Value| json!({"name": name, "description": format!("Do {name}."), "transitions": next});
    let draft = json!({
        "initial_state": "greet", "go_to_state": true, "actions": [],
        "states": [
            state("greet", json!(["order"])), state("order", json!(["pay", "greet"])),
            state("pay", json!([])), {"name": "anywhere"},
        ],
    });
    build.publish(&agent, draft).await;

    let talk = Talk::start(&client, &agent).await;
    let tools = talk.tools().await;
    let tool = &tools["tools"][0];
    assert_eq!(
        (&tool["name"], &tool["binding_id"]),
        (&json!("go_to_state"), &Value::Null)
    );
    assert_eq!(
        tool["parameters"]["properties"]["state"]["enum"],
        json!(["order"])
    );
    let path = format!("/conversations/{}", talk.id);
    let to = |state: &str| json!({"state": state});

    assert_eq!(
        client.patch(&path, to("pay")).await.problem(409),
        "transition_not_allowed"
    );
    assert_eq!(
        client.patch(&path, to("nowhere")).await.problem(422),
        "invalid_input"
    );
    assert_eq!(
        talk.call("go_to_state", to("pay")).await.problem(422),
        "invalid_arguments"
    );
    let went = talk.call("go_to_state", to("order")).await.expect(200);
    assert_eq!(went["output"], json!({"from": "greet", "to": "order"}));
    client.patch(&path, to("pay")).await.expect(200);
    // Nothing follows the last one.
    assert_eq!(
        client.patch(&path, to("order")).await.problem(409),
        "transition_not_allowed"
    );
    assert_eq!(names(&talk.tools().await), [""; 0]);
    assert_eq!(
        talk.call("go_to_state", to("order")).await.problem(409),
        "state_not_allowed"
    );
    assert_eq!(
        talk.types().await,
        [
            "conversation.started",
            "action.refused",
            "state.changed",
            "action.succeeded",
            "state.changed",
            "action.refused",
        ]
    );
    // Without transitions of its own a state leads everywhere, and parallel moves keep to the rules.
    let talk = Talk::start(&client, &agent).await;
    let moves = (0..12).map(|n| talk.call("go_to_state", to(["order", "greet"][n % 2])));
    futures_util::future::join_all(moves).await;
    let mut at = "greet".to_owned();
    for event in talk.events().await {
        if event["type"] == "state.changed" {
            assert_eq!(event["from"], at);
            event["to"].as_str().unwrap().clone_into(&mut at);
        }
    }
    assert_eq!(talk.now().await["state"], at);
}

async fn conversations_that_nobody_goes_on_with_end(database: TestDatabase) {
    let arguments = [
        "--allow-network",
        "127.0.0.1",
        "--idle-timeout-seconds",
        "1",
    ];
    let server = Server::start_with(BINARY, database, &arguments).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let agent = build.agent("Desk").await;
    build.publish(&agent, desk()).await;
    let idle = Talk::start(&client, &agent).await;
    let busy = Talk::start(&client, &agent).await;
    let mut calls = 0;
    eventually("the end", || {
        calls += 1;
        let (idle, busy) = (&idle, &busy);
        async move {
            busy.call("hours", json!({"day": "Monday"}))
                .await
                .expect(200);
            let now = idle.now().await;
            (now["status"] == "closed").then_some(())
        }
    })
    .await;
    assert_eq!(
        idle.types().await,
        [
            "conversation.started",
            "phase.changed",
            "conversation.ended"
        ]
    );
    let events = idle.events().await;
    assert_eq!(events[1]["reason"], "idle_timeout");
    assert_eq!(events[2]["reason"], "idle_timeout");
    assert_eq!(busy.now().await["status"], "active");
    assert_eq!(busy.events().await.len(), calls + 1);
}

async fn what_cannot_work_is_refused_when_it_is_saved(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let agent = build.agent("Desk").await;
    let path = format!("/agents/{agent}/draft");
    let api = build.integration("Billing", "http://127.0.0.1:9").await;
    for (action, field) in [
        (json!({"kind": "fax"}), "kind"),
        (json!({"kind": "static_response"}), ""),
        (
            json!({"kind": "static_response", "response": "{{ open"}),
            "response",
        ),
        (json!({"kind": "end_call", "target": "x"}), "target"),
        (
            json!({"kind": "handover", "handover_type": "phone", "target": "12"}),
            "target",
        ),
        (
            json!({"kind": "handover", "handover_type": "sip", "target": "desk"}),
            "target",
        ),
        (
            json!({"kind": "handover", "handover_type": "pigeon", "target": "desk"}),
            "",
        ),
        (json!({"kind": "client_event", "event": ""}), "event"),
        (
            json!({"kind": "client_event", "event": "e", "await_result_ms": 0}),
            "await_result_ms",
        ),
        (
            json!({"kind": "send_text_message", "channel_id": api, "recipient": "contact"}),
            "channel_id",
        ),
        (
            json!({"kind": "send_text_message", "channel_id": "int_01980000000070008000000000000001", "recipient": "contact"}),
            "channel_id",
        ),
        (
            json!({"kind": "send_text_message", "channel_id": api, "recipient": "0312"}),
            "recipient",
        ),
    ] {
        let mut action = action;
        action["name"] = json!("act");
        let refused = client
            .put(&path, json!({"actions": [own(action.clone())]}))
            .await;
        assert_eq!(refused.status, 422, "{action} {}", refused.text);
        let errors = refused.json()["errors"].clone();
        let expected = format!("/actions/0/action/{field}");
        let is_there = errors
            .as_array()
            .unwrap()
            .iter()
            .any(|error| error["pointer"].as_str().unwrap() == expected.trim_end_matches('/'));
        assert!(is_there, "{action} {errors}");
    }
    // A name that is built in, and an end after the end.
    let taken = json!({"go_to_state": true, "states": [{"name": "a"}],
        "actions": [own(json!({"kind": "end_call", "name": "go_to_state"}))]});
    assert_eq!(client.put(&path, taken).await.problem(409), "name_taken");
    let late = json!({"actions": [
        {"action": {"kind": "end_call", "name": "hang_up"}, "phases": ["in_call", "post_call"]},
    ]});
    client.put(&path, late).await.expect(200);
    let versions = format!("/agents/{agent}/versions");
    client.post(&versions, json!({})).await.expect(201);
    let refused = client
        .post(&format!("{versions}/1/publish"), json!({}))
        .await;
    assert_eq!(refused.status, 409);
    assert_eq!(
        refused.json()["problems"][0]["code"],
        "end_call_after_the_call"
    );
}

/// The stream shows what another server did, and what was done while the follower was away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_loses_nothing_between_servers_and_over_a_restart() {
    let mut server = Server::start(BINARY, TestDatabase::postgres()).await;
    let client = server.client("admin");
    let key = server.key("run", "default");
    let build = Builder::new(&client);
    let agent = build.agent("Desk").await;
    build.publish(&agent, desk()).await;
    let replica = server.replica().await;
    let talk = Talk::start(&client, &agent).await;
    let path = format!("/conversations/{}/events", talk.id);
    let there = Client::new(replica.address(), &key);
    talk.call("show_map", json!({"n": 1})).await.expect(200);
    let seen = there.follow(&path, None, 3).await;
    let (last, _) = seen.last().unwrap();
    server.kill();
    server.launch().await;
    let talk = Talk {
        client: Client::new(server.address(), &key),
        id: talk.id,
    };
    talk.call("show_map", json!({"n": 2})).await.expect(200);
    let missed = there.follow(&path, Some(last), 2).await;
    let here = Client::new(server.address(), &key)
        .follow(&path, None, 5)
        .await;
    let sequences: Vec<_> = seen
        .iter()
        .chain(&missed)
        .map(|(_, event)| event["sequence"].clone())
        .collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5].map(Value::from));
    assert_eq!(seen.into_iter().chain(missed).collect::<Vec<_>>(), here);
}
