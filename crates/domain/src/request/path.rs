//! Paths with `{placeholders}`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::rule::RuleError;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
pub(super) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What stands between the slashes and placeholders of a path is kept, but for what could end the
/// path or is no URL character.
const LITERAL: &AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'^')
    .add(b'|')
    .add(b'[')
    .add(b']');

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(String),
}

/// A path that is ready to be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    /// Segments, each of them parts; a slash stands before each segment.
    segments: Vec<Vec<Part>>,
    names: Vec<String>,
}

fn invalid(message: impl Into<String>) -> RuleError {
    RuleError::new("invalid_path", message)
}

impl PathTemplate {
    /// Parses a path such as `/invoices/{invoice_id}`. The empty path is the base URL itself.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.is_empty() {
            return Ok(Self {
                segments: vec![],
                names: vec![],
            });
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(invalid("a path starts with `/`"));
        };
        if let Some(found) = text.chars().find(|c| matches!(c, '?' | '#' | '\\')) {
            return Err(invalid(format!(
                "a path has no `{found}`; put query parameters into the action's parameters"
            )));
        }
        if text.chars().any(char::is_control) {
            return Err(invalid("a path has no control characters"));
        }
        let segments = rest
            .split('/')
            .map(segment)
            .collect::<Result<Vec<_>, _>>()?;
        let names = segments
            .iter()
            .flatten()
            .filter_map(|part| match part {
                Part::Placeholder(name) => Some(name.clone()),
                Part::Literal(_) => None,
            })
            .collect();
        Ok(Self { segments, names })
    }

    /// The names of its placeholders.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Fills the placeholders. Each value stays in its segment, which cannot become `.` or `..`.
    pub fn render(&self, arguments: &Map<String, Value>) -> Result<String, RuleError> {
        let mut path = String::with_capacity(64);
        self.render_onto(&mut path, arguments)?;
        Ok(path)
    }

    /// Fills the placeholders at the end of a URL.
    pub(super) fn render_onto(
        &self,
        path: &mut String,
        arguments: &Map<String, Value>,
    ) -> Result<(), RuleError> {
        for parts in &self.segments {
            path.push('/');
            let start = path.len();
            let mut is_filled = false;
            for part in parts {
                match part {
                    Part::Literal(text) => path.push_str(text),
                    Part::Placeholder(name) => {
                        is_filled = true;
                        push(path, name, arguments.get(name))?;
                    }
                }
            }
            if is_filled && is_dots(&path[start..]) {
                return Err(refused(format!(
                    "an argument would make the path segment `{}`, which would change the path",
                    &path[start..]
                )));
            }
        }
        Ok(())
    }
}

fn refused(message: impl Into<String>) -> RuleError {
    RuleError::new("argument_refused", message)
}

/// True for the segments that a server resolves away, percent-encoded or not.
fn is_dots(segment: &str) -> bool {
    // Three bytes a dot at most, two dots at most.
    if segment.len() > 6 {
        return false;
    }
    let mut rest = segment.as_bytes();
    let mut dots = 0;
    while !rest.is_empty() {
        rest = match rest {
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => rest,
            _ => return false,
        };
        dots += 1;
    }
    matches!(dots, 1 | 2)
}

fn segment(text: &str) -> Result<Vec<Part>, RuleError> {
    if is_dots(text) {
        return Err(invalid("a path has no `.` or `..` segments"));
    }
    let mut parts = vec![];
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at(open);
        let close = after
            .find('}')
            .filter(|close| *close > 0)
            .ok_or_else(|| invalid("a `{` and its `}` stand in pairs, in one segment"))?;
        let name = &after[1..close];
        if name.is_empty()
            || !name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        {
            return Err(invalid(format!(
                "`{{{name}}}` is not a placeholder; its name has letters, digits, `_` and `-`"
            )));
        }
        if !before.is_empty() {
            parts.push(literal(before)?);
        }
        parts.push(Part::Placeholder(name.to_owned()));
        rest = &after[close + 1..];
    }
    if !rest.is_empty() {
        parts.push(literal(rest)?);
    }
    Ok(parts)
}

fn literal(text: &str) -> Result<Part, RuleError> {
    // Half an escape before a placeholder would be completed by an argument, to a slash for one.
    let whole = text.split('%').skip(1).all(|after| {
        let digits = after.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.count() == 2
    });
    if !whole {
        return Err(invalid(
            "a `%` in a path is followed by two hexadecimal digits; write %25 for the sign itself",
        ));
    }
    Ok(Part::Literal(
        utf8_percent_encode(text, LITERAL).to_string(),
    ))
}

fn push(path: &mut String, name: &str, value: Option<&Value>) -> Result<(), RuleError> {
    match value {
        Some(Value::String(text)) if text.is_empty() => Err(refused(format!(
            "the argument `{name}` is empty, and the path needs a value for it"
        ))),
        Some(Value::String(text)) => {
            path.extend(utf8_percent_encode(text, ENCODED));
            Ok(())
        }
        Some(Value::Number(number)) => {
            path.extend(utf8_percent_encode(&number.to_string(), ENCODED));
            Ok(())
        }
        Some(Value::Bool(flag)) => {
            path.push_str(if *flag { "true" } else { "false" });
            Ok(())
        }
        None | Some(Value::Null) => Err(refused(format!(
            "the argument `{name}` is missing, and the path needs it; make it required in the parameters"
        ))),
        Some(Value::Array(_) | Value::Object(_)) => Err(refused(format!(
            "the argument `{name}` goes into the path, so it is text, a number or a boolean"
        ))),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(path: &str, arguments: &Value) -> Result<String, RuleError> {
        PathTemplate::parse(path)?.render(arguments.as_object().unwrap())
    }

    #[test]
    fn placeholders_are_percent_encoded() {
        for (path, arguments, expected) in [
            ("", json!({}), ""),
            ("/", json!({}), "/"),
            (
                "/a/{id}",
                json!({"id": "x/../y?z=1#f"}),
                "/a/x%2F..%2Fy%3Fz%3D1%23f",
            ),
            ("/a/{id}/b/", json!({"id": 7}), "/a/7/b/"),
            ("/a/{id}.json", json!({"id": "ü"}), "/a/%C3%BC.json"),
            ("/{a}-{b}", json!({"a": true, "b": 1.5}), "/true-1.5"),
            ("/a/{id}", json!({"id": "%2e%2e"}), "/a/%252e%252e"),
            ("/a b/{id}", json!({"id": "\r\n"}), "/a%20b/%0D%0A"),
        ] {
            assert_eq!(render(path, &arguments).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn arguments_that_lead_elsewhere_are_refused() {
        for (path, arguments) in [
            ("/a/{id}", json!({"id": "."})),
            ("/a/{id}", json!({"id": ".."})),
            ("/a/{id}.", json!({"id": "."})),
            ("/a/%2e{id}", json!({"id": "."})),
            ("/a/{id}", json!({"id": ""})),
            ("/a/{id}", json!({"id": null})),
            ("/a/{id}", json!({})),
            ("/a/{id}", json!({"id": ["x"]})),
            ("/a/{id}", json!({"id": {}})),
        ] {
            assert_eq!(
                render(path, &arguments).unwrap_err().code,
                "argument_refused",
                "{path}"
            );
        }
    }

    #[test]
    fn paths_that_do_more_than_name_a_place_are_refused() {
        for path in [
            "a",
            "//../a",
            "/a/../b",
            "/a/./b",
            "/a/%2E%2e/b",
            "/a?b=1",
            "/a#b",
            "/a\\b",
            "/{",
            "/}",
            "/{}",
            "/{a b}",
            "/{a/b}",
            "/a\n",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%2{x}",
            "/a%{x}",
        ] {
            assert_eq!(
                PathTemplate::parse(path).unwrap_err().code,
                "invalid_path",
                "{path}"
            );
        }
    }
}
