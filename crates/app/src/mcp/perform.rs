//! Calling a tool, and what its result means for the conversation.

use serde_json::{Value, json};
use switchboard_connect::{CallError, Performed, Secrets, kept_text};
use switchboard_domain::conversation::Outcome;
use switchboard_mcp::{McpError, McpTarget, Notice as Said, ToolAnswer};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::McpCall;
use crate::App;
use crate::notices::{Notice, Notices};

/// How a call is made.
pub(crate) struct How<'a> {
    /// Where its secrets come from.
    pub secrets: Secrets<'a>,
    /// Where what its server says of it goes.
    pub notices: Option<&'a Notices>,
    /// Cancelled when nobody waits for it any more.
    pub cancelled: &'a CancellationToken,
    /// When it has to be over.
    pub deadline: Instant,
}

/// Calls a tool. It is cancelled at its server when nobody waits for it any more.
pub(crate) async fn perform(
    app: &App,
    target: &McpTarget,
    call: &McpCall,
    arguments: &Value,
    how: How<'_>,
) -> Performed {
    let sink = how.notices.map(|notices| {
        move |said: Said| {
            // Whoever reads too slowly misses some; the call does not wait.
            let _ = notices.try_send(notice(said));
        }
    });
    let sink = sink.as_ref().map(|sink| sink as &dyn switchboard_mcp::Sink);
    let answer = tokio::select! {
        biased;
        answer = app.mcp.call(target, &call.tool, arguments, how.secrets, sink, how.deadline) => answer,
        () = how.cancelled.cancelled() => Err(McpError::Cancelled),
    };
    let request = json!({
        "method": "tools/call", "url": &*target.url, "tool": call.tool.name(),
    })
    .to_string();
    match answer {
        Ok(answer) => {
            let mut performed = answered(request, &answer);
            if performed.error.is_none() && !call.outputs.is_empty() {
                let evaluations = &app.connector.evaluations;
                let value = value_of(&answer);
                performed.take(evaluations.take(&call.outputs, value, how.deadline).await);
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
