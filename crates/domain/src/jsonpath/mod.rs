//! `JSONPath` (RFC 9535), evaluated under a budget and no further than the first match.
//!
//! An expression is walked depth first, which finds matches in the order the RFC gives them, and
//! keeps nothing but the way it came. So `$[*,*][*,*]...` costs what it looks at and never a list
//! of what it found on the way.

mod ast;
mod equality;
mod eval;
mod literal;
mod parse;
mod pattern;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::budget::{Budget, OverBudget};

/// A parsed expression.
#[derive(Debug, Clone)]
pub struct JsonPath {
    query: ast::Query,
}

/// How many states a pattern has at most: what a byte of text may cost it.
pub(crate) fn pattern_weight(source: &str) -> u64 {
    pattern::Pattern::compile(source, pattern::MAX_LITERAL_SIZE)
        .map_or(u64::from(u16::MAX), |pattern| pattern.states())
}

/// Why a text is no `JSONPath`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

impl JsonPath {
    /// Parses an expression. It recurses into brackets, so whoever calls it bounds their number.
    pub fn parse(expression: &str) -> Result<Self, SyntaxError> {
        parse::parse(expression).map(|query| Self { query })
    }

    /// The first match in a value.
    pub fn first<'v>(
        &self,
        value: &'v Value,
        budget: &mut Budget<'_>,
    ) -> Result<Option<&'v Value>, OverBudget> {
        let levels = budget.levels();
        let mut first = None;
        let walk =
            eval::Evaluation::new(value, budget).each(&self.query.segments, value, &mut |found| {
                first = Some(found);
                true
            });
        budget.back_to(levels);
        walk.map(|_| first)
    }
}
