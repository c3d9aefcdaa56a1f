//! What the overview and the filters of lists say after some calls.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use serde_json::{Value, json};
use switchboard_testkit::{
    Answer, Builder, Client, Server, TestDatabase, Upstream, eventually, on_both_databases,
};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    the_overview_tells_how_it_goes,
    the_last_error_is_the_integrations_own
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
