//! A client on loopback, and what its tests ask of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use switchboard_connect::{Masker, NoSecret, PreparedAuth, Redactor, SecretLookup, TokenCache};
use switchboard_domain::name::SecretName;
use switchboard_mcp::{
    Discovery, Limits, McpClient, McpError, McpSettings, McpTarget, Notice, Tool, ToolAnswer,
};
use switchboard_outbound::{Client, ClientSettings, NetworkPolicy};
use switchboard_vault::SecretText;
use tokio::time::Instant;

/// Secrets by name, which a test may change.
#[derive(Default)]
pub struct Secrets(Mutex<HashMap<SecretName, SecretText>>);

impl Secrets {
    pub fn set(&self, name: &str, value: &str) {
        let name = SecretName::parse(name).unwrap();
        let value = SecretText::new(value.to_owned());
        self.0.lock().unwrap().insert(name, value);
    }
}

impl SecretLookup for Secrets {
    fn secret(&self, name: &SecretName, _: &str) -> Result<SecretText, NoSecret> {
        let known = self.0.lock().unwrap();
        known.get(name).cloned().ok_or(NoSecret::Missing)
    }

    fn redactor(&self) -> Redactor {
        let known = self.0.lock().unwrap();
        Redactor::new(Arc::new(Masker::new(known.iter())))
    }
}

pub fn secret(name: &str) -> SecretName {
    SecretName::parse(name).unwrap()
}

/// A client, a target and its secrets.
pub struct Bench {
    pub mcp: McpClient,
    pub target: McpTarget,
    pub secrets: Secrets,
    /// How often a server said that its tools changed.
    pub changes: Arc<AtomicUsize>,
}

pub fn in_seconds(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

impl Bench {
    pub fn new(url: &str) -> Self {
        Self::with(url, PreparedAuth::None, Limits::default())
    }

    pub fn with(url: &str, auth: PreparedAuth, limits: Limits) -> Self {
        let policy = NetworkPolicy::new(["127.0.0.0/8"]).unwrap();
        let client = Client::new(ClientSettings {
            policy,
            ..ClientSettings::default()
        })
        .unwrap();
        let changes = Arc::new(AtomicUsize::new(0));
        let counted = changes.clone();
        Self {
            target: McpTarget {
                url: url.into(),
                origin: "http://127.0.0.1".into(),
                auth,
                headers: vec![],
                key: "w/i/production".into(),
                breaker: client.breakers().get(url, "production"),
            },
            mcp: McpClient::new(McpSettings {
                client,
                tokens: TokenCache::default(),
                limits,
                tools_changed: Arc::new(move |_| {
                    counted.fetch_add(1, Ordering::SeqCst);
                }),
            }),
            secrets: Secrets::default(),
            changes,
        }
    }

    pub async fn discover(&self) -> Result<Discovery, McpError> {
        let deadline = in_seconds(30);
        self.mcp
            .discover(&self.target, &self.secrets, deadline)
            .await
    }

    /// The tool of this name, discovered now.
    pub async fn tool(&self, name: &str) -> Tool {
        let found = self.discover().await.unwrap();
        let tool = found.tools.iter().find(|found| found.tool.name() == name);
        tool.unwrap_or_else(|| panic!("no {name} in {found:?}"))
            .tool
            .clone()
    }

    pub async fn call(&self, tool: &Tool, arguments: &Value) -> Result<ToolAnswer, McpError> {
        self.call_for(tool, arguments, 20).await
    }

    pub async fn call_for(
        &self,
        tool: &Tool,
        arguments: &Value,
        seconds: u64,
    ) -> Result<ToolAnswer, McpError> {
        let deadline = in_seconds(seconds);
        let (target, secrets) = (&self.target, &self.secrets);
        self.mcp
            .call(target, tool, arguments, secrets, None, deadline)
            .await
    }

    /// Calls and collects what the server says meanwhile.
    pub async fn call_and_listen(
        &self,
        tool: &Tool,
        arguments: &Value,
    ) -> (Result<ToolAnswer, McpError>, Vec<Notice>) {
        let heard = Mutex::new(vec![]);
        let sink = |notice| heard.lock().unwrap().push(notice);
        let (target, secrets) = (&self.target, &self.secrets);
        let result = self
            .mcp
            .call(
                target,
                tool,
                arguments,
                secrets,
                Some(&sink),
                in_seconds(20),
            )
            .await;
        (result, heard.into_inner().unwrap())
    }
}

/// A tool with any arguments, as a test's server would list it.
pub fn any_tool(name: &str) -> Tool {
    Tool::prepare(&serde_json::json!({"name": name, "inputSchema": {"type": "object"}})).unwrap()
}

/// The text of an answer's first content block.
pub fn text_of(answer: &ToolAnswer) -> String {
    let content: Value = serde_json::from_str(answer.content()).unwrap();
    content[0]["text"].as_str().unwrap_or_default().to_owned()
}
