//! Asking the provider what became of a message.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{Method, StatusCode};
use switchboard_domain::sms::status::Report;
use switchboard_vault::SecretText;
use tokio::time::Instant;

use super::send::{first_error, wait};
use super::wire::{Data, Message};
use super::{MessageId, Telnyx};
use crate::error::CallError;
use crate::redact::Redactor;

/// What the provider says about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// It has it.
    Found(Report),
    /// It does not have it, or no longer: it keeps messages for ten days.
    NotFound,
    /// It did not say. It may be asked again.
    Failed {
        /// How long to wait at least.
        after: Duration,
        /// Why.
        error: CallError,
    },
}

impl Telnyx {
    /// Asks for a message (`GET /v2/messages/{id}`). `now` is when its status was reached if the
    /// answer does not say when.
    pub async fn look_up(
        &self,
        api_key: &SecretText,
        redactor: &Redactor,
        id: &MessageId,
        now: DateTime<Utc>,
        deadline: Instant,
    ) -> Lookup {
        let failed = |after, error| Lookup::Failed { after, error };
        let url = format!("{}/{id}", self.messages);
        let request = match self.request(Method::GET, &url, api_key) {
            Ok(request) => request,
            Err(error) => return failed(Duration::ZERO, error),
        };
        let asking = Box::pin(self.client.send_with(request, &self.options, deadline));
        let response = match asking.await {
            Ok(response) => response,
            Err(error) => {
                let error = CallError {
                    code: error.code(),
                    message: error.to_string(),
                    upstream_status: None,
                };
                return failed(Duration::ZERO, error);
            }
        };
        let status = response.status;
        if status == StatusCode::NOT_FOUND {
            return Lookup::NotFound;
        }
        let wrong = |code, message| CallError {
            code,
            message,
            upstream_status: Some(status.as_u16()),
        };
        if !status.is_success() {
            let error = first_error(&response.body).map_or_else(String::new, |error| {
                redactor
                    .clean(&format!(" ({} {})", error.code, error.title))
                    .into_owned()
            });
            let message = format!("Telnyx responded with status {}{error}", status.as_u16());
            return failed(wait(&response.headers), wrong("upstream_error", message));
        }
        match read(&response.body, now) {
            Some(report) => Lookup::Found(report),
            None => failed(
                wait(&response.headers),
                wrong(
                    "invalid_response",
                    "Telnyx's response is not a message with a known status".to_owned(),
                ),
            ),
        }
    }
}

fn read(body: &[u8], now: DateTime<Utc>) -> Option<Report> {
    let Data { data } = serde_json::from_slice::<Data<Message>>(body).ok()?;
    let at = data.changed_at(data.status()?).unwrap_or(now);
    data.report(at, None)
}
