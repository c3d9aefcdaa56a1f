//! The sample MCP server of the demo: a small help desk on loopback (revision 2025-11-25, answers
//! as JSON, no sessions).

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ARTICLES: [(&str, &str); 3] = [
    (
        "refunds",
        "A paid invoice is refunded within ten days of asking.",
    ),
    (
        "late payment",
        "A reminder is sent seven days after an invoice was due.",
    ),
    (
        "change of address",
        "Send the new address, and invoices go there from the next day on.",
    ),
];

/// Starts the server. Answers its URL.
pub async fn start(token: &str) -> std::io::Result<String> {
    let router = Router::new()
        .route("/mcp", post(answer))
        .with_state(Arc::<str>::from(token));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the sample MCP server stopped");
        }
    });
    Ok(format!("http://{address}/mcp"))
}

async fn answer(State(token): State<Arc<str>>, headers: HeaderMap, body: String) -> Response {
    let expected = format!("Bearer {token}");
    let given = headers.get(header::AUTHORIZATION);
    if given.is_none_or(|given| given.as_bytes() != expected.as_bytes()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(message) = serde_json::from_str::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let id = &message["id"];
    if id.is_null() {
        return StatusCode::ACCEPTED.into_response();
    }
    let (status, outcome) = match message["method"].as_str().unwrap_or_default() {
        "initialize" => (
            200,
            json!({"result": {
                "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                "serverInfo": {"name": "sample-help-desk", "version": env!("CARGO_PKG_VERSION")},
            }}),
        ),
        "ping" => (200, json!({"result": {}})),
        "tools/list" => (200, json!({"result": {"tools": tools()}})),
        "tools/call" => (200, json!({"result": call(&message["params"])})),
        method => (
            404,
            json!({"error": {"code": -32601, "message": format!("there is no method `{method}`")}}),
        ),
    };
    let mut reply = json!({"jsonrpc": "2.0", "id": id});
    if let (Value::Object(reply), Value::Object(outcome)) = (&mut reply, outcome) {
        reply.extend(outcome);
    }
    let status = StatusCode::from_u16(status).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, reply.to_string()).into_response()
}

fn tools() -> Value {
    json!([
        {
            "name": "search_help", "title": "Search help",
            "description": "Search the help articles for a word.",
            "inputSchema": {
                "type": "object", "properties": {"word": {"type": "string", "minLength": 2}},
                "required": ["word"],
            },
            "outputSchema": {"type": "object", "properties": {"articles": {"type": "array"}}},
            "annotations": {"readOnlyHint": true},
        },
        {
            "name": "opening_hours", "title": "Opening hours",
            "description": "Say when somebody answers the telephone.",
            "inputSchema": {"type": "object", "properties": {}},
            "annotations": {"readOnlyHint": true},
        },
    ])
}

fn call(params: &Value) -> Value {
    match params["name"].as_str().unwrap_or_default() {
        "search_help" => {
            let word = params["arguments"]["word"].as_str().unwrap_or_default();
            let word = word.to_lowercase();
            let found: Vec<_> = ARTICLES
                .iter()
                .filter(|(title, body)| {
                    title.contains(&word) || body.to_lowercase().contains(&word)
                })
                .map(|(title, body)| json!({"title": title, "text": body}))
                .collect();
            let structured = json!({"articles": found});
            json!({
                "content": [{"type": "text", "text": structured.to_string()}],
                "structuredContent": structured,
            })
        }
        "opening_hours" => {
            json!({"content": [{"type": "text", "text": "Monday to Friday, 9 to 17."}]})
        }
        name => json!({
            "content": [{"type": "text", "text": format!("there is no tool `{name}`")}],
            "isError": true,
        }),
    }
}
