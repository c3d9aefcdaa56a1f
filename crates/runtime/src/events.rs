//! A conversation's log: page by page, and live.

use std::sync::Arc;

use switchboard_domain::event::Event;
use switchboard_domain::id::{ConversationId, EventId};
use switchboard_store::event;

use crate::news::{News, NewsOf};
use crate::{Runtime, conversations};
use switchboard_operation::{AppError, Conversations, Page, Reader};

/// A page ends early when its events have more bytes than this.
const PAGE_BYTES: u64 = 4 << 20;
/// What a stream takes up at a time: nobody knows whether its reader reads, and thousands may not.
const STREAM_BYTES: u64 = 64 << 10;
const STREAM_EVENTS: u32 = 100;

/// A place in a log: a sequence number or an event's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// After this sequence number.
    Sequence(u64),
    /// After this event.
    Event(EventId),
}

impl std::str::FromStr for Position {
    type Err = AppError;

    fn from_str(text: &str) -> Result<Self, AppError> {
        text.parse()
            .map(Self::Sequence)
            .or_else(|_| text.parse().map(Self::Event))
            .map_err(|_| AppError::invalid("/after", "expected an event's id or sequence number"))
    }
}

async fn resolve(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    id: ConversationId,
    after: Option<Position>,
) -> Result<u64, AppError> {
    conversations::get(runtime, reader, id).await?;
    match after {
        None => Ok(0),
        // Sequence numbers are stored as signed ones.
        Some(Position::Sequence(sequence)) => Ok(sequence.min(i64::MAX.unsigned_abs())),
        Some(Position::Event(event_id)) => {
            let mut conn = runtime.db.read().await?;
            event::sequence_of(&mut conn.engine(), reader.workspace(), id, event_id)
                .await?
                .ok_or_else(|| AppError::invalid("/after", "this conversation has no such event"))
        }
    }
}

/// A page of events after a place, in order. It ends early where its events are large.
pub async fn list(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    id: ConversationId,
    after: Option<Position>,
    limit: u32,
) -> Result<Page<Event>, AppError> {
    let after = resolve(runtime, reader, id, after).await?;
    read(runtime, reader, id, after, limit, PAGE_BYTES).await
}

async fn read(
    runtime: &Runtime,
    reader: &Reader<Conversations>,
    id: ConversationId,
    after: u64,
    limit: u32,
    bytes: u64,
) -> Result<Page<Event>, AppError> {
    let mut conn = runtime.db.read().await?;
    Ok(event::list(
        &mut conn.engine(),
        reader.workspace(),
        id,
        after,
        limit,
        bytes,
    )
    .await?)
}

/// Follows a log: what is there, then what comes.
#[derive(Debug)]
pub struct Follower {
    reader: Reader<Conversations>,
    conversation: ConversationId,
    after: u64,
    news: NewsOf,
}

/// Follows a conversation's log from a place on.
pub async fn follow(
    runtime: &Arc<Runtime>,
    reader: Reader<Conversations>,
    id: ConversationId,
    after: Option<Position>,
) -> Result<Follower, AppError> {
    let conversation = conversations::get(runtime, &reader, id).await?;
    // Waited for before it is read, so that nothing falls between the two.
    let news = News::of(runtime, &conversation);
    let after = resolve(runtime, &reader, id, after).await?;
    Ok(Follower {
        reader,
        conversation: id,
        after,
        news,
    })
}

impl Follower {
    /// The next events, at least one. Waits until there are some, and does nothing meanwhile. None when there
    /// will be none any more, because the conversation was removed.
    pub async fn next(&mut self, runtime: &Runtime) -> Result<Option<Vec<Event>>, AppError> {
        let mut is_first = true;
        loop {
            let (after, limit) = (self.after, STREAM_EVENTS);
            let (reader, id) = (&self.reader, self.conversation);
            let page = read(runtime, reader, id, after, limit, STREAM_BYTES).await?;
            if let Some(last) = page.rows.last() {
                self.after = last.sequence;
                return Ok(Some(page.rows));
            }
            // What it is told of is more events, or that there is nothing to follow.
            if !std::mem::take(&mut is_first) {
                let key = (reader.workspace(), id);
                if runtime.journal.get(key).await?.is_none() {
                    return Ok(None);
                }
            }
            self.news.next().await;
        }
    }
}
