//! Text messages: channels, the outbox, and what providers say of what was sent.
//!
//! A message is in the outbox before its provider is asked, and goes out again only where the
//! provider surely did not take it. What is not known stays `outcome_unknown` until the provider
//! says more (`docs/decisions/0004-text-messages.md`).

mod outbox;
mod perform;
mod webhook;
mod work;

use switchboard_domain::id::MessageId;
use switchboard_domain::sms::message::Message;
use switchboard_store::message;

use crate::Runtime;
use switchboard_operation::{AppError, Conversations, Page, Reader};
pub use switchboard_store::message::Filter;
pub use webhook::{Received, receive};

pub use perform::{Outgoing, perform, send};
pub(crate) use work::{deliver, recover};

/// A page of messages, the newest first.
pub async fn list(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    filter: Filter,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Page<Message>, AppError> {
    let mut conn = runtime.db.read().await?;
    let engine = &mut conn.engine();
    Ok(message::list(engine, reader.workspace(), filter, before, limit).await?)
}

/// One message.
pub async fn get(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    id: MessageId,
) -> Result<Message, AppError> {
    let mut conn = runtime.db.read().await?;
    message::get(&mut conn.engine(), reader.workspace(), id)
        .await?
        .ok_or(AppError::NotFound("message"))
}
