//! `/conversations` and their tools.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use switchboard_app::conversations::{self, Filter};
use switchboard_app::{AppError, Conversations, Manager, Reader, Runner, tools};
use switchboard_contract::conversations::CallOutcome;
use switchboard_contract::conversations::{
    Conversation, ConversationInput, ConversationList, ConversationPatch,
};
use switchboard_contract::tools::{Tool, ToolFormat, Tools, ToolsAnswer, UnavailableTool};
use switchboard_contract::wire::{self, Wire};
use switchboard_domain::conversation::{self, Status};
use switchboard_domain::event::EventType;
use switchboard_domain::id::ConversationId;
use switchboard_domain::tool_format::Provider;

use crate::extract::{Auth, Json, Path, Query, after, limit, parsed};
use crate::problem::Problem;
use crate::{ApiState, view};

fn answer(status: StatusCode, conversation: &conversation::Conversation) -> Response {
    let value = Conversation::from(conversation);
    view::resource(status, value.revision, &value)
}

/// Which conversations.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
    /// Only this agent's.
    #[serde(default)]
    #[param(value_type = Option<wire::AgentId>)]
    agent_id: Option<String>,
    /// Only those of this environment.
    #[serde(default)]
    #[param(value_type = Option<wire::Environment>)]
    environment: Option<String>,
    /// Only those that have come this far: `active`, `handed_over`, `ended` or `closed`.
    #[serde(default)]
    #[param(value_type = Option<wire::ConversationStatus>)]
    status: Option<String>,
    /// Only those with a call that came to this: `succeeded`, `failed` or `refused`.
    #[serde(default)]
    #[param(value_type = Option<CallOutcome>)]
    outcome: Option<String>,
    /// Only those started at this time or later (RFC 3339).
    #[serde(default)]
    #[param(value_type = Option<wire::Time>)]
    from: Option<String>,
    /// Only those started before this time (RFC 3339).
    #[serde(default)]
    #[param(value_type = Option<wire::Time>)]
    to: Option<String>,
}

impl ListQuery {
    fn filter(&self) -> Result<Filter, AppError> {
        let unknown = |pointer, detail| AppError::invalid(pointer, detail);
        let status = self.status.as_deref().map(|text| {
            Status::parse(text).ok_or_else(|| unknown("/status", "there is no such status"))
        });
        let outcome = self.outcome.as_deref().map(|text| match text {
            "succeeded" => Ok(EventType::ActionSucceeded),
            "failed" => Ok(EventType::ActionFailed),
            "refused" => Ok(EventType::ActionRefused),
            _ => Err(unknown(
                "/outcome",
                "it is `succeeded`, `failed` or `refused`",
            )),
        });
        Ok(Filter {
            agent: parsed(self.agent_id.as_deref(), "/agent_id")?,
            environment: parsed(self.environment.as_deref(), "/environment")?,
            status: status.transpose()?,
            with_event: outcome.transpose()?,
            from: parsed(self.from.as_deref(), "/from")?,
            to: parsed(self.to.as_deref(), "/to")?,
        })
    }
}

/// List conversations, the newest first. Of their variables a list has the built-in ones alone; read one
/// conversation for the rest.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(ListQuery),
    responses((status = 200, description = "A page of conversations", body = ConversationList)))]
pub async fn list_conversations(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let filter = query.filter()?;
    let before = after(query.after.as_deref())?;
    let page = conversations::list(
        &state.app.runtime,
        &reader,
        filter,
        before,
        limit(query.limit)?,
    )
    .boxed()
    .await?;
    let cursor = |found: &conversation::Conversation| found.key.id.to_string();
    let view = |found: conversation::Conversation| Conversation::from(&found);
    Ok(view::page::<ConversationList, _>(page, cursor, view))
}

/// Start a conversation.
#[utoipa::path(post, path = "/conversations", tag = "conversations", request_body = ConversationInput,
    responses((status = 201, description = "The conversation", body = Conversation)))]
pub async fn start_conversation(
    State(state): State<ApiState>,
    Auth(runner): Auth<Runner>,
    Json(input): Json<ConversationInput>,
) -> Result<Response, Problem> {
    let conversation = conversations::start(&state.app.runtime, &runner, input)
        .boxed()
        .await?;
    Ok(answer(StatusCode::CREATED, &conversation))
}

/// Read a conversation.
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id")),
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub async fn get_conversation(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Path((id,)): Path<(ConversationId,)>,
) -> Result<Response, Problem> {
    let conversation = conversations::get(&state.app.runtime, &reader, id)
        .boxed()
        .await?;
    Ok(answer(StatusCode::OK, &conversation))
}

/// Change a conversation's state or variables. A variable that is null is removed.
#[utoipa::path(patch, path = "/conversations/{id}", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id")),
    request_body = ConversationPatch,
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub async fn update_conversation(
    State(state): State<ApiState>,
    Auth(runner): Auth<Runner>,
    Path((id,)): Path<(ConversationId,)>,
    Json(patch): Json<ConversationPatch>,
) -> Result<Response, Problem> {
    let conversation = conversations::update(&state.app.runtime, &runner, id, patch)
        .boxed()
        .await?;
    Ok(answer(StatusCode::OK, &conversation))
}

/// End a conversation's dialogue; a second time, close the conversation.
#[utoipa::path(post, path = "/conversations/{id}/end", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id")),
    responses((status = 200, description = "The conversation", body = Conversation)))]
pub async fn end_conversation(
    State(state): State<ApiState>,
    Auth(runner): Auth<Runner>,
    Path((id,)): Path<(ConversationId,)>,
) -> Result<Response, Problem> {
    let conversation = conversations::end(&state.app.runtime, &runner, id)
        .boxed()
        .await?;
    Ok(answer(StatusCode::OK, &conversation))
}

/// Delete a conversation with everything that belongs to it: its events, the answers that are kept for repeated
/// calls, its client events and its text messages. Streams of its events end.
#[utoipa::path(delete, path = "/conversations/{id}", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete_conversation(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(ConversationId,)>,
) -> Result<StatusCode, Problem> {
    conversations::delete(&state.app.runtime, &manager, id)
        .boxed()
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// In which format.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ToolsQuery {
    /// `switchboard`, or the list that an API takes as it is: `openai`, `anthropic` or `mcp`.
    #[serde(default)]
    #[param(value_type = Option<ToolFormat>)]
    format: Option<String>,
}

/// List which actions are callable now, and why each other one is not; or the callable ones alone, as
/// the list that a model provider's API takes.
#[utoipa::path(get, path = "/conversations/{id}/tools", tag = "conversations",
    params(("id" = wire::ConversationId, Path, description = "The conversation's id"), ToolsQuery),
    responses((status = 200, description = "The tools", body = ToolsAnswer)))]
pub async fn list_tools(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Path((id,)): Path<(ConversationId,)>,
    Query(query): Query<ToolsQuery>,
) -> Result<Response, Problem> {
    if let Some(name) = query.format.filter(|name| name != "switchboard") {
        let provider = Provider::from_name(&name).ok_or_else(|| {
            let detail = "the format is `switchboard`, `openai`, `anthropic` or `mcp`";
            AppError::invalid("/format", detail)
        })?;
        let list = tools::export(&state.app.runtime, &reader, id, provider)
            .boxed()
            .await?;
        return Ok(view::answer(StatusCode::OK, &ToolsAnswer::Provider(list)));
    }
    let found = tools::list(&state.app.runtime, &reader, id).boxed().await?;
    let answer = ToolsAnswer::Switchboard(Tools {
        tools: found.tools.into_iter().map(show_tool).collect(),
        unavailable: found.unavailable.into_iter().map(unavailable).collect(),
    });
    Ok(view::answer(StatusCode::OK, &answer))
}

fn show_tool(tool: tools::Tool) -> Tool {
    Tool {
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters,
        binding_id: tool.binding.map(Wire),
        kind: tool.kind,
        remaining_successful_calls: tool.remaining_successful_calls,
        notes: tool.notes.into_iter().map(Into::into).collect(),
    }
}

fn unavailable(tool: tools::Unavailable) -> UnavailableTool {
    UnavailableTool {
        name: tool.name,
        binding_id: tool.binding.map(Wire),
        code: tool.code.into(),
        reason: tool.reason,
    }
}
