//! Where log lines go: standard error, by a thread of its own, so that who logs can neither fail nor
//! wait. A log that is not read any more, or a full disk, costs lines and never a call.
//!
//! Handing each line over would cost more than writing it. So the thread sleeps for a moment after
//! each time that it wrote, and then writes whatever came meanwhile at once.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memchr::memchr_iter;
use rustix::event::{PollFd, PollFlags, poll};
use tracing_subscriber::fmt::MakeWriter;

/// What a pipe takes at once, or not at all (POSIX: `PIPE_BUF` is at least 512, on Linux 4096).
const PIECE: usize = 4096;
/// How many bytes may wait to be written. Lines that do not fit in are lost.
const ROOM: usize = 1 << 20;
/// What is kept of the room when it is not used.
const KEPT: usize = 64 << 10;
/// How long lines wait for others.
const GATHER: Duration = Duration::from_millis(5);
/// How long the end of the process waits for its last lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lines that could not be written.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines could not be written so far.
pub fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

fn lose(text: &[u8]) {
    let lines = memchr_iter(b'\n', text).count();
    LOST.fetch_add(u64::try_from(lines).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Lines on their way to an output.
#[derive(Debug, Clone)]
pub struct LogWriter(Arc<Waiting>);

/// Waits, when it is dropped, until what was logged is written.
#[derive(Debug)]
pub struct Flush(LogWriter);

impl Drop for Flush {
    fn drop(&mut self) {
        self.0.flush();
    }
}

#[derive(Debug, Default)]
struct Waiting {
    state: Mutex<State>,
    /// Something came.
    came: Condvar,
    /// Everything is written.
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    text: Vec<u8>,
    /// Whether something is being written.
    is_busy: bool,
}

impl LogWriter {
    /// Starts the thread that writes.
    pub fn start(output: impl Write + AsFd + Send + 'static) -> io::Result<(Self, Flush)> {
        let waiting = Arc::new(Waiting::default());
        let shared = waiting.clone();
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write_to(output))?;
        let writer = Self(waiting);
        Ok((writer.clone(), Flush(writer)))
    }

    fn flush(&self) {
        let waiting = &self.0;
        let is_under_way = |state: &mut State| state.is_busy || !state.text.is_empty();
        let state = waiting.lock();
        drop(
            waiting
                .written
                .wait_timeout_while(state, PATIENCE, is_under_way),
        );
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(&self.0)
    }
}

/// Takes a line, whole or not at all.
#[derive(Debug)]
pub struct Line<'a>(&'a Waiting);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.text.len() + line.len() > ROOM {
            drop(state);
            lose(line);
            return Ok(line.len());
        }
        let is_first = state.text.is_empty();
        state.text.extend_from_slice(line);
        drop(state);
        if is_first {
            self.0.came.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes, for as long as the process lives.
    #[expect(
        clippy::disallowed_methods,
        reason = "it sleeps on a thread of its own"
    )]
    fn write_to(&self, mut output: impl Write + AsFd) {
        let mut text = vec![];
        loop {
            self.take(&mut text);
            put(&mut output, &text);
            text.clear();
            text.shrink_to(KEPT);
            std::thread::sleep(GATHER);
        }
    }

    /// Waits for lines, and takes all there are.
    fn take(&self, text: &mut Vec<u8>) {
        let mut state = self.lock();
        state.is_busy = false;
        if state.text.is_empty() {
            self.written.notify_all();
        }
        let mut state = self
            .came
            .wait_while(state, |state| state.text.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.text, text);
        state.is_busy = true;
    }
}

/// Writes some lines, however long that takes; what cannot be written is lost.
fn put(output: &mut (impl Write + AsFd), text: &[u8]) {
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(PIECE));
        if !waits_until_writable(output) || output.write_all(piece).is_err() {
            lose(rest);
            return;
        }
        rest = after;
    }
}

/// Waits until a piece can be written. False when nobody reads any more.
fn waits_until_writable(output: &impl AsFd) -> bool {
    let mut polled = [PollFd::new(output, PollFlags::OUT)];
    loop {
        match poll(&mut polled, None) {
            Ok(_) => return !polled[0].revents().contains(PollFlags::ERR),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn lines_reach_who_reads_in_their_order() {
        let (mut reader, output) = io::pipe().unwrap();
        let (writer, flush) = LogWriter::start(output).unwrap();
        let mut expected = String::new();
        for number in 0..1000 {
            let line = format!("{number}\n");
            writer.make_writer().write_all(line.as_bytes()).unwrap();
            expected.push_str(&line);
        }
        drop(flush);
        let mut text = vec![0; expected.len()];
        reader.read_exact(&mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn who_stopped_reading_holds_nobody_up() {
        let (mut reader, output) = io::pipe().unwrap();
        let (writer, _flush) = LogWriter::start(output).unwrap();
        let mut line = vec![b'x'; PIECE];
        line[PIECE - 1] = b'\n';
        let before = lost();
        let lines = 4 * ROOM / PIECE;
        // More than a pipe and the room hold; nobody reads.
        for _ in 0..lines {
            writer.make_writer().write_all(&line).unwrap();
        }
        assert!(lost() > before);
        // Who reads again finds whole lines.
        let mut text = vec![0; ROOM];
        reader.read_exact(&mut text).unwrap();
        assert!(text.chunks(PIECE).all(|found| found == line));
    }

    #[test]
    fn who_went_away_breaks_nothing() {
        let (reader, output) = io::pipe().unwrap();
        let (writer, flush) = LogWriter::start(output).unwrap();
        drop(reader);
        writer.make_writer().write_all(b"one\n").unwrap();
        drop(flush);
    }
}
