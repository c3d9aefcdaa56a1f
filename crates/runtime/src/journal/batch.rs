//! Writing what is waiting, in one transaction.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use switchboard_domain::conversation::{Conversation, Status};
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{CallId, ConversationId, InstanceId, MessageId};
use switchboard_domain::retention::{Fate, fate};
use switchboard_domain::sms::message::{Message, Stepped};
use switchboard_store::audit::AuditRow;
use switchboard_store::batch::{self, Batch};
use switchboard_store::forget::{self, Removed};
use switchboard_store::journal::{self as rows, CallKey, CallRow, EventRow, KeptAnswer};
use switchboard_store::stat::Counted;
use switchboard_store::{Db, Engine, Lane, StoreError, conversation, instance, message};
use tokio::sync::broadcast;

use super::Key;
use super::applied::applied;
use super::apply::Effects;
use super::behind::{Behind, Rows};
use super::op::{Done, MessageChange, MessageWork, Removal, Reserved, Work, under_way};
use super::waiting::Op;
use switchboard_operation::AppError;

type Outcome = Result<Done, AppError>;

/// What came of writing a batch.
pub enum Attempt {
    /// Every operation is answered.
    Done,
    /// Nothing can be written now, and nobody knows whether this was: why.
    Unavailable(String),
}

/// Writes batches.
pub struct Writer {
    pub db: Db,
    /// Conversations, where this is the only writer.
    pub remembered: Option<Cache<Key, Arc<Conversation>>>,
    /// Those whose rows are to be written; only there too.
    pub behind: Behind,
    pub news: broadcast::Sender<ConversationId>,
    pub instance: InstanceId,
    /// How long a batch may take.
    pub deadline: Duration,
    /// Set when something was written that counts calls.
    pub counted: Arc<AtomicBool>,
}

/// What a batch has done so far and not yet written.
#[derive(Default)]
struct Draft {
    conversations: HashMap<Key, Conversation>,
    /// Those that changed, and whether their rows have to be written at once.
    changed: HashMap<Key, bool>,
    events: Vec<EventRow>,
    reserved: Vec<CallRow>,
    removed: Vec<CallKey>,
    answered: Vec<(CallKey, KeptAnswer)>,
    messages: HashMap<MessageId, Message>,
    changed_messages: HashSet<MessageId>,
    counted: Counted,
    forgotten: Vec<Removed>,
}

/// What a batch writes, and what of it is known afterwards.
struct Drafted {
    batch: Arc<Batch>,
    /// The conversations that it changes.
    changed: Vec<Arc<Conversation>>,
    /// Those whose rows it leaves behind.
    left: Vec<Arc<Conversation>>,
}

impl Draft {
    /// What is to be written. Where it is time to write the rows that are behind, all of them are.
    fn finish(mut self, due: Option<Rows>) -> Drafted {
        let is_due = due.is_some();
        let mut due = due.unwrap_or_default();
        let (mut rows, mut left, mut changed) = (vec![], vec![], vec![]);
        for (key, at_once) in self.changed {
            let Some(conversation) = self.conversations.remove(&key).map(Arc::new) else {
                continue;
            };
            due.remove(&key);
            changed.push(conversation.clone());
            let place = if at_once || is_due {
                &mut rows
            } else {
                &mut left
            };
            place.push(conversation);
        }
        rows.extend(due.into_values().flatten());
        let messages = self.changed_messages.into_iter();
        let batch = Batch {
            conversations: rows,
            events: self.events,
            calls: self.reserved,
            removed: self.removed,
            answered: self.answered,
            counted: self.counted.text(),
            catches_up: is_due,
            messages: messages
                .filter_map(|id| self.messages.remove(&id))
                .collect(),
            forgotten: self.forgotten,
        };
        Drafted {
            batch: Arc::new(batch),
            changed,
            left,
        }
    }

    fn is_empty(&self) -> bool {
        self.changed.is_empty()
            && self.removed.is_empty()
            && self.answered.is_empty()
            && self.changed_messages.is_empty()
            && self.forgotten.is_empty()
    }

    /// Whether it begins something in a conversation that is not over: a call, or the handing over of a
    /// text message.
    fn is_busy(&self, (workspace, id): Key) -> bool {
        let mut calls = self.reserved.iter();
        let mut messages = self.messages.values();
        calls.any(|call| (call.workspace, call.conversation) == (workspace, id))
            || messages.any(|message| {
                message.key.workspace == workspace
                    && message.key.conversation == Some(id)
                    && message.instance.is_some()
            })
    }

    /// Whether it ends a call.
    fn ends(&self, call: CallId) -> bool {
        let mut answered = self.answered.iter().map(|(key, _)| key);
        self.removed.iter().any(|key| key.id == call) || answered.any(|key| key.id == call)
    }

    /// The message that an operation takes further, where it is not here yet.
    fn missing_message(&self, op: &Op) -> Option<MessageId> {
        match &op.work {
            Work::Message(work) if matches!(work.what, MessageChange::Step(_)) => {
                Some(work.id).filter(|id| !self.messages.contains_key(id))
            }
            _ => None,
        }
    }

    fn note_events(&mut self, key: Key, effects: Effects) {
        self.reserved.extend(effects.reserved);
        for (event, sequence) in effects.events {
            self.events.push(EventRow {
                workspace: key.0,
                conversation: key.1,
                sequence,
                event,
            });
        }
    }
}

impl Writer {
    /// Writes a batch and answers it. When the database refuses a batch, each operation is tried by
    /// itself, so that one cannot fail the others. What cannot be written now stays in `ops`.
    #[tracing::instrument(level = "debug", name = "batch", skip_all, fields(operations = ops.len()))]
    pub async fn write_all(&self, ops: &mut Vec<Op>) -> Attempt {
        match self.write(ops).await {
            Ok(outcomes) => {
                for (op, outcome) in ops.drain(..).zip(outcomes) {
                    op.answer(outcome);
                }
                return Attempt::Done;
            }
            Err(StoreError::Unavailable(cause)) => return Attempt::Unavailable(cause),
            Err(error) if ops.len() > 1 => {
                tracing::warn!(%error, operations = ops.len(), "a batch of the journal failed; writing one by one");
            }
            Err(_) => {}
        }
        // Taken from the end, so that what is left is in order.
        ops.reverse();
        let mut cause = None;
        while let Some(op) = ops.last_mut() {
            let outcome = match self.write(std::slice::from_mut(op)).await {
                Ok(mut outcomes) => outcomes.pop().unwrap_or(Err(AppError::Stopping)),
                Err(StoreError::Unavailable(reason)) => {
                    cause = Some(reason);
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, work = op.work.name(), "a change of a conversation cannot be written");
                    Err(AppError::Internal(error.to_string()))
                }
            };
            if let Some(op) = ops.pop() {
                op.answer(outcome);
            }
        }
        ops.reverse();
        cause.map_or(Attempt::Done, Attempt::Unavailable)
    }

    /// Writes something that changes nothing, to see whether writing works.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let probe = async {
            let mut tx = self.db.write_in(Lane::Journal).await?;
            instance::seen(&mut tx.engine(), self.instance).await?;
            tx.commit().await
        };
        self.in_time(probe).await
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let result = tokio::time::timeout(self.deadline, work).await;
        let result = result.unwrap_or_else(|_| {
            let text = format!("a batch took more than {} s", self.deadline.as_secs());
            Err(StoreError::Unavailable(text))
        });
        if let Err(StoreError::Unavailable(_)) = &result {
            // The connections beside this one may be as dead.
            self.db.suspect();
        }
        result
    }

    async fn write(&self, ops: &mut [Op]) -> Result<Vec<Outcome>, StoreError> {
        let result = if self.remembered.is_some() {
            self.in_time(self.write_alone(ops)).await
        } else {
            self.in_time(self.write_among_others(ops)).await
        };
        if ops.iter().any(|op| op.work.count().is_some()) {
            self.counted.store(true, Ordering::Release);
        }
        if result.is_err() {
            // It may be durable, and then what is remembered is old.
            if let Some(cache) = &self.remembered {
                for op in &*ops {
                    cache.invalidate(&op.key);
                }
                self.behind.doubt(ops.iter().map(|op| op.key));
            }
            for op in ops {
                op.tried = true;
            }
            return result;
        }
        for op in ops.iter().filter(|op| op.tried) {
            // Where it was found to be written by the attempt whose answer was lost, nobody has heard.
            let _ = self.news.send(op.key.1);
        }
        result
    }

    /// As the only writer: what is read needs no transaction, and what is written goes in one go.
    async fn write_alone(&self, ops: &mut [Op]) -> Result<Vec<Outcome>, StoreError> {
        let mut draft = Draft::default();
        let mut outcomes = Vec::with_capacity(ops.len());
        let mut missing = self.remember(ops, &mut draft);
        let due = self.behind.due();
        let doubted: Vec<_> = due
            .iter()
            .flatten()
            .filter(|(key, row)| row.is_none() && !missing.contains(key))
            .map(|(key, _)| *key)
            .collect();
        missing.extend(&doubted);
        if !missing.is_empty() {
            let mut conn = self.db.read_in(Lane::Journal).await?;
            load(&mut conn.engine(), &missing, &mut draft).await?;
        }
        for key in &doubted {
            if draft.conversations.contains_key(key) {
                draft.changed.insert(*key, true);
            }
        }
        for op in ops {
            if op.tried || op.work.idempotency_key().is_some() {
                let mut conn = self.db.read_in(Lane::Journal).await?;
                if let Some(done) = done_before(&mut conn.engine(), op, &draft).await? {
                    outcomes.push(Ok(done));
                    continue;
                }
            }
            if let Some(call) = op.work.ends_for_another()
                && !self.is_open(op.key, call, &draft).await?
            {
                outcomes.push(Ok(Done::Gone(None)));
                continue;
            }
            if matches!(op.work, Work::Remove(_)) {
                let mut conn = self.db.read_in(Lane::Journal).await?;
                outcomes.push(remove(&mut conn.engine(), op, &mut draft).await?);
                continue;
            }
            if let Some(id) = draft.missing_message(op) {
                let mut conn = self.db.read_in(Lane::Journal).await?;
                let found = message::get(&mut conn.engine(), op.key.0, id).await?;
                draft.messages.extend(found.map(|found| (id, found)));
            }
            close_call_alone(op, &mut draft);
            outcomes.push(apply(op, &mut draft));
        }
        if draft.is_empty() && due.is_none() {
            return Ok(outcomes);
        }
        let drafted = draft.finish(due);
        batch::write_alone(&self.db, drafted.batch.clone()).await?;
        self.behind.written(&drafted.batch.conversations);
        self.behind.leave(&drafted.left);
        // A conversation that is not there has no row.
        let forgotten = drafted.batch.forgotten.iter();
        let forgotten = forgotten.map(|removed| (removed.workspace, removed.conversation));
        self.behind.forget(doubted.into_iter().chain(forgotten));
        self.publish(&drafted);
        Ok(outcomes)
    }

    /// Writes the rows that are behind, if it is time.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.in_time(self.write_alone(&mut [])).await.map(drop)
    }

    /// Whether a reserved call is not settled yet, neither in the database nor in this batch.
    async fn is_open(&self, key: Key, call: CallId, draft: &Draft) -> Result<bool, StoreError> {
        if draft.ends(call) {
            return Ok(false);
        }
        let mut conn = self.db.read_in(Lane::Journal).await?;
        rows::is_open(&mut conn.engine(), key.0, key.1, call).await
    }

    /// Beside other replicas: everything in one transaction that locks its conversations.
    async fn write_among_others(&self, ops: &mut [Op]) -> Result<Vec<Outcome>, StoreError> {
        let mut tx = self.db.write_in(Lane::Journal).await?;
        let mut draft = Draft::default();
        let mut outcomes = Vec::with_capacity(ops.len());
        let engine = &mut tx.engine();
        let missing = self.remember(ops, &mut draft);
        load(engine, &missing, &mut draft).await?;
        for op in ops {
            outcomes.push(one(engine, op, &mut draft).await?);
        }
        for at_once in draft.changed.values_mut() {
            *at_once = true;
        }
        let drafted = draft.finish(None);
        batch::write(engine, &drafted.batch).await?;
        tx.commit().await?;
        self.publish(&drafted);
        Ok(outcomes)
    }

    /// Takes the conversations of a batch from what is remembered; answers those that are not.
    fn remember(&self, ops: &[Op], draft: &mut Draft) -> Vec<Key> {
        let mut missing = vec![];
        for op in ops {
            if draft.conversations.contains_key(&op.key) || missing.contains(&op.key) {
                continue;
            }
            if let Work::Start(conversation, _) = &op.work
                && !op.tried
            {
                let conversation = Conversation::clone(conversation);
                draft.conversations.insert(op.key, conversation);
                continue;
            }
            match self
                .remembered
                .as_ref()
                .and_then(|cache| cache.get(&op.key))
            {
                Some(found) => {
                    let conversation = Conversation::clone(&found);
                    draft.conversations.insert(op.key, conversation);
                }
                None => missing.push(op.key),
            }
        }
        missing
    }

    /// Makes what was written known in this process. Who hears of it looks at once, so what there is
    /// to see comes before the news of it.
    fn publish(&self, drafted: &Drafted) {
        if let Some(cache) = &self.remembered {
            for conversation in &drafted.changed {
                let key = (conversation.key.workspace, conversation.key.id);
                // Nothing is asked of a closed one any more that a look at the database cannot answer.
                if conversation.status == Status::Closed {
                    cache.invalidate(&key);
                } else {
                    cache.insert(key, conversation.clone());
                }
            }
        }
        for removed in &drafted.batch.forgotten {
            if let Some(cache) = &self.remembered {
                cache.invalidate(&(removed.workspace, removed.conversation));
            }
        }
        if self.news.receiver_count() > 0 {
            let events = drafted.batch.events.iter().map(|row| row.conversation);
            let forgotten = drafted.batch.forgotten.iter();
            for conversation in events.chain(forgotten.map(|row| row.conversation)) {
                let _ = self.news.send(conversation);
            }
        }
    }
}

/// Reads conversations from the database, locked where others write too.
async fn load(
    engine: &mut Engine<'_>,
    missing: &[Key],
    draft: &mut Draft,
) -> Result<(), StoreError> {
    for found in conversation::lock(engine, missing).await? {
        let key = (found.key.workspace, found.key.id);
        draft.conversations.insert(key, found);
    }
    Ok(())
}

/// Applies one operation beside other replicas. The inner error is its own answer; the outer one
/// fails the batch.
async fn one(
    engine: &mut Engine<'_>,
    op: &mut Op,
    draft: &mut Draft,
) -> Result<Outcome, StoreError> {
    if let Some(done) = done_before(engine, op, draft).await? {
        return Ok(Ok(done));
    }
    if matches!(op.work, Work::Remove(_)) {
        return remove(engine, op, draft).await;
    }
    if !close_call(engine, op).await? {
        return Ok(Ok(Done::Gone(None)));
    }
    if let Some(id) = draft.missing_message(op) {
        let found = message::lock(engine, op.key.0, id).await?;
        draft.messages.extend(found.map(|found| (id, found)));
    }
    Ok(apply(op, draft))
}

/// What an operation came to where it is done already: by itself, in a transaction whose answer was
/// lost, or by another call with the same key.
async fn done_before(
    engine: &mut Engine<'_>,
    op: &Op,
    draft: &Draft,
) -> Result<Option<Done>, StoreError> {
    if op.tried
        && let Some(done) = applied(engine, op).await?
    {
        return Ok(Some(done));
    }
    let before = call_before(engine, op, draft).await?;
    Ok(before.map(|before| Done::Before(Box::new(before))))
}

/// Applies one operation to the draft.
fn apply(op: &mut Op, draft: &mut Draft) -> Outcome {
    if let Work::Start(conversation, _) = &op.work {
        let conversation = Conversation::clone(conversation);
        draft.conversations.entry(op.key).or_insert(conversation);
    }
    let Some(conversation) = draft.conversations.get_mut(&op.key) else {
        return Err(AppError::NotFound("conversation"));
    };
    if let Work::Message(work) = &op.work {
        return apply_message(op.key, work, draft);
    }
    op.work.fit(conversation);
    let at_once = !op.work.may_leave_behind(conversation);
    let effects = op.work.apply(conversation)?;
    // Who settles a call has no use for the conversation, and copying it costs.
    let done = match &op.work {
        Work::Settle(settlement) => settlement.done(),
        _ => Done::Now(Arc::new(conversation.clone())),
    };
    if let Some((count, at)) = op.work.count() {
        draft.counted.add(op.key.0, at, count);
    }
    *draft.changed.entry(op.key).or_default() |= at_once;
    draft.note_events(op.key, effects);
    Ok(done)
}

/// Takes a conversation out of the draft, unless something of it is under way. Whatever comes after it in
/// the queue does not find it any more.
async fn remove(
    engine: &mut Engine<'_>,
    op: &Op,
    draft: &mut Draft,
) -> Result<Outcome, StoreError> {
    let (Work::Remove(removal), Some(conversation)) = (&op.work, draft.conversations.get(&op.key))
    else {
        return Ok(Err(AppError::NotFound("conversation")));
    };
    if let Removal::Old(before) = *removal
        && fate(
            conversation.status == Status::Closed,
            conversation.updated_at,
            before,
        ) == Fate::Stays
    {
        return Ok(Ok(Done::Kept));
    }
    let (workspace, conversation) = op.key;
    if draft.is_busy(op.key) || forget::is_busy(engine, workspace, conversation).await? {
        return Ok(match removal {
            Removal::Asked(_) => Err(under_way()),
            Removal::Old(_) => Ok(Done::Kept),
        });
    }
    draft.conversations.remove(&op.key);
    draft.forgotten.push(Removed {
        workspace,
        conversation,
        told: match removal {
            Removal::Asked(told) => Some(AuditRow::clone(told)),
            Removal::Old(_) => None,
        },
    });
    Ok(Ok(Done::Removed))
}

/// Takes a text message further, and tells its conversation.
fn apply_message(key: Key, work: &MessageWork, draft: &mut Draft) -> Outcome {
    let stepped = match &work.what {
        MessageChange::Enqueue(message) => {
            draft.messages.insert(work.id, Message::clone(message));
            Stepped::Told
        }
        MessageChange::Step(step) => match draft.messages.get_mut(&work.id) {
            Some(message) => message.step(step, work.at),
            None => return Err(AppError::NotFound("message")),
        },
    };
    let message = draft.messages.get(&work.id).cloned();
    let (Some(message), false) = (message, stepped == Stepped::Nothing) else {
        return Ok(Done::Message(None));
    };
    draft.changed_messages.insert(work.id);
    if stepped == Stepped::Told
        && let Some(conversation) = draft.conversations.get_mut(&key)
    {
        let mut effects = Effects::default();
        let event = NewEvent {
            id: work.event,
            at: work.at,
            kind: EventType::MessageUpdated,
            data: message.event_data().to_string(),
        };
        effects.event(conversation, event);
        draft.changed.entry(key).or_default();
        draft.note_events(key, effects);
    }
    Ok(Done::Message(Some(Box::new(message))))
}

/// Ends the row of a reserved call, of which it is known that nobody else has done so: who performs it
/// is the only one who settles it, and whoever else ends it has looked.
fn close_call_alone(op: &Op, draft: &mut Draft) {
    let key = |id| CallKey {
        workspace: op.key.0,
        conversation: op.key.1,
        id,
    };
    match &op.work {
        Work::Settle(settlement) => match settlement.reserved {
            Reserved::No => {}
            Reserved::UntilSettled => draft.removed.push(key(settlement.call)),
            Reserved::WithAnswer => {
                let answer = settlement.answer.clone();
                draft.answered.push((key(settlement.call), answer));
            }
        },
        Work::Recover(recovery) => {
            let call = &recovery.call;
            if call.idempotency_key.is_some() {
                let answer = recovery.answer.clone();
                draft.answered.push((key(call.id), answer));
            } else {
                draft.removed.push(key(call.id));
            }
        }
        Work::Withdraw(withdrawal) => draft.removed.push(key(withdrawal.call)),
        _ => {}
    }
}

/// The call that a reservation's key stands for already, in the database or in this batch.
async fn call_before(
    engine: &mut Engine<'_>,
    op: &Op,
    draft: &Draft,
) -> Result<Option<CallRow>, StoreError> {
    let Some(key) = op.work.idempotency_key() else {
        return Ok(None);
    };
    let in_batch = draft.reserved.iter().find(|call| {
        (call.workspace, call.conversation) == op.key
            && call.idempotency_key.as_deref() == Some(key)
    });
    if let Some(call) = in_batch {
        return Ok(Some(call.clone()));
    }
    rows::call_by_idempotency_key(engine, op.key.0, op.key.1, key).await
}

/// Ends the row of a reserved call. False when another server did.
async fn close_call(engine: &mut Engine<'_>, op: &Op) -> Result<bool, StoreError> {
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
        Work::Recover(recovery) => {
            let call = &recovery.call;
            if call.idempotency_key.is_some() {
                rows::answer_call(engine, key(call.id), &recovery.answer).await?
            } else {
                rows::remove_call(engine, key(call.id)).await?
            }
        }
        Work::Withdraw(withdrawal) => rows::remove_call(engine, key(withdrawal.call)).await?,
        _ => true,
    })
}
