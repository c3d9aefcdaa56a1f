//! `*` for numbers and texts only.
//!
//! The engine repeats a list without making it, so `[1] * 1000000000` costs nothing until something
//! walks it, and no fuel is charged for that. Both sides of each `*` are therefore led through a
//! filter that lets no list pass. A filter binds to the last value before it, which is the one that
//! a `*` behind it takes.

use minijinja::value::{Value as Jinja, ValueKind};
use minijinja::{Error, ErrorKind};

use super::scan::Piece;
use super::tokens::{Kind, Token, tokens};

/// The filter, as it is written behind a value.
pub(super) const MARK: &str = "|__number";
/// The filter's name.
pub(super) const FILTER: &str = "__number";

/// Lets everything pass but what would be repeated lazily.
pub(super) fn number(value: Jinja) -> Result<Jinja, Error> {
    if matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "a list cannot be multiplied",
        ));
    }
    Ok(value)
}

/// A template, cut into its pieces, with the filter at each side of each `*`. None where there is no
/// `*` in its code.
pub(super) fn guarded(source: &str, pieces: &[Piece<'_>]) -> Option<String> {
    let mut places = vec![];
    for piece in pieces {
        let (Piece::Expression(code) | Piece::Tag(code)) = piece else {
            continue;
        };
        // A piece is a part of the template, so the distance of their starts is its place.
        let start = code.as_ptr().addr() - source.as_ptr().addr();
        let tokens = tokens(code);
        for (at, token) in tokens.iter().enumerate() {
            let Some(before) = at.checked_sub(1).and_then(|at| tokens.get(at)) else {
                continue;
            };
            // Behind a bracket or a comma it spreads a list over arguments.
            let is_product = token.is("*") && !before.opens() && !before.is(",");
            if is_product {
                places.push(start + before.end());
                places.extend(operand(&tokens, at + 1).map(|end| start + end));
            }
        }
    }
    if places.is_empty() {
        return None;
    }
    places.sort_unstable();
    places.dedup();
    let mut guarded = String::with_capacity(source.len() + places.len() * MARK.len());
    let mut from = 0;
    for place in places {
        guarded.push_str(&source[from..place]);
        guarded.push_str(MARK);
        from = place;
    }
    guarded.push_str(&source[from..]);
    Some(guarded)
}

/// Where the value that starts with a token ends, with its members, arguments and filters.
fn operand(tokens: &[Token<'_>], start: usize) -> Option<usize> {
    let mut at = start;
    while tokens.get(at)?.is("-") {
        at += 1;
    }
    at = behind(tokens, at)?;
    while let Some(token) = tokens.get(at) {
        at = match token.text {
            _ if token.kind == Kind::Literal => break,
            "." | "|" => at + 2,
            "(" | "[" => behind(tokens, at)?,
            _ => break,
        };
    }
    tokens.get(at - 1).map(Token::end)
}

/// The token behind a value: one token, or all up to the bracket that closes.
fn behind(tokens: &[Token<'_>], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        depth += usize::from(token.opens());
        depth = depth.saturating_sub(usize::from(token.closes()));
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::scan::pieces;

    fn guarded(source: &str) -> Option<String> {
        super::guarded(source, &pieces(source))
    }

    #[test]
    fn both_sides_of_a_product_are_guarded() {
        for (source, expected) in [
            ("{{ a * b }}", "{{ a|__number * b|__number }}"),
            (
                "{{ a.b[0] * -f(x)|abs + c }}",
                "{{ a.b[0]|__number * -f(x)|abs|__number + c }}",
            ),
            ("{{ a*b*c }}", "{{ a|__number*b|__number*c|__number }}"),
            (
                "{{ (a + b) * [1][0] }}",
                "{{ (a + b)|__number * [1][0]|__number }}",
            ),
            ("{{ 2 * x.0.y }}*", "{{ 2|__number * x.0.y|__number }}*"),
            (
                "{% if a * 2 == b %}{% endif %}",
                "{% if a|__number * 2|__number == b %}{% endif %}",
            ),
        ] {
            assert_eq!(guarded(source).as_deref(), Some(expected));
        }
        for source in [
            "a * b",
            "{{ f(*a) }}",
            "{{ f(b, *a) }}",
            "{{ '*' }}",
            "{{ a ** b }}",
            "{# * #}",
        ] {
            assert_eq!(guarded(source), None, "{source}");
        }
    }
}
