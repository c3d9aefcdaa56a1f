//! What the suite starts: it discovers the tools of a server and calls them.
//!
//! The suite's context may hold `{"toolCalls": [{"name", "arguments"}]}` and the client credentials
//! of a server that asks for a token. Without calls to make, every tool is called once, with
//! arguments made from its schema.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use switchboard_connect::{
    Masker, NoSecret, OAuthSource, PreparedAuth, Redactor, SecretLookup, TokenCache,
};
use switchboard_domain::auth::{ClientAuth, ValueSource};
use switchboard_domain::name::SecretName;
use switchboard_mcp::{Discovered, Discovery, Limits, McpClient, McpSettings, McpTarget, Notice};
use switchboard_outbound::{Client, ClientSettings, NetworkPolicy, Request, parse_url};
use switchboard_testkit::conformance::Failure;
use switchboard_vault::SecretText;
use tokio::time::Instant;

struct Secrets(HashMap<SecretName, SecretText>);

impl SecretLookup for Secrets {
    fn secret(&self, name: &SecretName, _: &str) -> Result<SecretText, NoSecret> {
        self.0.get(name).cloned().ok_or(NoSecret::Missing)
    }

    fn redactor(&self) -> Redactor {
        Redactor::new(Arc::new(Masker::new(&self.0)))
    }
}

/// Where the tokens of a server come from: its protected resource metadata (RFC 9728), then the
/// metadata of its authorization server (RFC 8414).
async fn token_url(client: &Client, url: &str, deadline: Instant) -> Result<String, Failure> {
    let origin = url.trim_end_matches("/mcp").to_owned();
    let mut resource = Value::Null;
    for path in ["/mcp", ""] {
        let at = format!("{origin}/.well-known/oauth-protected-resource{path}");
        let request = Request::new(http::Method::GET, parse_url(&at)?);
        let answer = client.send(request, deadline).await?;
        if answer.status.is_success() {
            resource = serde_json::from_slice(&answer.body)?;
            break;
        }
    }
    let server = resource["authorization_servers"][0]
        .as_str()
        .ok_or("no authorization server")?
        .trim_end_matches('/')
        .to_owned();
    let at = format!("{server}/.well-known/oauth-authorization-server");
    let request = Request::new(http::Method::GET, parse_url(&at)?);
    let answer = client.send(request, deadline).await?;
    let metadata: Value = serde_json::from_slice(&answer.body)?;
    Ok(metadata["token_endpoint"]
        .as_str()
        .ok_or("no token endpoint")?
        .to_owned())
}

/// A value that fits a schema well enough.
fn example(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("number" | "integer") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("object") => arguments(schema),
        _ => schema["enum"].get(0).cloned().unwrap_or(json!("text")),
    }
}

fn arguments(schema: &Value) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let made: Map<String, Value> = required
        .iter()
        .filter_map(Value::as_str)
        .map(|name| (name.to_owned(), example(&schema["properties"][name])))
        .collect();
    Value::Object(made)
}

/// What the client needs to speak to the server at this URL.
struct Setup {
    mcp: McpClient,
    target: McpTarget,
    secrets: Secrets,
}

async fn set_up(url: &str, context: &Value, deadline: Instant) -> Result<Setup, Failure> {
    let policy = NetworkPolicy::new(["127.0.0.0/8", "::1/128", "localhost"])?;
    let client = Client::new(ClientSettings {
        policy,
        ..ClientSettings::default()
    })?;
    let name = SecretName::parse("client-secret")?;
    let mut secrets = HashMap::new();
    let mut auth = PreparedAuth::None;
    if let (Some(id), Some(secret)) = (
        context["client_id"].as_str(),
        context["client_secret"].as_str(),
    ) {
        secrets.insert(name.clone(), SecretText::new(secret.to_owned()));
        let token_url = token_url(&client, url, deadline).await?;
        auth = PreparedAuth::OAuth(OAuthSource {
            key: "driver".into(),
            origin: token_url.as_str().into(),
            token_url: token_url.into(),
            client_id: ValueSource::Text(id.to_owned()),
            client_secret: name,
            scope: None,
            client_auth: ClientAuth::Basic,
        });
    }
    let target = McpTarget {
        url: url.into(),
        origin: url.into(),
        auth,
        headers: vec![],
        key: "driver".into(),
        breaker: client.breakers().get("driver", "driver"),
    };
    let mcp = McpClient::new(McpSettings {
        client,
        tokens: TokenCache::default(),
        limits: Limits::default(),
        tools_changed: Arc::new(|_| println!("the tools changed")),
    });
    Ok(Setup {
        mcp,
        target,
        secrets: Secrets(secrets),
    })
}

/// The calls to make of a tool. The scenario on schemas wants one tool's back through another.
fn calls_of(tool: &Discovered, found: &Discovery, context: &Value) -> Vec<Value> {
    let name = tool.tool.name();
    if let Some(asked) = context["toolCalls"].as_array() {
        let mine = asked.iter().filter(|call| call["name"] == name);
        return mine.map(|call| call["arguments"].clone()).collect();
    }
    if name == "json_schema_echo" {
        let focal = |found: &&Discovered| found.tool.name() == "json_schema_2020_12_tool";
        let schema = found
            .tools
            .iter()
            .find(focal)
            .map(|found| &found.wire["inputSchema"]);
        return vec![json!({ "schema": schema })];
    }
    vec![arguments(&tool.wire["inputSchema"])]
}

/// Speaks to the server at a URL.
pub async fn run(url: &str, context: &str) -> Result<(), Failure> {
    let context: Value = serde_json::from_str(context)?;
    let deadline = Instant::now() + Duration::from_secs(25);
    let Setup {
        mcp,
        target,
        secrets,
    } = set_up(url, &context, deadline).await?;
    let found = mcp.discover(&target, &secrets, deadline).await?;
    println!("{} {:?}", found.revision, found.dialect);
    for left in &found.left_out {
        println!("left out {:?}: {}", left.name, left.reason);
    }
    let sink = |notice: Notice| println!("  {notice:?}");
    for discovered in &found.tools {
        let tool = &discovered.tool;
        for arguments in calls_of(discovered, &found, &context) {
            let called = mcp.call(&target, tool, &arguments, &secrets, Some(&sink), deadline);
            match called.await {
                Ok(answer) => println!("{} {}", tool.name(), answer.json()),
                Err(error) => println!("{} failed: {} {error}", tool.name(), error.code()),
            }
        }
    }
    mcp.close().await;
    Ok(())
}
