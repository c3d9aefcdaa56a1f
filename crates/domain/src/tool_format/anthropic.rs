//! Tools of Anthropic's messages.

use serde_json::{Map, Value};

use super::{Notes, Severity, lint};

/// The longest name.
const MAX_NAME: usize = 128;
/// The longest name that every model and platform takes.
const MAX_NAME_EVERYWHERE: usize = 64;
/// The longest name of a property.
const MAX_PROPERTY: usize = 64;

/// What it refuses at the top; it refuses the whole request then.
const NOT_AT_THE_TOP: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// What it takes at the top, where a model is unlikely to notice.
const UNUSUAL_AT_THE_TOP: [&str; 3] = ["not", "enum", "const"];

/// What its documentation does not list as supported.
const PASSED_OVER: [&str; 12] = [
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "contains",
    "prefixItems",
    "unevaluatedItems",
    "uniqueItems",
];

/// The item of a list of tools.
pub(super) fn item(mut common: Map<String, Value>, schema: Value) -> Value {
    common.insert("input_schema".to_owned(), schema);
    Value::Object(common)
}

/// Notes what it would refuse or pass over.
pub(super) fn check(schema: &Value, notes: &mut Notes) {
    lint::name(MAX_NAME, b"_-", Severity::LeftOut, notes);
    let length = notes.tool.chars().count();
    if (MAX_NAME_EVERYWHERE + 1..=MAX_NAME).contains(&length) {
        notes.add(
            "name_length",
            Severity::Warning,
            format!(
                "its name has {length} characters, and not every model takes more than {MAX_NAME_EVERYWHERE}; rename it"
            ),
        );
    }
    let Some(members) = schema.as_object() else {
        return;
    };
    lint::dialect(schema, Severity::LeftOut, notes);
    lint::top_level_type(members, notes);
    lint::top_level_keywords(members, &NOT_AT_THE_TOP, Severity::LeftOut, notes);
    lint::top_level_keywords(members, &UNUSUAL_AT_THE_TOP, Severity::Warning, notes);
    lint::property_names(schema, MAX_PROPERTY, b"_.-", notes);
    let found = lint::left(schema);
    lint::references(&found, Severity::LeftOut, notes);
    lint::circles(&found, notes);
    lint::keywords(schema, &PASSED_OVER, notes);
}
