//! Lists: searching them, asking for some of their entries, and all actions in one list.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use http::StatusCode;
use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, on_both_databases};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    lists_are_searched_and_asked_for_by_id,
    all_actions_are_one_list,
    people_keys_and_versions_are_searched
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

    // Who links each, in one answer.
    let one = client.get("/actions?q=read_One").await.expect(200)["data"][0].clone();
    let agent = build.agent("Reader").await;
    let draft = json!({"actions": [{"link": {"action_id": one["id"]}}]});
    build.publish(&agent, draft).await;
    let page = client.get("/actions?expand=usage").await.expect(200);
    let rows = page["data"].as_array().unwrap();
    for row in rows {
        let path = format!("/actions/{}/usage", id(row));
        let usage = client.get(&path).await.expect(200);
        assert_eq!(row["usage"], usage["data"]);
    }
    let linked = |row: &Value| row["usage"].as_array().unwrap().len();
    assert_eq!(rows.iter().map(linked).collect::<Vec<_>>(), [2, 0, 0, 0]);
    let of_one = format!(
        "/integrations/{}/actions?expand=usage&limit=1",
        integrations[0]
    );
    let page = client.get(&of_one).await.expect(200);
    assert_eq!(page["data"][0]["usage"][0]["agent_name"], "Reader");
    assert!(one.get("usage").is_none());
    let wrong = client.get("/actions?expand=everything").await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/expand");
    assert_eq!(wrong.problem(422), "invalid_input");

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

/// What a list answers, by one of its members.
async fn found(client: &Client, path: &str, member: &str) -> Vec<Value> {
    let page = client.get(path).await.expect(200);
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row[member].clone()).collect()
}

async fn people_keys_and_versions_are_searched(database: TestDatabase) {
    let server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let ada = server.member(&owner, "ada@example.com", "editor").await;
    for (query, expected) in [
        ("OLIVE", &["Olive Owner"][..]),
        ("ada@example", &["ada@example.com"]),
        ("example.com", &["Olive Owner", "ada@example.com"]),
        ("%25", &[]),
        ("olive%20nobody", &[]),
    ] {
        let names = found(&owner, &format!("/members?q={query}"), "name").await;
        let emails = found(&owner, &format!("/members?q={query}"), "email").await;
        assert_eq!(names.len(), expected.len(), "{query}");
        for one in expected {
            assert!(
                names.contains(&json!(one)) || emails.contains(&json!(one)),
                "{query}"
            );
        }
    }
    let person = ada.get("/session").await.expect(200)["user"].clone();
    let gone = owner.delete(&format!("/members/{}", id(&person))).await;
    gone.expect(204);
    assert!(found(&owner, "/members?q=ada", "name").await.is_empty());

    for email in ["Eve@Example.com", "bob@other.org"] {
        let invitation = json!({"email": email, "role": "viewer"});
        owner.post("/invitations", invitation).await.expect(201);
    }
    let all = ["eve@example.com", "bob@other.org"];
    assert_eq!(found(&owner, "/invitations?q=", "email").await, all);
    let eve = "/invitations?q=EVE%20example&limit=1";
    assert_eq!(found(&owner, eve, "email").await, all[..1]);
    assert!(
        found(&owner, "/invitations?q=eve_", "email")
            .await
            .is_empty()
    );

    let mut prefix = String::new();
    for name in ["Batch Ä", "nightly batch", "other"] {
        let key = json!({"name": name, "scope": "run"});
        let made = owner.post("/api-keys", key).await.expect(201);
        made["prefix"].as_str().unwrap().clone_into(&mut prefix);
    }
    for (query, expected) in [
        ("q=BATCH".to_owned(), &["Batch Ä", "nightly batch"][..]),
        ("q=%C3%A4".to_owned(), &["Batch Ä"]),
        (format!("q={}", prefix.to_uppercase()), &["other"]),
        (format!("q=other&prefix={prefix}"), &["other"]),
        (format!("q=batch&prefix={prefix}"), &[]),
    ] {
        let path = format!("/api-keys?{query}");
        assert_eq!(found(&owner, &path, "name").await, expected, "{query}");
    }
    let first = owner.get("/api-keys?q=batch&limit=1").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = format!("/api-keys?q=batch&limit=1&after={next}");
    assert_eq!(found(&owner, &second, "name").await, ["nightly batch"]);

    let agent = json!({"name": "Desk"});
    let agent = owner.post("/agents", agent).await.expect(201);
    let versions = format!("/agents/{}/versions", id(&agent));
    for notes in ["First", "Größer", "first again"] {
        let notes = json!({"notes": notes});
        owner.post(&versions, notes).await.expect(201);
    }
    let numbers = async |query: &str| found(&owner, &format!("{versions}?{query}"), "number").await;
    assert_eq!(numbers("q=FIRST").await, [3, 1]);
    assert_eq!(numbers("q=first&after=3&document=false").await, [1]);
    assert_eq!(numbers("q=GR%C3%96%C3%9FER").await, [2]);
    assert!(numbers("q=second").await.is_empty());
}
