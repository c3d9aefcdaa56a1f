//! The grammar of RFC 9535, top down.

use std::sync::Arc;

use serde_json::Value;

use super::SyntaxError;
use super::ast::{Comparison, Logical, Operand, PatternSource, Query, Segment, Selector, Slice};
use super::pattern::{MAX_LITERAL_SIZE, Pattern};

/// Parses a whole expression.
pub(super) fn parse(expression: &str) -> Result<Query, SyntaxError> {
    let mut parser = Parser {
        text: expression,
        at: 0,
    };
    if !parser.eat("$") {
        return Err(parser.wrong("it starts with `$`"));
    }
    let segments = parser.segments()?;
    if parser.rest().is_empty() {
        return Ok(Query {
            absolute: true,
            segments,
        });
    }
    Err(parser.wrong("only `.name`, `..name` or `[...]` can follow here"))
}

/// What is left of an expression.
pub(super) struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn next_char(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    pub(super) fn wrong(&self, message: &str) -> SyntaxError {
        self.wrong_at(self.at, message)
    }

    #[expect(clippy::unused_self, reason = "it reads as `wrong` does")]
    pub(super) fn wrong_at(&self, at: usize, message: &str) -> SyntaxError {
        SyntaxError {
            at,
            message: message.to_owned(),
        }
    }

    fn expect(&mut self, text: &str) -> Result<(), SyntaxError> {
        if self.eat(text) {
            return Ok(());
        }
        Err(self.wrong(&format!("`{text}` is missing")))
    }

    fn segments(&mut self) -> Result<Vec<Segment>, SyntaxError> {
        let mut segments = vec![];
        loop {
            let before = self.at;
            self.blank();
            let descends = self.eat("..");
            let selectors = if self.rest().starts_with('[') {
                self.bracketed()?
            } else if descends || self.eat(".") {
                vec![if self.eat("*") {
                    Selector::Wildcard
                } else {
                    Selector::Name(self.shorthand()?)
                }]
            } else {
                // Blanks belong to what follows.
                self.at = before;
                return Ok(segments);
            };
            segments.push(Segment {
                descends,
                selectors,
            });
        }
    }

    fn bracketed(&mut self) -> Result<Vec<Selector>, SyntaxError> {
        self.expect("[")?;
        let mut selectors = vec![];
        loop {
            self.blank();
            selectors.push(self.selector()?);
            self.blank();
            if !self.eat(",") {
                self.expect("]")?;
                return Ok(selectors);
            }
        }
    }

    fn selector(&mut self) -> Result<Selector, SyntaxError> {
        if self.eat("*") {
            return Ok(Selector::Wildcard);
        }
        if self.eat("?") {
            self.blank();
            return self.or().map(Selector::Filter);
        }
        if self.rest().starts_with(['"', '\'']) {
            return self.string().map(Selector::Name);
        }
        let start = self.integer()?;
        let after = self.at;
        self.blank();
        if self.eat(":") {
            return self.slice(start).map(Selector::Slice);
        }
        self.at = after;
        start
            .map(Selector::Index)
            .ok_or_else(|| self.wrong("a quoted name, a number, `*`, `:` or `?` goes here"))
    }

    fn slice(&mut self, start: Option<i64>) -> Result<Slice, SyntaxError> {
        self.blank();
        let end = self.integer()?;
        let after = self.at;
        self.blank();
        let mut step = None;
        if self.eat(":") {
            let after = self.at;
            self.blank();
            step = self.integer()?;
            if step.is_none() {
                self.at = after;
            }
        } else {
            self.at = after;
        }
        Ok(Slice { start, end, step })
    }

    fn or(&mut self) -> Result<Logical, SyntaxError> {
        self.chain("||", Self::and, Logical::Or)
    }

    fn and(&mut self) -> Result<Logical, SyntaxError> {
        self.chain("&&", Self::basic, Logical::And)
    }

    fn chain(
        &mut self,
        sign: &str,
        part: fn(&mut Self) -> Result<Logical, SyntaxError>,
        all: fn(Vec<Logical>) -> Logical,
    ) -> Result<Logical, SyntaxError> {
        let mut parts = vec![part(self)?];
        loop {
            let before = self.at;
            self.blank();
            if !self.eat(sign) {
                self.at = before;
                break;
            }
            self.blank();
            parts.push(part(self)?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                all(parts)
            }
        })
    }

    fn basic(&mut self) -> Result<Logical, SyntaxError> {
        if self.eat("!") {
            self.blank();
            let inner = match self.parenthesis()? {
                Some(inner) => inner,
                None => self.test()?,
            };
            return Ok(Logical::Not(Box::new(inner)));
        }
        if let Some(inner) = self.parenthesis()? {
            return Ok(inner);
        }
        let start = self.at;
        let left = match self.query()? {
            // Read once: a second reading at each level would double with each.
            Some(query) if !query.is_singular() => return Ok(Logical::Exists(query)),
            Some(query) => Operand::Singular(query),
            None => match self.operand()? {
                Some(operand) => operand,
                None => return self.test(),
            },
        };
        let after = self.at;
        self.blank();
        let Some(comparison) = self.comparison() else {
            self.at = after;
            return match left {
                Operand::Singular(query) => Ok(Logical::Exists(query)),
                _ => {
                    Err(self.wrong_at(start, "this is a value; compare it, for example with `==`"))
                }
            };
        };
        let right = self.argument()?;
        Ok(Logical::Compare(left, comparison, right))
    }

    fn parenthesis(&mut self) -> Result<Option<Logical>, SyntaxError> {
        if !self.eat("(") {
            return Ok(None);
        }
        self.blank();
        let inner = self.or()?;
        self.blank();
        self.expect(")")?;
        Ok(Some(inner))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ]
        .into_iter()
        .find_map(|(sign, comparison)| self.eat(sign).then_some(comparison))
    }

    /// What is true or false by itself: a query, or a function that decides.
    fn test(&mut self) -> Result<Logical, SyntaxError> {
        if let Some(query) = self.query()? {
            return Ok(Logical::Exists(query));
        }
        let whole = if self.eat("match(") {
            true
        } else if self.eat("search(") {
            false
        } else {
            return Err(
                self.wrong("a test goes here: a path, a comparison, match(...) or search(...)")
            );
        };
        let text = self.argument()?;
        self.blank();
        self.expect(",")?;
        self.blank();
        let at = self.at;
        let pattern = match self.argument()? {
            Operand::Literal(Value::String(source)) => {
                let compiled = Pattern::compile(&source, MAX_LITERAL_SIZE)
                    .map_err(|error| self.wrong_at(at, error.explain()))?;
                PatternSource::Literal(Arc::new(compiled))
            }
            operand => PatternSource::Data(operand),
        };
        self.blank();
        self.expect(")")?;
        Ok(Logical::Matches {
            text,
            pattern,
            whole,
        })
    }

    fn argument(&mut self) -> Result<Operand, SyntaxError> {
        self.blank();
        let at = self.at;
        self.operand()?.ok_or_else(|| {
            self.wrong_at(
                at,
                "a value, a path to one place or a function that gives a value goes here",
            )
        })
    }

    /// What gives one value. None, with nothing taken, when something else is next.
    fn operand(&mut self) -> Result<Option<Operand>, SyntaxError> {
        if let Some(literal) = self.literal()? {
            return Ok(Some(Operand::Literal(literal)));
        }
        let start = self.at;
        if let Some(query) = self.query()? {
            return if query.is_singular() {
                Ok(Some(Operand::Singular(query)))
            } else {
                Err(self.wrong_at(
                    start,
                    "a path to one place goes here, without `*`, `..`, `:`, `,` and filters",
                ))
            };
        }
        let operand = if self.eat("length(") {
            Operand::Length(Box::new(self.argument()?))
        } else if self.eat("count(") {
            Operand::Count(self.nodes()?)
        } else if self.eat("value(") {
            Operand::ValueOf(self.nodes()?)
        } else {
            return Ok(None);
        };
        self.blank();
        self.expect(")")?;
        Ok(Some(operand))
    }

    fn nodes(&mut self) -> Result<Query, SyntaxError> {
        self.blank();
        self.query()?
            .ok_or_else(|| self.wrong("a path that starts with `@` or `$` goes here"))
    }

    fn query(&mut self) -> Result<Option<Query>, SyntaxError> {
        let absolute = self.eat("$");
        if !absolute && !self.eat("@") {
            return Ok(None);
        }
        let segments = self.segments()?;
        Ok(Some(Query { absolute, segments }))
    }
}
