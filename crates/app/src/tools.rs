//! Which actions are callable now, and why each other one is not.

use std::sync::Arc;

use serde_json::Value;
use switchboard_domain::admission;
use switchboard_domain::id::{BindingId, ConversationId};
use switchboard_domain::tool_format::{Note, Provider};

use crate::catalog::PreparedBinding;
use crate::{App, AppError, Runner, conversations};

/// An action that is callable now.
#[derive(Debug, Clone)]
pub struct Tool {
    /// The name it is called by.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// The schema of its arguments.
    pub parameters: Arc<Value>,
    /// The binding.
    pub binding: BindingId,
    /// The kind of its action.
    pub kind: &'static str,
    /// How many more calls may succeed, calls under way taken off; none without a limit.
    pub remaining_successful_calls: Option<u32>,
    /// What providers' formats say differently, pass over, or leave out.
    pub notes: Vec<Note>,
    prepared: Arc<PreparedBinding>,
}

/// An action that is not callable now.
#[derive(Debug, Clone)]
pub struct Unavailable {
    /// Its name.
    pub name: String,
    /// The binding.
    pub binding: BindingId,
    /// The code that a call would be refused with.
    pub code: &'static str,
    /// Why, as a sentence.
    pub reason: String,
}

/// Both lists, in the order of the version's document.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// What is callable now.
    pub tools: Vec<Tool>,
    /// What is not.
    pub unavailable: Vec<Unavailable>,
}

/// The tools of a conversation as it is now.
pub async fn list(app: &App, runner: &Runner, id: ConversationId) -> Result<Tools, AppError> {
    let conversation = conversations::get(app, runner, id).await?;
    let key = &conversation.key;
    let (_, agent) = app
        .catalog
        .agent(key.workspace, key.agent, key.version)
        .await?
        .ok_or(AppError::NotFound("agent"))?;
    let mut tools = Tools::default();
    for binding in &agent.bindings {
        let admitted = binding.view(key.environment).map(drop).and_then(|()| {
            admission::admit(
                &binding.name,
                binding.id,
                &binding.gate,
                agent.own.strict_states,
                &conversation,
            )
        });
        match admitted {
            Ok(()) => tools.tools.push(Tool {
                name: binding.name.clone(),
                description: binding.description.clone(),
                parameters: binding.schema.source().clone(),
                binding: binding.id,
                kind: binding.kind,
                remaining_successful_calls: binding.gate.max_successful_calls.map(|limit| {
                    let usage = conversation.usage(binding.id);
                    limit.saturating_sub(usage.taken.saturating_add(usage.in_flight))
                }),
                notes: notes(binding),
                prepared: binding.clone(),
            }),
            Err(refusal) => tools.unavailable.push(Unavailable {
                name: binding.name.clone(),
                binding: binding.id,
                code: refusal.code(),
                reason: refusal.to_string(),
            }),
        }
    }
    Ok(tools)
}

fn notes(binding: &PreparedBinding) -> Vec<Note> {
    let formats = binding.formats().iter();
    formats
        .flat_map(|(_, exported)| exported.notes.iter().cloned())
        .collect()
}

/// The list that a provider's API takes, of the tools that are callable now. A tool that the
/// provider would refuse is not in it; its notes in [`list`] say why.
pub async fn export(
    app: &App,
    runner: &Runner,
    id: ConversationId,
    provider: Provider,
) -> Result<Vec<Value>, AppError> {
    let found = list(app, runner, id).await?;
    Ok(found
        .tools
        .iter()
        .flat_map(|tool| tool.prepared.formats())
        .filter(|(known, _)| *known == provider)
        .filter_map(|(_, exported)| exported.tool.clone())
        .collect())
}
