#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use super::*;
use crate::action::{ActionDefinition, Shape};
use crate::link::Place;
use uuid::Uuid;

const BINDING: &str = "bnd_01980000000070008000000000000001";

fn shape(changes: &Value) -> Shape {
    let mut action = json!({
        "name": "look", "description": "Looks.", "method": "POST", "path": "/items/{id}",
        "headers": {"x-who": "me"}, "body_template": null, "timeout_ms": null,
        "parameters": {"type": "object", "properties": {"id": {}, "note": {}}, "required": ["id"]},
        "output_variables": [{"name": "balance", "path": "$.balance"}], "type": "api",
    });
    for (name, value) in changes.as_object().unwrap() {
        action[name] = value.clone();
    }
    Shape {
        name: ActionName::parse(action["name"].as_str().unwrap()).unwrap(),
        description: action["description"].as_str().unwrap().to_owned(),
        definition: serde_json::from_value::<ActionDefinition>(action).unwrap(),
    }
}

fn integration(number: u128) -> IntegrationId {
    IntegrationId::from_uuid(Uuid::from_u128(number))
}

fn linked(before: &Value, after: &Value) -> LinkedAction {
    let (before, after) = (shape(before), shape(after));
    LinkedAction {
        binding: BINDING.parse().unwrap(),
        link: crate::agent::Link {
            action_id: ActionId::from_uuid(Uuid::from_u128(7)),
            integration_id: integration(1),
        },
        now: CurrentAction {
            revision: 2,
            place: Place {
                integration: integration(1),
                is_deleted: false,
                is_integration_deleted: false,
            },
            integration_name: "Items".to_owned(),
            digest: after.digest(),
            shape: after,
        },
        seen: Some(SeenAction {
            revision: 1,
            integration: integration(1),
            is_deleted: false,
            digest: before.digest(),
            shape: before,
        }),
        reviewed: None,
    }
}

fn document(instructions: &str, overrides: &Value) -> AgentDocument {
    serde_json::from_value(json!({
        "instructions": instructions,
        "states": [{"name": "start", "instructions": "Ask for the order."}],
        "actions": [{"id": BINDING, "link": {
            "action_id": ActionId::from_uuid(Uuid::from_u128(7)), "integration_id": integration(1),
        }, "overrides": overrides}],
    }))
    .unwrap()
}

/// The class and the changed fields of one edit, seen by an agent with these texts and overrides.
fn edit(instructions: &str, overrides: &Value, after: &Value) -> (Class, Vec<(String, Class)>) {
    let document = document(instructions, overrides);
    let changes = since_locked(&document, &[linked(&json!({}), after)]);
    let [change] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(change.change, ChangeKind::Changed);
    let fields = change.fields.iter();
    let fields = fields.map(|field| (field.field.clone().into_owned(), field.class));
    (change.class, fields.collect())
}

#[test]
fn each_field_has_its_class() {
    use Class::{Breaking, Cosmetic, Risky};
    let none = json!({});
    for (instructions, overrides, after, expected) in [
        (
            "",
            &none,
            json!({"description": "Looks well."}),
            ("description", Risky),
        ),
        (
            "",
            &none,
            json!({"path": "/v2/items/{id}"}),
            ("path", Risky),
        ),
        ("", &none, json!({"method": "PUT"}), ("method", Risky)),
        ("", &none, json!({"headers": {}}), ("headers", Risky)),
        ("", &none, json!({"name": "see"}), ("name", Risky)),
        (
            "Use look.",
            &none,
            json!({"name": "see"}),
            ("name", Breaking),
        ),
        (
            "",
            &none,
            json!({"output_variables": []}),
            ("output_variables", Cosmetic),
        ),
        (
            "Say the balance.",
            &none,
            json!({"output_variables": []}),
            ("output_variables", Breaking),
        ),
        (
            "Rebalance.",
            &none,
            json!({"output_variables": []}),
            ("output_variables", Cosmetic),
        ),
        (
            "",
            &none,
            json!({"output_variables": [{"name": "balance", "path": "$.b"}]}),
            ("output_variables", Cosmetic),
        ),
        (
            "Say the balance.",
            &none,
            json!({"output_variables": [{"name": "balance", "path": "$.b"}]}),
            ("output_variables", Risky),
        ),
        (
            "balance",
            &none,
            json!({"output_variables": [{"name": "balance", "path": "$.balance"}, {"name": "b", "path": "$.b"}]}),
            ("output_variables", Cosmetic),
        ),
    ] {
        is_classed(instructions, overrides, &after, expected);
    }
}

fn is_classed(
    instructions: &str,
    overrides: &Value,
    after: &Value,
    expected: (&'static str, Class),
) {
    let found = edit(instructions, overrides, after);
    let expected = (expected.1, vec![(expected.0.to_owned(), expected.1)]);
    assert_eq!(found, expected, "{instructions} {overrides} {after}");
}

#[test]
fn what_an_agent_has_of_its_own_decides() {
    use Class::{Breaking, Cosmetic, Risky};
    let none = json!({});
    let schema = json!({"parameters": {"type": "object", "properties": {"id": {}, "note": {}}}});
    let asked = json!({"type": "object", "properties": {"id": {}, "note": {}, "why": {}}, "required": ["id", "why"]});
    let without_note = json!({"type": "object", "properties": {"id": {}}, "required": ["id"]});
    let body = json!({"body_template": "{}"});
    for (instructions, overrides, after, expected) in [
        (
            "",
            &none,
            json!({"parameters": asked}),
            ("parameters", Cosmetic),
        ),
        (
            "",
            &schema,
            json!({"parameters": asked}),
            ("parameters", Breaking),
        ),
        (
            "",
            &schema,
            json!({"path": "/items/{id}/{part}"}),
            ("path", Breaking),
        ),
        (
            "",
            &schema,
            json!({"path": "/items/{id}/{note}"}),
            ("path", Risky),
        ),
        ("", &body, json!({"method": "GET"}), ("method", Breaking)),
        (
            "",
            &body,
            json!({"body_template": "{\"a\": 1}"}),
            ("body_template", Cosmetic),
        ),
        (
            "",
            &none,
            json!({"body_template": "{\"a\": 1}"}),
            ("body_template", Cosmetic),
        ),
    ] {
        is_classed(instructions, overrides, &after, expected);
    }
    let found = edit("", &schema, &json!({"parameters": without_note}));
    let fields = vec![
        ("parameters".to_owned(), Cosmetic),
        ("overrides.parameters".to_owned(), Risky),
    ];
    assert_eq!(
        found,
        (Risky, fields),
        "an override of a parameter that is gone"
    );
}

#[test]
fn mentions_are_quoted_where_they_stand() {
    let own = json!({"body_template": "{\"b\": {{ variables.balance }}}"});
    let document = document("Then tell the balance.\nBe brief.", &own);
    let link = linked(
        &json!({}),
        &json!({"output_variables": [{"name": "saldo", "path": "$.balance"}]}),
    );
    let changes = since_locked(&document, &[link]);
    let mentions = &changes[0].fields[0].mentions;
    let found: Vec<_> = mentions
        .iter()
        .map(|m| (m.place.as_str(), m.quote.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("/instructions", "Then tell the balance."),
            (
                "/actions/0/overrides/body_template",
                "{\"b\": {{ variables.balance }}}"
            ),
        ]
    );
}

#[test]
fn what_leads_nowhere_is_breaking_and_still_named() {
    let document = document("", &json!({}));
    let same = linked(&json!({}), &json!({}));
    assert_eq!(since_locked(&document, std::slice::from_ref(&same)), []);
    for (place, kind, fields) in [
        (
            Place {
                integration: integration(2),
                is_deleted: false,
                is_integration_deleted: false,
            },
            ChangeKind::Moved,
            1,
        ),
        (
            Place {
                integration: integration(1),
                is_deleted: true,
                is_integration_deleted: false,
            },
            ChangeKind::Deleted,
            0,
        ),
        (
            Place {
                integration: integration(1),
                is_deleted: true,
                is_integration_deleted: true,
            },
            ChangeKind::IntegrationDeleted,
            0,
        ),
    ] {
        let mut link = same.clone();
        link.now.place = place;
        let changes = since_locked(&document, &[link]);
        let [change] = changes.as_slice() else {
            panic!("{changes:?}")
        };
        assert_eq!(
            (change.change, change.class, change.fields.len()),
            (kind, Class::Breaking, fields)
        );
        assert_eq!(change.name.as_str(), "look");
    }
}

#[test]
fn a_review_holds_until_something_new_happens() {
    let document = document("", &json!({}));
    let mut link = linked(&json!({}), &json!({"description": "New."}));
    assert_eq!(
        since_restored(&document, std::slice::from_ref(&link)).len(),
        1
    );
    link.reviewed = Some(link.state());
    assert_eq!(since_restored(&document, std::slice::from_ref(&link)), []);
    link.now.place.is_deleted = true;
    assert_eq!(
        since_restored(&document, std::slice::from_ref(&link)).len(),
        1
    );
    link.reviewed = None;
    link.seen = None;
    assert_eq!(
        since_restored(&document, &[link]),
        [],
        "no restored version brought it"
    );
}

#[test]
fn an_edit_is_judged_before_it_is_made() {
    let document = document("Say the balance.", &json!({}));
    let link = linked(&json!({}), &json!({}));
    let mut after = link.now.clone();
    after.shape = shape(&json!({"output_variables": []}));
    after.digest = after.shape.digest();
    let links = [link.clone()];
    let would = |after| would_change(&document, &links, link.action(), &link.now, after);
    assert_eq!(would(&after)[0].class, Class::Breaking);
    assert_eq!(would(&link.now), []);
    let mut moved = link.now.clone();
    moved.place.integration = integration(9);
    assert_eq!(would(&moved)[0].change, ChangeKind::Moved);
}

/// A server that changes one thing of a tool at a time: each is one field.
#[test]
fn each_member_of_a_tool_is_a_field() {
    let tool = json!({
        "name": "look", "title": "Look", "description": "Looks.",
        "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}},
        "outputSchema": {"type": "object"}, "annotations": {"readOnlyHint": true},
        "icons": [], "_meta": {"a": 1},
    });
    let shape = |tool: &Value| Shape {
        name: ActionName::parse("look").unwrap(),
        description: String::new(),
        definition: serde_json::from_value(json!({"type": "mcp", "tool": tool})).unwrap(),
    };
    let document = document("", &json!({}));
    for (field, class) in [
        ("title", Class::Cosmetic),
        ("description", Class::Risky),
        ("inputSchema", Class::Risky),
        ("outputSchema", Class::Cosmetic),
        ("annotations", Class::Risky),
        ("icons", Class::Cosmetic),
        ("_meta", Class::Cosmetic),
        ("new", Class::Cosmetic),
    ] {
        let mut changed = tool.clone();
        changed[field] = json!({"type": "object", "changed": true});
        let mut removed = tool.clone();
        removed.as_object_mut().unwrap().shift_remove(field);
        for after in [changed, removed] {
            let (before, after) = (shape(&tool), shape(&after));
            let mut link = linked(&json!({}), &json!({}));
            link.now.digest = after.digest();
            link.now.shape = after;
            let seen = link.seen.as_mut().unwrap();
            seen.digest = before.digest();
            seen.shape = before;
            let changes = since_locked(&document, &[link]);
            if field == "new" && changes.is_empty() {
                continue;
            }
            let fields: Vec<_> = changes[0]
                .fields
                .iter()
                .map(|f| (&*f.field, f.class))
                .collect();
            assert_eq!(fields, [(field, class)]);
        }
    }
}
