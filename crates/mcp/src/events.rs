//! Reading a stream of server-sent events (WHATWG HTML, section 9.2) piece by piece, to a cap.

use memchr::memchr2;

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its type; empty means `message`.
    pub kind: String,
    /// Its data.
    pub data: String,
}

/// An event is larger than the cap, or not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub enum BadEvent {
    /// It is larger than the cap.
    TooLarge,
    /// It is not text.
    NotText,
}

/// What was read so far.
#[derive(Debug)]
pub struct Events {
    buffer: Vec<u8>,
    /// Where the next line starts.
    start: usize,
    /// Up to where there is no end of a line.
    searched: usize,
    event: Event,
    has_data: bool,
    /// The last line ended with a carriage return, whose line feed may still come.
    after_return: bool,
    cap: usize,
    /// The id of the last event that had one: where to go on after a break.
    pub last_id: Option<String>,
    /// How long to wait before asking again, in milliseconds, if the server said so.
    pub retry_ms: Option<u64>,
}

impl Events {
    /// Nothing read yet; an event may have `cap` bytes.
    pub const fn new(cap: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            event: Event {
                kind: String::new(),
                data: String::new(),
            },
            has_data: false,
            after_return: false,
            cap,
            last_id: None,
            retry_ms: None,
        }
    }

    /// Takes a piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(piece);
    }

    /// The next event that is complete; none until more is pushed. Events without data say no more
    /// than their id, and are not given out.
    pub fn next(&mut self) -> Result<Option<Event>, BadEvent> {
        while let Some(found) = memchr2(b'\n', b'\r', &self.buffer[self.searched..]) {
            let end = self.searched + found;
            let line_feed = self.buffer[end] == b'\n';
            let line = self.start..end;
            self.start = end + 1;
            self.searched = self.start;
            let was_return = std::mem::replace(&mut self.after_return, !line_feed);
            if line_feed && was_return && line.is_empty() {
                continue;
            }
            if line.is_empty() {
                if std::mem::take(&mut self.has_data) {
                    return Ok(Some(std::mem::take(&mut self.event)));
                }
                self.event = Event::default();
                continue;
            }
            self.line(line)?;
        }
        self.searched = self.buffer.len();
        if self.event.data.len() + (self.buffer.len() - self.start) > self.cap {
            return Err(BadEvent::TooLarge);
        }
        Ok(None)
    }

    fn line(&mut self, line: std::ops::Range<usize>) -> Result<(), BadEvent> {
        let text = std::str::from_utf8(&self.buffer[line]).map_err(|_| BadEvent::NotText)?;
        // A stream may start with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.event.data.len() + value.len() > self.cap {
                    return Err(BadEvent::TooLarge);
                }
                // An event with nothing in it but an id is how servers say where to go on.
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = self.has_data || !value.is_empty();
            }
            "event" => value.clone_into(&mut self.event.kind),
            "id" if !value.contains('\0') => {
                self.last_id = (!value.is_empty()).then(|| value.to_owned());
            }
            "retry" if value.bytes().all(|b| b.is_ascii_digit()) => {
                self.retry_ms = value.parse().ok();
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(events: &mut Events, piece: &[u8]) -> Vec<(String, String)> {
        events.push(piece);
        let mut all = vec![];
        while let Ok(Some(event)) = events.next() {
            all.push((event.kind, event.data));
        }
        all
    }

    const STREAM: &str = "\u{feff}: hello\nid: 7\nretry: 500\ndata:\n\nevent: endpoint\r\ndata: /a\r\n\r\n\
        data: {\"a\":\ndata:1}\n\nid\ndata:  x\r\rnonsense\ndata: end\n\n";

    fn expected() -> Vec<(String, String)> {
        [
            ("endpoint", "/a"),
            ("", "{\"a\":\n1}"),
            ("", " x"),
            ("", "end"),
        ]
        .map(|(kind, data)| (kind.to_owned(), data.to_owned()))
        .to_vec()
    }

    #[test]
    fn a_stream_is_read() {
        let mut events = Events::new(100);
        assert_eq!(read(&mut events, STREAM.as_bytes()), expected());
        assert_eq!(events.retry_ms, Some(500));
        assert_eq!(events.last_id, None, "an empty id takes the last one back");
    }

    #[test]
    fn an_event_with_an_id_alone_says_where_to_go_on() {
        let mut events = Events::new(100);
        assert_eq!(read(&mut events, b"id: a\nretry: 1\ndata: \n\n"), []);
        assert_eq!(events.last_id.as_deref(), Some("a"));
    }

    #[test]
    fn an_event_has_a_cap() {
        for stream in [
            format!("data: {}", "x".repeat(200)),
            format!("data: {}\n", "x".repeat(200)),
            "data: 1234567890\n".repeat(20),
        ] {
            let mut events = Events::new(100);
            events.push(stream.as_bytes());
            assert_eq!(events.next(), Err(BadEvent::TooLarge), "{stream}");
        }
        let mut events = Events::new(100);
        for _ in 0..1000 {
            assert_eq!(read(&mut events, b"data: small\n\n").len(), 1);
            assert!(events.buffer.len() < 100, "what was read is let go");
        }
    }

    proptest! {
        #[test]
        fn pieces_may_be_cut_anywhere(cuts in prop::collection::vec(1usize..20, 1..60)) {
            let mut events = Events::new(100);
            let mut all = vec![];
            let mut rest = STREAM.as_bytes();
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                all.extend(read(&mut events, piece));
                rest = after;
                if rest.is_empty() { break; }
            }
            prop_assert_eq!(all, expected());
        }

        #[test]
        fn nonsense_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut events = Events::new(100);
            events.push(&bytes);
            while let Ok(Some(_)) = events.next() {}
        }
    }
}
