//! An agent's tools in the formats of model providers, over HTTP.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use serde_json::{Value, json};
use switchboard_testkit::{Builder, Client, Server, TestDatabase, Upstream};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

/// Each tool's schema in the list, by name and in order.
fn schemas(list: &Value, name: &str, schema: &str) -> Vec<(String, Value)> {
    let tools = list.as_array().expect("the list is an array");
    tools
        .iter()
        .map(|tool| {
            let name = tool.pointer(name).unwrap().as_str().unwrap();
            (name.to_owned(), tool.pointer(schema).unwrap().clone())
        })
        .collect()
}

/// An agent with a plain tool, one whose references can be inlined, and two that a provider would
/// refuse, with every other tool in the same request.
async fn agent(client: &Client, build: &Builder, url: &str) -> (String, Value) {
    let billing = build.integration("Billing", url).await;
    let mut links = vec![];
    for (name, parameters) in [
        (
            "get_invoice",
            json!({"type": "object", "properties": {"invoice_id": {"type": "string"}}, "required": ["invoice_id"]}),
        ),
        (
            "find_invoices",
            json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "properties": {"from": {"$ref": "#/$defs/day"}, "labels": {"type": "array"}},
                "$defs": {"day": {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\d$"}},
            }),
        ),
        (
            "cancel_invoice",
            json!({"type": "object", "properties": {"id": {"type": "string"}, "number": {"type": "string"}},
                "anyOf": [{"required": ["id"]}, {"required": ["number"]}]}),
        ),
        (
            "list_payments",
            json!({"type": "object", "properties": {"filter[state]": {"type": "string"}}}),
        ),
    ] {
        let action = json!({
            "name": name, "description": "Billing.", "method": "GET",
            "path": format!("/{name}"), "parameters": parameters,
        });
        let action = build.action(&billing, action).await;
        links.push(json!({"link": {"action_id": action}}));
    }
    let agent = build.agent("Helper").await;
    let path = format!("/agents/{agent}");
    let draft = json!({"actions": links});
    client
        .put(&format!("{path}/draft"), draft)
        .await
        .expect(200);
    client
        .post(&format!("{path}/versions"), json!({}))
        .await
        .expect(201);
    let published = client
        .post(&format!("{path}/versions/1/publish"), json!({}))
        .await
        .expect(200);
    (agent, published)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one agent, looked at in each format")]
async fn one_bad_tool_takes_no_other_tool_down() {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let (agent, published) = agent(&client, &build, &upstream.url).await;
    let conversation = build.converse(&agent).await;
    let path = format!("/conversations/{conversation}/tools");
    let plain = json!({"type": "object", "properties": {"invoice_id": {"type": "string"}}, "required": ["invoice_id"]});
    let find = |labels: Value| {
        json!({"type": "object", "properties": {
            "from": {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\d$"}, "labels": labels,
        }})
    };
    let filter = json!({"type": "object", "properties": {"filter[state]": {"type": "string"}}});

    let list = client
        .get(&format!("{path}?format=openai"))
        .await
        .expect(200);
    assert_eq!(list[0]["type"], "function");
    assert_eq!(list[0]["function"]["description"], "Billing.");
    assert_eq!(
        schemas(&list, "/function/name", "/function/parameters"),
        [
            ("get_invoice".to_owned(), plain.clone()),
            (
                "find_invoices".to_owned(),
                find(json!({"type": "array", "items": {}}))
            ),
            ("list_payments".to_owned(), filter.clone()),
        ]
    );

    let list = client
        .get(&format!("{path}?format=anthropic"))
        .await
        .expect(200);
    assert_eq!(
        schemas(&list, "/name", "/input_schema"),
        [
            ("get_invoice".to_owned(), plain),
            ("find_invoices".to_owned(), find(json!({"type": "array"}))),
        ]
    );

    // MCP takes all of JSON Schema.
    let list = client.get(&format!("{path}?format=mcp")).await.expect(200);
    let found = schemas(&list, "/name", "/inputSchema");
    let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "get_invoice",
            "find_invoices",
            "cancel_invoice",
            "list_payments"
        ]
    );
    assert_eq!(found[1].1["type"], "object");
    assert_eq!(found[1].1["properties"]["from"]["$ref"], "#/$defs/day");

    // Our own format has them all, as they were written, and says what became of them.
    let own = client.get(&path).await.expect(200);
    assert_eq!(
        own,
        client
            .get(&format!("{path}?format=switchboard"))
            .await
            .expect(200)
    );
    assert_eq!(own["tools"].as_array().unwrap().len(), 4);
    assert_eq!(own["tools"][0].get("notes"), None);
    let notes = |at: usize| {
        let notes = own["tools"][at]["notes"].as_array().unwrap();
        let text = |note: &Value, key: &str| note[key].as_str().unwrap().to_owned();
        notes
            .iter()
            .map(|note| {
                ["provider", "severity", "rule"]
                    .map(|key| text(note, key))
                    .join(" ")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        notes(2),
        [
            "openai left_out top_level_keyword",
            "anthropic left_out top_level_keyword"
        ]
    );
    assert_eq!(notes(3), ["anthropic left_out property_name"]);
    assert!(notes(1).contains(&"openai rewritten refs_inlined".to_owned()));
    assert_eq!(
        client
            .get(&format!("{path}?format=gemini"))
            .await
            .problem(422),
        "invalid_input"
    );

    // Whoever publishes is told before.
    let warnings = published["warnings"].as_array().unwrap();
    let limits: Vec<_> = warnings
        .iter()
        .filter(|warning| warning["code"] == "schema_limits")
        .map(|warning| warning["detail"].as_str().unwrap())
        .collect();
    assert_eq!(limits.len(), 3, "{limits:?}");
    assert!(
        limits
            .iter()
            .any(|detail| detail.starts_with("Anthropic: `list_payments`"))
    );
}

/// A change of a shared action is in the next list, in every format.
#[tokio::test]
async fn formats_follow_the_action() {
    let upstream = Upstream::echo().await;
    let server = Server::start(BINARY, TestDatabase::sqlite()).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let billing = build.integration("Billing", &upstream.url).await;
    let action = json!({"name": "get_invoice", "method": "GET", "path": "/invoice"});
    let action = build.action(&billing, action).await;
    let agent = build.agent("Helper").await;
    build
        .publish(
            &agent,
            json!({"actions": [{"link": {"action_id": action}}]}),
        )
        .await;
    let conversation = build.converse(&agent).await;
    let path = format!("/conversations/{conversation}/tools?format=anthropic");
    let empty = json!({"type": "object", "properties": {}});
    let before = client.get(&path).await.expect(200);
    assert_eq!(
        before,
        json!([{"name": "get_invoice", "input_schema": empty}])
    );
    let change = json!({"description": "Reads one.", "parameters": {"properties": {"id": {}}}});
    client
        .patch(&format!("/actions/{action}"), change)
        .await
        .expect(200);
    let after = client.get(&path).await.expect(200);
    let schema = json!({"type": "object", "properties": {"id": {}}});
    assert_eq!(
        after,
        json!([{"name": "get_invoice", "description": "Reads one.", "input_schema": schema}])
    );
}

/// Whoever saves an action is told at once what providers of models make of its schema.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saving_says_what_providers_make_of_a_schema() {
    let database = switchboard_testkit::TestDatabase::sqlite();
    let server = switchboard_testkit::Server::start(BINARY, database).await;
    let client = server.client("admin");
    let build = switchboard_testkit::Builder::new(&client);
    let integration = build.integration("Items", "http://127.0.0.1:9").await;
    let path = format!("/integrations/{integration}/actions");
    let action = |name: &str, parameters: serde_json::Value| serde_json::json!({"name": name, "method": "GET", "path": "/", "parameters": parameters});
    let plain = serde_json::json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let plain = client.post(&path, action("plain", plain)).await.expect(201);
    assert_eq!(plain["schema_notes"], serde_json::json!([]));
    let choice = serde_json::json!({"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["a"]}]});
    let made = client
        .post(&path, action("choice", choice.clone()))
        .await
        .expect(201);
    assert_ne!(made["schema_notes"], serde_json::json!([]), "{made}");
    let changed = client
        .patch(
            &format!("/actions/{}", plain["id"].as_str().unwrap()),
            serde_json::json!({"parameters": choice}),
        )
        .await
        .expect(200);
    assert_eq!(
        changed["schema_notes"].as_array().map(Vec::len),
        made["schema_notes"].as_array().map(Vec::len)
    );
}
