//! What the simulator writes: messages, events and errors, in the vendor's form.

use chrono::{DateTime, SecondsFormat, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use switchboard_domain::sms::status::Status;

use super::state::Taken;

fn time(at: DateTime<Utc>) -> Value {
    Value::from(at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// What errors are called. The words are our own.
fn title(code: &str) -> &'static str {
    match code {
        "10004" => "Something is missing",
        "10005" => "Not found",
        "10007" => "Something went wrong",
        "10009" => "Not authenticated",
        "10011" => "Too many requests",
        "10015" => "Not understood",
        "10016" => "Not in E.164 form",
        "10036" => "The first request is still under way",
        "20100" => "No funds",
        "40008" => "Not delivered",
        "40010" => "Sender not registered",
        "40014" => "Waited too long",
        "40300" => "Recipient opted out",
        "40305" => "Sender not usable",
        "40310" => "Recipient not valid",
        _ => "Refused",
    }
}

fn error(code: &str, detail: &str, pointer: Option<&str>) -> Value {
    let mut error = json!({"code": code, "title": title(code), "detail": detail});
    if let Some(pointer) = pointer {
        error["source"] = json!({"pointer": pointer});
    }
    error
}

/// An answer that refuses.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Value,
}

impl Refusal {
    /// A refusal with one error.
    pub fn new(status: StatusCode, code: &str, detail: &str) -> Self {
        Self {
            status,
            body: json!({"errors": [error(code, detail, None)]}),
        }
    }

    /// A refusal because of one field.
    pub fn of_field(code: &str, detail: &str, pointer: &str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            body: json!({"errors": [error(code, detail, Some(pointer))]}),
        }
    }
}

/// A message as answers and events show it.
pub fn message(taken: &Taken) -> Value {
    let errors: Vec<Value> = taken
        .error
        .iter()
        .map(|code| error(code, "the simulator was told so", None))
        .collect();
    let mut message = json!({
        "record_type": "message", "direction": "outbound", "type": "SMS",
        "id": taken.id, "organization_id": "00000000-0000-4000-8000-000000000001",
        "from": {"phone_number": taken.from, "carrier": "Simulator", "line_type": "VoIP"},
        "to": [{
            "phone_number": taken.to, "status": taken.status.as_str(),
            "carrier": "Simulator", "line_type": "Wireless",
        }],
        "cc": [], "media": [], "tags": [], "errors": errors,
        "text": taken.text, "encoding": taken.encoding, "parts": taken.parts,
        "num_chars": taken.text.chars().count(),
        "cost": {"amount": "0.0040", "currency": "USD"},
        "received_at": time(taken.received_at),
        "sent_at": taken.sent_at.map_or(Value::Null, time),
        "completed_at": taken.completed_at.map_or(Value::Null, time),
        "valid_until": null, "webhook_url": taken.webhook_url, "webhook_failover_url": null,
    });
    if let Some(profile) = &taken.messaging_profile_id {
        message["messaging_profile_id"] = json!(profile);
    }
    message
}

/// The body of a webhook about a message: `message.sent` while it is on its way, else
/// `message.finalized`.
pub fn event(
    id: &str,
    occurred_at: DateTime<Utc>,
    payload: &Value,
    status: Status,
    attempt: u32,
    delivered_to: &str,
) -> Value {
    let event_type = match status {
        Status::Queued | Status::Sending | Status::Sent => "message.sent",
        _ => "message.finalized",
    };
    json!({
        "data": {
            "record_type": "event", "event_type": event_type, "id": id,
            "occurred_at": time(occurred_at), "payload": payload,
        },
        "meta": {"attempt": attempt, "delivered_to": delivered_to},
    })
}
