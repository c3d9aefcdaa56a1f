//! Text messages, test messages, and what providers say of them.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::FutureExt as _;
use serde::Deserialize;
use switchboard_app::messages::{self, Filter, Received};
use switchboard_app::test_message::{self, TestMessage};
use switchboard_app::{AppError, Conversations, Manager, Reader, rows};
use switchboard_contract::messages::{
    Encoding, Message, MessageList, MessagePreview, TestMessageInput, WebhookAnswer, WebhookStatus,
};
use switchboard_contract::wire::{self, JsonObject, Time, Wire};
use switchboard_domain::id::{IntegrationId, MessageId};
use switchboard_domain::sms::{self, status::Status};

use crate::extract::{Auth, DryRunQuery, Json, Path, Query, Raw, after, limit, parsed};
use crate::problem::Problem;
use crate::{ApiState, view};

const fn encoding(encoding: sms::Encoding) -> Encoding {
    match encoding {
        sms::Encoding::Gsm7 => Encoding::Gsm7,
        sms::Encoding::Ucs2 => Encoding::Ucs2,
    }
}

fn show(message: rows::Message) -> Message {
    let key = &message.key;
    Message {
        id: Wire(key.id),
        integration_id: Wire(key.channel),
        environment: Wire(key.environment),
        conversation_id: key.conversation.map(Wire),
        call_id: key.call.map(Wire),
        text: message.text().clone(),
        encoding: encoding(message.encoding),
        parts: message.parts,
        status: Wire(message.life.status),
        accepted: message.life.confirmed,
        attempts: message.attempts,
        created_at: Time(key.created_at),
        updated_at: Time(message.updated_at),
        from: message.sender,
        to: message.recipient,
        provider_message_id: message.provider_id,
        error: message.error.map(Into::into),
    }
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
    #[param(value_type = Option<wire::ConversationId>)]
    conversation_id: Option<String>,
    /// Only this channel's.
    #[serde(default)]
    #[param(value_type = Option<wire::IntegrationId>)]
    integration_id: Option<String>,
    /// Only those that have come this far.
    #[serde(default)]
    #[param(value_type = Option<wire::MessageStatus>)]
    status: Option<String>,
    /// Only those of this environment.
    #[serde(default)]
    #[param(value_type = Option<wire::Environment>)]
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
    responses((status = 200, description = "A page of messages", body = MessageList)))]
pub async fn list_messages(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Query(query): Query<MessagesQuery>,
) -> Result<Response, Problem> {
    let before = after(query.after.as_deref())?;
    let (filter, limit) = (query.filter()?, limit(query.limit)?);
    let page = messages::list(&state.app.runtime, &reader, filter, before, limit)
        .boxed()
        .await?;
    let cursor = |found: &rows::Message| found.key.id.to_string();
    Ok(view::page::<MessageList, _>(page, cursor, show))
}

/// Read a text message.
#[utoipa::path(get, path = "/messages/{id}", tag = "messages",
    params(("id" = wire::MessageId, Path, description = "The message's id")),
    responses((status = 200, description = "The message", body = Message)))]
pub async fn get_message(
    State(state): State<ApiState>,
    Auth(reader): Auth<Reader<Conversations>>,
    Path((id,)): Path<(MessageId,)>,
) -> Result<Response, Problem> {
    let found = messages::get(&state.app.runtime, &reader, id)
        .boxed()
        .await?;
    Ok(view::answer(StatusCode::OK, &show(found)))
}

/// Send a test message through a messaging channel, outside any conversation. A dry run says how many
/// parts it would take.
#[utoipa::path(post, path = "/integrations/{id}/test-message", tag = "messages",
    params(("id" = wire::IntegrationId, Path, description = "The channel's id"), DryRunQuery),
    request_body = TestMessageInput,
    responses((status = 201, description = "The message, sent or tried", body = Message),
        (status = 200, description = "In a dry run, what it would be", body = MessagePreview)))]
pub async fn send_test_message(
    State(state): State<ApiState>,
    Auth(manager): Auth<Manager>,
    Path((id,)): Path<(IntegrationId,)>,
    Query(query): Query<DryRunQuery>,
    Json(input): Json<TestMessageInput>,
) -> Result<Response, Problem> {
    let dry_run = query.how(None).dry_run;
    let outcome = test_message::send_test(&state.app.manage, &manager, id, input, dry_run)
        .boxed()
        .await?;
    Ok(match outcome {
        TestMessage::Sent(message) => view::answer(StatusCode::CREATED, &show(*message)),
        TestMessage::WouldBe(preview) => {
            let preview = MessagePreview {
                to: preview.to.as_str().to_owned(),
                encoding: encoding(preview.segments.encoding),
                parts: preview.segments.parts,
                units: preview.segments.units,
            };
            view::answer(StatusCode::OK, &preview)
        }
    })
}

/// Take a webhook of Telnyx. It proves itself by its signature; no API key is needed.
#[utoipa::path(post, path = "/webhooks/telnyx/{integration_id}", tag = "messages", security(()),
    params(("integration_id" = wire::IntegrationId, Path, description = "The channel's id"),
        ("telnyx-timestamp" = Option<String>, Header, description = "When it was sent, in seconds since 1970"),
        ("telnyx-signature-ed25519" = Option<String>, Header, description = "The signature over `timestamp|body`, in base64")),
    request_body(content = JsonObject, content_type = "application/json"),
    responses((status = 200, description = "It was taken", body = WebhookAnswer)))]
pub async fn receive_telnyx_webhook(
    State(state): State<ApiState>,
    Path((id,)): Path<(IntegrationId,)>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    let received = messages::receive(&state.app.runtime, id, &headers, &body)
        .boxed()
        .await?;
    let status = match received {
        Received::Applied => WebhookStatus::Applied,
        Received::Known => WebhookStatus::Known,
        Received::Ignored => WebhookStatus::Ignored,
    };
    Ok(view::answer(StatusCode::OK, &WebhookAnswer { status }))
}
