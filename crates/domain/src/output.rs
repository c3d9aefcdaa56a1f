//! Output variables: what is taken from a response, by `JSONPath` (RFC 9535).
//!
//! The expressions are a tenant's and the response is an upstream's, so what they cost together is
//! bounded at run time. Nearly all of it is done in less than [`QUICK_STEPS`], where the response
//! came in. What takes longer goes on elsewhere, under the budget of the whole call.

use serde_json::Value;

use crate::action::{BUILT_IN_VARIABLES, OutputVariableSpec};
use crate::budget::{Budget, OverBudget};
use crate::jsonpath::JsonPath;
use crate::name::VariableName;
use crate::rule::RuleError;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 512;
/// How many brackets an expression may hold: the parser recurses into each.
const MAX_BRACKETS: usize = 64;
/// How many steps are taken at once, on a thread that serves others too: about a millisecond.
pub const QUICK_STEPS: u64 = 20_000;
/// How many steps all output variables of a call take at most: well under a second.
pub const MAX_STEPS: u64 = 5_000_000;
/// How large all output variables of a call are together, in bytes of JSON.
pub const MAX_TAKEN_BYTES: usize = 1 << 20;
/// How deep an evaluation goes: an expression of names is 256 segments, a response 128 levels.
const MAX_LEVELS: u32 = 400;

/// An output variable that is ready to be taken.
#[derive(Debug, Clone)]
pub struct OutputVariable {
    /// The conversation variable it sets.
    pub name: VariableName,
    path: JsonPath,
}

impl OutputVariable {
    /// Parses the expression.
    pub fn parse(spec: &OutputVariableSpec) -> Result<Self, RuleError> {
        if BUILT_IN_VARIABLES.contains(&spec.name.as_str()) {
            return Err(RuleError::new(
                "reserved_name",
                format!(
                    "`{}` is a built-in variable; choose another name",
                    spec.name
                ),
            ));
        }
        Ok(Self {
            name: spec.name.clone(),
            path: parse(&spec.path)?,
        })
    }
}

/// Why a variable that may have had a match was not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The variable.
    pub name: VariableName,
    /// What ran out.
    pub reason: OverBudget,
}

/// What came of the output variables of one response.
#[derive(Debug, Default)]
pub struct Taken {
    /// The variables that are set, with their JSON types.
    pub variables: Vec<(VariableName, Value)>,
    /// Those that had no match and stay as they were.
    pub unmatched: Vec<VariableName>,
    /// Those that cost too much and stay as they were, each with the reason.
    pub left_out: Vec<LeftOut>,
    /// How many are done.
    done: usize,
    bytes: usize,
}

impl Taken {
    /// Takes what can be taken quickly. True when that was everything.
    pub fn quickly(&mut self, outputs: &[OutputVariable], response: &Value) -> bool {
        let mut budget = self.budget(QUICK_STEPS, &|| false);
        for output in outputs.iter().skip(self.done) {
            match take(output, response, &mut budget) {
                // With more steps it may still be done.
                Err(OverBudget::Steps) => return false,
                taken => self.note(output, taken, &budget),
            }
        }
        true
    }

    /// Takes the rest, until `is_late` says that it is enough. What is not done by then is left out.
    /// Each may spend its share of the steps, and what those before it left of theirs.
    pub fn rest(
        &mut self,
        outputs: &[OutputVariable],
        response: &Value,
        is_late: &dyn Fn() -> bool,
    ) {
        let mut left = MAX_STEPS;
        for output in outputs.iter().skip(self.done) {
            let share = left / (outputs.len() - self.done) as u64;
            let mut budget = self.budget(share, is_late);
            let taken = take(output, response, &mut budget);
            left -= share - budget.steps();
            self.note(output, taken, &budget);
        }
    }

    /// Leaves out what is not done.
    pub fn give_up(&mut self, outputs: &[OutputVariable], reason: OverBudget) {
        for output in outputs.iter().skip(self.done) {
            self.leave_out(output, reason);
        }
        self.done = outputs.len();
    }

    const fn budget<'a>(&self, steps: u64, is_late: &'a dyn Fn() -> bool) -> Budget<'a> {
        Budget::new(
            steps,
            MAX_TAKEN_BYTES.saturating_sub(self.bytes),
            MAX_LEVELS,
            is_late,
        )
    }

    fn note(
        &mut self,
        output: &OutputVariable,
        taken: Result<Option<Value>, OverBudget>,
        budget: &Budget<'_>,
    ) {
        self.done += 1;
        self.bytes = MAX_TAKEN_BYTES - budget.bytes();
        match taken {
            Ok(Some(value)) => self.variables.push((output.name.clone(), value)),
            Ok(None) => self.unmatched.push(output.name.clone()),
            Err(reason) => self.leave_out(output, reason),
        }
    }

    fn leave_out(&mut self, output: &OutputVariable, reason: OverBudget) {
        let name = output.name.clone();
        self.left_out.push(LeftOut { name, reason });
    }
}

/// The first match in a response. None when nothing matches.
fn take(
    output: &OutputVariable,
    response: &Value,
    budget: &mut Budget<'_>,
) -> Result<Option<Value>, OverBudget> {
    let Some(found) = output.path.first(response, budget)? else {
        return Ok(None);
    };
    let size = size(found, budget)?;
    budget.keep(size)?;
    Ok(Some(found.clone()))
}

/// About how many bytes a value has as JSON. It is as deep as a parser lets it be.
fn size(value: &Value, budget: &mut Budget<'_>) -> Result<usize, OverBudget> {
    let mut size = 8;
    match value {
        Value::String(text) => {
            budget.text(text.len())?;
            size += text.len();
        }
        Value::Array(items) => {
            budget.step(1)?;
            for item in items {
                size += self::size(item, budget)?;
            }
        }
        Value::Object(members) => {
            budget.step(1)?;
            for (name, member) in members {
                budget.text(name.len())?;
                size += name.len() + self::size(member, budget)?;
            }
        }
        _ => budget.step(1)?,
    }
    Ok(size)
}

fn parse(expression: &str) -> Result<JsonPath, RuleError> {
    let invalid = |message: String| RuleError::new("invalid_json_path", message);
    if expression.len() > MAX_BYTES {
        return Err(invalid(format!("a JSONPath has at most {MAX_BYTES} bytes")));
    }
    let brackets = expression
        .bytes()
        .filter(|byte| matches!(byte, b'(' | b'[' | b'!'))
        .count();
    if brackets > MAX_BRACKETS {
        return Err(invalid(format!(
            "a JSONPath has at most {MAX_BRACKETS} brackets"
        )));
    }
    JsonPath::parse(expression).map_err(|error| {
        let column = expression
            .char_indices()
            .take_while(|(at, _)| *at < error.at)
            .count()
            + 1;
        invalid(format!(
            "not a JSONPath (RFC 9535), line 1, column {column}: {}; write for example $.data.id",
            error.message
        ))
    })
}

#[cfg(test)]
mod tests;
