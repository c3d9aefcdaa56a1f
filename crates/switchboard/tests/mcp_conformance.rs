//! The official conformance suite for clients, through the whole of Switchboard: each scenario's
//! server is registered as an integration over the API, and its tools are called in a conversation.
//! The suite starts this program as the client that is tested, so it has no test harness.
#![expect(
    clippy::unwrap_used,
    reason = "what goes wrong here fails the scenario"
)]

use std::process::ExitCode;

use http::Method;
use serde_json::{Map, Value, json};
use switchboard_testkit::conformance::{Failure, clients};
use switchboard_testkit::{Builder, Client, Server, TestDatabase};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

#[tokio::main]
async fn main() -> ExitCode {
    clients(run).await
}

async fn run(url: String, context: String) -> Result<(), Failure> {
    let context: Value = serde_json::from_str(&context)?;
    let arguments = ["127.0.0.0/8", "::1/128", "localhost"].map(|net| ["--allow-network", net]);
    let server = Server::start_with(BINARY, TestDatabase::sqlite(), arguments.as_flattened()).await;
    let client = server.client("admin");
    let build = Builder::new(&client);
    let auth = match (
        context["client_id"].as_str(),
        context["client_secret"].as_str(),
    ) {
        (Some(id), Some(secret)) => {
            let values = json!({"values": {"production": secret}});
            client
                .put("/secrets/client-secret", values)
                .await
                .expect(201);
            json!({
                "type": "oauth2_client_credentials", "token_url": token_url(&url).await,
                "client_id": id, "client_secret": {"secret": "client-secret"}, "client_auth": "basic",
            })
        }
        _ => json!({"type": "none"}),
    };
    let input = json!({"kind": "mcp_server", "name": "Suite", "url": url, "auth": auth});
    let made = client.post("/integrations", input).await.expect(201);
    println!("{}", made["discovery"]);
    let path = format!(
        "/integrations/{}/actions?limit=200",
        made["id"].as_str().unwrap()
    );
    let actions = client.get(&path).await.expect(200)["data"].clone();
    let actions = actions.as_array().unwrap();
    let agent = build.agent("Suite").await;
    let links: Vec<_> = actions
        .iter()
        .map(|action| json!({"link": {"action_id": action["id"]}}))
        .collect();
    build.publish(&agent, json!({"actions": links})).await;
    let conversation = build.converse(&agent).await;
    for action in actions {
        let name = action["name"].as_str().unwrap();
        for arguments in calls_of(action, actions, &context) {
            let path = format!("/conversations/{conversation}/actions/{name}/call");
            let reply = client.post(&path, json!({"arguments": arguments})).await;
            println!("{name} {} {}", reply.status, reply.text);
        }
    }
    Ok(())
}

/// Where the tokens of a server come from: its protected resource metadata (RFC 9728), then the
/// metadata of its authorization server (RFC 8414).
async fn token_url(url: &str) -> String {
    let get = async |origin: &str, path: &str| {
        let client = Client::new(origin, "");
        let reply = client.try_send(Method::GET, path, &[], None).await.unwrap();
        (reply.status == 200).then(|| reply.json())
    };
    let origin = url.trim_end_matches("/mcp");
    let mut resource = get(origin, "/.well-known/oauth-protected-resource/mcp").await;
    if resource.is_none() {
        resource = get(origin, "/.well-known/oauth-protected-resource").await;
    }
    let resource = resource.unwrap();
    let server = resource["authorization_servers"][0].as_str().unwrap();
    let server = server.trim_end_matches('/');
    let metadata = get(server, "/.well-known/oauth-authorization-server").await;
    metadata.unwrap()["token_endpoint"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The calls to make of a tool. The scenario on schemas wants one tool's back through another.
fn calls_of(action: &Value, actions: &[Value], context: &Value) -> Vec<Value> {
    if let Some(asked) = context["toolCalls"].as_array() {
        let mine = asked.iter().filter(|call| call["name"] == action["name"]);
        return mine.map(|call| without_nulls(&call["arguments"])).collect();
    }
    if action["name"] == "json_schema_echo" {
        let focal = actions
            .iter()
            .find(|action| action["name"] == "json_schema_2020_12_tool");
        return vec![json!({"schema": focal.map(|focal| &focal["tool"]["inputSchema"])})];
    }
    vec![example(&action["parameters"])]
}

/// One scenario gives null for an optional boolean. What does not fit a tool's schema is refused
/// before it is sent, so a caller of Switchboard leaves such a member out.
fn without_nulls(arguments: &Value) -> Value {
    let members = arguments.as_object().into_iter().flatten();
    let kept = members.filter(|(_, value)| !value.is_null());
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// A value that fits a schema well enough.
fn example(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("number" | "integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let names = required.iter().filter_map(Value::as_str);
            let made: Map<String, Value> = names
                .map(|name| (name.to_owned(), example(&schema["properties"][name])))
                .collect();
            Value::Object(made)
        }
        _ => schema["enum"].get(0).cloned().unwrap_or(json!("text")),
    }
}
