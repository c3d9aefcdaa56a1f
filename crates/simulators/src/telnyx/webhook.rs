//! Signing webhooks and delivering them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signer as _, SigningKey};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use switchboard_domain::sms::status::Status;
use switchboard_outbound::{Request, parse_url};
use tokio::time::Instant;

use super::payload;
use super::server::Shared;
use super::state::Taken;

/// How often a webhook is delivered until somebody takes it.
const ATTEMPTS: u32 = 3;
/// How long an answer to a webhook may take; it is the vendor's number.
const PATIENCE: Duration = Duration::from_secs(2);

/// Signs webhooks (Ed25519 over `timestamp|body`).
#[derive(Clone)]
pub struct Signer(SigningKey);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer")
    }
}

impl Signer {
    /// The signer of this seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The public key in base64, as the vendor's portal shows it.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.verifying_key().as_bytes())
    }

    /// The headers of a webhook that is sent now.
    pub fn headers(&self, body: &[u8], now: DateTime<Utc>) -> HeaderMap {
        let timestamp = now.timestamp();
        let signed = [timestamp.to_string().as_bytes(), b"|", body].concat();
        let signature = STANDARD.encode(self.0.sign(&signed).to_bytes());
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static("telnyx-timestamp"),
            HeaderValue::from(timestamp),
        );
        // Base64 always can stand in a header.
        if let Ok(signature) = HeaderValue::from_str(&signature) {
            headers.insert(
                HeaderName::from_static("telnyx-signature-ed25519"),
                signature,
            );
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers
    }

    /// Bytes that look random and are the same for the same seed and number.
    pub(super) fn bytes(&self, number: u64) -> [u8; 16] {
        let signature = self.0.sign(&number.to_be_bytes()).to_bytes();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&signature[..16]);
        bytes
    }
}

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
