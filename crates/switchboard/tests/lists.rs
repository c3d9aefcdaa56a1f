//! Lists: searching them, asking for some of their entries, and all actions in one list.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use http::StatusCode;
use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, on_both_databases};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    lists_are_searched_and_asked_for_by_id,
    all_actions_are_one_list
);

/// What a list answers, by name.
async fn names(client: &Client, path: &str) -> Vec<String> {
    let page = client.get(path).await.expect(200);
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().unwrap().to_owned())
        .collect()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

async fn lists_are_searched_and_asked_for_by_id(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("manage");
    for (name, description) in [
        ("Front desk", "Takes ORDERS"),
        ("Billing", "100% of refunds"),
        ("Café", ""),
    ] {
        let agent = json!({"name": name, "description": description});
        client.post("/agents", agent).await.expect(201);
    }
    assert_eq!(names(&client, "/agents?q=DESK").await, ["Front desk"]);
    assert_eq!(names(&client, "/agents?q=orders").await, ["Front desk"]);
    assert_eq!(names(&client, "/agents?q=0%25").await, ["Billing"]);
    assert_eq!(names(&client, "/agents?q=caf%C3%89").await, ["Café"]);
    assert_eq!(
        names(&client, "/agents?q=takes%20front").await,
        ["Front desk"]
    );
    assert_eq!(names(&client, "/agents?q=%20").await.len(), 3);
    assert!(names(&client, "/agents?q=takes%20billing").await.is_empty());

    let all = client.get("/agents").await.expect(200);
    let ids: Vec<&str> = all["data"].as_array().unwrap().iter().map(id).collect();
    let asked = format!("/agents?ids={},{}", ids[2], ids[0]);
    assert_eq!(names(&client, &asked).await, ["Front desk", "Café"]);
    assert_eq!(names(&client, &format!("{asked}&q=caf")).await, ["Café"]);
    assert_eq!(
        names(&client, &format!("{asked}&limit=1")).await,
        ["Front desk"]
    );
    let wrong = client.get("/agents?ids=agt_1").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/ids");

    for nothing in [
        "/agents?ids=",
        "/agents?ids=&q=desk",
        "/secrets?ids=",
        "/variables?ids=&q=x",
    ] {
        assert!(names(&client, nothing).await.is_empty(), "{nothing}");
    }

    // What a thing is found by follows it.
    let renamed = json!({"name": "Reception"});
    client
        .patch(&format!("/agents/{}", ids[0]), renamed)
        .await
        .expect(200);
    assert!(names(&client, "/agents?q=desk").await.is_empty());
    assert_eq!(names(&client, "/agents?q=recep").await, ["Reception"]);
    client
        .delete(&format!("/agents/{}", ids[0]))
        .await
        .expect(204);
    assert!(names(&client, "/agents?q=recep").await.is_empty());

    for name in ["stripe_key", "Stripe_test", "other"] {
        let values = json!({"values": {"production": "some-value-1"}});
        client
            .put(&format!("/secrets/{name}"), values.clone())
            .await
            .expect(201);
        client
            .put(&format!("/variables/{name}"), values)
            .await
            .expect(201);
    }
    for list in ["secrets", "variables"] {
        assert_eq!(
            names(&client, &format!("/{list}?q=stripe")).await,
            ["Stripe_test", "stripe_key"]
        );
        assert_eq!(
            names(&client, &format!("/{list}?ids=other,none")).await,
            ["other"]
        );
        assert_eq!(
            names(&client, &format!("/{list}?q=key&ids=other,stripe_key")).await,
            ["stripe_key"]
        );
    }
}

async fn all_actions_are_one_list(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let client = server.client("manage");
    let build = Builder::new(&client);
    let mut integrations = vec![];
    for name in ["One", "Two"] {
        let integration = build.integration(name, "https://api.example.com").await;
        for verb in ["read", "write"] {
            let action = json!({"name": format!("{verb}_{name}"), "method": "GET", "path": "/", "parameters": null});
            build.action(&integration, action).await;
        }
        integrations.push(integration);
    }
    let all = ["read_One", "write_One", "read_Two", "write_Two"];
    assert_eq!(names(&client, "/actions").await, all);
    assert_eq!(
        names(&client, "/actions?q=read").await,
        ["read_One", "read_Two"]
    );
    let of_two = format!("/integrations/{}/actions?q=READ", integrations[1]);
    assert_eq!(names(&client, &of_two).await, ["read_Two"]);

    let first = client.get("/actions?q=read&limit=1").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = client
        .get(&format!("/actions?q=read&limit=1&after={next}"))
        .await
        .expect(200);
    assert_eq!(second["data"][0]["name"], "read_Two");
    assert_eq!(second["next"], Value::Null);

    // An action of another integration is none of this one's, also where it is asked for by its id.
    let asked = id(&first["data"][0]);
    let elsewhere = format!("/integrations/{}/actions?ids={asked}", integrations[1]);
    assert!(names(&client, &elsewhere).await.is_empty());
    client
        .delete(&format!("/integrations/{}", integrations[1]))
        .await
        .expect(204);
    assert_eq!(names(&client, "/actions?q=read").await, ["read_One"]);
}
