//! Output variables: what is taken from a response, by `JSONPath` (RFC 9535).

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::action::{BUILT_IN_VARIABLES, OutputVariableSpec};
use crate::name::VariableName;
use crate::rule::RuleError;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 512;
/// How many brackets an expression may hold: the parser recurses into each.
const MAX_BRACKETS: usize = 64;

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
                format!("`{}` is a built-in variable; take another name", spec.name),
            ));
        }
        Ok(Self {
            name: spec.name.clone(),
            path: parse(&spec.path)?,
        })
    }

    /// The first match in a response, with its JSON type. None when nothing matches, which leaves
    /// the variable as it was.
    pub fn extract<'a>(&self, response: &'a Value) -> Option<&'a Value> {
        self.path.query(response).first()
    }
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
    check_work(expression)?;
    JsonPath::parse(expression).map_err(|error| {
        let column = expression
            .char_indices()
            .take_while(|(at, _)| *at < error.position())
            .count()
            + 1;
        invalid(format!(
            "not a JSONPath (RFC 9535), line 1, column {column}: {}; write for example $.data.id",
            error.message()
        ))
    })
}

/// Refuses expressions whose work grows faster than the response: the response is another's, and a
/// megabyte of it would then keep a processor for hours. The parser is not needed to see them.
fn check_work(expression: &str) -> Result<(), RuleError> {
    let code = without_strings(expression);
    let refuse = |message: &str| Err(RuleError::new("invalid_json_path", message));
    if code.matches("..").count() > 1 {
        return refuse("a JSONPath has `..` at most once; name the members on the way");
    }
    if let Some((_, filter)) = code.split_once('?')
        && filter.contains('$')
        && (filter.contains(['*', ':', '?']) || filter.contains(".."))
    {
        return refuse(
            "a filter that looks up `$` names one place there, without `*`, `..`, `:` or another filter",
        );
    }
    Ok(())
}

/// The expression with its string literals emptied.
fn without_strings(expression: &str) -> String {
    let mut code = String::with_capacity(expression.len());
    let (mut quote, mut escaped) = (None, false);
    for c in expression.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => {
                if matches!(c, '"' | '\'') {
                    quote = Some(c);
                }
                code.push(c);
            }
        }
    }
    code
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn variable(path: &str) -> Result<OutputVariable, RuleError> {
        OutputVariable::parse(&OutputVariableSpec {
            name: VariableName::parse("v").unwrap(),
            path: path.to_owned(),
        })
    }

    #[test]
    fn the_first_match_keeps_its_type() {
        let response = json!({"a": [{"n": 1.5}, {"n": null}], "s": "x", "o": {"k": true}});
        for (path, expected) in [
            ("$.a[0].n", Some(json!(1.5))),
            ("$.a[*].n", Some(json!(1.5))),
            ("$.a[1].n", Some(json!(null))),
            ("$.o", Some(json!({"k": true}))),
            ("$..k", Some(json!(true))),
            ("$.a[?@.n > 1].n", Some(json!(1.5))),
            ("$.missing", None),
            ("$", Some(response.clone())),
        ] {
            assert_eq!(
                variable(path).unwrap().extract(&response).cloned(),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn work_that_outgrows_the_response_is_refused() {
        for path in [
            "$..a..b",
            "$..[?count(@..*) > 1]",
            "$[?count($..*) > 1]",
            "$[?$[?@.a == 1]]",
        ] {
            assert_eq!(
                variable(path).unwrap_err().code,
                "invalid_json_path",
                "{path}"
            );
        }
        for path in [
            "$..a",
            "$['..']..a",
            "$.items[*][?@.id == $.selected].name",
            "$[?@.a == '..$..'].b",
            "$[?match(@.a, 'x.*')].b",
            "$[?@.tags[?@ == 'x']]",
        ] {
            assert!(variable(path).is_ok(), "{path}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_names_its_column() {
        let error = variable("$.a[").unwrap_err();
        assert_eq!(error.code, "invalid_json_path");
        assert!(error.message.contains("line 1, column"), "{error}");
        assert!(variable("").is_err());
        assert!(variable("a.b").is_err());
        let call = OutputVariableSpec {
            name: VariableName::parse("call").unwrap(),
            path: "$".to_owned(),
        };
        assert_eq!(
            OutputVariable::parse(&call).unwrap_err().code,
            "reserved_name"
        );
    }

    proptest! {
        #[test]
        fn no_expression_overflows_the_stack(open in "[(\\[!?@$.*]{0,600}", text in ".{0,300}") {
            let _ = variable(&format!("$[?{open}{text}"));
            let _ = variable(&open);
        }
    }
}
