//! *Send test message*: one message through a channel, outside any conversation.

use std::time::Duration;

use switchboard_contract::messages::TestMessageInput;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::IntegrationId;
use switchboard_domain::input::InputErrors;
use switchboard_domain::sms::message::Message;
use switchboard_domain::sms::{PhoneNumber, Segments};
use switchboard_domain::text_message::Rendered;
use switchboard_kinds::channel;
use switchboard_store::change::Entity;
use tokio::time::Instant;

use crate::change::ConfigChange;
use crate::outbox::TestSending;
use crate::{Manage, existing, origins};
use switchboard_operation::{AppError, Manager};

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
    manage: &Manage,
    manager: &Manager,
    id: IntegrationId,
    input: TestMessageInput,
    dry_run: bool,
) -> Result<TestMessage, AppError> {
    let workspace = manager.workspace();
    let mut conn = manage.db.read().await?;
    let row = existing::integration(&mut conn.engine(), workspace, id).await?;
    drop(conn);
    let Some(definition) = row.definition.messaging_channel() else {
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
    let channel = channel(id, definition, "", &mut errors)
        .ok_or_else(|| AppError::Internal("a stored channel is not valid any more".to_owned()))?;
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let uses = definition.secret_uses(manage.provider());
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
    let sending = TestSending {
        workspace,
        environment: *input.environment,
        channel: &channel,
        rendered: &rendered,
        deadline: Instant::now() + DEADLINE,
    };
    let message = manage.outbox.send(sending).await?;
    Ok(TestMessage::Sent(Box::new(message)))
}
