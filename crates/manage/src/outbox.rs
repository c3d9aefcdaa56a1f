//! Sending a text message that is tried out. Who sends text messages is whoever runs conversations;
//! this is the way there.

use futures_util::future::BoxFuture;
use switchboard_connect::Performed;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::sms::message::Message;
use switchboard_domain::text_message::Rendered;
use switchboard_kinds::Channel;
use switchboard_operation::AppError;
use tokio::time::Instant;

/// A message that belongs to no conversation.
#[derive(Debug, Clone, Copy)]
pub struct TestSending<'a> {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Where it is sent.
    pub environment: Environment,
    /// Through which channel.
    pub channel: &'a Channel,
    /// What it says, and to whom.
    pub rendered: &'a Rendered,
    /// When it has to be over.
    pub deadline: Instant,
}

/// Sends text messages.
pub trait Outbox: std::fmt::Debug + Send + Sync {
    /// Sends one as a call would.
    fn perform<'a>(&'a self, sending: TestSending<'a>) -> BoxFuture<'a, Performed>;

    /// Sends one, and answers it as it is then.
    fn send<'a>(&'a self, sending: TestSending<'a>) -> BoxFuture<'a, Result<Message, AppError>>;
}
