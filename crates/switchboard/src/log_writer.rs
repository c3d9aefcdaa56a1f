//! Where log lines go: standard error, in a way that can neither fail nor wait. A log that is not read
//! any more, or a full disk, costs lines and never a call.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing_subscriber::fmt::MakeWriter;

/// What a pipe takes at once, or not at all (POSIX: `PIPE_BUF` is at least 512, on Linux 4096).
const PIECE: usize = 4096;

/// Lines that could not be written.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many lines could not be written so far.
pub fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// Makes writers to standard error.
#[derive(Debug, Clone, Copy)]
pub struct ToStderr;

impl<'a> MakeWriter<'a> for ToStderr {
    type Writer = Lossy<io::StderrLock<'static>>;

    fn make_writer(&'a self) -> Self::Writer {
        Lossy(io::stderr().lock())
    }
}

/// Writes what can be written at once, and drops the rest.
#[derive(Debug)]
pub struct Lossy<W>(W);

impl<W: Write + std::os::fd::AsFd> Write for Lossy<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        for piece in line.chunks(PIECE) {
            if !is_writable(&self.0) || self.0.write_all(piece).is_err() {
                LOST.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// Whether writing a piece does not wait: whoever reads a full pipe may have stopped for good.
fn is_writable(output: &impl std::os::fd::AsFd) -> bool {
    let mut polled = [PollFd::new(output, PollFlags::OUT)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    match poll(&mut polled, Some(&now)) {
        Ok(_) => {
            let events = polled[0].revents();
            events.contains(PollFlags::OUT) && !events.contains(PollFlags::ERR)
        }
        Err(_) => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn lines_reach_who_reads() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut lossy = Lossy(writer);
        lossy.write_all(b"one\n").unwrap();
        lossy.write_all(b"two\n").unwrap();
        drop(lossy);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }

    #[test]
    fn who_stopped_reading_holds_nobody_up() {
        let (reader, writer) = io::pipe().unwrap();
        let mut lossy = Lossy(writer);
        let line = vec![b'x'; PIECE];
        let before = lost();
        // A pipe holds 64 KiB; nobody reads this one.
        for _ in 0..64 {
            lossy.write_all(&line).unwrap();
        }
        assert!(lost() > before);
        drop(reader);
    }

    #[test]
    fn who_went_away_breaks_nothing() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut lossy = Lossy(writer);
        lossy.write_all(b"one\n").unwrap();
        lossy.flush().unwrap();
    }
}
