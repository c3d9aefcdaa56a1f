//! How large the values are that a template's own code can build.
//!
//! The engine charges fuel for the text a template writes, and for the members of a list it looks
//! at, but not for the members of those: `{% set x = [x, x] %}` twenty times is a value of a million
//! leaves that took forty lists to make, and one `==` walks all of them. So what code builds is
//! weighed before the engine sees it: the weight of an expression is the number of names in it,
//! where a name that was `set` counts as much as what it was set to. What an expression comes to is
//! then at most its weight times the data that the template reads.

use std::collections::HashMap;

use serde_json::Value;

use super::scan::{Piece, tag_name};
use super::tokens::{Kind, Token, tokens};
use crate::rule::RuleError;

/// The heaviest expression that is accepted at all.
const MAX_WEIGHT: u64 = 10_000;
/// Up to this weight nothing is measured when a template is rendered.
const LIGHT: u64 = 8;
/// The largest value an expression may come to, in nodes.
const MAX_NODES: u64 = 2_000_000;
/// How many nodes all comparisons of one rendering may look at.
const MAX_COMPARED: u64 = 5_000_000;
/// How many instructions of the engine a turn of a loop takes at least for each comparison in it.
const INSTRUCTIONS_EACH: u64 = 4;
/// How many items the engine's `range` gives at most.
const MAX_RANGE: u64 = 100_000;
/// A text of so many bytes counts as one node more.
const TEXT_NODE: usize = 64;

/// Filters and tests that compare values, whatever those are.
const COMPARING: [&str; 9] = [
    "sort", "unique", "min", "max", "dictsort", "eq", "equalto", "in", "sameas",
];

/// What the code of a template can do with its data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Growth {
    /// The weight of the heaviest expression.
    weight: u64,
    /// How many comparisons there are of two values that may both be large.
    comparisons: u64,
    has_loop: bool,
    has_range: bool,
    /// The dotted names it reads, when they have to be measured.
    pub(super) reads: Vec<String>,
}

impl Growth {
    /// Weighs a template, and refuses what grows beyond all use.
    pub(super) fn of(pieces: &[Piece<'_>]) -> Result<Self, RuleError> {
        let mut growth = Self::default();
        let mut set = HashMap::new();
        for piece in pieces {
            match piece {
                Piece::Text(_) | Piece::Comment(_) => {}
                Piece::Expression(code) => {
                    growth.expression(&tokens(code), &set);
                }
                Piece::Tag(code) => growth.tag(code, &mut set)?,
            }
            if growth.weight > MAX_WEIGHT {
                return Err(RuleError::new(
                    "invalid_template",
                    "the template puts values together that were put together before, again and again; use fewer {% set %}",
                ));
            }
        }
        Ok(growth)
    }

    /// True where it depends on the data how much work the template is.
    pub(super) const fn is_measured(&self) -> bool {
        self.weight > LIGHT || self.comparisons > 0
    }

    /// How much fuel a template gets over so many nodes of data; None where it is too much for any.
    pub(super) fn fuel(&self, nodes: u64, full: u64) -> Option<u64> {
        let range = if self.has_range { MAX_RANGE } else { 0 };
        let each = self.weight.max(1).saturating_mul(nodes + range + 1);
        if each > MAX_NODES {
            return None;
        }
        if self.comparisons == 0 {
            return Some(full);
        }
        if self.has_loop {
            return Some(full.min(MAX_COMPARED / each * INSTRUCTIONS_EACH));
        }
        (self.comparisons.saturating_mul(each) <= MAX_COMPARED).then_some(full)
    }

    fn tag<'a>(&mut self, code: &'a str, set: &mut HashMap<&'a str, u64>) -> Result<(), RuleError> {
        let all = tokens(code);
        let name = tag_name(code);
        // The tag's name, and a sign that trims blanks before it.
        let start = all.iter().position(|token| token.is(name));
        let rest = &all[start.map_or(0, |at| at + 1)..];
        let (targets, values) = match name {
            "set" => {
                let at = rest.iter().position(|token| token.is("="));
                rest.split_at(at.unwrap_or(rest.len()))
            }
            "for" => {
                self.has_loop = true;
                if is_recursive(rest) {
                    return Err(RuleError::new(
                        "invalid_template",
                        "a loop cannot be `recursive` here; write the levels out",
                    ));
                }
                let at = rest.iter().position(|token| token.is("in"));
                let (targets, values) = rest.split_at(at.unwrap_or(0));
                // The word `in` of a loop compares nothing, and of its range it takes one by one.
                let values = values.get(1..).unwrap_or_default();
                let is_range = values.first().is_some_and(|token| token.is("range"));
                (targets, &values[usize::from(is_range)..])
            }
            "with" => {
                let weight = weigh(rest, set);
                for pair in rest.windows(2).filter(|pair| pair[1].is("=")) {
                    assign(set, &pair[0], weight);
                }
                (&rest[..0], rest)
            }
            _ => (&rest[..0], rest),
        };
        let weight = self.expression(values, set);
        for target in targets {
            assign(set, target, weight);
        }
        Ok(())
    }

    /// Notes what an expression does; answers its weight.
    fn expression(&mut self, tokens: &[Token<'_>], set: &HashMap<&str, u64>) -> u64 {
        let weight = weigh(tokens, set);
        self.weight = self.weight.max(weight);
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let is_called = before.is_some_and(|before| {
                matches!(before.text, "|" | "is" | "not") && COMPARING.contains(&token.text)
            });
            // With a number or a text on one side a comparison ends at the first look.
            let is_large = |side: Option<&Token<'_>>| {
                side.is_none_or(|side| {
                    side.kind != Kind::Literal && !matches!(side.text, "true" | "false" | "none")
                })
            };
            let compares = matches!(token.text, "==" | "!=" | "<" | ">" | "<=" | ">=" | "in")
                && token.kind != Kind::Literal
                && is_large(before.filter(|before| !before.is("not")))
                && is_large(tokens.get(at + 1));
            self.comparisons += u64::from(compares || is_called);
            self.has_range |= token.is("range");
        }
        weight
    }
}

fn weigh(tokens: &[Token<'_>], set: &HashMap<&str, u64>) -> u64 {
    let mut weight = 0_u64;
    for (at, token) in tokens.iter().enumerate() {
        let is_member = at > 0 && tokens[at - 1].is(".");
        if token.kind == Kind::Name && !is_member {
            weight = weight.saturating_add(set.get(token.text).copied().unwrap_or(1));
        }
    }
    weight
}

/// True for `for a in b recursive`, where the word is no value.
fn is_recursive(rest: &[Token<'_>]) -> bool {
    let rest = match rest.split_last() {
        // The sign that trims blanks.
        Some((last, rest)) if last.is("-") || last.is("+") => rest,
        _ => rest,
    };
    match rest {
        [.., before, last] => last.is("recursive") && !before.is(".") && !before.is("in"),
        _ => false,
    }
}

/// A name weighs as much as the heaviest of what it is set to anywhere before.
fn assign<'a>(set: &mut HashMap<&'a str, u64>, target: &Token<'a>, weight: u64) {
    if target.kind == Kind::Name {
        let known = set.entry(target.text).or_default();
        *known = weight.max(*known).max(1);
    }
}

/// How many nodes a value has; a long text counts as several.
pub(super) fn nodes(value: &Value) -> u64 {
    match value {
        Value::String(text) => 1 + (text.len() / TEXT_NODE) as u64,
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<u64>(),
        Value::Object(members) => 1 + members.values().map(nodes).sum::<u64>(),
        _ => 1,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::super::scan::pieces;
    use super::*;

    fn growth(source: &str) -> Result<Growth, RuleError> {
        Growth::of(&pieces(source))
    }

    #[test]
    fn what_people_write_is_not_measured() {
        for source in [
            "{{ parameters.a }} {{ variables.b | default('x') | upper }}",
            "{% if parameters.status == 'open' and parameters.n > 3 %}x{% endif %}",
            "{% for item in parameters.items %}{% if item.kind != \"a\" %}{{ item.name }}{% endif %}{% endfor %}",
            "{% set a = parameters.a %}{% set b = parameters.b %}{{ a ~ ' ' ~ b }}",
            "{% if 'x' in parameters.list or parameters.x is none %}y{% endif %}",
        ] {
            let growth = growth(source).unwrap();
            assert!(!growth.is_measured(), "{source}: {growth:?}");
        }
    }

    #[test]
    fn what_builds_on_itself_is_refused() {
        for step in [
            "{% set x = [x, x] %}",
            "{% set x = x, x %}",
            "{% set x = x + x %}",
            "{%- set x = {'a': x, 'b': [x]} -%}",
            "{% set y = [x, x] %}{% set x = [y] %}",
            "{% set (x, y) = (y, [x, y]) %}",
            "{% with y = [x, x] %}{% set x = y %}{% endwith %}",
            "{% for y in [[x, x]] %}{% set x = y %}{% endfor %}",
        ] {
            let source = format!("{{% set x = [1] %}}{}", step.repeat(60));
            assert!(growth(&source).is_err(), "{step}");
        }
        assert!(growth("{% for a in b recursive %}{% endfor %}").is_err());
        assert!(growth("{% for a in b.recursive %}{% endfor %}").is_ok());
    }

    #[test]
    fn fuel_falls_with_the_data_that_is_compared() {
        let compared = growth("{% for a in b %}{% if a == b %}{% endif %}{% endfor %}").unwrap();
        assert_eq!(compared.fuel(10, 50_000), Some(50_000));
        let less = compared.fuel(10_000, 50_000).unwrap();
        assert!(less < 2_000, "{less}");
        let once = growth("{{ parameters.a == parameters.b }}").unwrap();
        assert_eq!(once.fuel(100_000, 50_000), Some(50_000));
        assert_eq!(once.fuel(4_000_000, 50_000), None);
    }
}
