//! Shapes of text messages and client events.

use serde_json::Value;
use utoipa::ToSchema;

use super::Environment;

list!(
    /// A page of text messages.
    MessageList, Message);

/// A text message.
#[derive(ToSchema)]
pub struct Message {
    id: String,
    /// The channel.
    integration_id: String,
    environment: Environment,
    /// Null for a test message.
    #[schema(required = true, nullable = true)]
    conversation_id: Option<String>,
    #[schema(required = true, nullable = true)]
    call_id: Option<String>,
    /// The sender as the provider knows it: a number, a short code, a name or a messaging profile.
    from: String,
    to: String,
    text: String,
    /// `GSM-7` or `UCS-2`.
    encoding: String,
    parts: u32,
    /// `queued`, `sending`, `sent`, `outcome_unknown`, `delivery_unconfirmed`, `delivered`,
    /// `delivery_failed`, `sending_failed` or `expired`.
    status: String,
    /// Whether the provider has it for sure.
    accepted: bool,
    #[schema(required = true, nullable = true)]
    provider_message_id: Option<String>,
    error: Option<MessageError>,
    /// How often it was handed to the provider.
    attempts: u32,
    created_at: String,
    updated_at: String,
}

/// Why a message was not sent or not delivered.
#[derive(ToSchema)]
pub struct MessageError {
    /// The provider's code, or one of ours.
    code: String,
    title: String,
    detail: Option<String>,
    /// What to do about it.
    advice: Option<String>,
}

/// A test message.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestMessageInput {
    environment: Environment,
    /// A number in international form.
    to: String,
    #[schema(min_length = 1)]
    text: String,
}

/// What a message would be.
#[derive(ToSchema)]
pub struct MessagePreview {
    to: String,
    /// `GSM-7` or `UCS-2`.
    encoding: String,
    parts: u32,
    /// How many units of its encoding it takes.
    units: u32,
}

/// What became of a webhook.
#[derive(ToSchema)]
pub struct WebhookAnswer {
    /// `applied`, `known` or `ignored`.
    status: String,
}

/// What a client answers to an event: one of the two.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientEventResult {
    /// What came of it: any JSON.
    #[schema(required = false)]
    result: Option<Value>,
    /// Why it failed.
    error: Option<String>,
}
