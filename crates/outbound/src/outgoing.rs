//! The body that goes out, and tells whether it did.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Whether a connection took a request.
#[derive(Debug, Default)]
pub struct Marker(Arc<AtomicBool>);

impl Marker {
    /// Whether the request may have gone out. Asked after the exchange is over or dropped: a body
    /// that is gone untouched was never sent, and one that is still held somewhere may yet be.
    pub fn may_have_been_sent(mut self) -> bool {
        Arc::get_mut(&mut self.0).is_none_or(|taken| *taken.get_mut())
    }
}

/// A body that goes out. A connection asks it for its size before it writes the first byte of a
/// head, since the head says how the body is framed; that is how a sent request is told from one
/// that never left.
#[derive(Debug)]
pub struct Outgoing {
    data: Bytes,
    taken: Arc<AtomicBool>,
}

impl Outgoing {
    /// A body, and what tells whether it was taken.
    pub fn new(data: Bytes) -> (Self, Marker) {
        let marker = Marker::default();
        let taken = marker.0.clone();
        (Self { data, taken }, marker)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.taken.store(true, Ordering::Relaxed);
        let data = std::mem::take(&mut self.data);
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.taken.store(true, Ordering::Relaxed);
        self.data.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.taken.store(true, Ordering::Relaxed);
        SizeHint::with_exact(self.data.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_tells_whether_it_may_have_gone_out() {
        let (body, marker) = Outgoing::new(Bytes::from("x"));
        drop(body);
        assert!(
            !marker.may_have_been_sent(),
            "it is gone, and nobody looked at it"
        );
        let (body, marker) = Outgoing::new(Bytes::from("x"));
        assert!(
            marker.may_have_been_sent(),
            "a connection may still hold it"
        );
        drop(body);
        let (body, marker) = Outgoing::new(Bytes::new());
        assert!(body.is_end_stream());
        drop(body);
        assert!(marker.may_have_been_sent(), "a connection framed it");
    }
}
