//! Tools of MCP servers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_connect::{CallError, Performed, PreparedAuth, Secrets, kept_text};
use switchboard_domain::action::McpAction;
use switchboard_domain::auth::ValueSource;
use switchboard_domain::conversation::Outcome;
use switchboard_domain::input::{InputErrors, pointer_token};
use switchboard_domain::integration::{LeftOutTool, McpServer};
use switchboard_domain::output::OutputVariable;
use switchboard_domain::request::{BaseUrl, HeaderTemplate, header_name};
use switchboard_domain::schema::ParameterSchema;
use switchboard_mcp::{McpClient, McpError, McpTarget, Notice as Said, Sink, Tool, ToolAnswer};
use tokio::time::Instant;

use crate::notices::Notice;
use crate::parts::{outputs, timeout};
use crate::perform::{Call, Hands};
use crate::probe::Probe;
use crate::scope::Scope;

/// The name of the kind, as a runtime is told.
pub const NAME: &str = "mcp_tool";

/// A tool, ready to be called.
#[derive(Debug)]
pub struct McpCall {
    /// The tool.
    pub tool: Tool,
    /// Its wire object, for whoever asks in MCP's format.
    pub wire: Value,
    /// What is taken from its result.
    pub outputs: Arc<[OutputVariable]>,
    /// How long a call may take; none is the server's default.
    pub timeout: Option<Duration>,
}

/// Prepares a server for the calls of one environment.
pub fn target(
    server: &McpServer,
    scope: &Scope<'_>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<McpTarget> {
    let url = errors.check(format!("{pointer}/url"), BaseUrl::parse(&server.url));
    let auth = PreparedAuth::prepare(&server.auth, scope.key());
    let auth = errors.check(format!("{pointer}/auth"), auth);
    let mut headers = vec![];
    for (name, value) in &server.headers {
        let pointer = format!("{pointer}/headers/{}", pointer_token(name));
        if let ValueSource::Text(text) = value
            && (text.contains("{{") || text.contains("{%"))
        {
            errors.push(
                &pointer,
                "headers of an MCP server are text or a secret, not a template",
            );
            continue;
        }
        let checked = match value {
            ValueSource::Text(text) => HeaderTemplate::parse(name, text).map(drop),
            ValueSource::Secret(_) => header_name(name).map(drop),
        };
        let Some(()) = errors.check(&pointer, checked) else {
            continue;
        };
        let name = http::HeaderName::from_bytes(name.as_bytes());
        headers.extend(
            errors
                .check(&pointer, name)
                .map(|name| (name, value.clone())),
        );
    }
    let url = url?;
    Some(McpTarget {
        url: server.url.trim().into(),
        origin: url.origin().into(),
        auth: auth?,
        headers,
        key: scope.key().into(),
        breaker: scope.breaker(url.origin()),
    })
}

/// Prepares a tool and the schema of its arguments.
pub fn tool(
    action: &McpAction,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<(McpCall, ParameterSchema)> {
    let tool = errors.check(format!("{pointer}/tool"), Tool::prepare(&action.tool));
    let outputs = outputs(&action.output_variables, pointer, errors);
    let timeout = timeout(action.timeout_ms, pointer, errors);
    let tool = tool?;
    let schema = tool.schema().clone();
    let call = McpCall {
        tool,
        wire: action.tool.clone(),
        outputs,
        timeout,
    };
    Some((call, schema))
}

/// What a server was found to offer.
#[derive(Debug, Clone)]
pub struct Found {
    /// The wire objects of the tools that agents can link.
    pub tools: Vec<Value>,
    /// The tools that they cannot.
    pub left_out: Vec<LeftOutTool>,
    /// What the server says of itself.
    pub server: Option<Value>,
    /// The revision of the protocol that it speaks.
    pub protocol_version: String,
}

/// Asks a server for its tools.
pub async fn discover(
    client: &McpClient,
    target: &McpTarget,
    secrets: Secrets<'_>,
    deadline: Instant,
) -> Result<Found, McpError> {
    let discovery = client.discover(target, secrets, deadline).await?;
    Ok(Found {
        server: discovery.server_info().cloned(),
        protocol_version: discovery.revision,
        tools: discovery.tools.into_iter().map(|tool| tool.wire).collect(),
        left_out: discovery
            .left_out
            .into_iter()
            .map(|tool| LeftOutTool {
                name: tool.name,
                reason: tool.reason.to_string(),
            })
            .collect(),
    })
}

/// Whether a server answered, and with how many tools.
pub fn probe(found: Result<Found, McpError>) -> Probe {
    match found {
        Ok(found) => Probe {
            tools: Some(found.tools.len()),
            ..Probe::of(None, None)
        },
        Err(error) => {
            let error = CallError::new(error.code(), error.to_string());
            Probe::of(Some(error), None)
        }
    }
}

/// Calls a tool. It is cancelled at its server when nobody waits for it any more.
pub async fn perform(
    target: &McpTarget,
    call: &McpCall,
    hands: Hands<'_>,
    of: &Call<'_>,
) -> Performed {
    let deadline = of.deadline(call.timeout);
    let sink = of.notices.map(|notices| {
        move |said: Said| {
            // Whoever reads too slowly misses some; the call does not wait.
            let _ = notices.try_send(notice(said));
        }
    });
    let sink = sink.as_ref().map(|sink| sink as &dyn Sink);
    let answer = tokio::select! {
        biased;
        answer = hands.mcp.call(target, &call.tool, of.arguments, of.secrets, sink, deadline) => answer,
        () = of.cancelled.cancelled() => Err(McpError::Cancelled),
    };
    let request = json!({
        "method": "tools/call", "url": &*target.url, "tool": call.tool.name(),
    })
    .to_string();
    match answer {
        Ok(answer) => {
            let mut performed = answered(request, &answer);
            if performed.error.is_none() && !call.outputs.is_empty() {
                let evaluations = &hands.connector.evaluations;
                let value = value_of(&answer);
                performed.take(evaluations.take(&call.outputs, value, deadline).await);
            }
            performed
        }
        Err(error) => {
            let (outcome, error) = error.into_call_error(&call.tool);
            Performed {
                outcome,
                request,
                ..Performed::not_sent(error)
            }
        }
    }
}

/// What a server said, as callers are told.
fn notice(said: Said) -> Notice {
    match said {
        Said::Progress {
            progress,
            total,
            message,
        } => {
            let mut step = json!({"progress": progress});
            if let Some(total) = total {
                step["total"] = json!(total);
            }
            if let Some(message) = message {
                step["message"] = json!(message);
            }
            Notice::Progress(step.to_string())
        }
        Said::Log {
            level,
            logger,
            data,
        } => {
            let mut params = json!({"level": level, "data": data});
            if let Some(logger) = logger {
                params["logger"] = json!(logger);
            }
            Notice::Log {
                level,
                params: params.to_string(),
            }
        }
    }
}

fn answered(request: String, answer: &ToolAnswer) -> Performed {
    let response = kept_text(answer.json());
    Performed {
        outcome: if answer.is_error {
            Outcome::Failed
        } else {
            Outcome::Succeeded
        },
        error: answer.is_error.then(|| {
            let said = text_of(answer);
            let said = said.unwrap_or_else(|| "see `output` for what it says".to_owned());
            CallError::new(
                "tool_error",
                format!("the tool says that it failed: {said}"),
            )
        }),
        output: answer.json().to_owned(),
        variables: vec![],
        unmatched: vec![],
        left_out: vec![],
        request,
        response,
        tool_result: true,
        held: None,
    }
}

/// What output variables are taken from: the structured content, or the first text that is JSON.
fn value_of(answer: &ToolAnswer) -> Value {
    if let Some(structured) = answer.structured_content() {
        return serde_json::from_str(structured).unwrap_or_default();
    }
    texts(answer)
        .iter()
        .find_map(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

fn texts(answer: &ToolAnswer) -> Vec<String> {
    let blocks: Vec<Value> = serde_json::from_str(answer.content()).unwrap_or_default();
    blocks
        .into_iter()
        .filter(|block| block["type"] == "text")
        .filter_map(|block| block["text"].as_str().map(str::to_owned))
        .collect()
}

/// The first text of a result, shortened to a sentence's length.
fn text_of(answer: &ToolAnswer) -> Option<String> {
    let text = texts(answer).into_iter().next()?;
    Some(text.chars().take(300).collect())
}
