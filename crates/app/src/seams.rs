//! What is managed and who may do what reach what runs by these alone.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use switchboard_connect::Performed;
use switchboard_domain::id::WorkspaceId;
use switchboard_domain::sms::message::Message;
use switchboard_manage::{Outbox, TestSending};
use switchboard_operation::{Announce, AppError};
use switchboard_runtime::Runtime;
use switchboard_runtime::messages::{self, Outgoing};

/// The ways there.
#[derive(Debug)]
pub struct Seams(pub Arc<Runtime>);

impl Announce for Seams {
    fn committed(&self, workspace: WorkspaceId) -> BoxFuture<'_, ()> {
        self.0.catalog().committed(workspace).boxed()
    }
}

const fn outgoing(sending: TestSending<'_>) -> Outgoing<'_> {
    Outgoing {
        channel: sending.channel,
        rendered: sending.rendered,
        workspace: sending.workspace,
        environment: sending.environment,
        from: None,
        deadline: sending.deadline,
    }
}

impl Outbox for Seams {
    fn perform<'a>(&'a self, sending: TestSending<'a>) -> BoxFuture<'a, Performed> {
        messages::perform(&self.0, outgoing(sending)).boxed()
    }

    fn send<'a>(&'a self, sending: TestSending<'a>) -> BoxFuture<'a, Result<Message, AppError>> {
        messages::send(&self.0, outgoing(sending)).boxed()
    }
}
