//! A small MCP client of both kinds of revision.

use http::Method;
use serde_json::{Value, json};
use switchboard_testkit::{Client, EventStream, Reply};

pub const LIST_CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;

pub fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// An agent's endpoint.
#[derive(Debug, Clone)]
pub struct Door {
    client: Client,
    path: String,
}

const BOTH: (&str, &str) = ("accept", "application/json, text/event-stream");

impl Door {
    pub fn new(client: &Client, agent: &str) -> Self {
        Self {
            client: client.clone(),
            path: format!("/mcp/agents/{agent}"),
        }
    }

    pub fn with_query(&self, query: &str) -> Self {
        Self {
            client: self.client.clone(),
            path: format!("{}?{query}", self.path),
        }
    }

    pub async fn send(
        &self,
        method: Method,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let reply = self.client.try_send(method, &self.path, headers, body);
        reply.await.expect("the server answers")
    }

    /// POSTs a body; none when there is no answer.
    pub async fn try_send(&self, headers: &[(&str, &str)], body: String) -> Option<Reply> {
        let reply = self
            .client
            .try_send(Method::POST, &self.path, headers, Some(body));
        reply.await
    }

    /// POSTs a message; `Accept` is set.
    pub async fn post(&self, message: Value, headers: &[(&str, &str)]) -> Reply {
        let mut all = vec![BOTH];
        all.extend_from_slice(headers);
        self.send(Method::POST, &all, Some(message.to_string()))
            .await
    }

    pub async fn initialize(&self, version: &str) -> Reply {
        let params = json!({
            "protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        });
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params});
        self.post(message, &[]).await
    }

    /// A new session of 2025-11-25.
    pub async fn session(&self) -> Session {
        let reply = self.initialize("2025-11-25").await;
        let id = reply.headers.get("mcp-session-id").cloned();
        reply.expect(200);
        self.resume(id.unwrap().to_str().unwrap())
    }

    pub fn resume(&self, id: &str) -> Session {
        Session {
            door: self.clone(),
            id: id.to_owned(),
        }
    }

    /// Sends a request of 2026-07-28. Headers that are given stand in place of the right ones; an
    /// empty one is left out.
    pub async fn raw(&self, method: &str, params: Value, headers: &[(&str, &str)]) -> Reply {
        let (message, right) = stateless(method, params);
        let mut all: Vec<(&str, &str)> = right.iter().map(|(k, v)| (*k, v.as_str())).collect();
        all.retain(|(name, _)| !headers.iter().any(|(other, _)| other == name));
        all.extend(headers.iter().filter(|(_, value)| !value.is_empty()));
        self.post(message, &all).await
    }

    /// The result of a request of 2026-07-28.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let reply = self.raw(method, params, &[]).await.expect(200);
        assert!(reply.get("result").is_some(), "{reply}");
        reply["result"].clone()
    }

    /// Opens a subscription of 2026-07-28.
    pub async fn subscribe(&self, params: Value) -> EventStream {
        let (message, headers) = stateless("subscriptions/listen", params);
        let mut all = vec![BOTH];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        let body = Some(message.to_string());
        let opened = self.client.open(Method::POST, &self.path, &all, body).await;
        opened.unwrap()
    }
}

fn stateless(method: &str, mut params: Value) -> (Value, Vec<(&'static str, String)>) {
    let name = params["name"].as_str().map(str::to_owned);
    let meta = params["_meta"].as_object().cloned().unwrap_or_default();
    let mut all = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    all.as_object_mut().unwrap().extend(meta);
    params["_meta"] = all;
    let mut headers = vec![
        ("mcp-protocol-version", "2026-07-28".to_owned()),
        ("mcp-method", method.to_owned()),
    ];
    headers.extend(name.map(|name| ("mcp-name", name)));
    let message = json!({"jsonrpc": "2.0", "id": "r-1", "method": method, "params": params});
    (message, headers)
}

/// A session of 2025-11-25.
#[derive(Debug, Clone)]
pub struct Session {
    door: Door,
    pub id: String,
}

impl Session {
    fn headers(&self) -> [(&str, &str); 2] {
        [
            ("mcp-session-id", &self.id),
            ("mcp-protocol-version", "2025-11-25"),
        ]
    }

    pub async fn send(&self, message: Value) -> Reply {
        self.send_with(message, &[]).await
    }

    pub async fn send_with(&self, message: Value, headers: &[(&str, &str)]) -> Reply {
        let mut all = self.headers().to_vec();
        all.extend_from_slice(headers);
        self.door.post(message, &all).await
    }

    pub async fn raw(&self, method: &str, params: Value) -> Reply {
        let message = json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": params});
        self.send(message).await
    }

    /// The result of a request.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let reply = self.raw(method, params).await.expect(200);
        assert_eq!(reply["id"], 5);
        assert!(reply.get("result").is_some(), "{reply}");
        reply["result"].clone()
    }

    /// The result of a call.
    pub async fn call(&self, name: &str, arguments: Value) -> Value {
        let params = json!({"name": name, "arguments": arguments});
        self.ask("tools/call", params).await
    }

    /// The names of the tools, in order.
    pub async fn names(&self) -> Vec<String> {
        let listed = self.ask("tools/list", json!({})).await;
        let tools = listed["tools"].as_array().unwrap().iter();
        tools
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    }

    pub async fn end(&self) -> Reply {
        self.door.send(Method::DELETE, &self.headers(), None).await
    }

    /// Opens the session's stream.
    pub async fn listen(&self, last: Option<&str>) -> EventStream {
        let mut all = self.headers().to_vec();
        all.push(("accept", "text/event-stream"));
        all.extend(last.map(|last| ("last-event-id", last)));
        let opened = self
            .door
            .client
            .open(Method::GET, &self.door.path, &all, None)
            .await;
        opened.unwrap()
    }

    /// Tries to open the session's stream, when that is refused.
    pub async fn try_listen(&self) -> Reply {
        let mut all = self.headers().to_vec();
        all.push(("accept", "text/event-stream"));
        self.door.send(Method::GET, &all, None).await
    }
}
