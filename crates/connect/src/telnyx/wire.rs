//! What the provider sends: messages, events and errors. Fields that nobody reads are left out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use switchboard_domain::sms::status::{ProviderError, Report, Status};

/// The envelope of every good answer and every webhook.
#[derive(Debug, Deserialize)]
pub struct Data<T> {
    pub data: T,
}

/// Reads `null` as what is not there: for a field that tells nothing the provider writes either.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The envelope of errors.
#[derive(Debug, Deserialize)]
pub struct Errors {
    pub errors: Vec<WireError>,
}

/// One error.
#[derive(Debug, Deserialize)]
pub struct WireError {
    /// Digits; the description says text, and a number is understood too.
    pub code: Value,
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    #[serde(default)]
    pub detail: Option<String>,
}

impl From<WireError> for ProviderError {
    fn from(error: WireError) -> Self {
        Self {
            code: match error.code {
                Value::String(text) => text,
                other => other.to_string(),
            },
            title: error.title,
            detail: error.detail,
        }
    }
}

/// A message.
#[derive(Debug, Deserialize)]
pub struct Message {
    pub id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub to: Vec<To>,
    #[serde(default)]
    pub parts: Option<u32>,
    #[serde(default, deserialize_with = "or_default")]
    pub errors: Vec<WireError>,
    #[serde(default)]
    pub webhook_url: Option<String>,
    #[serde(default)]
    pub received_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub sent_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub completed_at: Option<DateTime<Utc>>,
}

/// A recipient. We send to one at a time.
#[derive(Debug, Deserialize)]
pub struct To {
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
}

impl Message {
    /// How far it has come; none for a status that is not known here.
    pub fn status(&self) -> Option<Status> {
        self.to
            .first()
            .and_then(|recipient| Status::reported(&recipient.status))
    }

    /// When it came to its status, as far as it says.
    pub fn changed_at(&self, status: Status) -> Option<DateTime<Utc>> {
        match status {
            Status::Queued | Status::Sending => self.received_at,
            Status::Sent => self.sent_at,
            _ => self.completed_at,
        }
    }

    /// What it says of itself; none for a status that is not known here.
    pub fn report(self, occurred_at: DateTime<Utc>, event_id: Option<String>) -> Option<Report> {
        Some(Report {
            status: self.status()?,
            occurred_at,
            event_id,
            error: self.errors.into_iter().next().map(Into::into),
        })
    }
}

/// An event of a webhook, before it is known what its payload is.
#[derive(Debug, Deserialize)]
pub struct Notice {
    pub event_type: String,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub occurred_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub payload: Value,
}
