//! Text messages.

use serde::{Deserialize, Serialize};
use switchboard_domain::sms::message as domain;
use utoipa::ToSchema;

use crate::list::list;
use crate::wire::{
    CallId, ConversationId, Environment, IntegrationId, MessageId, MessageStatus, Time,
};

list!(
    /// A page of text messages.
    MessageList, Message);

/// How the characters of a text message are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Encoding {
    /// The alphabet of GSM: 160 characters in one part.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// Every other character: 70 in one part.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

/// A text message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The channel.
    pub integration_id: IntegrationId,
    /// Where it was sent.
    pub environment: Environment,
    /// The conversation; null for a test message.
    #[schema(required = true)]
    pub conversation_id: Option<ConversationId>,
    /// The call; null for a test message.
    #[schema(required = true)]
    pub call_id: Option<CallId>,
    /// The sender as the provider knows it: a number, a short code, a name or a messaging profile.
    pub from: String,
    /// Who receives it.
    pub to: String,
    /// What it says.
    pub text: String,
    /// How its characters are written.
    pub encoding: Encoding,
    /// How many parts it takes.
    pub parts: u32,
    /// How far it has come.
    pub status: MessageStatus,
    /// Whether the provider has it for sure.
    pub accepted: bool,
    /// What the provider knows it by.
    #[schema(required = true)]
    pub provider_message_id: Option<String>,
    /// Why it was not sent or not delivered.
    #[schema(required = true)]
    pub error: Option<MessageError>,
    /// How often it was handed to the provider.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Time,
    /// When it came further last.
    pub updated_at: Time,
}

/// Why a message was not sent or not delivered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageError {
    /// The provider's code, or one of ours.
    pub code: String,
    /// What it is called.
    pub title: String,
    /// What is said about this case.
    #[schema(required = true)]
    pub detail: Option<String>,
    /// What to do about it.
    #[schema(required = true)]
    pub advice: Option<String>,
}

impl From<domain::MessageError> for MessageError {
    fn from(error: domain::MessageError) -> Self {
        Self {
            code: error.code,
            title: error.title,
            detail: error.detail,
            advice: error.advice,
        }
    }
}

/// A test message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestMessageInput {
    /// Whose API key is taken.
    pub environment: Environment,
    /// A number in international form.
    pub to: String,
    /// What it says.
    #[schema(min_length = 1)]
    pub text: String,
}

/// What a message would be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessagePreview {
    /// Who would receive it.
    pub to: String,
    /// How its characters are written.
    pub encoding: Encoding,
    /// How many parts it takes.
    pub parts: usize,
    /// How many units of its encoding it takes.
    pub units: usize,
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// It told something new, which was noted.
    Applied,
    /// It told what was known already.
    Known,
    /// It concerns no message of ours.
    Ignored,
}

/// What became of a webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookAnswer {
    /// What became of it.
    pub status: WebhookStatus,
}
