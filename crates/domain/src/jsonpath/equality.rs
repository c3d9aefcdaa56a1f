//! Comparing values, as far as the budget goes.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::budget::{Budget, OverBudget};

/// Whether two values are equal: numbers by their value, objects whatever their order.
pub(super) fn equal(
    left: &Value,
    right: &Value,
    budget: &mut Budget<'_>,
) -> Result<bool, OverBudget> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            budget.step(1)?;
            Ok(order(left, right) == Some(Ordering::Equal))
        }
        (Value::String(left), Value::String(right)) => {
            budget.text(left.len().min(right.len()))?;
            Ok(left == right)
        }
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            budget.enter()?;
            for (left, right) in left.iter().zip(right) {
                if !equal(left, right, budget)? {
                    budget.leave();
                    return Ok(false);
                }
            }
            budget.leave();
            Ok(true)
        }
        (Value::Object(left), Value::Object(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            budget.enter()?;
            for (name, left) in left {
                budget.text(name.len())?;
                let same = match right.get(name) {
                    Some(right) => equal(left, right, budget)?,
                    None => false,
                };
                if !same {
                    budget.leave();
                    return Ok(false);
                }
            }
            budget.leave();
            Ok(true)
        }
        (left, right) => {
            budget.step(1)?;
            Ok(left == right)
        }
    }
}

/// How two values are ordered, if they are: numbers and texts among themselves.
pub(super) fn ordered(
    left: &Value,
    right: &Value,
    budget: &mut Budget<'_>,
) -> Result<Option<Ordering>, OverBudget> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            budget.step(1)?;
            Ok(order(left, right))
        }
        (Value::String(left), Value::String(right)) => {
            budget.text(left.len().min(right.len()))?;
            Ok(Some(left.cmp(right)))
        }
        _ => Ok(None),
    }
}

fn order(left: &Number, right: &Number) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        return Some(left.cmp(&right));
    }
    if let (Some(left), Some(right)) = (left.as_u64(), right.as_u64()) {
        return Some(left.cmp(&right));
    }
    left.as_f64()?.partial_cmp(&right.as_f64()?)
}
