//! Parameter schemas: JSON Schema, draft 2020-12, for the arguments of an action.

mod check;
mod cost;

use std::sync::Arc;

use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::{Map, Value};

use crate::budget::Budget;
use crate::input::InputError;
use crate::rule::RuleError;

/// The largest schema, in bytes of its JSON text.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;
/// The deepest schema: deeper ones would exhaust the stack of the validator.
pub const MAX_SCHEMA_DEPTH: usize = 64;
/// How many steps checking one value may take: well under a second.
const MAX_STEPS: u64 = 5_000_000;
/// How many steps finding all wrong places may take; where it is more, only that it is wrong is said.
const MAX_LISTED_STEPS: u64 = 500_000;
/// Values of so little work are checked without counting it first.
const FREE_STEPS: u64 = 4_000;
/// How deep a value goes into a schema, its references followed.
const MAX_LEVELS: u32 = 500;
/// How many wrong places one answer lists.
const MAX_ERRORS: usize = 20;
/// The longest text about one of them, in characters: it may quote names and choices.
const MAX_DETAIL: usize = 300;

/// A schema that is ready to validate. Cloning it is cheap.
#[derive(Clone)]
pub struct ParameterSchema {
    source: Arc<Value>,
    /// None where anything goes.
    validator: Option<Arc<Validator>>,
    /// How many schemas look at one value, or none when references come back to themselves.
    work: Option<u64>,
}

impl std::fmt::Debug for ParameterSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ParameterSchema")
            .field(&self.source)
            .finish()
    }
}

impl Default for ParameterSchema {
    /// Any object.
    fn default() -> Self {
        Self {
            source: Arc::new(serde_json::json!({"type": "object", "properties": {}})),
            validator: None,
            work: Some(1),
        }
    }
}

fn invalid(message: impl Into<String>) -> RuleError {
    RuleError::new("invalid_schema", message)
}

impl ParameterSchema {
    /// Compiles a schema. It describes an object, refers to nothing outside itself and has patterns
    /// that match in linear time.
    pub fn compile(schema: &Value) -> Result<Self, RuleError> {
        let Value::Object(members) = schema else {
            return Err(invalid(
                "a parameters schema is a JSON object such as {\"type\": \"object\", \"properties\": {}}",
            ));
        };
        match members.get("type") {
            None => {}
            Some(Value::String(kind)) if kind == "object" => {}
            Some(_) => {
                return Err(invalid(
                    "arguments are an object, so the schema's `type` is \"object\"",
                ));
            }
        }
        check::places(schema)?;
        if schema.to_string().len() > MAX_SCHEMA_BYTES {
            return Err(invalid(format!(
                "the schema is larger than {MAX_SCHEMA_BYTES} bytes; shorten it"
            )));
        }
        let work = check::work(schema)?;
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex().size_limit(1 << 20))
            .with_retriever(Nowhere)
            .build(schema)
            .map_err(|error| {
                invalid(format!(
                    "the schema is not valid at `{}`: {}",
                    error.instance_path(),
                    shortened(error.to_string())
                ))
            })?;
        Ok(Self {
            source: Arc::new(schema.clone()),
            validator: Some(Arc::new(validator)),
            work: (!work.comes_back).then_some(work.steps),
        })
    }

    /// The schema as it was written.
    pub const fn source(&self) -> &Arc<Value> {
        &self.source
    }

    /// Checks arguments. The error lists the wrong places, each a pointer into the arguments.
    pub fn validate(&self, arguments: &Value) -> Result<(), Vec<InputError>> {
        if !arguments.is_object() {
            return Err(vec![InputError {
                pointer: String::new(),
                detail: "arguments are a JSON object".to_owned(),
            }]);
        }
        let Some(validator) = &self.validator else {
            return Ok(());
        };
        let one = |detail: &str| {
            vec![InputError {
                pointer: String::new(),
                detail: detail.to_owned(),
            }]
        };
        let Some(steps) = self.steps(arguments) else {
            return Err(one(
                "the arguments are too large to be checked against this schema; send less",
            ));
        };
        if validator.is_valid(arguments) {
            return Ok(());
        }
        if steps > MAX_LISTED_STEPS {
            return Err(one(
                "the arguments do not fit the schema; they are too large to say where",
            ));
        }
        Err(validator
            .iter_errors(arguments)
            .take(MAX_ERRORS)
            .map(|error| InputError {
                pointer: error.instance_path().to_string(),
                detail: shortened(error.masked_with("the value").to_string()),
            })
            .collect())
    }

    /// How many steps checking a value takes at most. None when they are too many.
    fn steps(&self, arguments: &Value) -> Option<u64> {
        let mut budget = Budget::new(FREE_STEPS, 0, MAX_LEVELS, &|| false);
        let mut cost = cost::Cost::new(&self.source, &mut budget);
        let counted = cost.size(arguments);
        let size = FREE_STEPS - budget.steps();
        if let (Ok(()), Some(work)) = (counted, self.work)
            && size.saturating_mul(work) < FREE_STEPS
        {
            return Some(0);
        }
        let mut budget = Budget::new(MAX_STEPS, 0, MAX_LEVELS, &|| false);
        let counted = cost::Cost::new(&self.source, &mut budget).of(&self.source, arguments);
        counted.ok().map(|()| MAX_STEPS - budget.steps())
    }

    /// The names of the properties it describes at the top.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        self.source
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
    }

    /// The names of the properties that must be there.
    pub fn required(&self) -> impl Iterator<Item = &str> {
        self.source
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_DETAIL) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Where schemas are fetched from.
struct Nowhere;

impl Retrieve for Nowhere {
    fn retrieve(&self, _: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("only references that start with `#` are followed".into())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wrong_places_are_listed_with_pointers() {
        let schema = ParameterSchema::compile(&json!({
            "type": "object",
            "properties": {"id": {"type": "string", "pattern": "^inv_"}, "n": {"type": "integer"}},
            "required": ["id"],
            "additionalProperties": false
        }))
        .unwrap();
        assert_eq!(schema.validate(&json!({"id": "inv_1", "n": 2})), Ok(()));
        let errors = schema
            .validate(&json!({"id": "x", "n": "long secret"}))
            .unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/id", "/n"]);
        assert!(
            errors
                .iter()
                .all(|error| !error.detail.contains("long secret"))
        );
        assert!(schema.validate(&json!({})).is_err());
        assert!(schema.validate(&json!({"id": "inv_1", "x": 1})).is_err());
        assert_eq!(schema.required().collect::<Vec<_>>(), ["id"]);
        assert_eq!(schema.properties().collect::<Vec<_>>(), ["id", "n"]);
    }

    #[test]
    fn the_default_takes_any_object() {
        assert_eq!(
            ParameterSchema::default().validate(&json!({"a": [1]})),
            Ok(())
        );
        for schema in [
            ParameterSchema::default(),
            ParameterSchema::compile(&json!({})).unwrap(),
        ] {
            assert!(schema.validate(&json!([1])).is_err());
            assert!(schema.validate(&Value::Null).is_err());
        }
    }

    #[test]
    fn local_references_work_even_in_circles() {
        let schema = ParameterSchema::compile(&json!({
            "type": "object",
            "properties": {"tree": {"$ref": "#/$defs/node"}},
            "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "v": {"type": "integer"}}}}
        }))
        .unwrap();
        assert!(
            schema
                .validate(&json!({"tree": {"next": {"v": 1}}}))
                .is_ok()
        );
        assert!(
            schema
                .validate(&json!({"tree": {"next": {"v": "x"}}}))
                .is_err()
        );
    }

    /// Each definition looks twice at the next one.
    fn doubling(keyword: &str) -> Value {
        let mut definitions = Map::new();
        for at in 0..40 {
            let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
            definitions.insert(format!("d{at}"), json!({keyword: [next, next]}));
        }
        definitions.insert("d40".to_owned(), json!({"type": "string"}));
        json!({"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions})
    }

    fn chain(length: usize) -> Value {
        let mut definitions: Map<_, _> = (0..length)
            .map(|at| {
                (
                    format!("d{at}"),
                    json!({"$ref": format!("#/$defs/d{}", at + 1)}),
                )
            })
            .collect();
        definitions.insert(format!("d{length}"), json!({"type": "string"}));
        json!({"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions})
    }

    #[test]
    fn long_chains_of_references_are_refused_before_they_exhaust_the_stack() {
        let schema = ParameterSchema::compile(&chain(290)).unwrap();
        assert!(schema.validate(&json!({"a": 1})).is_err());
        assert!(schema.validate(&json!({"a": "x"})).is_ok());
        assert!(ParameterSchema::compile(&chain(1800)).is_err());
    }

    #[test]
    fn circles_without_an_end_do_not_hang() {
        for schema in [
            json!({"$ref": "#"}),
            json!({"allOf": [{"$ref": "#"}], "unevaluatedProperties": false}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        ] {
            if let Ok(schema) = ParameterSchema::compile(&schema) {
                let _ = schema.validate(&json!({"a": 1}));
            }
        }
    }

    fn deep(levels: usize) -> Value {
        (0..levels).fold(json!({}), |inner, _| json!({"n": inner}))
    }

    #[test]
    fn checking_a_value_is_bounded() {
        let twice = |keyword: &str| {
            let next = json!({"$ref": "#/$defs/n"});
            json!({
                "$ref": "#/$defs/n",
                "$defs": {"n": {"properties": {
                    "n": {(keyword): [next, next]}, "bad": {"type": "string"},
                }}},
            })
        };
        let choices: Vec<_> = (0..5000).map(|at| format!("c{at}")).collect();
        let mut wrong = deep(60);
        wrong["bad"] = json!(1);
        for (schema, value) in [
            (twice("allOf"), deep(100)),
            (twice("anyOf"), deep(100)),
            (twice("oneOf"), wrong),
            (
                json!({"properties": {"a": {"items": {"enum": choices}}}}),
                json!({"a": vec!["x"; 100_000]}),
            ),
            (
                json!({"properties": {"a": {"pattern": "([a-z]?){2000}(a*)*!"}}}),
                json!({"a": "a".repeat(900_000)}),
            ),
            (
                json!({"patternProperties": {"(a?){500}b": {}, "(a?){501}b": {}}}),
                Value::Object((0..20_000).map(|at| (format!("a{at}"), json!(1))).collect()),
            ),
        ] {
            let schema = ParameterSchema::compile(&schema).unwrap();
            let errors = schema.validate(&value).unwrap_err();
            assert!(errors[0].detail.contains("too large"), "{errors:?}");
        }
    }

    #[test]
    fn what_people_send_is_checked_as_before() {
        let tree = ParameterSchema::compile(&json!({
            "$ref": "#/$defs/n",
            "$defs": {"n": {
                "properties": {"v": {"type": "integer"}, "left": {"$ref": "#/$defs/n"}},
                "additionalProperties": {"$ref": "#/$defs/n"},
            }},
        }))
        .unwrap();
        let nest = |leaf: Value| (0..50).fold(leaf, |inner, _| json!({"left": inner, "right": {}}));
        assert_eq!(tree.validate(&nest(json!({"v": 1}))), Ok(()));
        let errors = tree.validate(&nest(json!({"v": "x"}))).unwrap_err();
        assert_eq!(errors[0].pointer, format!("{}/v", "/left".repeat(50)));
        let file = ParameterSchema::compile(&json!({
            "properties": {"file": {"type": "string", "pattern": "^[A-Za-z0-9+/=]*$"},
                "rows": {"items": {"properties": {"kind": {"enum": ["a", "b"]}}}}},
        }))
        .unwrap();
        let rows = vec![json!({"kind": "a", "n": 1, "text": "some words"}); 10_000];
        let arguments = json!({"file": "abcd".repeat(100_000), "rows": rows});
        assert_eq!(file.validate(&arguments), Ok(()));
    }

    #[test]
    fn the_deepest_value_fits_a_small_stack() {
        let schema = json!({
            "$ref": "#/$defs/n",
            "$defs": {"n": {"anyOf": [{"allOf": [{"properties": {"n": {"$ref": "#/$defs/n"}}}]}]}},
        });
        let run = move || {
            let schema = ParameterSchema::compile(&schema).unwrap();
            let _ = schema.validate(&deep(120));
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run);
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn what_is_said_about_a_value_is_short() {
        let schema = ParameterSchema::compile(&json!({
            "properties": {"e": {"enum": ["x".repeat(2000)]}},
            "additionalProperties": false
        }))
        .unwrap();
        let errors = schema
            .validate(&json!({"y".repeat(3000): 1, "e": 2}))
            .unwrap_err();
        assert_eq!(errors.len(), 2);
        assert!(
            errors
                .iter()
                .all(|error| error.detail.chars().count() <= MAX_DETAIL + 1)
        );
        let wrong: Map<_, _> = (0..100).map(|at| (format!("p{at}"), json!(1))).collect();
        let schema =
            ParameterSchema::compile(&json!({"additionalProperties": {"type": "string"}})).unwrap();
        assert_eq!(
            schema.validate(&Value::Object(wrong)).unwrap_err().len(),
            MAX_ERRORS
        );
    }

    #[test]
    fn schemas_that_cannot_be_used_are_refused() {
        let mut deep = json!({});
        for _ in 0..100 {
            deep = json!({"properties": {"a": deep}});
        }
        for schema in [
            json!([]),
            json!("object"),
            json!({"type": "array"}),
            json!({"type": "objekt"}),
            json!({"properties": {"a": {"type": "strin"}}}),
            json!({"properties": {"a": {"$ref": "https://example.com/schema"}}}),
            json!({"properties": {"a": {"$ref": "file:///etc/passwd"}}}),
            json!({"properties": {"default": {"$ref": "https://example.com/schema"}}}),
            json!({"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}}),
            json!({"properties": {"a": {"default": {"$ref": "other"}, "$ref": "#/properties/a/default"}}}),
            json!({"properties": {"a": {"$id": "other", "$ref": "#x"}}}),
            json!({"properties": {"a": {"$ref": "#/$defs/missing"}}}),
            json!({"properties": {"a": {"pattern": "(a{1000}){1000}"}}}),
            doubling("allOf"),
            doubling("anyOf"),
            json!({"properties": {"a": {"pattern": "("}}}),
            json!({"properties": {"a": {"pattern": "(a)\\1"}}}),
            json!({"properties": {"a": {"description": "x".repeat(MAX_SCHEMA_BYTES)}}}),
            deep,
        ] {
            let error = ParameterSchema::compile(&schema).unwrap_err();
            assert_eq!(error.code, "invalid_schema");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_reference_is_a_value() {
        assert!(
            ParameterSchema::compile(&json!({"properties": {"a": {"const": {"$ref": "x"}}}}))
                .is_ok()
        );
    }
}
