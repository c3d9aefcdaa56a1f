//! Setting Switchboard up through its API, and PostgreSQL for it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::load::Target;
use crate::process::{self, Running};

/// Conversations the calls are spread over.
const CONVERSATIONS: usize = 64;

/// The status of a GET; none when nothing answers.
pub fn get(port: u16, path: &str) -> Option<u16> {
    exchange(port, "GET", path, "", "")
        .ok()
        .map(|(status, _)| status)
}

/// One request on a connection of its own.
fn exchange(
    port: u16,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).context("no status")?.parse()?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// Asks the API; anything but success is an error.
pub fn ask(port: u16, key: &str, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    let (status, text) = exchange(
        port,
        method,
        &format!("/api/v1{path}"),
        key,
        &body.to_string(),
    )?;
    anyhow::ensure!(
        (200..300).contains(&status),
        "{method} {path}: {status} {text}"
    );
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// The schema of what is called.
pub fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "invoice_id": {"type": "string", "pattern": "^inv_[0-9]+$"},
            "expand": {"type": "string", "enum": ["lines", "customer"]},
            "currency": {"type": "string", "minLength": 3, "maxLength": 3},
        },
        "required": ["invoice_id"], "additionalProperties": false,
    })
}

/// What it is called with.
pub fn arguments() -> Value {
    json!({"invoice_id": "inv_1001", "expand": "lines", "currency": "EUR"})
}

/// An agent with one action, and conversations to call it in.
pub fn target(port: u16, upstream: u16, key: &str, post: bool) -> anyhow::Result<Target> {
    let ask = |method: &str, path: &str, body: Value| ask(port, key, method, path, &body);
    let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
    ask(
        "PUT",
        "/secrets/token",
        json!({"values": {"production": "sk_live_0123456789abcdef"}}),
    )?;
    let slot = json!({
        "base_url": format!("http://127.0.0.1:{upstream}"),
        "auth": {"type": "bearer", "token": {"secret": "token"}},
    });
    let integration = ask(
        "POST",
        "/integrations",
        json!({
            "kind": "custom_api", "name": "Billing", "environments": {"production": slot},
        }),
    )?;
    let action = ask(
        "POST",
        &format!("/integrations/{}/actions", id(&integration)),
        json!({
            "name": "get_invoice", "description": "Read an invoice.",
            "method": if post { "POST" } else { "GET" }, "path": "/invoices/{invoice_id}",
            "parameters": parameters(),
            "output_variables": [
                {"name": "amount", "path": "$.amount"}, {"name": "customer", "path": "$.customer.name"},
            ],
        }),
    )?;
    let agent = ask("POST", "/agents", json!({"name": "Bench"}))?;
    let mut linked = json!({"link": {"action_id": id(&action)}});
    if post {
        // Never reached, and counted all the same.
        linked["overrides"] = json!({"max_successful_calls": 1_000_000_000});
    }
    let draft = json!({"actions": [linked]});
    ask("PUT", &format!("/agents/{}/draft", id(&agent)), draft)?;
    let start = json!({"agent_id": id(&agent), "environment": "production", "version": "draft"});
    let mut paths = vec![];
    for _ in 0..CONVERSATIONS {
        let conversation = ask("POST", "/conversations", start.clone())?;
        paths.push(format!(
            "/api/v1/conversations/{}/actions/get_invoice/call",
            id(&conversation)
        ));
    }
    Ok(Target {
        base: format!("http://127.0.0.1:{port}"),
        paths,
        method: "POST",
        body: json!({"arguments": arguments()}).to_string(),
        key: Some(key.to_owned()),
        headers: vec![],
    })
}

const MCP_HEADERS: [(&str, &str); 4] = [
    ("Accept", "application/json, text/event-stream"),
    ("MCP-Protocol-Version", "2026-07-28"),
    ("Mcp-Method", "tools/call"),
    ("Mcp-Name", "get_invoice"),
];

/// A call as an MCP client of revision 2026-07-28 makes it.
fn mcp_call() -> String {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "get_invoice",
            "arguments": arguments(),
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
    .to_string()
}

/// The MCP server of the upstream itself.
pub fn mcp_direct(upstream: u16) -> Target {
    Target {
        base: format!("http://127.0.0.1:{upstream}"),
        paths: vec!["/mcp".to_owned()],
        method: "POST",
        body: mcp_call(),
        key: None,
        headers: MCP_HEADERS.to_vec(),
    }
}

/// An agent as an MCP server, whose one action is an HTTP request or a tool of an MCP server.
pub fn mcp_target(port: u16, upstream: u16, key: &str, to_mcp: bool) -> anyhow::Result<Target> {
    let mut http = target(port, upstream, key, false)?;
    let ask = |method: &str, path: &str, body: Value| ask(port, key, method, path, &body);
    let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
    let actions = if to_mcp {
        let input = json!({
            "kind": "mcp_server", "name": "Tools", "url": format!("http://127.0.0.1:{upstream}/mcp"),
        });
        let made = ask("POST", "/integrations", input)?;
        format!("/integrations/{}/actions", id(&made))
    } else {
        let list = ask("GET", "/integrations", Value::Null)?;
        format!("/integrations/{}/actions", id(&list["data"][0]))
    };
    let list = ask("GET", &actions, Value::Null)?;
    let agent = id(&ask("POST", "/agents", json!({"name": "Bench"}))?);
    let draft = json!({"actions": [{"link": {"action_id": id(&list["data"][0])}}]});
    ask("PUT", &format!("/agents/{agent}/draft"), draft)?;
    ask("POST", &format!("/agents/{agent}/versions"), json!({}))?;
    ask(
        "POST",
        &format!("/agents/{agent}/versions/1/publish"),
        json!({}),
    )?;
    http.paths.clear();
    for _ in 0..CONVERSATIONS {
        let start = json!({"agent_id": agent, "environment": "production"});
        let conversation = id(&ask("POST", "/conversations", start)?);
        http.paths
            .push(format!("/mcp/agents/{agent}?conversation={conversation}"));
    }
    http.body = mcp_call();
    http.headers = MCP_HEADERS.to_vec();
    let mut probe = TcpStream::connect(("127.0.0.1", port))?;
    let headers = MCP_HEADERS.map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers = headers.concat();
    write!(
        probe,
        "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         {headers}content-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        http.paths[0],
        http.body.len(),
        http.body
    )?;
    let mut answer = String::new();
    probe.read_to_string(&mut answer)?;
    anyhow::ensure!(
        answer.contains("4200") && !answer.contains("\"isError\":true"),
        "{answer}"
    );
    Ok(http)
}

/// A call succeeds, sets its variables and leaves its event.
pub fn verify(target: &Target) -> anyhow::Result<()> {
    let port: u16 = target.base.rsplit(':').next().unwrap_or_default().parse()?;
    let key = target.key.as_deref().unwrap_or_default();
    let path = target.paths.first().context("no conversation")?;
    let (status, text) = exchange(port, "POST", path, key, &target.body)?;
    let answer: Value = serde_json::from_str(&text)?;
    anyhow::ensure!(status == 200 && answer["status"] == "succeeded", "{text}");
    anyhow::ensure!(answer["variables"]["amount"] == 4200, "{text}");
    let conversation = path.split("/actions/").next().unwrap_or_default();
    let (_, text) = exchange(port, "GET", conversation, key, "")?;
    let last = serde_json::from_str::<Value>(&text)?["revision"]
        .as_u64()
        .unwrap_or(0);
    let path = format!("{conversation}/events?after={}", last - 1);
    let (_, text) = exchange(port, "GET", &path, key, "")?;
    anyhow::ensure!(
        text.contains(answer["call_id"].as_str().unwrap_or("-")),
        "no event: {text}"
    );
    Ok(())
}

/// A PostgreSQL cluster that flushes to disk as in real use.
pub fn postgres(directory: &Path) -> anyhow::Result<(Running, String)> {
    let script = Path::new("scripts/with-postgres.sh").canonicalize()?;
    let url_file = directory.join("url");
    let mut command = Command::new("bash");
    command
        .arg(script)
        .args([
            "bash",
            "-c",
            "echo -n \"$SWITCHBOARD_TEST_POSTGRES_URL\" > \"$0\"; exec sleep 3600",
        ])
        .arg(&url_file)
        .env("SWITCHBOARD_TEST_POSTGRES_FSYNC", "on");
    let running = process::start(&mut command, &directory.join("postgres.log"))?;
    let start = std::time::Instant::now();
    loop {
        let url = std::fs::read_to_string(&url_file).unwrap_or_default();
        if !url.is_empty() {
            return Ok((running, url));
        }
        anyhow::ensure!(start.elapsed().as_secs() < 60, "PostgreSQL does not start");
        process::pause(50);
    }
}
