//! Tools of OpenAI's chat completions, without strict mode: strict mode takes no optional
//! properties, so most schemas would change their meaning.

use serde_json::{Map, Value, json};

use super::rewrite::lacks_items;
use super::{Notes, Severity, lint, walk};

/// The longest name.
const MAX_NAME: usize = 64;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 1024;
/// The most tools of one request.
pub(super) const MAX_TOOLS: usize = 128;
/// The most levels its documentation lets a schema have.
const MAX_DEPTH: usize = 10;

/// What it refuses at the top; it refuses the whole request then.
const NOT_AT_THE_TOP: [&str; 6] = ["allOf", "anyOf", "oneOf", "not", "enum", "const"];

/// What its documentation does not list as supported.
const PASSED_OVER: [&str; 17] = [
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "minProperties",
    "maxProperties",
    "contains",
    "prefixItems",
    "unevaluatedItems",
    "uniqueItems",
];

/// The item of a list of tools.
pub(super) fn item(mut common: Map<String, Value>, schema: Value) -> Value {
    if let Some(Value::String(description)) = common.get_mut("description")
        && let Some((end, _)) = description.char_indices().nth(MAX_DESCRIPTION)
    {
        description.truncate(end);
    }
    common.insert("parameters".to_owned(), schema);
    json!({"type": "function", "function": common})
}

/// Notes what it would refuse or pass over.
pub(super) fn check(description: &str, schema: &Value, notes: &mut Notes) {
    lint::name(MAX_NAME, b"_-", Severity::LeftOut, notes);
    let length = description.chars().count();
    if length > MAX_DESCRIPTION {
        notes.add(
            "description_length",
            Severity::Warning,
            format!(
                "its description has {length} characters and is cut to {MAX_DESCRIPTION}; shorten it"
            ),
        );
    }
    let Some(members) = schema.as_object() else {
        return;
    };
    lint::dialect(schema, Severity::LeftOut, notes);
    lint::top_level_type(members, notes);
    lint::top_level_keywords(members, &NOT_AT_THE_TOP, Severity::LeftOut, notes);
    let found = lint::left(schema);
    lint::references(&found, Severity::LeftOut, notes);
    lint::circles(&found, notes);
    lint::keywords(schema, &PASSED_OVER, notes);
    lint::depth(schema, MAX_DEPTH, notes);
    let mut lacks = false;
    walk::each(schema, true, &mut |schema, _| lacks |= lacks_items(schema));
    if lacks {
        notes.add(
            "array_items_missing",
            Severity::LeftOut,
            "an array in its schema has no `items`, and to add that would change what `unevaluatedItems` means",
        );
    }
}
