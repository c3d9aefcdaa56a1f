//! What is known of a connection, so that one that does nothing can be told from one that works.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// The parts of a second that connections are timed in. They are noted with each read and write, so
/// one task counts them and nobody asks for the time.
pub const TICK: Duration = Duration::from_millis(250);

/// The count of ticks. It starts at 1, so that 0 can stand for never.
#[derive(Debug)]
pub struct Clock(AtomicU64);

impl Clock {
    /// A clock that stands at its start.
    pub const fn new() -> Self {
        Self(AtomicU64::new(1))
    }

    /// Goes on by one.
    pub fn tick(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1
    }

    fn now(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How long a connection may do what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To send the head of a request, from its first byte on; the first one from the start.
    pub head: Duration,
    /// To do nothing between requests.
    pub idle: Duration,
    /// To take nothing of what is written to it.
    pub stalled: Duration,
}

/// A connection, as those see it who decide about it.
#[derive(Debug)]
pub struct Watch {
    clock: Arc<Clock>,
    opened: u64,
    /// When the first byte of a head came that is not whole yet.
    head_since: AtomicU64,
    /// When anything last went either way.
    moved: AtomicU64,
    /// Since when nothing of what is written is taken.
    stalled_since: AtomicU64,
    /// Requests that are being answered.
    busy: AtomicU32,
    /// Whether any request came.
    served: AtomicBool,
    /// Ends the connection.
    pub cut: Notify,
}

impl Watch {
    /// Of a connection that was just opened.
    pub fn new(clock: &Arc<Clock>) -> Self {
        let now = clock.now();
        Self {
            clock: clock.clone(),
            opened: now,
            head_since: AtomicU64::new(0),
            moved: AtomicU64::new(now),
            stalled_since: AtomicU64::new(0),
            busy: AtomicU32::new(0),
            served: AtomicBool::new(false),
            cut: Notify::new(),
        }
    }

    /// Notes that the head of a request is there. The request ends with what this gives.
    pub fn begin(self: &Arc<Self>) -> Busy {
        self.head_since.store(0, Relaxed);
        self.served.store(true, Relaxed);
        self.busy.fetch_add(1, Relaxed);
        Busy(self.clone())
    }

    fn has_read(&self) {
        let now = self.clock.now();
        self.moved.store(now, Relaxed);
        if self.busy.load(Relaxed) == 0 && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(now, Relaxed);
        }
    }

    fn has_written(&self) {
        self.moved.store(self.clock.now(), Relaxed);
        if self.stalled_since.load(Relaxed) != 0 {
            self.stalled_since.store(0, Relaxed);
        }
    }

    fn is_stalled(&self) {
        if self.stalled_since.load(Relaxed) == 0 {
            self.stalled_since.store(self.clock.now(), Relaxed);
        }
    }

    /// Why it should be closed now, if it should.
    pub fn overdue(&self, now: u64, patience: &Patience) -> Option<&'static str> {
        let over = |since: u64, limit: Duration| {
            let ticks = u32::try_from(now.saturating_sub(since)).unwrap_or(u32::MAX);
            since != 0 && TICK.saturating_mul(ticks) > limit
        };
        if over(self.stalled_since.load(Relaxed), patience.stalled) {
            return Some("stalled");
        }
        if self.busy.load(Relaxed) > 0 {
            return None;
        }
        let unserved = !self.served.load(Relaxed);
        if over(self.head_since.load(Relaxed), patience.head)
            || (unserved && over(self.opened, patience.head))
        {
            return Some("head");
        }
        over(self.moved.load(Relaxed), patience.idle).then_some("idle")
    }

    /// Whether it may make room for another: it has been there for a second and sent no request.
    pub fn is_worthless(&self) -> bool {
        let old = self.clock.now().saturating_sub(self.opened) >= 4;
        old && !self.served.load(Relaxed)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Busy(Arc<Watch>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.moved.store(self.0.clock.now(), Relaxed);
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

/// A stream whose comings and goings are noted.
#[derive(Debug)]
pub struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
}

impl Watched {
    /// Notes what goes through a stream.
    pub const fn new(stream: TcpStream, watch: Arc<Watch>) -> Self {
        Self { stream, watch }
    }

    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(_) => self.watch.has_written(),
            Poll::Pending => self.watch.is_stalled(),
        }
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.watch.has_read();
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(90),
        stalled: Duration::from_mins(1),
    };

    fn wait(clock: &Clock, seconds: u64) -> u64 {
        (0..seconds * 4).map(|_| clock.tick()).last().unwrap_or(1)
    }

    #[test]
    fn a_connection_is_closed_for_what_it_does_not_do() {
        let clock = Arc::new(Clock::new());
        let silent = Arc::new(Watch::new(&clock));
        assert!(!silent.is_worthless());
        let now = wait(&clock, 15);
        assert!(silent.is_worthless());
        assert_eq!(silent.overdue(now, &PATIENCE), None);
        let now = wait(&clock, 1);
        assert_eq!(silent.overdue(now, &PATIENCE), Some("head"));

        let working = Arc::new(Watch::new(&clock));
        working.has_read();
        let busy = working.begin();
        let now = wait(&clock, 3600);
        assert_eq!(working.overdue(now, &PATIENCE), None);
        drop(busy);
        assert!(!working.is_worthless());
        let now = wait(&clock, 90);
        assert_eq!(working.overdue(now, &PATIENCE), None);
        let now = wait(&clock, 1);
        assert_eq!(working.overdue(now, &PATIENCE), Some("idle"));
        working.has_written();
        assert_eq!(working.overdue(now, &PATIENCE), None, "a stream lives");
        working.has_read();
        let now = wait(&clock, 16);
        assert_eq!(working.overdue(now, &PATIENCE), Some("head"));

        let reading = Arc::new(Watch::new(&clock));
        let _busy = reading.begin();
        reading.is_stalled();
        let now = wait(&clock, 61);
        assert_eq!(reading.overdue(now, &PATIENCE), Some("stalled"));
        reading.has_written();
        assert_eq!(reading.overdue(now, &PATIENCE), None);
    }
}
