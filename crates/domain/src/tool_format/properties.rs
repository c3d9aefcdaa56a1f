#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use proptest::prelude::*;
use serde_json::json;

use super::tests::exported;
use super::*;
use crate::schema::ParameterSchema;

/// Any JSON that looks a little like a schema.
fn anything() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "#",
        "#/$defs/a",
        "#/definitions/b",
        "#/properties/a",
        "#a",
        "https://a.example/x",
        "object",
        "array",
        "string",
        "",
        "a",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..9_i64).prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "type",
        "properties",
        "$ref",
        "$defs",
        "definitions",
        "allOf",
        "anyOf",
        "items",
        "a",
        "b",
        "required",
        "not",
        "$id",
        "$schema",
        "$anchor",
        "$dynamicRef",
        "additionalProperties",
        "unevaluatedItems",
        "patternProperties",
        "enum",
        "dependencies",
        "if",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c"])
}

/// Schemas that refer to each other, some in circles.
fn part() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": "integer", "minimum": 1})),
        Just(json!({"description": "Any."})),
        Just(json!({"enum": ["x", 1, null]})),
        Just(json!({"type": "array"})),
        Just(json!(true)),
        (name(), any::<u8>()).prop_map(|(name, beside)| {
            let mut schema = json!({"$ref": format!("#/$defs/{name}")});
            match beside % 5 {
                0 => schema["title"] = json!("Beside"),
                1 => schema["required"] = json!(["b"]),
                2 => schema["properties"] = json!({"b": {"type": "integer"}}),
                3 => schema["unevaluatedProperties"] = json!(false),
                _ => {}
            }
            schema
        }),
        Just(json!({"$ref": "#/properties/a"})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            objects(inner.clone()),
            inner
                .clone()
                .prop_map(|items| json!({"type": "array", "items": items})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| json!({"anyOf": parts})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| json!({"allOf": parts})),
            inner.prop_map(|part| json!({"not": part})),
        ]
    })
}

fn objects(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    (
        prop::collection::vec((name(), inner), 0..3),
        prop::collection::btree_set(name(), 0..2),
        any::<u8>(),
    )
        .prop_map(|(properties, required, extra)| {
            let properties: Map<_, _> = properties
                .into_iter()
                .map(|(name, schema)| (name.to_owned(), schema))
                .collect();
            let mut schema = json!({"type": "object", "properties": properties});
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            match extra % 6 {
                0 => schema["additionalProperties"] = json!(false),
                1 => schema["patternProperties"] = json!({"^c": {"type": "integer"}}),
                2 => {
                    schema.as_object_mut().unwrap().remove("type");
                }
                _ => {}
            }
            schema
        })
}

fn root() -> impl Strategy<Value = Value> {
    (
        objects(part()),
        prop::collection::vec(objects(part()), 0..3),
        prop::collection::vec(prop_oneof![part(), objects(part())], 3),
        any::<u8>(),
    )
        .prop_map(|(mut root, all, definitions, extra)| {
            let names = ["a", "b", "c"].map(str::to_owned);
            let definitions: Map<_, _> = names.into_iter().zip(definitions).collect();
            root["$defs"] = Value::Object(definitions);
            if !all.is_empty() {
                root["allOf"] = json!(all);
            }
            match extra % 8 {
                0 => root["$ref"] = json!("#/$defs/a"),
                1 => root["anyOf"] = json!([{"$ref": "#/$defs/b"}]),
                2 => root["properties"]["c"] = json!({"$ref": "#"}),
                _ => {}
            }
            root
        })
}

fn arguments() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!("x")),
        Just(json!(1)),
        Just(json!(0)),
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            members(inner),
        ]
    });
    members(value)
}

fn members(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((name(), inner), 0..4).prop_map(|members| {
        Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    })
}

/// What a schema says of the same value by its parts.
fn in_place<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let referred = schema["$ref"].as_str().and_then(|reference| {
        let pointer = reference.strip_prefix('#')?;
        root.pointer(pointer)
    });
    let parts = ["allOf", "anyOf"].into_iter();
    let parts = parts.filter_map(|name| schema[name].as_array()).flatten();
    referred
        .into_iter()
        .chain(parts)
        .chain(schema.get("not"))
        .collect()
}

/// Whether a part comes back to itself without going deeper into the value: `a` is what `a` is not.
/// What that means is not defined (JSON Schema 2020-12, core, section 9.4.1), and where a validator
/// stops going round depends on where it came in.
fn goes_round<'a>(root: &'a Value, schema: &'a Value, above: &mut Vec<&'a Value>) -> bool {
    if above.iter().any(|known| std::ptr::eq(*known, schema)) {
        return true;
    }
    above.push(schema);
    let found = in_place(root, schema)
        .into_iter()
        .any(|part| goes_round(root, part, above));
    above.pop();
    found
}

/// The same of any part, however deep it stands.
fn goes_round_somewhere(root: &Value, part: &Value) -> bool {
    let inside = |part: &Value| goes_round_somewhere(root, part);
    goes_round(root, part, &mut vec![])
        || match part {
            Value::Object(members) => members.values().any(inside),
            Value::Array(items) => items.iter().any(inside),
            _ => false,
        }
}

#[test]
fn only_schemas_that_go_round_have_no_meaning() {
    for (schema, expected) in [
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"not": {"allOf": [{"$ref": "#/$defs/a"}]}}}}),
            true,
        ),
        (json!({"anyOf": [{"$ref": "#"}]}), true),
        (
            json!({"properties": {"b": {"$ref": "#/properties/b"}}}),
            true,
        ),
        // Each step goes deeper.
        (json!({"properties": {"b": {"$ref": "#"}}}), false),
        (
            json!({"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {}}}),
            false,
        ),
    ] {
        assert_eq!(goes_round_somewhere(&schema, &schema), expected, "{schema}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_json_is_exported_or_left_out(parameters in anything(), wire in anything(), name in ".{0,3}") {
        let tool = ToolView { name: &name, description: "", parameters: &parameters, wire: Some(&wire) };
        for provider in Provider::ALL {
            let found = export(provider, &tool);
            prop_assert_eq!(
                found.tool.is_none(),
                found.notes.iter().any(|note| note.severity == Severity::LeftOut)
            );
        }
    }

    #[test]
    fn what_is_exported_once_stays_as_it_is(parameters in prop_oneof![anything(), root()]) {
        for provider in Provider::ALL {
            let (once, _) = exported(provider, &parameters);
            if !once.is_null() {
                let (twice, rules) = exported(provider, &once);
                prop_assert_eq!(&twice, &once, "{:?} {}", rules, parameters);
            }
        }
    }

    #[test]
    fn the_same_arguments_are_valid(parameters in root(), all in prop::collection::vec(arguments(), 12)) {
        let Ok(before) = ParameterSchema::compile(&parameters) else { return Ok(()) };
        if goes_round_somewhere(&parameters, &parameters) {
            return Ok(());
        }
        for provider in Provider::ALL {
            // As a tool is left out for what it still says, so what was rewritten is looked at.
            let mut notes = Notes { provider, tool: String::new(), list: vec![] };
            let rewritten = rewrite::rewrite(parameters.as_object().unwrap(), &mut notes);
            let after = ParameterSchema::compile(&rewritten);
            if rewritten["type"] != "object" {
                // It says at the top now that it takes no object.
                prop_assert!(all.iter().all(|arguments| before.validate(arguments).is_err()) || rewritten.get("type").is_none());
            }
            let Ok(after) = after else {
                prop_assert!(rewritten["type"] != "object", "{parameters} became {rewritten}");
                continue;
            };
            for arguments in &all {
                prop_assert_eq!(
                    before.validate(arguments).is_ok(),
                    after.validate(arguments).is_ok(),
                    "{} under {} became {}", arguments, parameters, rewritten
                );
            }
        }
    }
}
