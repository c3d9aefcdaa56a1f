//! Walking a value as an expression says.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::ast::{Comparison, Logical, Operand, PatternSource, Query, Segment, Selector, Slice};
use super::equality::{equal, ordered};
use super::pattern::{Pattern, Scratch};
use crate::budget::{Budget, OverBudget};

/// One evaluation over one value.
pub(super) struct Evaluation<'v, 'e, 'b> {
    root: &'v Value,
    budget: &'e mut Budget<'b>,
    /// Patterns of the data, by their text. None is one that matches nothing.
    patterns: HashMap<&'v str, Option<Arc<Pattern>>>,
    scratch: Scratch,
}

/// What is called with each match, and answers whether it was enough.
type Found<'f, 'v> = &'f mut dyn FnMut(&'v Value) -> bool;

/// What an operand gives.
enum Operated<'o, 'v> {
    Nothing,
    /// Written in the expression.
    Literal(&'o Value),
    /// A place in the response.
    Node(&'v Value),
    /// Counted.
    Number(Value),
}

impl Operated<'_, '_> {
    #[expect(
        clippy::match_same_arms,
        reason = "the two live for different times, so one arm cannot bind both"
    )]
    const fn value(&self) -> Option<&Value> {
        match self {
            Self::Nothing => None,
            Self::Literal(value) => Some(*value),
            Self::Node(value) => Some(*value),
            Self::Number(value) => Some(value),
        }
    }
}

impl<'v, 'e, 'b> Evaluation<'v, 'e, 'b> {
    pub(super) fn new(root: &'v Value, budget: &'e mut Budget<'b>) -> Self {
        Self {
            root,
            budget,
            patterns: HashMap::new(),
            scratch: Scratch::default(),
        }
    }

    /// Finds what segments lead to from a node, in order. True when it was enough.
    pub(super) fn each(
        &mut self,
        segments: &[Segment],
        node: &'v Value,
        found: Found<'_, 'v>,
    ) -> Result<bool, OverBudget> {
        let Some((segment, rest)) = segments.split_first() else {
            self.budget.step(1)?;
            return Ok(found(node));
        };
        self.budget.enter()?;
        for selector in &segment.selectors {
            if self.select(selector, rest, node, found)? {
                return Ok(true);
            }
        }
        if segment.descends {
            for child in children(node) {
                // A leaf has nothing below it that could be selected.
                if !is_leaf(child) && self.each(segments, child, found)? {
                    return Ok(true);
                }
                self.budget.step(1)?;
            }
        }
        self.budget.leave();
        Ok(false)
    }

    fn select(
        &mut self,
        selector: &Selector,
        rest: &[Segment],
        node: &'v Value,
        found: Found<'_, 'v>,
    ) -> Result<bool, OverBudget> {
        self.budget.step(1)?;
        match selector {
            Selector::Name(name) => match node.as_object().and_then(|members| members.get(name)) {
                Some(member) => self.each(rest, member, found),
                None => Ok(false),
            },
            Selector::Index(index) => match node.as_array().and_then(|items| item(items, *index)) {
                Some(item) => self.each(rest, item, found),
                None => Ok(false),
            },
            Selector::Wildcard => {
                for child in children(node) {
                    self.budget.step(1)?;
                    if self.each(rest, child, found)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Selector::Slice(slice) => {
                for index in indexes(*slice, node.as_array().map_or(0, Vec::len)) {
                    self.budget.step(1)?;
                    if self.each(rest, &node[index], found)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Selector::Filter(filter) => {
                for child in children(node) {
                    if self.holds(filter, child)? && self.each(rest, child, found)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// Whether a filter takes a node.
    fn holds(&mut self, filter: &Logical, node: &'v Value) -> Result<bool, OverBudget> {
        self.budget.enter()?;
        let holds = match filter {
            Logical::Or(parts) => self.any(parts, node, true)?,
            Logical::And(parts) => !self.any(parts, node, false)?,
            Logical::Not(inner) => !self.holds(inner, node)?,
            Logical::Exists(query) => self.query(query, node, &mut |_| true)?,
            Logical::Compare(left, comparison, right) => {
                let left = self.operand(left, node)?;
                let right = self.operand(right, node)?;
                self.compare(left.value(), *comparison, right.value())?
            }
            Logical::Matches {
                text,
                pattern,
                whole,
            } => self.matches(text, pattern, *whole, node)?,
        };
        self.budget.leave();
        Ok(holds)
    }

    /// Whether one of several says so.
    fn any(&mut self, parts: &[Logical], node: &'v Value, so: bool) -> Result<bool, OverBudget> {
        for part in parts {
            if self.holds(part, node)? == so {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn query(
        &mut self,
        query: &Query,
        node: &'v Value,
        found: Found<'_, 'v>,
    ) -> Result<bool, OverBudget> {
        let levels = self.budget.levels();
        let start = if query.absolute { self.root } else { node };
        let enough = self.each(&query.segments, start, found)?;
        // What was enough came back from where it was.
        self.budget.back_to(levels);
        Ok(enough)
    }

    fn operand<'o>(
        &mut self,
        operand: &'o Operand,
        node: &'v Value,
    ) -> Result<Operated<'o, 'v>, OverBudget> {
        match operand {
            Operand::Literal(value) => Ok(Operated::Literal(value)),
            Operand::Singular(query) => {
                let mut one = None;
                self.query(query, node, &mut |found| {
                    one = Some(found);
                    true
                })?;
                Ok(one.map_or(Operated::Nothing, Operated::Node))
            }
            Operand::Length(inner) => {
                self.budget.enter()?;
                let inner = self.operand(inner, node)?;
                self.budget.leave();
                self.length(inner.value())
            }
            Operand::Count(query) => {
                let mut count = 0_u64;
                self.query(query, node, &mut |_| {
                    count += 1;
                    false
                })?;
                Ok(Operated::Number(count.into()))
            }
            Operand::ValueOf(query) => {
                let (mut one, mut count) = (None, 0);
                self.query(query, node, &mut |found| {
                    one = Some(found);
                    count += 1;
                    count > 1
                })?;
                let one = one.filter(|_| count == 1);
                Ok(one.map_or(Operated::Nothing, Operated::Node))
            }
        }
    }

    fn length<'o>(&mut self, value: Option<&Value>) -> Result<Operated<'o, 'v>, OverBudget> {
        let length = match value {
            Some(Value::String(text)) => {
                self.budget.text(text.len())?;
                text.chars().count()
            }
            Some(Value::Array(items)) => items.len(),
            Some(Value::Object(members)) => members.len(),
            _ => return Ok(Operated::Nothing),
        };
        Ok(Operated::Number(length.into()))
    }

    fn compare(
        &mut self,
        left: Option<&Value>,
        comparison: Comparison,
        right: Option<&Value>,
    ) -> Result<bool, OverBudget> {
        let less = |this: &mut Self, left: Option<&Value>, right: Option<&Value>, or_equal| {
            let (Some(left), Some(right)) = (left, right) else {
                return Ok(or_equal && left.is_none() && right.is_none());
            };
            match ordered(left, right, this.budget)? {
                Some(order) => Ok(order == Ordering::Less || (or_equal && order.is_eq())),
                None => Ok(or_equal && equal(left, right, this.budget)?),
            }
        };
        match comparison {
            Comparison::Equal => self.same(left, right),
            Comparison::NotEqual => Ok(!self.same(left, right)?),
            Comparison::Less => less(self, left, right, false),
            Comparison::LessOrEqual => less(self, left, right, true),
            Comparison::Greater => less(self, right, left, false),
            Comparison::GreaterOrEqual => less(self, right, left, true),
        }
    }

    fn same(&mut self, left: Option<&Value>, right: Option<&Value>) -> Result<bool, OverBudget> {
        match (left, right) {
            (None, None) => Ok(true),
            (Some(left), Some(right)) => equal(left, right, self.budget),
            _ => Ok(false),
        }
    }

    fn matches(
        &mut self,
        text: &Operand,
        pattern: &PatternSource,
        whole: bool,
        node: &'v Value,
    ) -> Result<bool, OverBudget> {
        let text = self.operand(text, node)?;
        let Some(text) = text.value().and_then(Value::as_str) else {
            return Ok(false);
        };
        let pattern = match pattern {
            PatternSource::Literal(pattern) => pattern.clone(),
            PatternSource::Data(source) => {
                // A literal that is no text, a number or nothing: none of them is a pattern.
                let Operated::Node(Value::String(source)) = self.operand(source, node)? else {
                    return Ok(false);
                };
                self.budget.text(source.len())?;
                let known = self.patterns.get(source.as_str()).cloned();
                let compiled = if let Some(known) = known {
                    known
                } else {
                    let new = Pattern::of_data(source, self.budget)?.map(Arc::new);
                    self.patterns.insert(source, new.clone());
                    new
                };
                let Some(pattern) = compiled else {
                    return Ok(false);
                };
                pattern
            }
        };
        pattern.matches(text, whole, &mut self.scratch, self.budget)
    }
}

const fn is_leaf(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// The items of an array or the members of an object.
fn children(node: &Value) -> impl Iterator<Item = &Value> {
    let items = node.as_array().into_iter().flatten();
    let members = node.as_object().into_iter().flat_map(|all| all.values());
    items.chain(members)
}

fn item(items: &[Value], index: i64) -> Option<&Value> {
    let at = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 {
        items.get(items.len().checked_sub(at)?)
    } else {
        items.get(at)
    }
}

/// The places that a slice selects of an array, in order.
fn indexes(slice: Slice, length: usize) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let step = slice.step.unwrap_or(1);
    // Places below zero count from the end.
    let place = |at: i64| if at < 0 { length + at } else { at };
    let (from, to) = if step >= 0 {
        let from = slice.start.map_or(0, place).clamp(0, length);
        (from, slice.end.map_or(length, place).clamp(0, length))
    } else {
        let from = slice.start.map_or(length - 1, place).clamp(-1, length - 1);
        (from, slice.end.map_or(-1, place).clamp(-1, length - 1))
    };
    let is_inside = move |at: &i64| (step > 0 && *at < to) || (step < 0 && *at > to);
    std::iter::successors(Some(from), move |at| at.checked_add(step))
        .take_while(is_inside)
        .filter_map(|at| usize::try_from(at).ok())
}
