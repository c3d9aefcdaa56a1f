//! Log lines as JSON objects, written straight into the line: through a tree of values, a line costs
//! several times as much.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Formats an event as one JSON object: `timestamp`, `level`, what it says, and the spans it is in.
#[derive(Debug, Clone, Copy)]
pub struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        line.write_str(r#"{"timestamp":""#)?;
        SystemTime.format_time(&mut line)?;
        write!(line, r#"","level":"{}""#, event.metadata().level())?;
        let mut fields = Fields {
            line: &mut line,
            result: Ok(()),
        };
        event.record(&mut fields);
        fields.result?;
        let mut spans = context.event_scope().into_iter().flat_map(Scope::from_root);
        if let Some(first) = spans.next() {
            line.write_str(r#","spans":["#)?;
            for (at, span) in std::iter::once(first).chain(spans).enumerate() {
                let between = if at == 0 { "" } else { "," };
                write!(line, r#"{between}{{"name":"{}""#, span.name())?;
                // Made by the formatter of fields, an object.
                let extensions = span.extensions();
                let fields = extensions.get::<FormattedFields<N>>();
                let fields = fields.and_then(|fields| fields.strip_prefix('{')?.strip_suffix('}'));
                if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
                    write!(line, ",{fields}")?;
                }
                line.write_char('}')?;
            }
            line.write_char(']')?;
        }
        line.write_str("}\n")
    }
}

struct Fields<'a, 'w> {
    line: &'a mut Writer<'w>,
    result: fmt::Result,
}

impl Fields<'_, '_> {
    fn member(&mut self, field: &Field, write: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_ok() {
            self.result =
                write!(self.line, r#","{}":"#, field.name()).and_then(|()| write(self.line));
        }
    }
}

impl Visit for Fields<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, |line| {
            if value.is_finite() {
                write!(line, "{value}")
            } else {
                line.write_str("null")
            }
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |line| write!(line, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |line| {
            line.write_char('"')?;
            Escaped(line).write_str(value)?;
            line.write_char('"')
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, |line| {
            line.write_char('"')?;
            write!(Escaped(line), "{value:?}")?;
            line.write_char('"')
        });
    }
}

/// Writes what stands in a JSON string (RFC 8259, section 7).
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let special = from.chars().next().unwrap_or_default();
            match special {
                '"' => self.0.write_str("\\\"")?,
                '\\' => self.0.write_str("\\\\")?,
                '\n' => self.0.write_str("\\n")?,
                other => write!(self.0, "\\u{:04x}", u32::from(other))?,
            }
            rest = &from[special.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::fmt::format::JsonFields;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_an_object_that_says_what_was_logged() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Json)
            .fmt_fields(JsonFields::new())
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("outer", number = 1).entered();
            let _inner = tracing::info_span!("inner").entered();
            let odd = "a \"quote\", a \\, a\nline, \u{1}, é";
            tracing::info!(
                odd,
                count = 7,
                less = -1,
                share = 0.25,
                none = f64::NAN,
                yes = true,
                absent = None::<u8>,
                shown = %"text",
                "it {}",
                "happened"
            );
        });
        let line = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let mut line: Value = serde_json::from_str(&line).unwrap();
        let at = line["timestamp"].take();
        chrono::DateTime::parse_from_rfc3339(at.as_str().unwrap()).unwrap();
        assert_eq!(
            line,
            json!({
                "timestamp": null, "level": "INFO", "message": "it happened",
                "odd": "a \"quote\", a \\, a\nline, \u{1}, é", "count": 7, "less": -1, "share": 0.25,
                "none": null, "yes": true, "shown": "text",
                "spans": [{"name": "outer", "number": 1}, {"name": "inner"}],
            })
        );
    }
}
