//! Telling other servers which conversations got events.
//!
//! A notification in a transaction of the journal would make every commit of the database wait for
//! every other (PostgreSQL writes its queue under one lock). So what was committed is gathered for a
//! moment and told apart from the calls, and only while another server says that somebody waits
//! there: a server without streams elsewhere says nothing.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use switchboard_domain::id::ConversationId;
use switchboard_store::conversation;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Runtime;
use switchboard_operation::AppError;

/// How long what comes together is gathered.
const GATHER: Duration = Duration::from_millis(25);
/// How long another server is taken to wait after it said so.
const WAITS_FOR: Duration = Duration::from_secs(7);
/// The most conversations that one notification names: PostgreSQL takes 8,000 bytes.
const NAMED: usize = 200;
/// Beyond so many at once, everybody looks.
const MANY: usize = 2000;

const WAITS: &str = "waits";
const GOT: &str = "got ";
const GOT_MANY: &str = "got-many";

/// What servers say to each other about conversations.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// Somebody waits for news here.
    Waits,
    /// These conversations got events.
    Got(Vec<ConversationId>),
    /// More conversations got events than can be named.
    GotMany,
}

impl Message {
    /// Reads what another server said; none where it is about something else.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            WAITS => return Some(Self::Waits),
            GOT_MANY => return Some(Self::GotMany),
            _ => {}
        }
        let ids = text.strip_prefix(GOT)?.split(' ');
        let ids = ids.filter_map(|id| Uuid::try_parse(id).ok());
        Some(Self::Got(ids.map(ConversationId::from_uuid).collect()))
    }

    fn write(&self) -> String {
        match self {
            Self::Waits => WAITS.to_owned(),
            Self::GotMany => GOT_MANY.to_owned(),
            Self::Got(conversations) => {
                let mut text = GOT.to_owned();
                for id in conversations {
                    let _ = write!(text, "{} ", id.uuid().simple());
                }
                text.truncate(text.trim_end().len());
                text
            }
        }
    }

    /// What says that these conversations got events.
    fn of(conversations: &HashSet<ConversationId>) -> Vec<Self> {
        if conversations.len() > MANY {
            return vec![Self::GotMany];
        }
        let all: Vec<_> = conversations.iter().copied().collect();
        let some = all.chunks(NAMED);
        some.map(|some| Self::Got(some.to_vec())).collect()
    }
}

/// Whether other servers wait for news of this one.
#[derive(Debug, Default)]
pub struct Others {
    until: Mutex<Option<Instant>>,
    began: Notify,
}

impl Others {
    /// Another server waits, for a while.
    pub fn wait(&self) {
        let until = Instant::now() + WAITS_FOR;
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        self.began.notify_one();
    }

    fn until(&self) -> Option<Instant> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.filter(|until| *until > Instant::now())
    }
}

/// Says something to the other servers.
pub async fn say(runtime: &Runtime, messages: &[Message]) -> Result<(), AppError> {
    let mut tx = runtime.db.write().await?;
    for message in messages {
        conversation::announce(&mut tx.engine(), &message.write()).await?;
    }
    Ok(tx.commit().await?)
}

/// Tells other servers of what is written here while somebody waits there, until the server stops.
pub async fn tell_others(runtime: Arc<Runtime>) {
    loop {
        runtime.news.others.began.notified().await;
        let mut journal = runtime.journal.news();
        while let Some(until) = runtime.news.others.until() {
            let first = tokio::select! {
                heard = journal.recv() => heard,
                () = tokio::time::sleep_until(until) => break,
            };
            tokio::time::sleep(GATHER).await;
            let Some(messages) = gather(&first, &mut journal) else {
                return;
            };
            // What is not told is found by the others' next look.
            if let Err(error) = say(&runtime, &messages).await {
                tracing::warn!(%error, "other servers were not told of new events");
            }
        }
    }
}

/// All that came meanwhile; none when nothing comes any more.
fn gather(
    first: &Result<ConversationId, broadcast::error::RecvError>,
    journal: &mut broadcast::Receiver<ConversationId>,
) -> Option<Vec<Message>> {
    let mut conversations = match first {
        Ok(first) => HashSet::from([*first]),
        Err(broadcast::error::RecvError::Lagged(_)) => return Some(vec![Message::GotMany]),
        Err(broadcast::error::RecvError::Closed) => return None,
    };
    loop {
        match journal.try_recv() {
            Ok(next) => {
                conversations.insert(next);
            }
            Err(broadcast::error::TryRecvError::Lagged(_)) => {
                return Some(vec![Message::GotMany]);
            }
            Err(_) => return Some(Message::of(&conversations)),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn some(count: u128) -> HashSet<ConversationId> {
        let ids = (0..count).map(|n| ConversationId::from_uuid(Uuid::from_u128(n << 70)));
        ids.collect()
    }

    #[test]
    fn what_is_said_is_heard_and_fits() {
        for count in [1, 199, 200, 201, 2000, 2001] {
            let all = some(count);
            let mut heard = HashSet::new();
            for message in Message::of(&all) {
                let text = message.write();
                assert!(text.len() < 8000, "{count}: {}", text.len());
                let read = Message::read(&text).unwrap();
                assert_eq!(read, message);
                if let Message::Got(ids) = read {
                    heard.extend(ids);
                }
            }
            assert_eq!(heard == all, count <= 2000, "{count}");
        }
        assert_eq!(Message::read(&Message::Waits.write()), Some(Message::Waits));
        assert_eq!(Message::read("wsp_0123"), None);
    }

    #[tokio::test]
    async fn what_comes_together_is_told_together() {
        let (sender, mut receiver) = broadcast::channel(8);
        for id in some(3) {
            sender.send(id).unwrap();
            sender.send(id).unwrap();
        }
        let first = receiver.recv().await;
        let told = gather(&first, &mut receiver).unwrap();
        let [Message::Got(ids)] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(ids.iter().copied().collect::<HashSet<_>>(), some(3));
        for id in some(20) {
            sender.send(id).unwrap();
        }
        let first = receiver.recv().await;
        assert_eq!(gather(&first, &mut receiver), Some(vec![Message::GotMany]));
    }
}
