//! Where the schemas within a schema are.

use serde_json::{Map, Value};

use crate::input::pointer_token;

/// What a value in a schema is, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A schema, or a list of schemas.
    Schema,
    /// Names of the author's choice, each with a schema.
    Schemas,
    /// A value that is compared, shown or not understood.
    Data,
}

/// What stands under a keyword of a schema.
pub(super) fn place(keyword: &str) -> Place {
    match keyword {
        "properties" | "patternProperties" | "dependentSchemas" | "dependencies" | "$defs"
        | "definitions" => Place::Schemas,
        "items"
        | "prefixItems"
        | "additionalItems"
        | "additionalProperties"
        | "allOf"
        | "anyOf"
        | "oneOf"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "contentSchema"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties" => Place::Schema,
        _ => Place::Data,
    }
}

/// True for the members that hold definitions: they count only where something refers to them.
pub(super) fn is_definitions(keyword: &str) -> bool {
    matches!(keyword, "$defs" | "definitions")
}

/// Where a schema is within another one.
#[derive(Debug)]
pub(super) struct At {
    /// The JSON Pointer to it.
    pub path: String,
    /// How many schemas it is within.
    pub depth: usize,
}

/// Calls `see` with each schema that is an object, the outer ones first. Definitions are looked at
/// if asked for.
pub(super) fn each<'a>(
    schema: &'a Value,
    definitions: bool,
    see: &mut dyn FnMut(&'a Map<String, Value>, &At),
) {
    let at = At {
        path: String::new(),
        depth: 0,
    };
    visit(schema, Place::Schema, definitions, &at, see);
}

fn visit<'a>(
    value: &'a Value,
    place_of: Place,
    definitions: bool,
    at: &At,
    see: &mut dyn FnMut(&'a Map<String, Value>, &At),
) {
    let below = |key: &str, levels| At {
        path: format!("{}/{}", at.path, pointer_token(key)),
        depth: at.depth + levels,
    };
    match (value, place_of) {
        (Value::Object(members), Place::Schema) => {
            see(members, at);
            for (key, member) in members {
                let inner = place(key);
                if inner != Place::Data && (definitions || !is_definitions(key)) {
                    visit(member, inner, definitions, &below(key, 1), see);
                }
            }
        }
        (Value::Object(members), Place::Schemas) => {
            for (key, member) in members {
                visit(member, Place::Schema, definitions, &below(key, 0), see);
            }
        }
        (Value::Array(items), Place::Schema) => {
            for (index, item) in items.iter().enumerate() {
                let at = below(&index.to_string(), 0);
                visit(item, Place::Schema, definitions, &at, see);
            }
        }
        _ => {}
    }
}

/// The same with each schema to be changed, the inner ones first; definitions too.
pub(super) fn each_mut(
    value: &mut Value,
    at: Place,
    change: &mut dyn FnMut(&mut Map<String, Value>),
) {
    match (value, at) {
        (Value::Object(members), Place::Schema) => {
            for (key, member) in members.iter_mut() {
                each_mut(member, place(key), change);
            }
            change(members);
        }
        (Value::Object(members), Place::Schemas) => {
            for member in members.values_mut() {
                each_mut(member, Place::Schema, change);
            }
        }
        (Value::Array(items), Place::Schema) => {
            for item in items {
                each_mut(item, Place::Schema, change);
            }
        }
        _ => {}
    }
}

/// True when a value is nested deeper than so many levels.
pub(super) fn is_deeper(value: &Value, levels: usize) -> bool {
    let below = |member| levels == 0 || is_deeper(member, levels - 1);
    match value {
        Value::Object(members) => members.values().any(below),
        Value::Array(items) => items.iter().any(below),
        _ => false,
    }
}

/// How many bytes a value's JSON text has.
pub(super) fn size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither the value nor the counter can fail; one that did would be too large.
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX,
    }
}
