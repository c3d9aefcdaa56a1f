//! Two schemas that hold together, as one.

use serde_json::{Map, Value, json};

/// Keywords that only tell about a value. Where both schemas have one, the first one's stays.
const ANNOTATIONS: [&str; 8] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
];

/// Keywords that look at each other: two schemas that both have some of a group stay apart.
const GROUPS: [&[&str]; 3] = [
    &["if", "then", "else"],
    &["items", "prefixItems", "additionalItems"],
    &["contains", "minContains", "maxContains"],
];

/// Keywords that depend on everything that stands beside them, or on where they are.
const ALONE: [&str; 9] = [
    "unevaluatedProperties",
    "unevaluatedItems",
    "$ref",
    "$dynamicRef",
    "$id",
    "$anchor",
    "$dynamicAnchor",
    "$defs",
    "definitions",
];

/// True for a keyword that lets every value through.
pub(super) fn is_annotation(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword)
}

/// One schema that takes exactly what both take; none where that cannot be said in one.
pub(super) fn merge(first: &Value, second: &Value) -> Option<Value> {
    match (first, second) {
        (schema, Value::Bool(true)) | (Value::Bool(true), schema) => Some(schema.clone()),
        (Value::Object(first), Value::Object(second)) => objects(first, second).map(Value::Object),
        _ => None,
    }
}

fn objects(first: &Map<String, Value>, second: &Map<String, Value>) -> Option<Map<String, Value>> {
    let has = |keys: &[&str]| {
        [first, second].map(|schema| keys.iter().any(|key| schema.contains_key(*key)))
    };
    if has(&ALONE).contains(&true)
        || GROUPS.iter().any(|group| has(group) == [true, true])
        || !leaves_additional(first, second)
        || !leaves_additional(second, first)
    {
        return None;
    }
    let mut merged = first.clone();
    for (key, theirs) in second {
        let Some(ours) = merged.get(key) else {
            merged.insert(key.clone(), theirs.clone());
            continue;
        };
        let both = match key.as_str() {
            _ if ours == theirs || is_annotation(key) => ours.clone(),
            "properties" => properties(ours.as_object()?, theirs.as_object()?),
            "required" => union(ours.as_array()?, theirs.as_array()?),
            "allOf" => Value::Array([ours.as_array()?.as_slice(), theirs.as_array()?].concat()),
            _ => return None,
        };
        merged.insert(key.clone(), both);
    }
    Some(merged)
}

/// True when what `schema` says of additional properties is about the same ones beside `other`.
fn leaves_additional(schema: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    if !schema.contains_key("additionalProperties") {
        return true;
    }
    let own = schema.get("properties").and_then(Value::as_object);
    let theirs = other.get("properties").and_then(Value::as_object);
    !other.contains_key("patternProperties")
        && theirs
            .into_iter()
            .flat_map(Map::keys)
            .all(|name| own.is_some_and(|own| own.contains_key(name)))
}

fn properties(ours: &Map<String, Value>, theirs: &Map<String, Value>) -> Value {
    let mut all = ours.clone();
    for (name, theirs) in theirs {
        let both = match all.get(name) {
            None => theirs.clone(),
            Some(ours) if ours == theirs => continue,
            Some(ours) => merge(ours, theirs).unwrap_or_else(|| json!({"allOf": [ours, theirs]})),
        };
        all.insert(name.clone(), both);
    }
    Value::Object(all)
}

fn union(ours: &[Value], theirs: &[Value]) -> Value {
    let mut all = ours.to_vec();
    all.extend(theirs.iter().filter(|name| !ours.contains(name)).cloned());
    Value::Array(all)
}
