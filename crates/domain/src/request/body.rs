//! Request bodies: JSON text with expressions in it.
//!
//! What an expression gives never takes part in the text as it is. The engine writes each value as
//! a marked piece of JSON; once the text is complete, a scanner that looks only at what the author
//! wrote decides for each piece whether it stands in a string, where it is escaped, or is a value
//! of its own. So no argument can end a string, add a member or change a kind.

use std::sync::Arc;

use minijinja::value::Value as Jinja;
use minijinja::{Environment, Error};
use serde_json::Value;

use crate::rule::RuleError;
use crate::template::{self, RenderContext};

/// What stands before a marked piece. Two characters for private use, refused in templates and
/// escaped in values.
const OPEN: char = '\u{E0F0}';
/// What stands after a marked piece.
const CLOSE: char = '\u{E0F1}';

/// A body template that is ready to render. Cloning it is cheap.
#[derive(Clone)]
pub struct BodyTemplate {
    source: Arc<str>,
    engine: Arc<Environment<'static>>,
}

impl std::fmt::Debug for BodyTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BodyTemplate").field(&self.source).finish()
    }
}

fn invalid(message: impl Into<String>) -> RuleError {
    RuleError::new("invalid_template", message)
}

impl BodyTemplate {
    /// Parses a template: JSON in which `{{ expression }}` may stand inside a string, giving text,
    /// or in the place of a value, giving a value of any kind; `{% if %}` and `{% for %}` may
    /// stand anywhere.
    pub fn parse(source: &str) -> Result<Self, RuleError> {
        if source.contains([OPEN, CLOSE]) {
            return Err(invalid(
                "the template has a character that is reserved (U+E0F0 or U+E0F1)",
            ));
        }
        let mut engine = template::bare_engine();
        engine.set_formatter(|output, _, value| {
            write!(output, "{}", marked(value)?).map_err(Error::from)
        });
        // A value is written as JSON wherever it stands, so the filter has nothing left to do.
        engine.add_filter("tojson", |value: Jinja| value);
        let engine = template::compile(source, engine)?;
        check_skeleton(source)?;
        Ok(Self {
            source: source.into(),
            engine: Arc::new(engine),
        })
    }

    /// The template as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders it to JSON text.
    pub fn render(&self, context: &RenderContext<'_>) -> Result<String, RuleError> {
        let text = assemble(&template::render(&self.engine, context)?)?;
        // The text is valid by the author's hand only, so a loop's stray comma is found here.
        serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| {
            RuleError::new(
                "template_failed",
                format!("the body template did not give JSON: {}", place(&error)),
            )
        })?;
        Ok(text)
    }

    /// The dotted names it mentions.
    pub fn mentions(&self) -> Vec<String> {
        template::mentions(&self.engine)
    }
}

/// A value as a marked piece of JSON.
fn marked(value: &Jinja) -> Result<String, Error> {
    if value.is_undefined() {
        return Err(Error::from(minijinja::ErrorKind::UndefinedError));
    }
    let json = serde_json::to_string(value).map_err(|_| {
        Error::new(
            minijinja::ErrorKind::BadSerialization,
            "the value cannot be written as JSON",
        )
    })?;
    let mut piece = String::with_capacity(json.len() + 8);
    piece.push(OPEN);
    for c in json.chars() {
        match c {
            OPEN => piece.push_str("\\ue0f0"),
            CLOSE => piece.push_str("\\ue0f1"),
            c => piece.push(c),
        }
    }
    piece.push(CLOSE);
    Ok(piece)
}

/// Puts the marked pieces into place.
fn assemble(text: &str) -> Result<String, RuleError> {
    let failed = |message: &str| RuleError::new("template_failed", message);
    let mut body = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == OPEN {
            let (piece, after) = rest
                .split_once(CLOSE)
                .ok_or_else(|| failed("the body template gave a piece without its end"))?;
            rest = after;
            if escaped {
                return Err(failed(
                    "an expression stands behind a backslash in the body template",
                ));
            }
            if in_string {
                push_escaped(&mut body, piece)?;
            } else {
                body.push_str(piece);
            }
            continue;
        }
        match (in_string, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, _, '"') => in_string = !in_string,
            _ => {}
        }
        body.push(c);
    }
    Ok(body)
}

/// Text goes into a string as it is, other values as their JSON; both escaped.
fn push_escaped(body: &mut String, piece: &str) -> Result<(), RuleError> {
    let value: Value = serde_json::from_str(piece)
        .map_err(|_| RuleError::new("template_failed", "the body template gave a broken piece"))?;
    let text = match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let quoted = Value::String(text).to_string();
    body.push_str(&quoted[1..quoted.len() - 1]);
    Ok(())
}

fn place(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        _ => "a comma, bracket or quote is missing or too many",
    };
    format!("line {}, column {}: {what}", error.line(), error.column())
}

/// Checks a template without control flow as JSON at once, with every expression a stand-in.
fn check_skeleton(source: &str) -> Result<(), RuleError> {
    if source.contains("{%") {
        return Ok(());
    }
    let mut skeleton = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(open) = [rest.find("{{"), rest.find("{#")].into_iter().flatten().min() {
        let is_comment = rest[open..].starts_with("{#");
        let close = if is_comment { "#}" } else { "}}" };
        skeleton.push_str(&rest[..open]);
        let after = &rest[open + 2..];
        // A `}}` inside a string of the expression does not end it.
        let end = end_of_expression(after, close);
        let Some(end) = end else { break };
        if !is_comment {
            skeleton.push(OPEN);
            skeleton.push_str("null");
            skeleton.push(CLOSE);
        }
        // Lines are kept, so that positions stay true.
        skeleton.extend(after[..end].matches('\n'));
        rest = &after[end + 2..];
    }
    skeleton.push_str(rest);
    let text = assemble(&skeleton).map_err(|error| invalid(error.message))?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .map(drop)
        .map_err(|error| invalid(format!("the body template is not JSON, {}", place(&error))))
}

fn end_of_expression(text: &str, close: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if close == "}}" && (c == '"' || c == '\'') => quote = Some(c),
            None if text[at..].starts_with(close) => return Some(at),
            None => {}
        }
    }
    None
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    fn render(source: &str, parameters: &Value) -> Result<Value, RuleError> {
        let empty = Map::new();
        let context = RenderContext::new(parameters.as_object().unwrap(), &empty, None, &empty);
        let text = BodyTemplate::parse(source)?.render(&context)?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn expressions_give_text_in_strings_and_values_elsewhere() {
        let parameters = json!({"n": 7, "s": "a \"b\"\n\\", "list": [1, "x"], "o": {"k": null}});
        for (source, expected) in [
            (r#"{"a": "{{ parameters.s }}"}"#, json!({"a": "a \"b\"\n\\"})),
            (r#"{"a": {{ parameters.s }}}"#, json!({"a": "a \"b\"\n\\"})),
            (r#"{"a": {{ parameters.n }}, "b": "{{ parameters.n }}"}"#, json!({"a": 7, "b": "7"})),
            (r#"{"a": {{ parameters.list | tojson }}}"#, json!({"a": [1, "x"]})),
            (r#"{"a": "{{ parameters.list }}"}"#, json!({"a": "[1,\"x\"]"})),
            (r#"{"a": {{ parameters.o }}}"#, json!({"a": {"k": null}})),
            (r#"{"a": "x{{ parameters.n }}y \" {{ parameters.n }}"}"#, json!({"a": "x7y \" 7"})),
            (r#"{"a": {{ "}}" }}}"#, json!({"a": "}}"})),
            (r#"[{% for i in parameters.list %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}]"#, json!([1, "x"])),
            (r#"{"a": 1{% if parameters.n > 5 %}, "b": "{{ parameters.s }}"{% endif %}}"#, json!({"a": 1, "b": "a \"b\"\n\\"})),
            ("{\"a\": {# note \" #} 1}", json!({"a": 1})),
        ] {
            assert_eq!(render(source, &parameters).unwrap(), expected, "{source}");
        }
    }

    #[test]
    fn what_is_not_json_is_found_when_it_is_saved() {
        for source in ["{", r#"{"a": }"#, r#"{"a": {{ parameters.x }}"#, "{\"a\": \"x\ny\"}", r#"{"a": "{{ x }}}"#] {
            let error = BodyTemplate::parse(source).unwrap_err();
            assert_eq!(error.code, "invalid_template", "{source}");
            assert!(error.message.contains("line"), "{error}");
        }
    }

    #[test]
    fn what_is_not_json_after_a_loop_is_found_when_it_is_rendered() {
        let error = render("[{% for i in [1,2] %}{{ i }},{% endfor %}]", &json!({})).unwrap_err();
        assert_eq!(error.code, "template_failed");
    }
}
