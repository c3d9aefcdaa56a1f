//! What the types cannot say of themselves in the OpenAPI document, said in one place.
//!
//! Derived schemas describe what serde flattens as `allOf`, and the variants of a union without names.
//! Here each of them becomes one object with a name, a union says which member tells its variants apart,
//! and an object takes no members but those that are described.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use switchboard_domain::error_code::ErrorCode;

const SCHEMAS: &str = "#/components/schemas/";

/// Completes the document that was made from the types.
pub fn finish(document: &mut Value) {
    let components = document.pointer_mut("/components/schemas");
    let Some(Value::Object(schemas)) = components.map(Value::take) else {
        return;
    };
    let mut schemas = used(&document["paths"], flattened(&schemas));
    name_variants(&mut schemas);
    if let Some(codes) = schemas.get_mut("ErrorCode") {
        codes["x-errors"] = errors();
    }
    schemas.values_mut().for_each(close);
    document["components"]["schemas"] = Value::Object(schemas);
    close(&mut document["paths"]);
}

/// What each code means and what to do about it, as in docs/errors.md.
fn errors() -> Value {
    let entry = |code: &ErrorCode| {
        let words = json!({
            "status": code.status(),
            "meaning": code.meaning(),
            "advice": code.advice(),
        });
        (code.to_string(), words)
    };
    ErrorCode::ALL.iter().map(entry).collect()
}

fn is_named<'a>(
    schema: &'a Value,
    schemas: &'a Map<String, Value>,
) -> Option<(&'a str, &'a Value)> {
    let name = schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)?;
    Some((name, schemas.get(name)?))
}

/// The schemas that operations lead to. What was only put into others is none of its own.
fn used(paths: &Value, schemas: Map<String, Value>) -> Map<String, Value> {
    let mut found = BTreeSet::new();
    let mut open = vec![paths];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some((name, schema)) = is_named(value, &schemas)
                    && found.insert(name.to_owned())
                {
                    open.push(schema);
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    let schemas = schemas.into_iter();
    schemas.filter(|(name, _)| found.contains(name)).collect()
}

/// Schemas in which nothing is put together by `allOf`.
fn flattened(schemas: &Map<String, Value>) -> Map<String, Value> {
    let flat = |(name, schema): (&String, &Value)| (name.clone(), flatten(schema, schemas));
    schemas.iter().map(flat).collect()
}

/// One schema without `allOf`: what it puts together becomes one object, or a union of them.
fn flatten(schema: &Value, schemas: &Map<String, Value>) -> Value {
    if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
        let mut schema = schema.clone();
        schema["oneOf"] = variants.iter().map(|part| flatten(part, schemas)).collect();
        return schema;
    }
    let Some(parts) = schema.get("allOf").and_then(Value::as_array) else {
        return schema.clone();
    };
    let mut whole = vec![json!({"type": "object"})];
    for part in parts {
        let named = is_named(part, schemas).map(|(_, schema)| schema);
        let part = flatten(named.unwrap_or(part), schemas);
        let variants = match part.get("oneOf") {
            Some(Value::Array(variants)) => variants
                .iter()
                .map(|variant| {
                    let named = is_named(variant, schemas).map(|(_, schema)| schema);
                    flatten(named.unwrap_or(variant), schemas)
                })
                .collect(),
            _ => vec![part],
        };
        whole = whole
            .iter()
            .flat_map(|before| variants.iter().map(|variant| merged(before, variant)))
            .collect();
    }
    let mut made = match <[Value; 1]>::try_from(whole) {
        Ok([object]) => object,
        Err(variants) => json!({"oneOf": variants}),
    };
    for key in ["title", "description"] {
        if let Some(text) = schema.get(key) {
            made[key] = text.clone();
        }
    }
    made
}

/// An object with the members of both.
fn merged(one: &Value, other: &Value) -> Value {
    let mut made = one.clone();
    for key in ["properties", "required"] {
        match (made.get_mut(key), other.get(key)) {
            (Some(Value::Object(members)), Some(Value::Object(more))) => {
                members.extend(more.clone());
            }
            (Some(Value::Array(names)), Some(Value::Array(more))) => names.extend(more.clone()),
            (None, Some(more)) => made[key] = more.clone(),
            _ => {}
        }
    }
    for key in ["title", "description"] {
        if let Some(text) = other.get(key) {
            made[key] = text.clone();
        }
    }
    made
}

/// Gives the variants of each union a name, and says which member tells them apart.
fn name_variants(schemas: &mut Map<String, Value>) {
    let unions: Vec<_> = schemas
        .iter()
        .filter_map(|(name, schema)| {
            let variants = schema.get("oneOf")?.as_array()?;
            let objects: Vec<_> = variants
                .iter()
                .map(|variant| is_named(variant, schemas).map_or(variant, |(_, schema)| schema))
                .collect();
            Some((name.clone(), variants.clone(), tag(&objects)?))
        })
        .collect();
    for (union, variants, tag) in unions {
        let mut mapping = Map::new();
        let mut named = vec![];
        for variant in variants {
            let value = is_named(&variant, schemas).map_or(&variant, |(_, schema)| schema);
            let value = only(&value["properties"][&tag])
                .unwrap_or_default()
                .to_owned();
            let named_already = variant.get("$ref").and_then(Value::as_str);
            let reference = if let Some(reference) = named_already {
                reference.to_owned()
            } else {
                let title = variant.get("title").and_then(Value::as_str);
                let name = title.map_or_else(|| format!("{}{union}", pascal(&value)), Into::into);
                let reference = format!("{SCHEMAS}{name}");
                schemas.insert(name, without_title(variant));
                reference
            };
            named.push(json!({"$ref": reference}));
            mapping.insert(value, Value::String(reference));
        }
        let schema = &mut schemas[&union];
        schema["oneOf"] = Value::Array(named);
        schema["discriminator"] = json!({"propertyName": tag, "mapping": mapping});
    }
    schemas.sort_keys();
}

/// Its title became its name.
fn without_title(mut schema: Value) -> Value {
    if let Value::Object(members) = &mut schema {
        members.shift_remove("title");
    }
    schema
}

/// The one value that a member may have.
fn only(schema: &Value) -> Option<&str> {
    match schema.get("enum").and_then(Value::as_array)?.as_slice() {
        [Value::String(value)] => Some(value),
        _ => None,
    }
}

/// The member that has another fixed value in each of these objects.
fn tag(objects: &[&Value]) -> Option<String> {
    let (first, rest) = objects.split_first()?;
    let members = first.get("properties")?.as_object()?.keys();
    let mut tags = members.filter(|name| {
        let value = |object: &Value| only(&object["properties"][name.as_str()]).map(str::to_owned);
        let mut seen = vec![value(first)];
        rest.iter().all(|object| {
            let found = value(object);
            let is_new = found.is_some() && !seen.contains(&found);
            seen.push(found);
            is_new
        }) && seen[0].is_some()
    });
    (!rest.is_empty()).then(|| tags.next().cloned()).flatten()
}

/// `api_key` as `ApiKey`.
fn pascal(value: &str) -> String {
    value
        .split(['_', '.'])
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}

/// Lets objects have no members but those that are described, here and in what is inside.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            // Says nothing: what names a member is text.
            if members.get("propertyNames") == Some(&json!({"type": "string"})) {
                members.shift_remove("propertyNames");
            }
            let describes = members.get("type") == Some(&json!("object"))
                && members.get("properties").is_some_and(Value::is_object);
            if describes && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(schemas: &Value) -> Value {
        let names = schemas.as_object().into_iter().flat_map(Map::keys);
        let paths = names.map(|name| json!({"$ref": format!("{SCHEMAS}{name}")}));
        let paths: Vec<_> = paths.collect();
        let mut document = json!({"paths": paths, "components": {"schemas": schemas}});
        finish(&mut document);
        document["components"]["schemas"].take()
    }

    #[test]
    fn what_is_flattened_becomes_one_closed_object() {
        let made = finished(&json!({
            "Whole": {"description": "All.", "allOf": [
                {"$ref": "#/components/schemas/Part"},
                {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}},
            ]},
            "Part": {"type": "object", "required": ["a"], "properties": {"a": {}}},
        }));
        assert_eq!(
            made["Whole"],
            json!({
                "type": "object", "required": ["a", "b"],
                "properties": {"a": {}, "b": {"type": "string"}},
                "description": "All.", "additionalProperties": false,
            })
        );
    }

    #[test]
    fn a_union_that_is_flattened_has_named_variants_and_says_what_tells_them_apart() {
        let variant = |kind: &str, member: &str| {
            json!({"type": "object", "required": ["kind"], "properties": {
                "kind": {"type": "string", "enum": [kind]}, member: {"type": "integer"},
            }})
        };
        let made = finished(&json!({
            "Thing": {"allOf": [
                {"oneOf": [variant("big_one", "size"), variant("small", "weight")]},
                {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            ]},
        }));
        assert_eq!(
            made["Thing"],
            json!({
                "oneOf": [
                    {"$ref": "#/components/schemas/BigOneThing"},
                    {"$ref": "#/components/schemas/SmallThing"},
                ],
                "discriminator": {"propertyName": "kind", "mapping": {
                    "big_one": "#/components/schemas/BigOneThing",
                    "small": "#/components/schemas/SmallThing",
                }},
            })
        );
        let big = &made["BigOneThing"];
        assert_eq!(big["required"], json!(["kind", "id"]));
        assert_eq!(big["additionalProperties"], false);
        assert!(big["properties"]["id"].is_object() && big["properties"]["size"].is_object());
    }

    #[test]
    fn a_choice_without_a_fixed_member_stays_as_it_is() {
        let choice = json!({"oneOf": [{"type": "string"}, {"type": "integer"}]});
        assert_eq!(finished(&json!({"Choice": choice}))["Choice"], choice);
    }
}
