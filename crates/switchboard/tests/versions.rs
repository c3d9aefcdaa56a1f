//! Versions, and shared actions that stay live under them, as a builder and a runtime meet them.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, Upstream, on_both_databases};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    the_story_of_a_restore,
    a_call_sees_one_shape_and_never_a_mixture,
    publishing_races_with_deleting_and_moving,
);

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Lock, change the world, look before restoring, restore, deal with what is left, publish.
#[expect(clippy::too_many_lines, reason = "it is one story, told in order")]
async fn the_story_of_a_restore(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let mut server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let billing = build.integration("Billing", &upstream.url).await;
    let archive = build.integration("Archive", &upstream.url).await;
    let outputs = json!([{"name": "balance", "path": "$.path"}]);
    let account = build
        .action(&billing, json!({"name": "get_account", "method": "GET", "path": "/account", "output_variables": outputs}))
        .await;
    let refund = build
        .action(
            &billing,
            json!({"name": "refund", "method": "POST", "path": "/refund"}),
        )
        .await;
    let invoice = build
        .action(
            &billing,
            json!({"name": "get_invoice", "method": "GET", "path": "/invoice"}),
        )
        .await;
    let note = build
        .action(
            &billing,
            json!({"name": "add_note", "description": "Adds.", "method": "POST", "path": "/note"}),
        )
        .await;
    let same = build
        .action(
            &billing,
            json!({"name": "ping", "method": "GET", "path": "/ping"}),
        )
        .await;
    let agent = build.agent("Helper").await;
    let links = [&account, &refund, &invoice, &note, &same]
        .map(|action| json!({"link": {"action_id": action}}));
    let draft = json!({
        "instructions": "Greet.\nTell them their balance first.\nThen help.", "actions": links,
    });
    let draft = client
        .put(&format!("/agents/{agent}/draft"), draft)
        .await
        .expect(200);
    let binding = |at: usize| text(&draft["actions"][at]["id"]).to_owned();
    for number in 1..=3 {
        let notes = json!({"notes": format!("number {number}")});
        let locked = client
            .post(&format!("/agents/{agent}/versions"), notes)
            .await
            .expect(201);
        assert_eq!(
            (&locked["number"], &locked["published"]),
            (&json!(number), &json!(false))
        );
    }
    let preview = format!("/agents/{agent}/versions/3/restore-preview");
    assert_eq!(client.get(&preview).await.expect(200)["changes"], json!([]));

    // The world moves on.
    let renamed = json!({"output_variables": [{"name": "saldo", "path": "$.path"}]});
    client
        .patch(&format!("/actions/{account}"), renamed)
        .await
        .expect(200);
    client
        .delete(&format!("/actions/{refund}"))
        .await
        .expect(204);
    let target = json!({"integration_id": archive});
    client
        .post(&format!("/actions/{invoice}/move"), target)
        .await
        .expect(200);
    let edited = json!({"description": "Adds a note to the account."});
    client
        .patch(&format!("/actions/{note}"), edited)
        .await
        .expect(200);
    let other = json!({"instructions": "Something else.", "actions": []});
    client
        .put(&format!("/agents/{agent}/draft"), other)
        .await
        .expect(200);

    let seen = client.get(&preview).await.expect(200);
    assert_eq!(seen["version"], 3);
    let found: Vec<_> = seen["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            (
                text(&change["name"]),
                text(&change["change"]),
                text(&change["class"]),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("get_account", "changed", "breaking"),
            ("refund", "deleted", "breaking"),
            ("get_invoice", "moved", "breaking"),
            ("add_note", "changed", "risky"),
        ]
    );
    let field = &seen["changes"][0]["fields"][0];
    assert_eq!(field["field"], "output_variables");
    assert_eq!(field["before"][0]["name"], "balance");
    assert_eq!(field["after"][0]["name"], "saldo");
    assert_eq!(
        field["mentions"],
        json!([{"where": "/instructions", "quote": "Tell them their balance first."}])
    );
    assert_eq!(seen["changes"][3]["fields"][0]["before"], "Adds.");

    // Restored, it uses what is there now, and says what it did not expect.
    let restored = client
        .post(&format!("/agents/{agent}/versions/3/restore"), json!({}))
        .await
        .expect(200);
    assert_eq!(restored["instructions"], draft["instructions"]);
    assert_eq!(
        (&restored["actions"], &restored["restored_from"]),
        (&draft["actions"], &json!(3))
    );
    let banner = format!("/agents/{agent}/draft/drift");
    let names = |list: Value| -> Vec<String> {
        let entries = list["data"].as_array().unwrap().clone();
        entries
            .iter()
            .map(|entry| text(&entry["name"]).to_owned())
            .collect()
    };
    assert_eq!(
        names(client.get(&banner).await.expect(200)),
        ["get_account", "refund", "get_invoice", "add_note"]
    );
    server.kill();
    server.launch().await;
    let client = server.client("admin");
    assert_eq!(
        names(client.get(&banner).await.expect(200)),
        ["get_account", "refund", "get_invoice", "add_note"]
    );
    let left = client
        .post(&format!("{banner}/{}/review", binding(3)), json!({}))
        .await
        .expect(200);
    assert_eq!(names(left), ["get_account", "refund", "get_invoice"]);
    client
        .delete(&format!("/agents/{agent}/draft/actions/{}", binding(0)))
        .await
        .expect(204);
    assert_eq!(
        names(client.get(&banner).await.expect(200)),
        ["refund", "get_invoice"]
    );

    // It cannot be published like this.
    client
        .post(&format!("/agents/{agent}/versions"), json!({}))
        .await
        .expect(201);
    let refused = client
        .post(&format!("/agents/{agent}/versions/4/publish"), json!({}))
        .await
        .expect(409);
    assert_eq!(refused["code"], "broken_references");
    let broken: Vec<_> = refused["broken_references"]
        .as_array()
        .unwrap()
        .iter()
        .map(|broken| {
            (
                text(&broken["binding_id"]).to_owned(),
                text(&broken["name"]),
                text(&broken["reason"]),
            )
        })
        .collect();
    assert_eq!(
        broken,
        [
            (binding(1), "refund", "deleted"),
            (binding(2), "get_invoice", "moved")
        ]
    );
    let started = json!({"agent_id": agent, "environment": "production"});
    assert_eq!(
        client
            .post("/conversations", started.clone())
            .await
            .problem(409),
        "not_published"
    );

    let relinked = client
        .post(
            &format!("/agents/{agent}/draft/actions/{}/relink", binding(2)),
            json!({}),
        )
        .await
        .expect(200);
    assert_eq!(relinked["link"]["integration_id"], json!(archive));
    client
        .delete(&format!("/agents/{agent}/draft/actions/{}", binding(1)))
        .await
        .expect(204);
    assert_eq!(
        names(client.get(&banner).await.expect(200)),
        Vec::<String>::new()
    );
    client
        .post(&format!("/agents/{agent}/versions"), json!({}))
        .await
        .expect(201);
    let published = client
        .post(&format!("/agents/{agent}/versions/5/publish"), json!({}))
        .await
        .expect(200);
    assert_eq!(published["published"], true);
    let agent_now = client.get(&format!("/agents/{agent}")).await.expect(200);
    assert_eq!(
        (&agent_now["published_version"], &agent_now["drifted_links"]),
        (&json!(5), &json!(0))
    );

    // Conversations use the current shapes, and follow them.
    let conversation = client.post("/conversations", started).await.expect(201);
    assert_eq!(conversation["version"], 5);
    let id = text(&conversation["id"]);
    let tools = client
        .get(&format!("/conversations/{id}/tools"))
        .await
        .expect(200);
    let offered: Vec<_> = tools["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| text(&tool["name"]))
        .collect();
    assert_eq!(offered, ["get_invoice", "add_note", "ping"]);
    assert_eq!(
        tools["tools"][1]["description"],
        "Adds a note to the account."
    );
    let moved = json!({"path": "/pong"});
    client
        .patch(&format!("/actions/{same}"), moved)
        .await
        .expect(200);
    let answer = client
        .post(
            &format!("/conversations/{id}/actions/ping/call"),
            json!({"arguments": {}}),
        )
        .await
        .expect(200);
    assert_eq!(answer["output"]["path"], "/pong");
    let drifted = client
        .get(&format!("/agents/{agent}/versions/5/drift"))
        .await
        .expect(200);
    assert_eq!(names(drifted), ["ping"]);
    let agent_now = client.get(&format!("/agents/{agent}")).await.expect(200);
    assert_eq!(agent_now["drifted_links"], 1);
    let listed = client.get("/agents").await.expect(200);
    assert_eq!(listed["data"][0]["drifted_links"], 1);
}

/// 64 callers while an action changes between two shapes: each call has all of one of them.
async fn a_call_sees_one_shape_and_never_a_mixture(database: TestDatabase) {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let integration = build.integration("Items", &upstream.url).await;
    let shape = |letter: &str| {
        json!({
            "name": "look", "description": letter, "method": "GET", "path": format!("/{letter}"),
            "headers": {"x-shape": letter},
            "output_variables": [{"name": format!("seen_{letter}"), "path": "$.path"}],
        })
    };
    let action = build.action(&integration, shape("a")).await;
    let agent = build.agent("Caller").await;
    build
        .publish(
            &agent,
            json!({"actions": [{"link": {"action_id": action}}]}),
        )
        .await;
    let done = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicUsize::new(0));
    let callers = (0..64).map(|_| {
        let (client, build) = (client.clone(), Builder::new(&client));
        let (agent, done, calls) = (agent.clone(), done.clone(), calls.clone());
        async move {
            let conversation = build.converse(&agent).await;
            let path = format!("/conversations/{conversation}/actions/look/call");
            let mut seen = std::collections::BTreeSet::new();
            while !done.load(Ordering::SeqCst) {
                let answer = client
                    .post(&path, json!({"arguments": {}}))
                    .await
                    .expect(200);
                let letter = text(&answer["output"]["headers"]["x-shape"]).to_owned();
                assert_eq!(answer["output"]["path"], format!("/{letter}"), "{answer}");
                let expected = json!({format!("seen_{letter}"): format!("/{letter}")});
                assert_eq!(answer["variables"], expected, "{answer}");
                calls.fetch_add(1, Ordering::SeqCst);
                seen.insert(letter);
            }
            seen.len()
        }
    });
    let changer = async {
        for round in 0..40 {
            let letter = if round % 2 == 0 { "b" } else { "a" };
            client
                .patch(&format!("/actions/{action}"), shape(letter))
                .await
                .expect(200);
            // Each shape is called by somebody before the next one comes.
            let before = calls.load(Ordering::SeqCst);
            while calls.load(Ordering::SeqCst) < before + 20 {
                tokio::task::yield_now().await;
            }
        }
        done.store(true, Ordering::SeqCst);
    };
    let (seen, ()) = tokio::join!(join_all(callers), changer);
    assert!(seen.contains(&2), "nobody saw both shapes");
    let revisions = client
        .get(&format!("/actions/{action}/revisions?limit=200"))
        .await
        .expect(200);
    assert_eq!(revisions["data"].as_array().unwrap().len(), 41);
}

/// 200 rounds of publishing against deleting or moving an action it links: whoever comes first, a
/// version that was published had whole links at that moment.
async fn publishing_races_with_deleting_and_moving(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let here = build.integration("Here", "http://127.0.0.1:9").await;
    let there = build.integration("There", "http://127.0.0.1:9").await;
    let (mut first, mut refused) = (0, 0);
    for round in 0..200 {
        let action = build
            .action(
                &here,
                json!({"name": format!("a{round}"), "method": "GET", "path": "/"}),
            )
            .await;
        let agent = build.agent("Racer").await;
        let draft = json!({"actions": [{"link": {"action_id": action}}]});
        client
            .put(&format!("/agents/{agent}/draft"), draft)
            .await
            .expect(200);
        client
            .post(&format!("/agents/{agent}/versions"), json!({}))
            .await
            .expect(201);
        let publish_path = format!("/agents/{agent}/versions/1/publish");
        let publish = client.post(&publish_path, json!({}));
        let spoil = spoil(&client, &action, &there, round);
        let (published, ()) = if round % 3 == 0 {
            let (spoiled, published) = tokio::join!(spoil, publish);
            (published, spoiled)
        } else {
            tokio::join!(publish, spoil)
        };
        // The order in which both became durable is the order of their entries.
        let audit = client.get("/audit?limit=20").await.expect(200);
        let order: Vec<_> = audit["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| {
                entry["entity_id"] == json!(agent) || entry["entity_id"] == json!(action)
            })
            .map(|entry| text(&entry["operation"]))
            .take_while(|operation| *operation != "version.lock")
            .collect();
        let agent_now = client.get(&format!("/agents/{agent}")).await.expect(200);
        if published.status == 200 {
            assert_eq!(order.last(), Some(&"version.publish"), "{order:?}");
            assert_eq!(agent_now["published_version"], 1);
            first += 1;
        } else {
            assert_eq!(published.problem(409), "broken_references");
            assert_eq!(agent_now["published_version"], Value::Null);
            refused += 1;
        }
    }
    assert!(
        first > 0 && refused > 0,
        "published {first} times, refused {refused} times"
    );
}

async fn spoil(client: &Client, action: &str, there: &str, round: usize) {
    if round.is_multiple_of(2) {
        client
            .delete(&format!("/actions/{action}"))
            .await
            .expect(204);
    } else {
        let target = json!({"integration_id": there});
        client
            .post(&format!("/actions/{action}/move"), target)
            .await
            .expect(200);
    }
}
