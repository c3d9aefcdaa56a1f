//! The upstream, and the least that can stand between a caller and it.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ANSWER: &str = r#"{"id":"inv_1001","customer":{"id":"cus_1","name":"Ada Lovelace"},"amount":4200,"currency":"EUR","status":"open","lines":[{"text":"Analytical engine, one hour","amount":4200}]}"#;

fn runtime(threads: usize) -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?)
}

/// Answers every request with the same JSON of about 180 bytes.
pub fn upstream(port: u16) -> anyhow::Result<()> {
    runtime(2)?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                let service = service_fn(|request: hyper::Request<Incoming>| async {
                    let is_mcp = request.uri().path() == "/mcp";
                    let body = request.into_body().collect().await;
                    let (status, text) = if is_mcp {
                        mcp(&body
                            .map(http_body_util::Collected::to_bytes)
                            .unwrap_or_default())
                    } else {
                        (200, Bytes::from_static(ANSWER.as_bytes()))
                    };
                    let answer = hyper::Response::builder()
                        .status(status)
                        .header("content-type", "application/json")
                        .body(Full::new(text))
                        .unwrap_or_default();
                    Ok::<_, Infallible>(answer)
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .pipeline_flush(true)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

/// An MCP server with one tool.
fn mcp(body: &[u8]) -> (u16, Bytes) {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let id = &message["id"];
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
            "serverInfo": {"name": "bench", "version": "1"},
        })
        .to_string(),
        "tools/list" => json!({"tools": [{
            "name": "get_invoice", "description": "Read an invoice.",
            "annotations": {"readOnlyHint": true},
            "inputSchema": {
                "type": "object",
                "properties": {
                    "invoice_id": {"type": "string", "pattern": "^inv_[0-9]+$"},
                    "expand": {"type": "string"}, "currency": {"type": "string"},
                },
                "required": ["invoice_id"],
            },
        }]})
        .to_string(),
        "tools/call" => {
            let text = Value::from(ANSWER);
            format!(
                r#"{{"content":[{{"type":"text","text":{text}}}],"structuredContent":{ANSWER}}}"#
            )
        }
        method if method.starts_with("notifications/") => return (202, Bytes::new()),
        _ => {
            let error = r#"{"code":-32601,"message":"there is no such method"}"#;
            return (
                404,
                format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#).into(),
            );
        }
    };
    (
        200,
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#).into(),
    )
}

type Upstream = Client<HttpConnector, Body>;

/// axum and hyper-util's client, and nothing else.
pub fn pass_through(port: u16, upstream: u16) -> anyhow::Result<()> {
    runtime(2)?.block_on(async {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client: Upstream = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(256)
            .build(connector);
        let router = Router::new()
            .fallback(forward)
            .with_state((client, upstream));
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            }),
            router,
        )
        .await?;
        Ok(())
    })
}

async fn forward(
    State((client, upstream)): State<(Upstream, u16)>,
    mut request: Request,
) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if let Ok(uri) = format!("http://127.0.0.1:{upstream}{path}").parse() {
        *request.uri_mut() = uri;
    }
    if let Ok(answer) = client.request(request).await {
        return answer.map(Body::new);
    }
    let mut answer = Response::default();
    *answer.status_mut() = http::StatusCode::BAD_GATEWAY;
    answer
}
