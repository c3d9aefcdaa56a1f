//! An MCP server of revision 2025-11-25 whose tools a test changes as it likes.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::upstream::{Answer, Upstream};

/// The server.
#[derive(Debug, Clone)]
pub struct McpUpstream {
    /// The HTTP side of it.
    pub http: Upstream,
    tools: Arc<Mutex<Vec<Value>>>,
    results: Arc<Mutex<Value>>,
}

impl McpUpstream {
    /// Starts a server with these tools. Each call is answered with the tool's name and arguments.
    pub async fn start(tools: &Value) -> Self {
        let tools = Arc::new(Mutex::new(tools.as_array().unwrap().clone()));
        let results = Arc::new(Mutex::new(Value::Null));
        let (offered, given) = (tools.clone(), results.clone());
        let http = Upstream::start(move |request| {
            answer(request, &offered.lock().unwrap(), &given.lock().unwrap())
        })
        .await;
        Self {
            http,
            tools,
            results,
        }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("{}/mcp", self.http.url)
    }

    /// Offers these tools from now on.
    pub fn offer(&self, tools: &Value) {
        let mut offered = self.tools.lock().unwrap();
        offered.clone_from(tools.as_array().unwrap());
    }

    /// Answers every call with this result from now on.
    pub fn answer(&self, result: Value) {
        *self.results.lock().unwrap() = result;
    }
}

fn answer(request: &Request<Bytes>, tools: &[Value], given: &Value) -> Answer {
    let Ok(message) = serde_json::from_slice::<Value>(request.body()) else {
        return Answer::Json(405, json!({}));
    };
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
            "serverInfo": {"name": "changeable", "version": "1"},
        }),
        "tools/list" => json!({"tools": tools}),
        "tools/call" if !given.is_null() => given.clone(),
        "tools/call" => {
            let called = json!({
                "tool": message["params"]["name"], "arguments": message["params"]["arguments"],
                "authorization": request.headers().get("authorization").map(|value| value.to_str().unwrap()),
            });
            json!({"content": [{"type": "text", "text": called.to_string()}], "structuredContent": called})
        }
        "ping" => json!({}),
        method if method.starts_with("notifications/") => {
            return Answer::Raw(202, "text/plain", Bytes::new());
        }
        _ => {
            let error = json!({"code": -32601, "message": "there is no such method"});
            return Answer::Json(
                404,
                json!({"jsonrpc": "2.0", "id": message["id"], "error": error}),
            );
        }
    };
    Answer::Json(
        200,
        json!({"jsonrpc": "2.0", "id": message["id"], "result": result}),
    )
}
