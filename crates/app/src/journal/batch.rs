//! The task that writes: what is waiting, in one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use moka::sync::Cache;
use switchboard_domain::conversation::Conversation;
use switchboard_domain::id::ConversationId;
use switchboard_store::journal::{self as rows, CallKey, CallRow, EventRow};
use switchboard_store::{Db, Engine, conversation};
use tokio::sync::{broadcast, mpsc};

use super::op::{Done, Reserved, Work};
use super::{Key, Op};
use crate::error::AppError;

/// Operations that share a transaction at most.
const LARGEST_BATCH: usize = 256;

type Outcome = Result<Done, AppError>;

/// Runs until the queue's other end is dropped.
pub async fn run(
    db: Db,
    remembered: Option<Cache<Key, Arc<Conversation>>>,
    news: broadcast::Sender<ConversationId>,
    mut ops: mpsc::Receiver<Op>,
) {
    let writer = Writer {
        db,
        remembered,
        news,
    };
    let mut waiting = Vec::with_capacity(LARGEST_BATCH);
    while ops.recv_many(&mut waiting, LARGEST_BATCH).await > 0 {
        writer.write_all(&mut waiting).await;
    }
}

struct Writer {
    db: Db,
    remembered: Option<Cache<Key, Arc<Conversation>>>,
    news: broadcast::Sender<ConversationId>,
}

/// What a batch has done so far and not yet written.
#[derive(Default)]
struct Draft {
    conversations: HashMap<Key, Conversation>,
    changed: HashMap<Key, ()>,
    events: Vec<EventRow>,
    reserved: Vec<CallRow>,
}

impl Writer {
    /// Writes a batch and answers it. When a batch fails, each operation is tried by itself, so that
    /// one cannot fail the others.
    async fn write_all(&self, ops: &mut Vec<Op>) {
        match self.write(ops).await {
            Ok(outcomes) => {
                for (op, outcome) in ops.drain(..).zip(outcomes) {
                    let _ = op.reply.send(outcome);
                }
            }
            Err(error) if ops.len() == 1 => {
                for op in ops.drain(..) {
                    let _ = op.reply.send(Err(AppError::Internal(error.to_string())));
                }
            }
            Err(error) => {
                tracing::warn!(%error, operations = ops.len(), "a batch of the journal failed; writing one by one");
                for op in ops.drain(..) {
                    let mut alone = vec![op];
                    let result = self.write(&alone).await;
                    let outcome = result
                        .map_err(|error| AppError::Internal(error.to_string()))
                        .and_then(|mut outcomes| outcomes.pop().unwrap_or(Err(AppError::Stopping)));
                    if let Some(op) = alone.pop() {
                        let _ = op.reply.send(outcome);
                    }
                }
            }
        }
    }

    async fn write(&self, ops: &[Op]) -> Result<Vec<Outcome>, AppError> {
        let mut tx = self.db.write().await?;
        let mut draft = Draft::default();
        let mut outcomes = Vec::with_capacity(ops.len());
        {
            let engine = &mut tx.engine();
            self.load(engine, ops, &mut draft).await?;
            for op in ops {
                outcomes.push(one(engine, op, &mut draft).await?);
            }
            let changed: Vec<&Conversation> = draft
                .changed
                .keys()
                .filter_map(|key| draft.conversations.get(key))
                .collect();
            rows::save_conversations(engine, &changed).await?;
            rows::insert_events(engine, &draft.events).await?;
            rows::insert_calls(engine, &draft.reserved).await?;
        }
        tx.commit().await?;
        self.publish(draft);
        Ok(outcomes)
    }

    /// Brings the conversations of a batch into memory: from what is remembered, or locked from the
    /// database.
    async fn load(
        &self,
        engine: &mut Engine<'_>,
        ops: &[Op],
        draft: &mut Draft,
    ) -> Result<(), AppError> {
        let mut missing = vec![];
        for op in ops {
            if draft.conversations.contains_key(&op.key) || missing.contains(&op.key) {
                continue;
            }
            if let Work::Start(conversation, _) = &op.work {
                draft
                    .conversations
                    .insert(op.key, Conversation::clone(conversation));
                continue;
            }
            match self.remembered.as_ref().and_then(|cache| cache.get(&op.key)) {
                Some(found) => {
                    draft
                        .conversations
                        .insert(op.key, Conversation::clone(&found));
                }
                None => missing.push(op.key),
            }
        }
        for found in conversation::lock(engine, &missing).await? {
            let key = (found.key.workspace, found.key.id);
            draft.conversations.insert(key, found);
        }
        Ok(())
    }

    /// Makes what was written known in this process.
    fn publish(&self, draft: Draft) {
        if self.news.receiver_count() > 0 {
            for row in &draft.events {
                let _ = self.news.send(row.conversation);
            }
        }
        if let Some(cache) = &self.remembered {
            for (key, conversation) in draft.conversations {
                if draft.changed.contains_key(&key) {
                    cache.insert(key, Arc::new(conversation));
                }
            }
        }
    }
}

/// Applies one operation. The inner error is its own answer; the outer one fails the batch.
async fn one(
    engine: &mut Engine<'_>,
    op: &Op,
    draft: &mut Draft,
) -> Result<Outcome, AppError> {
    if let Some(before) = call_before(engine, op, draft).await? {
        return Ok(Ok(Done::Before(Box::new(before))));
    }
    if !close_call(engine, op).await? {
        return Ok(Ok(Done::Gone));
    }
    let Some(conversation) = draft.conversations.get_mut(&op.key) else {
        return Ok(Err(AppError::NotFound("conversation")));
    };
    let effects = match op.work.apply(conversation) {
        Ok(effects) => effects,
        Err(error) => return Ok(Err(error)),
    };
    draft.changed.insert(op.key, ());
    draft.reserved.extend(effects.reserved);
    for (event, sequence) in effects.events {
        draft.events.push(EventRow {
            workspace: op.key.0,
            conversation: op.key.1,
            sequence,
            event,
        });
    }
    Ok(Ok(Done::Now(Arc::new(conversation.clone()))))
}

/// The call that a reservation's key stands for already, in the database or in this batch.
async fn call_before(
    engine: &mut Engine<'_>,
    op: &Op,
    draft: &Draft,
) -> Result<Option<CallRow>, AppError> {
    let Work::Reserve(reservation) = &op.work else {
        return Ok(None);
    };
    let Some(key) = &reservation.call.idempotency_key else {
        return Ok(None);
    };
    let in_batch = draft.reserved.iter().find(|call| {
        (call.workspace, call.conversation) == op.key && call.idempotency_key.as_ref() == Some(key)
    });
    if let Some(call) = in_batch {
        return Ok(Some(call.clone()));
    }
    Ok(rows::call_by_idempotency_key(engine, op.key.0, op.key.1, key).await?)
}

/// Ends the row of a reserved call. False when another server did.
async fn close_call(engine: &mut Engine<'_>, op: &Op) -> Result<bool, AppError> {
    let key = |id| CallKey {
        workspace: op.key.0,
        conversation: op.key.1,
        id,
    };
    Ok(match &op.work {
        Work::Settle(settlement) => match settlement.reserved {
            Reserved::No => true,
            Reserved::UntilSettled => rows::remove_call(engine, key(settlement.call)).await?,
            Reserved::WithAnswer => {
                rows::answer_call(engine, key(settlement.call), &settlement.answer).await?
            }
        },
        Work::Recover(recovered) => {
            let (call, _, answer) = &**recovered;
            if call.idempotency_key.is_some() {
                rows::answer_call(engine, key(call.id), answer).await?
            } else {
                rows::remove_call(engine, key(call.id)).await?
            }
        }
        _ => true,
    })
}
