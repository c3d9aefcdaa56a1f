//! What an expression is made of.

use std::sync::Arc;

use serde_json::Value;

use super::pattern::Pattern;

/// Segments from a start on.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// True for `$`, false for `@`.
    pub absolute: bool,
    pub segments: Vec<Segment>,
}

impl Query {
    /// True when it can name one place at most.
    pub fn is_singular(&self) -> bool {
        self.segments.iter().all(|segment| {
            !segment.descends
                && matches!(
                    &*segment.selectors,
                    [Selector::Name(_) | Selector::Index(_)]
                )
        })
    }
}

#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// True for `..`.
    pub descends: bool,
    pub selectors: Vec<Selector>,
}

#[derive(Debug, Clone)]
pub(super) enum Selector {
    Name(String),
    Wildcard,
    Index(i64),
    Slice(Slice),
    Filter(Logical),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub step: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) enum Logical {
    Or(Vec<Logical>),
    And(Vec<Logical>),
    Not(Box<Logical>),
    Exists(Query),
    Compare(Operand, Comparison, Operand),
    Matches {
        text: Operand,
        pattern: PatternSource,
        /// True for `match`, which takes all of a text, and false for `search`.
        whole: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone)]
pub(super) enum PatternSource {
    /// Written in the expression.
    Literal(Arc<Pattern>),
    /// Comes with the data.
    Data(Operand),
}

/// What gives one value, or nothing.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Literal(Value),
    Singular(Query),
    Length(Box<Operand>),
    Count(Query),
    ValueOf(Query),
}
