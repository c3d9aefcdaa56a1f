//! Delivery receipts: who sent one is checked before anything in it is read.

use http::HeaderMap;
use switchboard_connect::telnyx::{
    Event, MessageId as ProviderMessageId, WebhookError, WebhookKey,
};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{IntegrationId, MessageId, WorkspaceId};
use switchboard_domain::sms::message::{MessageKey, Step};
use switchboard_store::{integration, message};

use super::outbox;
use crate::Runtime;
use switchboard_operation::AppError;

/// What was made of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It took a message further.
    Applied,
    /// It says what is known, or comes too late.
    Known,
    /// It is about a message that is not here, or about something else.
    Ignored,
}

impl Received {
    /// The name used in the API and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Known => "known",
            Self::Ignored => "ignored",
        }
    }
}

/// Takes a webhook of a channel's provider.
pub async fn receive(
    runtime: &Runtime,
    channel: IntegrationId,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Received, AppError> {
    let received = handle(runtime, channel, headers, body).await;
    let label = match &received {
        Ok(received) => received.as_str(),
        Err(AppError::BadRequest { .. }) => "refused",
        Err(_) => "failed",
    };
    metrics::counter!("switchboard_webhooks_total", "provider" => "telnyx", "outcome" => label)
        .increment(1);
    received
}

async fn handle(
    runtime: &Runtime,
    channel: IntegrationId,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Received, AppError> {
    let mut conn = runtime.db.read().await?;
    let found = integration::anywhere(&mut conn.engine(), channel).await?;
    drop(conn);
    let Some((workspace, row)) = found else {
        return Err(AppError::NotFound("integration"));
    };
    let Some(definition) = row.definition.messaging_channel() else {
        return Err(AppError::NotFound("integration"));
    };
    let key = definition.webhook_public_key.as_deref().ok_or_else(|| {
        AppError::bad_request(
            ErrorCode::WebhookPublicKeyMissing,
            "this channel has no `webhook_public_key`, so nobody can tell whether a webhook is its provider's; copy the key from the provider's portal",
        )
    })?;
    let refused = |error: WebhookError| {
        let code = match error {
            WebhookError::InvalidKey => ErrorCode::InvalidWebhookPublicKey,
            WebhookError::Refused(_) => ErrorCode::InvalidSignature,
            WebhookError::Malformed => ErrorCode::MalformedWebhook,
        };
        AppError::bad_request(code, error.to_string())
    };
    let now = runtime.context.now();
    let verified = WebhookKey::parse(key)
        .and_then(|key| key.verify(headers, body, now))
        .map_err(refused)?;
    let event = verified.event().map_err(refused)?;
    let Event::Message {
        id,
        webhook_url,
        report,
    } = event
    else {
        return Ok(Received::Ignored);
    };
    let by_url = webhook_url.as_deref().and_then(message_in);
    let Some(key) = find(runtime, workspace, channel, by_url, &id).await? else {
        return Ok(Received::Ignored);
    };
    let step = Step::Reported(report, Some(id.to_string()));
    Ok(match outbox::step(runtime, &key, step).await? {
        Some(_) => Received::Applied,
        None => Received::Known,
    })
}

/// The message that a webhook's own URL names. The signature covers it.
fn message_in(url: &str) -> Option<MessageId> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("message="))?
        .parse()
        .ok()
}

async fn find(
    runtime: &Runtime,
    workspace: WorkspaceId,
    channel: IntegrationId,
    by_url: Option<MessageId>,
    id: &ProviderMessageId,
) -> Result<Option<MessageKey>, AppError> {
    let mut conn = runtime.db.read().await?;
    let engine = &mut conn.engine();
    if let Some(named) = by_url {
        let found = message::get(engine, workspace, named).await?;
        let found = found.filter(|message| message.key.channel == channel);
        if let Some(message) = found {
            return Ok(Some(message.key));
        }
    }
    let found = message::by_provider_id(engine, workspace, channel, id.as_str()).await?;
    Ok(found.map(|message| message.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_in_the_query_counts() {
        let id = "msg_01980000000070008000000000000001";
        let base = "https://sb.example/api/v1/webhooks/telnyx/int_1";
        for (url, found) in [
            (format!("{base}?message={id}"), true),
            (format!("{base}?a=b&message={id}"), true),
            (format!("{base}?message={id}x"), false),
            (format!("{base}/message={id}"), false),
            (base.to_owned(), false),
        ] {
            assert_eq!(message_in(&url).is_some(), found, "{url}");
        }
    }
}
