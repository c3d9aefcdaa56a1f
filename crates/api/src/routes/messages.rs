//! Text messages, test messages, and what providers say of them.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_app::messages::{self, Filter, TestMessage, TestMessageInput};
use switchboard_app::rows::Message;
use switchboard_app::{AppError, Conversations, Manager, Reader};
use switchboard_domain::id::{IntegrationId, MessageId};
use switchboard_domain::sms::status::Status;

use crate::extract::{Auth, DryRunQuery, Json, Path, Query, after, limit, parsed};
use crate::problem::Problem;
use crate::{ApiState, schema, view};

fn show(message: &Message) -> Value {
    let key = &message.key;
    json!({
        "id": key.id, "integration_id": key.channel, "environment": key.environment,
        "conversation_id": key.conversation, "call_id": key.call, "from": message.sender,
        "to": message.recipient, "text": message.text(),
        "encoding": message.encoding.as_str(), "parts": message.parts,
        "status": message.life.status, "accepted": message.life.confirmed,
        "provider_message_id": message.provider_id, "error": message.error,
        "attempts": message.attempts, "created_at": view::time(key.created_at),
        "updated_at": view::time(message.updated_at),
    })
}

/// Which messages.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// How many entries, from 1 to 200.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default)]
    after: Option<String>,
    /// Only this conversation's.
    #[serde(default)]
    conversation_id: Option<String>,
    /// Only this channel's.
    #[serde(default)]
    integration_id: Option<String>,
    /// Only those that have come this far.
    #[serde(default)]
    status: Option<String>,
    /// Only those of this environment.
    #[serde(default)]
    environment: Option<String>,
}

impl MessagesQuery {
    fn filter(&self) -> Result<Filter, AppError> {
        let status = self.status.as_deref().map(|text| {
            Status::parse(text)
                .ok_or_else(|| AppError::invalid("/status", "there is no such status"))
        });
        Ok(Filter {
            conversation: parsed(self.conversation_id.as_deref(), "/conversation_id")?,
            channel: parsed(self.integration_id.as_deref(), "/integration_id")?,
            status: status.transpose()?,
            environment: parsed(self.environment.as_deref(), "/environment")?,
        })
    }
}

/// List text messages, the newest first.
#[utoipa::path(get, path = "/messages", tag = "messages", params(MessagesQuery),
    responses((status = 200, description = "A page of messages", body = schema::MessageList)))]
pub async fn list_messages(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Query(query): Query<MessagesQuery>,
) -> Result<Response, Problem> {
    let before = after(query.after.as_deref())?;
    let (filter, limit) = (query.filter()?, limit(query.limit)?);
    let page = messages::list(&state.app, &reader, filter, before, limit)
        .boxed()
        .await?;
    Ok(view::page(&page, |found| found.key.id.to_string(), show))
}

/// Read a text message.
#[utoipa::path(get, path = "/messages/{id}", tag = "messages",
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, description = "The message", body = schema::Message)))]
pub async fn get_message(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Path((id,)): Path<(MessageId,)>,
) -> Result<Response, Problem> {
    let found = messages::get(&state.app, &reader, id).boxed().await?;
    Ok(view::raw(StatusCode::OK, show(&found).to_string()))
}

/// Send a test message through a messaging channel, outside any conversation. A dry run says how many
/// parts it would take.
#[utoipa::path(post, path = "/integrations/{id}/test-message", tag = "messages",
    params(("id" = String, Path, description = "The channel's id"), DryRunQuery),
    request_body = schema::TestMessageInput,
    responses((status = 201, description = "The message, sent or tried", body = schema::Message),
        (status = 200, description = "In a dry run, what it would be", body = schema::MessagePreview)))]
pub async fn send_test_message(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    Query(query): Query<DryRunQuery>,
    Json(input): Json<TestMessageInput>,
) -> Result<Response, Problem> {
    let dry_run = query.how(None).dry_run;
    let outcome = messages::send_test(&state.app, &manager, id, input, dry_run)
        .boxed()
        .await?;
    Ok(match outcome {
        TestMessage::Sent(message) => view::raw(StatusCode::CREATED, show(&message).to_string()),
        TestMessage::WouldBe(preview) => {
            let value = json!({
                "to": preview.to.as_str(), "encoding": preview.segments.encoding.as_str(),
                "parts": preview.segments.parts, "units": preview.segments.units,
            });
            view::raw(StatusCode::OK, value.to_string())
        }
    })
}

/// Take a webhook of Telnyx. It proves itself by its signature; no API key is needed.
#[utoipa::path(post, path = "/webhooks/telnyx/{integration_id}", tag = "messages", security(()),
    params(("integration_id" = String, Path, description = "The channel's id"),
        ("telnyx-timestamp" = Option<String>, Header, description = "When it was sent, in seconds since 1970"),
        ("telnyx-signature-ed25519" = Option<String>, Header, description = "The signature over `timestamp|body`, in base64")),
    request_body(content = BTreeMap<String, Value>, content_type = "application/json"),
    responses((status = 200, description = "It was taken", body = schema::WebhookAnswer)))]
pub async fn receive_telnyx_webhook(
    State(state): State<ApiState>,
    Path((id,)): Path<(IntegrationId,)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let received = messages::receive(&state.app, id, &headers, &body)
        .boxed()
        .await?;
    let value = json!({"status": received.as_str()});
    Ok(view::raw(StatusCode::OK, value.to_string()))
}
