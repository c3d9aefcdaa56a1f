//! Text messages over the real client against the simulator, and against services that break.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod contract;
mod control;
mod outcomes;
mod vector;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use switchboard_connect::telnyx::{
    IdempotencyKey, MessageBody, OutgoingMessage, SendOutcome, Sent, Telnyx,
};
use switchboard_connect::{Masker, Redactor};
use switchboard_domain::sms::{PhoneNumber, Sender};
use switchboard_outbound::{BreakerSettings, Client, ClientSettings, NetworkPolicy};
use switchboard_simulators::telnyx::{Settings, Simulator, start};
use switchboard_vault::SecretText;
use tokio::time::Instant;

const API_KEY: &str = "KEY_canary_0123456789";
const PROFILE: &str = "4000eba1-a0c0-4563-9925-b25e842a7cb6";

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator's clock is the real one here"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn settings() -> Settings {
    let mut settings = Settings::new([3; 32], Arc::new(now));
    settings.api_key = Some(API_KEY.to_owned());
    settings
}

async fn simulator() -> Simulator {
    start(settings()).await.unwrap()
}

fn client() -> Client {
    Client::new(ClientSettings {
        policy: NetworkPolicy::new(["127.0.0.1"]).unwrap(),
        // Each test breaks one thing on purpose, often.
        breakers: BreakerSettings {
            failures: 1000,
            ..BreakerSettings::default()
        },
        ..ClientSettings::default()
    })
    .unwrap()
}

fn telnyx(url: &str) -> Telnyx {
    Telnyx::new(client(), url).unwrap()
}

fn api_key() -> SecretText {
    SecretText::new(API_KEY.to_owned())
}

fn redactor() -> Redactor {
    Redactor::new(Arc::new(Masker::of(&api_key())))
}

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn body_to(to: &str, text: &str) -> MessageBody {
    body(Some("+13125550142"), None, to, text)
}

fn body(from: Option<&str>, profile: Option<&str>, to: &str, text: &str) -> MessageBody {
    MessageBody::new(OutgoingMessage {
        sender: &Sender::parse(from, profile).unwrap(),
        recipient: &PhoneNumber::parse(to).unwrap(),
        text,
        webhook_url: None,
    })
    .unwrap()
}

/// Sends with a second of patience.
async fn send(telnyx: &Telnyx, body: &MessageBody, key: &IdempotencyKey) -> Sent {
    let deadline = Instant::now() + Duration::from_secs(1);
    let sent = telnyx
        .send(&api_key(), &redactor(), body, key, deadline)
        .await;
    let all = format!("{sent:?}");
    assert!(!all.contains(API_KEY), "the key shows: {all}");
    sent
}

async fn outcome(telnyx: &Telnyx, to: &str, text: &str) -> SendOutcome {
    send(telnyx, &body_to(to, text), &key(text)).await.outcome
}
