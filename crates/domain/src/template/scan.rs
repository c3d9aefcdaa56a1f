//! A template cut into text and code, by the rules of the engine's own lexer.
//!
//! The engine walks the tree of a template by recursion and guards only brackets and blocks, so a
//! long chain of operators would exhaust its stack and end the process. What comes here is counted
//! before the engine sees it.

use crate::rule::RuleError;

/// The most operators in one expression or tag: each may add a level to its tree.
const MAX_OPERATORS: usize = 200;
/// The most brackets in all of a template: with them alone can a value be nested.
const MAX_BRACKETS: usize = 500;
/// The most `elif` branches: each is a level below the one before.
const MAX_BRANCHES: usize = 100;

/// Tags that would reach for other templates, or take rendered text as a value.
const REFUSED_TAGS: [&str; 10] = [
    "include",
    "import",
    "from",
    "extends",
    "block",
    "macro",
    "call",
    "filter",
    "autoescape",
    "do",
];

/// One stretch of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Written as it is.
    Text(&'a str),
    /// What stands in `{{ }}`.
    Expression(&'a str),
    /// What stands in `{% %}`.
    Tag(&'a str),
    /// What stands in `{# #}`.
    Comment(&'a str),
}

/// Cuts a template. Code without its end reaches to the end of the source.
pub(crate) fn pieces(source: &str) -> Vec<Piece<'_>> {
    let mut pieces = vec![];
    let mut rest = source;
    while let Some((at, kind)) = opening(rest) {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        let inner = &rest[at + 2..];
        rest = match kind {
            b'#' => {
                let (comment, after) = inner.split_once("#}").unwrap_or((inner, ""));
                pieces.push(Piece::Comment(comment));
                after
            }
            b'{' => {
                let (code, after) = code(inner, "}}");
                pieces.push(Piece::Expression(code));
                after
            }
            _ => {
                if let Some(after) = basic_tag(inner, "raw") {
                    let (text, after) = raw(after);
                    pieces.push(Piece::Text(text));
                    after
                } else {
                    let (code, after) = code(inner, "%}");
                    pieces.push(Piece::Tag(code));
                    after
                }
            }
        };
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Where the next code starts, and the second byte of its opening.
fn opening(text: &str) -> Option<(usize, u8)> {
    text.as_bytes()
        .windows(2)
        .position(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
        .map(|at| (at, text.as_bytes()[at + 1]))
}

/// Splits after the end of code; an end inside a string or a bracket is none.
fn code<'a>(text: &'a str, end: &str) -> (&'a str, &'a str) {
    let mut brackets = 0_usize;
    let mut found = None;
    outside_strings(text, |at, byte| {
        if brackets == 0 && text.as_bytes()[at..].starts_with(end.as_bytes()) {
            found = Some(at);
            return false;
        }
        match byte {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        true
    });
    found.map_or((text, ""), |at| (&text[..at], &text[at + end.len()..]))
}

/// Calls a function with each byte of code that is not in a string, until it answers false.
fn outside_strings(code: &str, mut each: impl FnMut(usize, u8) -> bool) {
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in code.bytes().enumerate() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => {
                if !each(at, byte) {
                    return;
                }
            }
        }
    }
}

/// What follows a tag that is only its name, such as `raw`, with `{%` already read.
fn basic_tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let blank = |c: char| c.is_ascii_whitespace();
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let text = text
        .trim_start_matches(blank)
        .strip_prefix(name)?
        .trim_start_matches(blank);
    text.strip_prefix(['-', '+'])
        .unwrap_or(text)
        .strip_prefix("%}")
}

/// Splits at the end of a raw block.
fn raw(text: &str) -> (&str, &str) {
    let mut from = 0;
    while let Some(at) = text[from..].find("{%").map(|at| from + at) {
        if let Some(after) = basic_tag(&text[at + 2..], "endraw") {
            return (&text[..at], after);
        }
        from = at + 2;
    }
    (text, "")
}

/// The first word of a tag.
pub(super) fn tag_name(code: &str) -> &str {
    let code = code.strip_prefix(['-', '+']).unwrap_or(code).trim_start();
    let end = code
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(code.len());
    &code[..end]
}

/// Refuses templates that the engine would sink in, and tags that have no place here.
pub(crate) fn check(pieces: &[Piece<'_>]) -> Result<(), RuleError> {
    let invalid = |message: String| Err(RuleError::new("invalid_template", message));
    let (mut brackets, mut branches) = (0, 0);
    for piece in pieces {
        let code = match piece {
            Piece::Text(_) | Piece::Comment(_) => continue,
            Piece::Expression(code) => code,
            Piece::Tag(code) => {
                let name = tag_name(code);
                if REFUSED_TAGS.contains(&name) {
                    return invalid(format!(
                        "the tag `{name}` cannot be used here: a template stands for itself"
                    ));
                }
                if name == "set" && !assigns(code) {
                    return invalid(
                        "`set` without `=` cannot be used here; write {% set name = value %}"
                            .to_owned(),
                    );
                }
                branches += usize::from(name == "elif");
                code
            }
        };
        let (operators, opened) = weigh(code);
        brackets += opened;
        if operators > MAX_OPERATORS {
            return invalid(format!(
                "an expression has more than {MAX_OPERATORS} operators; split it with {{% set %}}"
            ));
        }
    }
    if brackets > MAX_BRACKETS || branches > MAX_BRANCHES {
        return invalid(format!(
            "a template has at most {MAX_BRACKETS} brackets in its code and {MAX_BRANCHES} `elif` branches; make it simpler"
        ));
    }
    Ok(())
}

/// True when a `set` tag has an `=`, so that it takes no rendered text.
fn assigns(code: &str) -> bool {
    let mut found = false;
    outside_strings(code, |_, byte| {
        // In `set x | f(a=1)` the sign belongs to an argument.
        found = byte == b'=';
        !matches!(byte, b'=' | b'|')
    });
    found
}

/// How many operators and opening brackets some code has.
fn weigh(code: &str) -> (usize, usize) {
    let (mut operators, mut brackets) = (0, 0);
    let mut word = 0;
    let is_operator = |word: &[u8]| {
        matches!(
            word,
            b"not" | b"and" | b"or" | b"if" | b"else" | b"in" | b"is"
        )
    };
    let bytes = code.as_bytes();
    outside_strings(code, |at, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 {
            word += 1;
            return true;
        }
        operators += usize::from(is_operator(&bytes[at - word..at]));
        word = 0;
        match byte {
            b'.' | b'|' | b'+' | b'-' | b'*' | b'/' | b'%' | b'~' | b'<' | b'>' | b'=' | b'!' => {
                operators += 1;
            }
            b'(' | b'[' | b'{' => {
                operators += 1;
                brackets += 1;
            }
            _ => {}
        }
        true
    });
    (operators, brackets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_code_are_told_apart() {
        use Piece::{Comment, Expression, Tag, Text};
        for (source, expected) in [
            ("a { b }} %}", vec![Text("a { b }} %}")]),
            ("a{{ b }}c", vec![Text("a"), Expression(" b "), Text("c")]),
            ("{{ '}}' }}", vec![Expression(" '}}' ")]),
            ("{{ \"\\\"}}\" }}", vec![Expression(" \"\\\"}}\" ")]),
            ("{{ {'a': {'b': 1}}}}", vec![Expression(" {'a': {'b': 1}}")]),
            ("{# }} {{ #}x", vec![Comment(" }} {{ "), Text("x")]),
            ("{%- if a -%}b", vec![Tag("- if a -"), Text("b")]),
            (
                "{% raw -%}{{ x }}{%- endraw %}y",
                vec![Text("{{ x }}"), Text("y")],
            ),
            ("{% rawer %}", vec![Tag(" rawer ")]),
            ("{{ a", vec![Expression(" a")]),
        ] {
            assert_eq!(pieces(source), expected, "{source}");
        }
    }

    #[test]
    fn what_the_engine_would_sink_in_is_refused() {
        for source in [
            format!("{{{{ 1{} }}}}", "+1".repeat(30_000)),
            format!("{{{{ a{} }}}}", ".a".repeat(30_000)),
            format!("{{{{ a{} }}}}", "['a']".repeat(10_000)),
            format!("{{{{ 1{} }}}}", "|abs".repeat(15_000)),
            format!("{{{{ {}1 }}}}", "not ".repeat(15_000)),
            format!("{{{{ {}1 }}}}", "-".repeat(30_000)),
            format!("{{{{ 1{} }}}}", " and 1".repeat(10_000)),
            format!("{{{{ 1{} }}}}", "~1".repeat(20_000)),
            format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(5000)),
            "{% set a = [[[[a]]]] %}".repeat(1000),
        ] {
            assert!(check(&pieces(&source)).is_err(), "{source:.30}");
        }
    }

    #[test]
    fn what_people_write_is_accepted() {
        for source in [
            "{{ \"((((++++----||||\" }}",
            "{% set a = [1, 2] %}{% if a[0] == 1 and not b %}x{% elif c %}y{% endif %}",
            "{% for item in parameters.items | sort %}{{ item.name | default('-') }}{% endfor %}",
        ] {
            assert!(check(&pieces(source)).is_ok(), "{source}");
        }
        for source in [
            "{% include 'x' %}",
            "{%-macro x() %}",
            "{% set x %}",
            "{% set x | f(a=1) %}",
        ] {
            assert!(check(&pieces(source)).is_err(), "{source}");
        }
    }
}
