//! *Send test message*: one message through a channel, outside any conversation.

use std::time::Duration;

use switchboard_contract::messages::TestMessageInput;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::IntegrationId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::IntegrationDefinition;
use switchboard_domain::sms::message::Message;
use switchboard_domain::sms::{PhoneNumber, Segments};
use switchboard_domain::text_message::Rendered;
use switchboard_store::change::Entity;
use tokio::time::Instant;

use super::outbox::{self, NewMessage};
use crate::change::ConfigChange;
use crate::{App, AppError, Manager, integrations, origins};

/// How long the provider may take to answer.
const DEADLINE: Duration = Duration::from_secs(15);

/// What a message would be.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Who would receive it, in E.164 form.
    pub to: PhoneNumber,
    /// How many parts it would take.
    pub segments: Segments,
}

/// What came of a test message.
#[derive(Debug)]
pub enum TestMessage {
    /// It was sent, or tried.
    Sent(Box<Message>),
    /// It was asked for as a dry run: nothing was sent.
    WouldBe(Preview),
}

/// Sends a test message, or says what it would be.
pub async fn send_test(
    app: &App,
    manager: &Manager,
    id: IntegrationId,
    input: TestMessageInput,
    dry_run: bool,
) -> Result<TestMessage, AppError> {
    let workspace = manager.workspace();
    let mut conn = app.db.read().await?;
    let row = integrations::existing(&mut conn.engine(), workspace, id).await?;
    drop(conn);
    let IntegrationDefinition::MessagingChannel(definition) = &row.definition else {
        return Err(AppError::conflict(
            ErrorCode::NotAMessagingChannel,
            "only a messaging channel sends text messages",
        ));
    };
    let mut errors = InputErrors::new();
    let recipient = errors.check("/to", PhoneNumber::parse(&input.to));
    let segments = errors.check("/text", Segments::of(&input.text));
    let (Some(recipient), Some(segments)) = (recipient, segments) else {
        return Err(AppError::Invalid(errors.into_inner()));
    };
    if dry_run {
        return Ok(TestMessage::WouldBe(Preview {
            to: recipient,
            segments,
        }));
    }
    let channel = super::channel(id, definition, "", &mut errors)
        .ok_or_else(|| AppError::Internal("a stored channel is not valid any more".to_owned()))?;
    let mut change = ConfigChange::begin(app, workspace, manager.actor()).await?;
    let uses = definition.secret_uses(app.telnyx.origin());
    origins::admit(&mut change, uses.clone()).await?;
    let details = change.details();
    details.environment = Some(*input.environment);
    details.uses(&uses);
    change
        .note(
            Entity::Integration,
            &id.to_string(),
            "integration.test_message",
        )
        .await?;
    change.commit().await?;
    let rendered = Rendered {
        recipient,
        text: input.text,
        segments,
    };
    let new = NewMessage {
        workspace,
        channel: &channel,
        environment: *input.environment,
        conversation: None,
        call: None,
        rendered: &rendered,
    };
    let (message, is_now) = outbox::enqueue(app, new).await?;
    if is_now {
        let sent = outbox::send(app, &channel, &message, Instant::now() + DEADLINE).await?;
        if let Some(sent) = sent {
            return Ok(TestMessage::Sent(Box::new(sent.message)));
        }
    }
    let message = outbox::current(app, &message.key).await?;
    Ok(TestMessage::Sent(Box::new(message)))
}
