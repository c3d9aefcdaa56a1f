#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use serde_json::json;

use super::*;

fn view<'a>(name: &'a str, parameters: &'a Value) -> ToolView<'a> {
    ToolView {
        name,
        description: "Does it.",
        parameters,
        wire: None,
    }
}

fn schema_of(provider: Provider, tool: &Value) -> &Value {
    match provider {
        Provider::OpenAi => &tool["function"]["parameters"],
        Provider::Anthropic => &tool["input_schema"],
        Provider::Mcp => &tool["inputSchema"],
    }
}

/// The exported schema and the rules that were noted; null where the tool is left out.
pub(super) fn exported(provider: Provider, parameters: &Value) -> (Value, Vec<&'static str>) {
    let exported = export(provider, &view("do_it", parameters));
    let rules = exported.notes.iter().map(|note| note.rule).collect();
    let tool = exported.tool.unwrap_or_default();
    (schema_of(provider, &tool).clone(), rules)
}

#[test]
fn each_provider_gets_its_own_item() {
    let schema = json!({"type": "object", "properties": {"id": {"type": "string"}}});
    let item = |provider| export(provider, &view("get", &schema)).tool.unwrap();
    assert_eq!(
        item(Provider::OpenAi),
        json!({"type": "function", "function": {
            "name": "get", "description": "Does it.", "parameters": schema,
        }})
    );
    assert_eq!(
        item(Provider::Anthropic),
        json!({"name": "get", "description": "Does it.", "input_schema": schema})
    );
    assert_eq!(
        item(Provider::Mcp),
        json!({"name": "get", "description": "Does it.", "inputSchema": schema})
    );
    assert_eq!(lint(&view("get", &schema)), []);
}

#[test]
fn a_tool_of_an_mcp_server_keeps_what_it_came_with() {
    let schema =
        json!({"type": "object", "$defs": {"a": {}}, "properties": {"x": {"$ref": "#/$defs/a"}}});
    let wire = json!({
        "name": "theirs", "title": "Get", "description": "Old.", "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true}, "_meta": {"k": 1},
    });
    let tool = ToolView {
        wire: Some(&wire),
        ..view("get", &schema)
    };
    let mut expected = wire.clone();
    expected["name"] = json!("get");
    expected["description"] = json!("Does it.");
    expected["inputSchema"] = schema.clone();
    assert_eq!(export(Provider::Mcp, &tool).tool.unwrap(), expected);
    let other = export(Provider::Anthropic, &tool).tool.unwrap();
    assert_eq!(other.get("annotations"), None);
}

#[test]
fn rewrites_say_the_same_in_other_words() {
    let node = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}});
    for (rules, before, after) in [
        (
            vec!["top_level_object"],
            json!({}),
            json!({"type": "object", "properties": {}}),
        ),
        (
            vec!["unused_members_dropped"],
            json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://a.example/x",
                "type": "object", "properties": {}, "$defs": {"unused": {}}}),
            json!({"type": "object", "properties": {}}),
        ),
        (
            vec!["refs_inlined"],
            json!({"type": "object", "properties": {
                "a": {"$ref": "#/$defs/id", "description": "Mine."},
                "b": {"$ref": "#/definitions/list"},
                "c": {"$ref": "#/properties/a"},
                "d": {"const": {"$ref": "#/$defs/id"}},
            }, "$defs": {"id": {"type": "string", "description": "An id."}},
            "definitions": {"list": {"type": "array", "items": {"$ref": "#/$defs/id"}}}}),
            json!({"type": "object", "properties": {
                "a": {"type": "string", "description": "Mine."},
                "b": {"type": "array", "items": {"type": "string", "description": "An id."}},
                "c": {"type": "string", "description": "Mine."},
                "d": {"const": {"$ref": "#/$defs/id"}},
            }}),
        ),
        (
            vec!["refs_inlined"],
            json!({"$ref": "#/$defs/args", "$defs": {"args": {"type": "object", "properties": {"a": true}}}}),
            json!({"type": "object", "properties": {"a": true}}),
        ),
        (
            vec!["refs_inlined"],
            json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/n", "maximum": 3}}, "$defs": {"n": {"maximum": 5}}}),
            json!({"type": "object", "properties": {"a": {"maximum": 3, "allOf": [{"maximum": 5}]}}}),
        ),
        (
            vec!["all_of_merged"],
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "allOf": [
                {"type": "object", "properties": {"b": {"type": "integer"}, "a": {"minLength": 1}}, "required": ["b", "a"]},
                {"anyOf": [{"title": "Extra."}]},
            ]}),
            json!({"type": "object", "properties": {"a": {"type": "string", "minLength": 1}, "b": {"type": "integer"}},
                "required": ["a", "b"], "title": "Extra."}),
        ),
        (
            vec!["refs_inlined", "recursive_schema"],
            json!({"$ref": "#/$defs/node", "$defs": {"node": node}}),
            json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "$defs": {"node": node}}),
        ),
    ] {
        let (found, mut noted) = exported(Provider::Anthropic, &before);
        noted.sort_unstable();
        let mut rules = rules;
        rules.sort_unstable();
        // What is dropped together with its references is no note of its own for a reader.
        noted.retain(|rule| rules.contains(rule) || *rule != "unused_members_dropped");
        assert_eq!((&found, noted), (&after, rules), "{before}");
        assert_eq!(exported(Provider::Anthropic, &after).0, after);
    }
}

#[test]
fn arrays_of_anything_say_so_to_openai_alone() {
    let schema = json!({"type": "object", "properties": {"a": {"type": ["array", "null"]}}});
    let (found, rules) = exported(Provider::OpenAi, &schema);
    assert_eq!(found["properties"]["a"]["items"], json!({}));
    assert_eq!(rules, ["array_items_added"]);
    assert_eq!(exported(Provider::Anthropic, &schema), (schema, vec![]));
    let counts = json!({"type": "object", "properties": {"a": {"type": "array", "prefixItems": [true], "unevaluatedItems": false}}});
    let (found, rules) = exported(Provider::OpenAi, &counts);
    assert_eq!(found, Value::Null);
    assert!(rules.contains(&"array_items_missing"));
}

#[test]
fn what_cannot_be_said_in_one_stays_apart() {
    for all_of in [
        json!([{"properties": {"b": {}}, "additionalProperties": false}]),
        json!([{"additionalProperties": false}]),
        json!([{"unevaluatedProperties": false}]),
        json!([{"minProperties": 2}, {"minProperties": 3}]),
        json!([{"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"if": {}, "then": {}, "else": {}}]),
        json!([false]),
    ] {
        let schema = json!({"type": "object", "properties": {"a": {}}, "allOf": all_of});
        for provider in [Provider::OpenAi, Provider::Anthropic] {
            let (found, rules) = exported(provider, &schema);
            assert_eq!(found, Value::Null, "{all_of}");
            assert!(rules.contains(&"top_level_keyword"), "{all_of}");
        }
        assert_eq!(exported(Provider::Mcp, &schema), (schema.clone(), vec![]));
    }
}

/// What a rule finds at each provider: nothing, a warning, or the tool is left out.
#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn rules_are_told_for_each_provider() {
    use Severity::{LeftOut, Warning};
    let with = |property: Value| json!({"type": "object", "properties": {"a": property}});
    let mut deep = json!({"type": "string"});
    for _ in 0..12 {
        deep = json!({"type": "object", "properties": {"a": deep}});
    }
    let mut too_deep = json!({});
    for _ in 0..40 {
        too_deep = json!({"properties": {"a": too_deep}});
    }
    let top = |keyword: &str, value: Value| {
        let mut schema = json!({"type": "object", "properties": {}});
        schema[keyword] = value;
        schema
    };
    let choice = json!([{"required": ["a"]}, {"required": ["b"]}]);
    let (both, all) = (
        [Some(LeftOut), Some(LeftOut), None],
        [Some(LeftOut), Some(LeftOut), Some(LeftOut)],
    );
    let warned = [Some(Warning), Some(Warning), None];
    for (rule, schema, expected) in [
        ("top_level_keyword", top("anyOf", choice.clone()), both),
        ("top_level_keyword", top("oneOf", choice), both),
        (
            "top_level_keyword",
            top("not", json!({"required": ["a"]})),
            [Some(LeftOut), Some(Warning), None],
        ),
        (
            "top_level_keyword",
            top("enum", json!([{}])),
            [Some(LeftOut), Some(Warning), None],
        ),
        ("top_level_type", json!({"type": "array"}), all),
        (
            "top_level_type",
            with(json!({"$ref": "#"})),
            [None, None, None],
        ),
        (
            "top_level_type",
            json!({"properties": {"a": {"$ref": "#"}}}),
            all,
        ),
        (
            "remote_ref",
            with(json!({"$ref": "https://a.example/x"})),
            [Some(LeftOut), Some(LeftOut), Some(Warning)],
        ),
        (
            "broken_ref",
            with(json!({"$ref": "#/$defs/x"})),
            [Some(LeftOut), Some(LeftOut), Some(Warning)],
        ),
        ("recursive_schema", with(json!({"$ref": "#"})), warned),
        (
            "ref_kept",
            with(json!({"$anchor": "x", "items": {"$ref": "#x"}})),
            warned,
        ),
        (
            "recursive_schema",
            with(json!({"properties": {"b": {"$ref": "#/properties/a"}}})),
            warned,
        ),
        (
            "invalid_schema",
            with(json!({"type": "strin"})),
            [Some(LeftOut), Some(LeftOut), Some(Warning)],
        ),
        (
            "invalid_schema",
            with(json!({"items": [{}]})),
            [Some(LeftOut), Some(LeftOut), Some(Warning)],
        ),
        (
            "unsupported_keyword",
            with(json!({"patternProperties": {"^x": {}}})),
            warned,
        ),
        (
            "unsupported_keyword",
            with(json!({"if": {}, "then": {}})),
            warned,
        ),
        (
            "unsupported_keyword",
            with(json!({"dependentSchemas": {"b": {}}})),
            warned,
        ),
        (
            "unsupported_keyword",
            with(json!({"allOf": [{}]})),
            [Some(Warning), None, None],
        ),
        (
            "unsupported_keyword",
            with(json!({"minimum": 1})),
            [None, None, None],
        ),
        (
            "property_name",
            json!({"type": "object", "properties": {"filter[id]": {}}}),
            [None, Some(LeftOut), None],
        ),
        (
            "property_name",
            with(json!({"properties": {"größe": {}}})),
            [None, Some(Warning), None],
        ),
        ("nesting_depth", deep, [Some(Warning), None, None]),
        ("schema_too_deep", too_deep, all),
        (
            "schema_too_large",
            with(json!({"description": "x".repeat(MAX_SCHEMA_BYTES)})),
            all,
        ),
        ("schema_not_object", json!([]), all),
        ("schema_not_object", Value::Null, all),
    ] {
        let notes = lint(&view("do_it", &schema));
        let found = Provider::ALL.map(|provider| {
            let note = notes
                .iter()
                .find(|note| note.rule == rule && note.provider == provider);
            note.map(|note| note.severity)
        });
        assert_eq!(found, expected, "{rule} {schema}: {notes:?}");
        for (provider, severity) in Provider::ALL.into_iter().zip(found) {
            if severity == Some(LeftOut) {
                assert_eq!(export(provider, &view("do_it", &schema)).tool, None);
            }
        }
    }
}

#[test]
fn names_and_descriptions_have_limits() {
    use Severity::{LeftOut, Warning};
    let schema = json!({"type": "object", "properties": {}});
    let (long, longer) = ("a".repeat(65), "a".repeat(129));
    for (name, rule, expected) in [
        ("get_x-1", "name_length", [None, None, None]),
        ("", "name_length", [Some(LeftOut); 3]),
        (&long, "name_length", [Some(LeftOut), Some(Warning), None]),
        (
            &longer,
            "name_length",
            [Some(LeftOut), Some(LeftOut), Some(Warning)],
        ),
        (
            "get.x",
            "name_characters",
            [Some(LeftOut), Some(LeftOut), None],
        ),
        (
            "gét",
            "name_characters",
            [Some(LeftOut), Some(LeftOut), Some(Warning)],
        ),
    ] {
        let notes = lint(&view(name, &schema));
        let found = Provider::ALL.map(|provider| {
            let note = notes
                .iter()
                .find(|note| note.rule == rule && note.provider == provider);
            note.map(|note| note.severity)
        });
        assert_eq!(found, expected, "{name:?}");
    }
    let description = "é".repeat(1025);
    let tool = ToolView {
        description: &description,
        ..view("get", &schema)
    };
    let notes = lint(&tool);
    let rules: Vec<_> = notes
        .iter()
        .map(|note| (note.provider, note.rule))
        .collect();
    assert_eq!(rules, [(Provider::OpenAi, "description_length")]);
    let cut = export(Provider::OpenAi, &tool).tool.unwrap();
    assert_eq!(cut["function"]["description"], "é".repeat(1024));
    let nothing = ToolView {
        description: "",
        ..view("get", &schema)
    };
    assert_eq!(
        export(Provider::Anthropic, &nothing)
            .tool
            .unwrap()
            .get("description"),
        None
    );
}

#[test]
fn notes_name_provider_tool_and_rule() {
    let schema = json!({"type": "object", "properties": {}, "anyOf": [{"required": ["a"]}, {}]});
    let notes = lint(&view("do_it", &schema));
    assert_eq!(
        notes[0].to_string(),
        "OpenAI: `do_it` is left out of the list of tools, because its schema has `anyOf` at the top, and OpenAI does not take it there; move it into a property (top_level_keyword)"
    );
    let value = serde_json::to_value(&notes[0]).unwrap();
    assert_eq!(value["provider"], "openai");
    assert_eq!(value["severity"], "left_out");
    assert_eq!(lint_list(128), []);
    assert_eq!(lint_list(129)[0].rule, "tool_count");
}

#[test]
fn references_that_multiply_are_not_followed_to_the_end() {
    let mut definitions = Map::new();
    for at in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
        definitions.insert(format!("d{at}"), json!({"anyOf": [next, next]}));
    }
    definitions.insert("d40".to_owned(), json!({"enum": ["x".repeat(1000)]}));
    let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": definitions});
    let (found, rules) = exported(Provider::Anthropic, &schema);
    assert_eq!((found, rules), (schema, vec!["ref_kept"]));
    let long: Map<_, _> = (0..1500)
        .map(|at| {
            (
                format!("d{at}"),
                json!({"$ref": format!("#/$defs/d{}", at + 1)}),
            )
        })
        .chain([("d1500".to_owned(), json!({}))])
        .collect();
    let schema =
        json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": long});
    let (found, rules) = exported(Provider::Anthropic, &schema);
    assert_eq!((found, rules), (schema, vec!["ref_kept"]));
    let chain: Map<_, _> = (0..1000)
        .map(|at| {
            (
                format!("d{at}"),
                json!({"$ref": format!("#/$defs/d{}", (at + 1) % 1000)}),
            )
        })
        .collect();
    let schema =
        json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": chain});
    assert!(
        exported(Provider::OpenAi, &schema)
            .1
            .contains(&"recursive_schema")
    );
}
