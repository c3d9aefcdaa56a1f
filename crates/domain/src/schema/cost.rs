//! How much work a schema makes of a value, counted without doing it.
//!
//! The validator has no budget: references that come back to themselves twice double with each level
//! of a value, and a list of choices is gone through for each item of an array. So where a schema and
//! a value could come to much, the steps are counted first, up to the number that is allowed.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::check::Targets;
use crate::budget::{Budget, OverBudget};
use crate::jsonpath::pattern_weight;

/// Counts the validator's work.
pub(super) struct Cost<'s, 'b, 'e> {
    targets: Targets<'s>,
    /// What each pattern costs for a byte, by its text.
    patterns: HashMap<&'s str, u64>,
    budget: &'e mut Budget<'b>,
}

impl<'s, 'b, 'e> Cost<'s, 'b, 'e> {
    pub(super) fn new(schema: &'s Value, budget: &'e mut Budget<'b>) -> Self {
        Self {
            targets: Targets::of(schema),
            patterns: HashMap::new(),
            budget,
        }
    }

    /// Counts what a schema, or a list of schemas, makes of a value.
    pub(super) fn of(&mut self, schema: &'s Value, value: &Value) -> Result<(), OverBudget> {
        match schema {
            Value::Object(members) => {
                self.budget.enter()?;
                for (key, member) in members {
                    self.keyword(members, key, member, value)?;
                }
                self.budget.leave();
                Ok(())
            }
            Value::Array(schemas) => schemas.iter().try_for_each(|one| self.of(one, value)),
            _ => self.budget.step(1),
        }
    }

    fn keyword(
        &mut self,
        schema: &'s Map<String, Value>,
        key: &str,
        member: &'s Value,
        value: &Value,
    ) -> Result<(), OverBudget> {
        match key {
            "$ref" | "$dynamicRef" => match member.as_str().and_then(|to| self.targets.find(to)) {
                Some(target) => self.of(target, value),
                None => Ok(()),
            },
            "allOf" | "anyOf" | "oneOf" | "not" | "if" | "then" | "else" => self.of(member, value),
            "dependentSchemas" => self.all(member, value),
            "properties" => self.properties(member, value),
            "patternProperties" => self.matching(member, value),
            "additionalProperties" | "unevaluatedProperties" => {
                let named = schema.get("properties").and_then(Value::as_object);
                self.others(member, named, value)
            }
            "propertyNames" => self.names(member, value),
            "items" | "unevaluatedItems" => {
                let first = schema.get("prefixItems").and_then(Value::as_array);
                let items = items(value).iter().skip(first.map_or(0, Vec::len));
                items.into_iter().try_for_each(|item| self.of(member, item))
            }
            "contains" => items(value)
                .iter()
                .try_for_each(|item| self.of(member, item)),
            "prefixItems" => {
                let pairs = member.as_array().into_iter().flatten().zip(items(value));
                pairs
                    .into_iter()
                    .try_for_each(|(one, item)| self.of(one, item))
            }
            "uniqueItems" => self.size(value),
            "enum" => self.budget.step(1 + items(member).len() as u64 / 8),
            "pattern" => self.pattern(member, value.as_str().unwrap_or_default()),
            "minLength" | "maxLength" | "format" => {
                self.budget.text(value.as_str().map_or(0, str::len))
            }
            _ => Ok(()),
        }
    }

    fn all(&mut self, schemas: &'s Value, value: &Value) -> Result<(), OverBudget> {
        let schemas = schemas.as_object().into_iter().flat_map(Map::values);
        schemas.into_iter().try_for_each(|one| self.of(one, value))
    }

    fn properties(&mut self, schemas: &'s Value, value: &Value) -> Result<(), OverBudget> {
        let (Some(schemas), Some(members)) = (schemas.as_object(), value.as_object()) else {
            return Ok(());
        };
        self.budget.step(schemas.len().min(members.len()) as u64)?;
        for (name, schema) in schemas {
            if let Some(member) = members.get(name) {
                self.of(schema, member)?;
            }
        }
        Ok(())
    }

    /// Each pattern looks at each name, and may take each member.
    fn matching(&mut self, schemas: &'s Value, value: &Value) -> Result<(), OverBudget> {
        for (pattern, schema) in schemas.as_object().into_iter().flatten() {
            for (name, member) in value.as_object().into_iter().flatten() {
                self.run(pattern, name)?;
                self.of(schema, member)?;
            }
        }
        Ok(())
    }

    fn others(
        &mut self,
        schema: &'s Value,
        named: Option<&Map<String, Value>>,
        value: &Value,
    ) -> Result<(), OverBudget> {
        for (name, member) in value.as_object().into_iter().flatten() {
            if !named.is_some_and(|named| named.contains_key(name)) {
                self.of(schema, member)?;
            }
        }
        Ok(())
    }

    fn names(&mut self, schema: &'s Value, value: &Value) -> Result<(), OverBudget> {
        for name in value.as_object().into_iter().flat_map(Map::keys) {
            self.budget.text(name.len())?;
            self.of(schema, &Value::String(name.clone()))?;
        }
        Ok(())
    }

    /// Counts the parts of a value, a text by its bytes.
    pub(super) fn size(&mut self, value: &Value) -> Result<(), OverBudget> {
        match value {
            Value::String(text) => self.budget.step(1 + text.len() as u64),
            Value::Array(items) => {
                self.budget.step(1)?;
                items.iter().try_for_each(|item| self.size(item))
            }
            Value::Object(members) => {
                self.budget.step(1)?;
                members.values().try_for_each(|member| self.size(member))
            }
            _ => self.budget.step(1),
        }
    }

    fn pattern(&mut self, pattern: &'s Value, text: &str) -> Result<(), OverBudget> {
        pattern
            .as_str()
            .map_or(Ok(()), |pattern| self.run(pattern, text))
    }

    /// A pattern goes over a text with all of its states in the worst case.
    fn run(&mut self, pattern: &'s str, text: &str) -> Result<(), OverBudget> {
        let weight = *self
            .patterns
            .entry(pattern)
            .or_insert_with(|| pattern_weight(pattern));
        self.budget
            .step(1 + (text.len() as u64).saturating_mul(weight) / 16)
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
