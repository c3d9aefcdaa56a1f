//! What is callable now, and what is not.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use switchboard_domain::tool_format::Note;
use utoipa::ToSchema;

use crate::wire::{BindingId, ErrorCode, JsonObject, NoteSeverity, ToolProvider, Wire};

/// Something about a tool in a provider's format.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ToolNote {
    /// Whose format.
    pub provider: ToolProvider,
    /// The rule, a stable code.
    pub rule: &'static str,
    /// The tool; empty where it is about the list.
    pub tool: String,
    /// How much it matters.
    pub severity: NoteSeverity,
    /// What was found, as a sentence.
    pub detail: String,
}

impl From<Note> for ToolNote {
    fn from(note: Note) -> Self {
        Self {
            provider: Wire(note.provider),
            rule: note.rule,
            tool: note.tool,
            severity: Wire(note.severity),
            detail: note.detail,
        }
    }
}

/// The kinds of what a conversation may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolKind {
    /// A request: of a shared action or of the agent's own.
    ApiCall,
    /// A tool of an MCP server.
    McpTool,
    /// An answer that is written down.
    StaticResponse,
    /// Ends the dialogue.
    EndCall,
    /// Gives the conversation to somebody else.
    Handover,
    /// Tells the client on the event stream.
    ClientEvent,
    /// A text message: of a shared action or of the agent's own.
    SendTextMessage,
    /// Goes to another state of the dialogue.
    GoToState,
}

/// An action that is callable now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tool {
    /// The name to call it by.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// The JSON Schema of its arguments.
    #[schema(value_type = JsonObject)]
    pub parameters: Arc<Value>,
    /// The agent's binding; null for the built-in tool `go_to_state`.
    #[schema(required = true)]
    pub binding_id: Option<BindingId>,
    /// What it is.
    #[schema(value_type = ToolKind)]
    pub kind: &'static str,
    /// How often it may still succeed in this conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub remaining_successful_calls: Option<u32>,
    /// What providers' formats say differently, pass over, or leave out; absent where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<ToolNote>,
}

/// An action that is not callable now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnavailableTool {
    /// Its name.
    pub name: String,
    /// The agent's binding; null for the built-in tool `go_to_state`.
    #[schema(required = true)]
    pub binding_id: Option<BindingId>,
    /// The code a call would be refused with.
    pub code: ErrorCode,
    /// Why, and what to do.
    pub reason: String,
}

/// What is callable now and what is not.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tools {
    /// What is.
    pub tools: Vec<Tool>,
    /// What is not.
    pub unavailable: Vec<UnavailableTool>,
}

/// In which format tools are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum ToolFormat {
    /// What is callable and what is not.
    Switchboard,
    /// What OpenAI's API takes.
    OpenAi,
    /// What Anthropic's API takes.
    Anthropic,
    /// What an MCP server lists.
    Mcp,
}

/// The tools, in the format that was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ToolsAnswer {
    /// `switchboard`.
    Switchboard(Tools),
    /// `openai`, `anthropic` or `mcp`: the list that the API takes as it is.
    #[schema(value_type = Vec<JsonObject>)]
    Provider(Vec<Value>),
}
