//! Configuration and conversations, by the operations that the API calls.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use switchboard_app::call::CallRequest;
use switchboard_app::{AppError, actions, agents, conversations, drafts, events, integrations};
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::{ActionId, AgentId, ConversationId, IntegrationId};

use super::Process;

/// What an operation takes, from JSON as clients write it.
pub fn input<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// An agent that is used by its draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agent(pub AgentId);

impl Agent {
    /// Makes one with these actions.
    pub async fn make(process: &Process, actions: Vec<Value>) -> Self {
        let manager = process.manager();
        process
            .run(|app| async move {
                let agent = agents::create(&app.manage, &manager, input(json!({"name": "Agent"})));
                let agent = agent.await.unwrap().id;
                let draft = input(json!({"actions": actions}));
                drafts::put(&app.manage, &manager, agent, None, draft)
                    .await
                    .unwrap();
                Self(agent)
            })
            .await
    }
}

impl Process {
    /// Makes an integration without authentication.
    pub async fn integration(&self, url: &str) -> IntegrationId {
        let slot = json!({"base_url": url});
        let made = input(json!({
            "kind": "custom_api", "name": "Service", "environments": {"production": slot},
        }));
        let manager = self.manager();
        let made =
            self.run(|app| async move { integrations::create(&app.manage, &manager, made).await });
        made.await.unwrap().row.id
    }

    /// Makes a shared action whose path is its name and the argument `id`, and which waits so long for
    /// its answer.
    pub async fn action(
        &self,
        of: IntegrationId,
        (method, name): (&str, &str),
        timeout_ms: u32,
    ) -> ActionId {
        let made = input(json!({
            "name": name, "method": method, "path": format!("/{name}/{{id}}"), "timeout_ms": timeout_ms,
            "parameters": {
                "type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"],
            },
            "output_variables": [{"name": "seen", "path": "$.path"}],
        }));
        let manager = self.manager();
        let made =
            self.run(|app| async move { actions::create(&app.manage, &manager, of, made).await });
        made.await.unwrap().id
    }

    /// Starts a conversation on an agent's draft.
    pub async fn converse(&self, agent: Agent) -> Result<ConversationId, AppError> {
        self.converse_with(agent, json!({})).await
    }

    /// The same, with variables.
    pub async fn converse_with(
        &self,
        agent: Agent,
        variables: Value,
    ) -> Result<ConversationId, AppError> {
        let start = input(json!({
            "agent_id": agent.0, "environment": "production", "version": "draft", "variables": variables,
        }));
        let runner = self.runner();
        let started =
            self.run(|app| async move { conversations::start(&app.runtime, &runner, start).await });
        Ok(started.await?.key.id)
    }

    /// A conversation as it is now.
    pub async fn conversation(&self, id: ConversationId) -> Conversation {
        let reader = self.runner();
        let found =
            self.run(|app| async move { conversations::get(&app.runtime, &reader, id).await });
        Conversation::clone(&*found.await.unwrap())
    }

    /// All of a conversation's events.
    pub async fn events(&self, id: ConversationId) -> Vec<Value> {
        let reader = self.runner();
        self.run(|app| async move {
            let mut all: Vec<Value> = vec![];
            loop {
                let after = Some(events::Position::Sequence(all.len() as u64));
                let page = events::list(&app.runtime, &reader, id, after, 200)
                    .await
                    .unwrap();
                if page.rows.is_empty() {
                    return all;
                }
                let rows = page.rows.iter();
                all.extend(
                    rows.map(|event| serde_json::from_str::<Value>(&event.to_json()).unwrap()),
                );
            }
        })
        .await
    }

    /// The types of a conversation's events.
    pub async fn types(&self, id: ConversationId) -> Vec<String> {
        let events = self.events(id).await;
        let types = events.iter().map(|event| event["type"].as_str().unwrap());
        types.map(ToOwned::to_owned).collect()
    }
}

/// A call of an action in a conversation.
pub fn request(conversation: ConversationId, name: &str, arguments: Value) -> CallRequest {
    CallRequest {
        conversation,
        name: name.to_owned(),
        arguments: input(arguments),
        idempotency_key: None,
        agent: None,
        notices: None,
    }
}
