//! Whether an operation is done already: asked before it is done again, when the answer to a commit
//! was lost.

use std::sync::Arc;

use switchboard_domain::id::EventId;
use switchboard_store::journal as rows;
use switchboard_store::{Engine, StoreError, audit, conversation, event, message};

use super::op::{Done, MessageChange, Removal, Work};
use super::waiting::Op;

/// What an operation came to, if it is durable.
pub(super) async fn applied(engine: &mut Engine<'_>, op: &Op) -> Result<Option<Done>, StoreError> {
    let (workspace, id) = op.key;
    let is_done = match &op.work {
        Work::Reserve(reservation) => {
            let call = reservation.call.id;
            rows::is_open(engine, workspace, id, call).await?
        }
        Work::Message(work) => {
            let found = message::get(engine, workspace, work.id).await?;
            let found = found.filter(|message| match work.what {
                MessageChange::Enqueue(_) => true,
                // Each step of a message is taken at another time.
                MessageChange::Step(_) => message.updated_at == work.at,
            });
            return Ok(found.map(|message| Done::Message(Some(Box::new(message)))));
        }
        Work::Remove(removal) => {
            // Of an old one nobody waits to hear whether it is gone by this or was before.
            let Removal::Asked(told) = removal else {
                return Ok(None);
            };
            let is_told = audit::exists(engine, workspace, told.id).await?;
            return Ok(is_told.then_some(Done::Removed));
        }
        Work::Withdraw(_) => false,
        work => {
            let mut found = false;
            for event in work.events() {
                found = found
                    || event::sequence_of(engine, workspace, id, event)
                        .await?
                        .is_some();
            }
            found
        }
    };
    if !is_done {
        return Ok(None);
    }
    if let Work::Settle(settlement) = &op.work {
        return Ok(Some(settlement.done()));
    }
    let conversation = conversation::get(engine, workspace, id).await?;
    Ok(conversation.map(|conversation| Done::Now(Arc::new(conversation))))
}

impl Work {
    /// The ids of the events that it may leave.
    fn events(&self) -> Vec<EventId> {
        match self {
            Self::Start(_, event) | Self::Note(event) => vec![event.id],
            Self::Settle(settlement) => vec![settlement.event.id],
            Self::Refuse(refused) => vec![refused.0.id],
            Self::Recover(recovery) => vec![recovery.event.id],
            Self::Change(change, _) => {
                let ids = change.ids.iter();
                ids.copied().map(EventId::from_uuid).collect()
            }
            Self::Reserve(_) | Self::Withdraw(_) | Self::Message(_) | Self::Remove(_) => vec![],
        }
    }
}
