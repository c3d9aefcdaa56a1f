//! A conversation's log: page by page, and live.

use std::time::Duration;

use switchboard_domain::event::Event;
use switchboard_domain::id::{ConversationId, EventId};
use switchboard_store::event;
use tokio::sync::broadcast;

use crate::{App, AppError, Conversations, Page, Reader, conversations};

/// How long a follower waits at most before it looks: events of other replicas are not announced.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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
    app: &App,
    reader: &Reader<Conversations>,
    id: ConversationId,
    after: Option<Position>,
) -> Result<u64, AppError> {
    conversations::get(app, reader, id).await?;
    match after {
        None => Ok(0),
        // Sequence numbers are stored as signed ones.
        Some(Position::Sequence(sequence)) => Ok(sequence.min(i64::MAX.unsigned_abs())),
        Some(Position::Event(event_id)) => {
            let mut conn = app.db.read().await?;
            event::sequence_of(&mut conn.engine(), reader.workspace(), id, event_id)
                .await?
                .ok_or_else(|| AppError::invalid("/after", "this conversation has no such event"))
        }
    }
}

/// A page of events after a place, in order.
pub async fn list(
    app: &App,
    reader: &Reader<Conversations>,
    id: ConversationId,
    after: Option<Position>,
    limit: u32,
) -> Result<Page<Event>, AppError> {
    let after = resolve(app, reader, id, after).await?;
    read(app, reader, id, after, limit).await
}

async fn read(
    app: &App,
    reader: &Reader<Conversations>,
    id: ConversationId,
    after: u64,
    limit: u32,
) -> Result<Page<Event>, AppError> {
    let mut conn = app.db.read().await?;
    Ok(event::list(&mut conn.engine(), reader.workspace(), id, after, limit).await?)
}

/// Follows a log: what is there, then what comes.
#[derive(Debug)]
pub struct Follower {
    reader: Reader<Conversations>,
    conversation: ConversationId,
    after: u64,
    news: broadcast::Receiver<ConversationId>,
}

/// Follows a conversation's log from a place on.
pub async fn follow(
    app: &App,
    reader: Reader<Conversations>,
    id: ConversationId,
    after: Option<Position>,
) -> Result<Follower, AppError> {
    // Heard of before it is read, so that nothing falls between the two.
    let news = app.journal.news();
    let after = resolve(app, &reader, id, after).await?;
    Ok(Follower {
        reader,
        conversation: id,
        after,
        news,
    })
}

impl Follower {
    /// The next events, at least one. Waits until there are some.
    pub async fn next(&mut self, app: &App) -> Result<Vec<Event>, AppError> {
        loop {
            let page = read(app, &self.reader, self.conversation, self.after, 200).await?;
            if let Some(last) = page.rows.last() {
                self.after = last.sequence;
                return Ok(page.rows);
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, self.heard()).await;
        }
    }

    async fn heard(&mut self) {
        loop {
            match self.news.recv().await {
                Ok(conversation) if conversation != self.conversation => {}
                // Ours, or so much that some was lost: look either way.
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
