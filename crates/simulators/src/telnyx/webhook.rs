//! Delivering webhooks.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Method;
use switchboard_domain::sms::status::Status;
use switchboard_outbound::{Request, parse_url};
use tokio::time::Instant;

use super::payload;
use super::shared::Shared;
use super::state::Taken;

/// How often a webhook is delivered until somebody takes it.
const ATTEMPTS: u32 = 3;
/// How long an answer to a webhook may take; it is the vendor's number.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes a message through its life and tells of each step.
pub async fn live(shared: Shared, id: String, ends: Status, code: Option<String>) {
    let pace = shared.pace;
    if ends != Status::SendingFailed && ends != Status::Expired {
        tokio::time::sleep(pace.sent_after).await;
        let now = (shared.clock)();
        let sent = shared.state().change(&id, |message| {
            message.status = Status::Sent;
            message.sent_at = Some(now);
        });
        if let Some(message) = sent {
            deliver(&shared, &message, now).await;
        }
        if ends == Status::Sent {
            return;
        }
    }
    tokio::time::sleep(pace.finalized_after).await;
    let now = (shared.clock)();
    let finalized = shared.state().change(&id, |message| {
        message.status = ends;
        message.completed_at = Some(now);
        message.error = code;
    });
    if let Some(message) = finalized {
        deliver(&shared, &message, now).await;
    }
}

/// Delivers what just became of a message, a few times if nobody takes it.
async fn deliver(shared: &Shared, message: &Taken, occurred_at: DateTime<Utc>) {
    let (url, event_id) = {
        let mut state = shared.state();
        let url = message.webhook_url.clone().or(state.webhook_url.clone());
        (url, state.next())
    };
    let Some(url) = url else { return };
    let event_id = shared.id(event_id);
    let payload = payload::message(message);
    for attempt in 1..=ATTEMPTS {
        let event = payload::event(
            &event_id,
            occurred_at,
            &payload,
            message.status,
            attempt,
            &url,
        );
        if post(shared, &url, event.to_string().into_bytes()).await {
            return;
        }
        tokio::time::sleep(shared.pace.retry_after).await;
    }
    tracing::warn!(
        attempts = ATTEMPTS,
        "nobody took a webhook of the simulator"
    );
}

async fn post(shared: &Shared, url: &str, body: Vec<u8>) -> bool {
    let Ok(uri) = parse_url(url) else {
        return false;
    };
    let mut request = Request::new(Method::POST, uri);
    request.headers = shared.signer.headers(&body, (shared.clock)());
    request.body = body.into();
    let sending = Box::pin(shared.client.send(request, Instant::now() + PATIENCE));
    match sending.await {
        Ok(response) => response.status.is_success(),
        Err(error) => {
            tracing::debug!(%error, "a webhook of the simulator did not arrive");
            false
        }
    }
}
