//! Request bodies: JSON text with expressions in it.
//!
//! What an expression gives never takes part in the text as it is. The engine writes each value as
//! a marked piece of JSON; once the text is complete, a scanner that looks only at what the author
//! wrote decides for each piece whether it stands in a string, where it is escaped, or is a value
//! of its own. So no argument can end a string, add a member or change a kind. Names of members
//! are the author's alone: an expression in one is refused, for an argument could take the name of
//! another member.

use std::sync::{Arc, LazyLock};

use minijinja::value::Value as Jinja;
use minijinja::{Environment, Error};
use serde_json::Value;

use crate::rule::RuleError;
use crate::template::scan::{self, Piece};
use crate::template::{self, Compiled, RenderContext};

/// What stands before a marked piece. Two characters for private use, refused in templates and
/// escaped in values.
const OPEN: char = '\u{E0F0}';
/// What stands after a marked piece.
const CLOSE: char = '\u{E0F1}';

/// A body template that is ready to render. Cloning it is cheap.
#[derive(Clone)]
pub struct BodyTemplate {
    source: Arc<str>,
    template: Arc<Compiled>,
}

impl std::fmt::Debug for BodyTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BodyTemplate").field(&self.source).finish()
    }
}

/// What engines of bodies are copied from.
static MARKING: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = template::bare_engine();
    engine.set_formatter(|output, _, value| output.write_str(&marked(value)?).map_err(Error::from));
    // A value is written as JSON wherever it stands, so the filter has nothing left to do.
    engine.add_filter("tojson", |value: Jinja| value);
    engine
});

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
        let template = Compiled::new(source, &MARKING)?;
        check_skeleton(source)?;
        Ok(Self {
            source: source.into(),
            template: Arc::new(template),
        })
    }

    /// The template as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Renders it to JSON text.
    pub fn render(&self, context: &RenderContext<'_>) -> Result<String, RuleError> {
        let text = assemble(&self.template.render(context)?)?;
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
        self.template.mentions()
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

/// What was last written outside of strings and blanks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing yet, or one of `[`, `,` and `:`, after which a value may stand.
    BeforeValue,
    /// A piece as a value of its own.
    Piece,
    /// A string with a piece in it.
    MixedString,
    /// Anything else.
    Other,
}

/// Puts the marked pieces into place.
fn assemble(text: &str) -> Result<String, RuleError> {
    let failed = |message: &str| RuleError::new("template_failed", message);
    let mut body = String::with_capacity(text.len());
    let (mut in_string, mut escaped, mut mixed) = (false, false, false);
    let mut last = Last::BeforeValue;
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
                mixed = true;
                push_escaped(&mut body, piece)?;
            } else if last == Last::BeforeValue {
                last = Last::Piece;
                body.push_str(piece);
            } else {
                return Err(failed(
                    "an expression stands where no value can stand in the body template; a value follows `[`, `,` or `:`",
                ));
            }
            continue;
        }
        match (in_string, c) {
            (true, _) if escaped => escaped = false,
            (true, '\\') => escaped = true,
            (true, '"') => {
                in_string = false;
                last = if mixed {
                    Last::MixedString
                } else {
                    Last::Other
                };
            }
            (true, _) | (false, ' ' | '\t' | '\r' | '\n') => {}
            (false, ':') if matches!(last, Last::Piece | Last::MixedString) => {
                return Err(failed(
                    "an expression stands in the name of a member in the body template; write names out",
                ));
            }
            (false, _) if last == Last::Piece && !matches!(c, ',' | ']' | '}') => {
                return Err(failed(
                    "an expression is followed by other text in the body template; put both into one string",
                ));
            }
            (false, '"') => (in_string, mixed, last) = (true, false, Last::Other),
            (false, '[' | ',' | ':') => last = Last::BeforeValue,
            (false, _) => last = Last::Other,
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
    let pieces = scan::pieces(source);
    if pieces.iter().any(|piece| matches!(piece, Piece::Tag(_))) {
        return Ok(());
    }
    let mut skeleton = String::with_capacity(source.len());
    for piece in pieces {
        match piece {
            Piece::Text(text) => skeleton.push_str(text),
            Piece::Expression(code) => {
                skeleton.extend([OPEN, '0']);
                // Lines are kept, so that positions stay true.
                skeleton.extend(code.matches('\n'));
                skeleton.push(CLOSE);
            }
            Piece::Comment(_) | Piece::Tag(_) => {}
        }
    }
    let text = assemble(&skeleton).map_err(|error| invalid(error.message))?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .map(drop)
        .map_err(|error| invalid(format!("the body template is not JSON, {}", place(&error))))
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
            (
                r#"{"a": "{{ parameters.s }}"}"#,
                json!({"a": "a \"b\"\n\\"}),
            ),
            (r#"{"a": {{ parameters.s }}}"#, json!({"a": "a \"b\"\n\\"})),
            (
                r#"{"a": {{ parameters.n }}, "b": "{{ parameters.n }}"}"#,
                json!({"a": 7, "b": "7"}),
            ),
            (
                r#"{"a": {{ parameters.list | tojson }}}"#,
                json!({"a": [1, "x"]}),
            ),
            (
                r#"{"a": "{{ parameters.list }}"}"#,
                json!({"a": "[1,\"x\"]"}),
            ),
            (r#"{"a": {{ parameters.o }}}"#, json!({"a": {"k": null}})),
            (
                r#"{"a": "x{{ parameters.n }}y \" {{ parameters.n }}"}"#,
                json!({"a": "x7y \" 7"}),
            ),
            (r#"{"a": {{ "}}" }}}"#, json!({"a": "}}"})),
            (
                r"[{% for i in parameters.list %}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}]",
                json!([1, "x"]),
            ),
            (
                r#"{"a": 1{% if parameters.n > 5 %}, "b": "{{ parameters.s }}"{% endif %}}"#,
                json!({"a": 1, "b": "a \"b\"\n\\"}),
            ),
            ("{\"a\": {# note \" #} 1}", json!({"a": 1})),
            (
                "{\"a\": \"{{ parameters.n\n | abs }}{# a\nb #}\"}",
                json!({"a": "7"}),
            ),
        ] {
            assert_eq!(render(source, &parameters).unwrap(), expected, "{source}");
        }
    }

    #[test]
    fn what_is_not_json_is_found_when_it_is_saved() {
        for source in [
            "{",
            r#"{"a": }"#,
            r#"{"a": {{ parameters.x }}"#,
            "{\"a\": \"x\ny\"}",
            r#"{"a": "{{ x }}}"#,
        ] {
            let error = BodyTemplate::parse(source).unwrap_err();
            assert_eq!(error.code, "invalid_template", "{source}");
            assert!(error.message.contains("line"), "{error}");
        }
    }

    #[test]
    fn names_of_members_and_neighbours_of_values_are_the_authors() {
        for source in [
            r#"{"a": 1, "{{ parameters.k }}": 2}"#,
            r#"{"a": 1, "x{{ parameters.k }}" : 2}"#,
            r#"{"a": 1, {{ parameters.k }}: 2}"#,
            r"{ {{ parameters.k }}: 2}",
            r#"{"a": 1{{ parameters.n }}}"#,
            r#"{"a": {{ parameters.n }}1}"#,
            r#"{"a": {{ parameters.n }}{{ parameters.n }}}"#,
            r#"{"a": -{{ parameters.n }}}"#,
        ] {
            assert_eq!(
                BodyTemplate::parse(source).unwrap_err().code,
                "invalid_template",
                "{source}"
            );
            // With control flow the same is found in what was rendered.
            let source = format!("{{% if true %}}{source}{{% endif %}}");
            let error = render(&source, &json!({"k": "a", "n": 5})).unwrap_err();
            assert_eq!(error.code, "template_failed", "{source}");
        }
        let nested = r#"{"a": {{ {"x": {"y": parameters.n}}}}}"#;
        assert_eq!(
            render(nested, &json!({"n": 5})).unwrap(),
            json!({"a": {"x": {"y": 5}}})
        );
    }

    #[test]
    fn what_is_not_json_after_a_loop_is_found_when_it_is_rendered() {
        let error = render("[{% for i in [1,2] %}{{ i }},{% endfor %}]", &json!({})).unwrap_err();
        assert_eq!(error.code, "template_failed");
    }
}
