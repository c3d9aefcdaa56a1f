//! An answer whose body is read piece by piece, to a cap and a deadline.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Uri};
use tokio::time::Instant;

use crate::body::{BodyError, Payload};
use crate::error::{OutboundError, Phase};
use crate::room::{FREE, Held, Room};

/// An answer whose body is still to be read.
pub struct ResponseStream {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// How often the request went out.
    pub attempts: u32,
    /// Where it came from, after redirects.
    pub uri: Uri,
    pub(crate) payload: Payload,
    pub(crate) limit: usize,
    pub(crate) read: usize,
    /// What large answers take room of, where they are kept whole.
    pub(crate) room: Option<Room>,
    pub(crate) held: Option<Held>,
}

impl std::fmt::Debug for ResponseStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseStream")
            .field("status", &self.status)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl ResponseStream {
    /// The next piece of the body, decompressed; none at its end. All pieces together stay under
    /// the request's cap.
    pub async fn chunk(&mut self, deadline: Instant) -> Result<Option<Bytes>, OutboundError> {
        let next = tokio::time::timeout_at(deadline, self.payload.next()).await;
        match next {
            Err(_) => Err(self.too_late()),
            Ok(Err(error)) => Err(self.broken(error)),
            Ok(Ok(None)) => Ok(None),
            Ok(Ok(Some(piece))) => {
                self.count(piece.len())?;
                Ok(Some(piece))
            }
        }
    }

    /// Sets another cap, once the head says what the answer is.
    pub const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The whole body, or what is left of it.
    pub async fn collect(&mut self, deadline: Instant) -> Result<Bytes, OutboundError> {
        let all = tokio::time::timeout_at(deadline, self.read_all()).await;
        let all = all.unwrap_or_else(|_| Err(self.too_late()));
        if let Some(held) = &mut self.held {
            held.shrink(self.read);
        }
        all
    }

    async fn read_all(&mut self) -> Result<Bytes, OutboundError> {
        // Most answers are one piece, which is then not copied.
        let Some(first) = self.piece().await? else {
            return Ok(Bytes::new());
        };
        let rest = usize::try_from(self.payload.announced()).unwrap_or(usize::MAX);
        let Some(second) = self.piece().await? else {
            return Ok(first);
        };
        let room = first.len().saturating_add(rest).min(self.limit);
        let mut all = BytesMut::with_capacity(room.max(first.len() + second.len()));
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.piece().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, OutboundError> {
        match self.payload.next().await {
            Ok(Some(piece)) => {
                self.count(piece.len())?;
                if self.read > FREE && self.held.is_none() {
                    self.take_room().await;
                }
                Ok(Some(piece))
            }
            Ok(None) => Ok(None),
            Err(error) => Err(self.broken(error)),
        }
    }

    /// Waits for room for the whole answer: as much as it says it has, or may have.
    async fn take_room(&mut self) {
        let Some(room) = &self.room else { return };
        let rest = usize::try_from(self.payload.announced()).unwrap_or(usize::MAX);
        let most = match rest {
            0 => self.limit,
            rest => self.read.saturating_add(rest).min(self.limit),
        };
        self.held = room.take(most).await;
    }

    fn count(&mut self, length: usize) -> Result<(), OutboundError> {
        self.read = self.read.saturating_add(length);
        if self.read > self.limit {
            return Err(self.too_large());
        }
        Ok(())
    }

    pub(crate) fn too_large(&self) -> OutboundError {
        OutboundError::TooLarge {
            limit: self.limit,
            status: self.status.as_u16(),
        }
    }

    fn too_late(&self) -> OutboundError {
        OutboundError::Timeout {
            host: host(&self.uri),
            phase: Phase::Reading,
            sent: true,
        }
    }

    fn broken(&self, error: BodyError) -> OutboundError {
        body_error(&self.uri, error)
    }
}

pub fn body_error(uri: &Uri, error: BodyError) -> OutboundError {
    let host = host(uri);
    match error {
        BodyError::Lost => OutboundError::ConnectionLost {
            host,
            in_answer: true,
        },
        BodyError::Invalid(detail) => OutboundError::InvalidResponse { host, detail },
    }
}

pub fn host(uri: &Uri) -> String {
    uri.host().unwrap_or_default().to_owned()
}
