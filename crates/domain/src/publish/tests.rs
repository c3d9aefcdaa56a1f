#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use super::*;
use crate::action::Shape;
use crate::environment::Environment;
use crate::link::{CurrentAction, Place, SeenAction};
use crate::name::SecretName;
use serde_json::{Value, json};
use uuid::Uuid;

fn binding(number: u128) -> BindingId {
    BindingId::from_uuid(Uuid::from_u128(number))
}

fn integration(number: u128) -> IntegrationId {
    IntegrationId::from_uuid(Uuid::from_u128(number))
}

fn linked(number: u128, name: &str, changes: &Value) -> LinkedAction {
    let mut definition = json!({"type": "api", "method": "GET", "path": "/x"});
    for (key, value) in changes.as_object().unwrap() {
        definition[key] = value.clone();
    }
    let shape = Shape {
        name: ActionName::parse(name).unwrap(),
        description: "Does it.".to_owned(),
        definition: serde_json::from_value(definition).unwrap(),
    };
    LinkedAction {
        binding: binding(number),
        link: crate::agent::Link {
            action_id: ActionId::from_uuid(Uuid::from_u128(number)),
            integration_id: integration(1),
        },
        now: CurrentAction {
            revision: 1,
            place: Place {
                integration: integration(1),
                is_deleted: false,
                is_integration_deleted: false,
            },
            integration_name: "Items".to_owned(),
            digest: shape.digest(),
            shape,
        },
        seen: None,
        reviewed: None,
    }
}

fn document(links: &[LinkedAction], more: &Value) -> AgentDocument {
    let mut actions: Vec<Value> = links
        .iter()
        .map(|link| json!({"id": link.binding, "link": link.link, "overrides": {}}))
        .collect();
    actions.extend(more["actions"].as_array().cloned().unwrap_or_default());
    let mut document = more.clone();
    document["actions"] = json!(actions);
    serde_json::from_value(document).unwrap()
}

#[test]
fn broken_links_are_named() {
    let mut links = [
        linked(1, "one", &json!({})),
        linked(2, "two", &json!({})),
        linked(3, "three", &json!({})),
    ];
    links[0].now.place.is_deleted = true;
    links[2].now.place.integration = integration(5);
    let verdict = check(&document(&links, &json!({})), &links, &BTreeSet::new());
    let found: Vec<_> = verdict
        .broken_references
        .iter()
        .map(|broken| {
            (
                broken.name.as_str(),
                broken.reason,
                broken.current_integration_id,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("one", BrokenReason::Deleted, integration(1)),
            ("three", BrokenReason::Moved, integration(5)),
        ]
    );
    assert_eq!(verdict.problems, []);
}

#[test]
fn two_actions_of_one_name_are_refused_unless_one_is_gone() {
    let own = json!({"actions": [{"id": binding(9), "action": {
        "kind": "api_call", "name": "same", "method": "GET", "url": "https://a.example/",
    }}]});
    let mut links = [linked(1, "same", &json!({}))];
    let verdict = check(&document(&links, &own), &links, &BTreeSet::new());
    assert_eq!(verdict.problems[0].code, "duplicate_name");
    assert_eq!(verdict.problems[0].binding_ids, [binding(1), binding(9)]);
    links[0].now.place.is_deleted = true;
    assert_eq!(
        check(&document(&links, &own), &links, &BTreeSet::new()).problems,
        []
    );
}

#[test]
fn states_that_do_not_exist_are_refused() {
    let links = [];
    let document = document(
        &links,
        &json!({
            "initial_state": "nowhere",
            "states": [{"name": "start", "transitions": ["start", "end"]}],
            "actions": [{"id": binding(9), "allowed_states": ["start", "gone"], "action": {
                "kind": "api_call", "name": "own", "method": "GET", "url": "https://a.example/",
            }}],
        }),
    );
    let pointers: Vec<_> = check(&document, &links, &BTreeSet::new())
        .problems
        .into_iter()
        .map(|problem| (problem.code, problem.pointer))
        .collect();
    assert_eq!(
        pointers,
        [
            ("unknown_state", "/initial_state".to_owned()),
            ("unknown_state", "/states/0/transitions/1".to_owned()),
            ("unknown_state", "/actions/0/allowed_states/1".to_owned()),
        ]
    );
}

#[test]
fn warnings_tell_what_production_lacks() {
    let links = [
        linked(
            1,
            "one",
            &json!({"headers": {"x-a": "{{ variables.a }}{{ variables.call.from }}", "x-b": {"secret": "k"}}}),
        ),
        linked(
            2,
            "two",
            &json!({"output_variables": [{"name": "b", "path": "$.b"}]}),
        ),
        linked(
            3,
            "three",
            &json!({"headers": {"x-c": "{{ variables.b }}{{ workspace.w }}"}}),
        ),
    ];
    let document = document(&links, &json!({}));
    let filled = json!({"kind": "custom_api", "environments": {"production": {
        "base_url": "https://a.example", "auth": {"type": "bearer", "token": {"secret": "t"}},
    }}});
    let empty = json!({"kind": "custom_api", "environments": {"staging": {"base_url": "https://a.example"}}});
    let found = |definition: Value, secrets: &[&str]| {
        let around = Surroundings {
            integrations: [(
                integration(1),
                (
                    "Items".to_owned(),
                    serde_json::from_value(definition).unwrap(),
                ),
            )]
            .into(),
            secrets: secrets
                .iter()
                .map(|name| {
                    (
                        SecretName::parse(name).unwrap(),
                        [Environment::Production].into(),
                    )
                })
                .collect(),
            production_variables: BTreeSet::new(),
        };
        let list = warnings(&document, &links, &around);
        list.into_iter()
            .map(|w| (w.code, w.binding_ids.len()))
            .collect::<Vec<_>>()
    };
    let texts = [
        ("variable_never_set", 1),
        ("workspace_variable_missing_in_production", 1),
    ];
    let mut expected = vec![
        ("secret_missing_in_production", 1),
        ("secret_missing_in_production", 3),
    ];
    expected.extend(texts);
    assert_eq!(found(filled.clone(), &[]), expected);
    assert_eq!(found(filled, &["k", "t"]), texts);
    let mut expected = vec![("empty_production_slot", 3)];
    expected.extend(texts);
    assert_eq!(found(empty, &["k"]), expected);
}

#[test]
fn warnings_tell_what_providers_refuse() {
    let choice = json!({"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]});
    let links = [
        linked(1, "one", &json!({"parameters": choice})),
        linked(2, "two", &json!({"parameters": choice})),
    ];
    let mut document = document(
        &links,
        &json!({"actions": [{"id": binding(9), "action": {
            "kind": "api_call", "name": "own", "method": "GET", "url": "https://a.example/",
            "parameters": {"type": "object", "properties": {"a[b]": {"$ref": "#/$defs/x"}}, "$defs": {"x": {}}},
        }}]}),
    );
    if let BindingTarget::Link { overrides, .. } = &mut document.actions[1].target {
        overrides.parameters = Some(json!({"type": "object", "properties": {}}));
    }
    let found: Vec<_> = warnings(&document, &links, &Surroundings::default())
        .into_iter()
        .filter(|warning| warning.code == "schema_limits")
        .map(|warning| {
            let provider = warning.detail.split(':').next().unwrap().to_owned();
            (provider, warning.binding_ids)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("Anthropic".to_owned(), vec![binding(1)]),
            ("Anthropic".to_owned(), vec![binding(9)]),
            ("OpenAI".to_owned(), vec![binding(1)]),
        ]
    );
}

/// Everything that a review weighs, each by its code.
#[test]
fn a_review_weighs_what_it_finds() {
    let (blocks, accept, warns) = (Weight::Blocks, Weight::NeedsAccept, Weight::Warns);
    let gone = |link: &mut LinkedAction| link.now.place.is_deleted = true;
    let renamed = |link: &mut LinkedAction, to: &str| {
        link.seen = Some(SeenAction {
            revision: 1,
            integration: integration(1),
            is_deleted: false,
            shape: link.now.shape.clone(),
            digest: link.now.digest.clone(),
        });
        link.now.shape.name = ActionName::parse(to).unwrap();
        link.now.digest = link.now.shape.digest();
    };
    let slot = |auth: Value| {
        json!({"kind": "custom_api", "environments": {"production": {
            "base_url": "https://a.example", "auth": auth,
        }}})
    };
    let none = json!({"type": "none"});
    let bearer = json!({"type": "bearer", "token": {"secret": "t"}});
    let told =
        |instructions: &str, headers: Value, auth: &Value, change: &dyn Fn(&mut LinkedAction)| {
            let mut links = [linked(1, "one", &json!({"headers": headers}))];
            change(&mut links[0]);
            let document = document(&links, &json!({"instructions": instructions}));
            let around = Surroundings {
                integrations: [(
                    integration(1),
                    (
                        "Items".to_owned(),
                        serde_json::from_value(slot(auth.clone())).unwrap(),
                    ),
                )]
                .into(),
                ..Surroundings::default()
            };
            let review = review(&document, &links, &BTreeSet::new(), &around);
            let findings = review.findings.iter();
            findings
                .map(|found| (found.code, found.severity))
                .collect::<Vec<_>>()
        };
    let still = |_: &mut LinkedAction| {};
    for (found, expected) in [
        (told("", json!({}), &none, &still), vec![]),
        (
            told("", json!({}), &none, &gone),
            vec![("broken_references", blocks)],
        ),
        (
            told("Use one.", json!({}), &none, &|link| renamed(link, "two")),
            vec![("unreviewed_breaking_drift", accept)],
        ),
        (
            told("Use it.", json!({}), &none, &|link| renamed(link, "two")),
            vec![("unreviewed_drift", warns)],
        ),
        (
            told("Use one.", json!({}), &none, &|link| {
                renamed(link, "two");
                link.reviewed = Some(link.state());
            }),
            vec![],
        ),
        (
            told("Use one.", json!({}), &none, &|link| {
                renamed(link, "two");
                gone(link);
            }),
            vec![("broken_references", blocks)],
        ),
        (
            told("", json!({}), &bearer, &still),
            vec![("secret_missing_in_production", accept)],
        ),
        (
            told(
                "",
                json!({"x-a": "{{ variables.a }}{{ workspace.b }}"}),
                &none,
                &still,
            ),
            vec![
                ("workspace_variable_missing_in_production", accept),
                ("variable_never_set", warns),
            ],
        ),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_blocks_cannot_be_accepted() {
    let mut links = [linked(
        1,
        "one",
        &json!({"headers": {"x-a": {"secret": "k"}}}),
    )];
    let document = document(&links, &json!({}));
    let left = |links: &[LinkedAction], accepted: &[&str]| {
        let accepted = accepted.iter().map(ToString::to_string).collect();
        let review = review(&document, links, &BTreeSet::new(), &Surroundings::default());
        let left = review.left(&accepted).count();
        (review.verdict.is_publishable(), left)
    };
    assert_eq!(left(&links, &[]), (true, 1));
    assert_eq!(left(&links, &["broken_references"]), (true, 1));
    assert_eq!(left(&links, &["secret_missing_in_production"]), (true, 0));
    links[0].now.place.is_deleted = true;
    assert_eq!(left(&links, &["broken_references"]), (false, 0));
}

#[test]
fn secrets_are_missed_where_there_is_a_slot() {
    let links = [linked(
        1,
        "one",
        &json!({"headers": {"x-a": {"secret": "k"}}}),
    )];
    let document = document(&links, &json!({}));
    let slot = json!({"base_url": "https://a.example", "auth": {"type": "bearer", "token": {"secret": "t"}}});
    let definition =
        json!({"kind": "custom_api", "environments": {"staging": slot, "production": slot}});
    let around = Surroundings {
        integrations: [(
            integration(1),
            (
                "Items".to_owned(),
                serde_json::from_value(definition).unwrap(),
            ),
        )]
        .into(),
        secrets: [(
            SecretName::parse("t").unwrap(),
            [Environment::Staging].into(),
        )]
        .into(),
        ..Surroundings::default()
    };
    let missing = missing_secrets(&document, &links, &around);
    let names = |environment| -> Vec<String> {
        let missing = missing.get(environment).unwrap().iter();
        missing.map(|secret| secret.name.to_string()).collect()
    };
    assert_eq!(names(Environment::Development), Vec::<String>::new());
    assert_eq!(names(Environment::Staging), ["k"]);
    assert_eq!(names(Environment::Production), ["k", "t"]);
}

#[test]
fn differences_are_told_part_by_part() {
    let own = |url: &str| {
        json!({"id": binding(9), "phases": ["in_call"], "action": {
            "kind": "api_call", "name": "own", "method": "GET", "url": url,
        }})
    };
    let links = [linked(1, "one", &json!({})), linked(2, "two", &json!({}))];
    let old = document(
        &links[..1],
        &json!({
            "instructions": "A.", "actions": [own("https://a.example/")],
            "states": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
        }),
    );
    let mut new = document(
        &links[1..],
        &json!({
            "instructions": "B.", "actions": [own("https://b.example/")],
            "states": [{"name": "c"}, {"name": "a", "description": "x"}, {"name": "d"}],
        }),
    );
    assert!(differences((&old, &links), (&old, &links)).is_empty());
    let found = differences((&old, &links[..1]), (&new, &links[1..]));
    let fields = |list: &[FieldDifference]| -> Vec<String> {
        list.iter().map(|found| found.field.clone()).collect()
    };
    assert_eq!(fields(&found.fields), ["instructions", "states"]);
    assert_eq!(found.fields[1].after, json!(["c", "a"]));
    let states: Vec<_> = found
        .states
        .iter()
        .map(|s| (s.name.as_str(), s.change))
        .collect();
    assert_eq!(
        states,
        [
            ("a", PartChange::Changed),
            ("d", PartChange::Added),
            ("b", PartChange::Removed),
        ]
    );
    let actions: Vec<_> = found
        .actions
        .iter()
        .map(|a| (a.name.as_str(), a.change))
        .collect();
    assert_eq!(
        actions,
        [
            ("two", PartChange::Added),
            ("own", PartChange::Changed),
            ("one", PartChange::Removed),
        ]
    );
    assert_eq!(fields(&found.actions[1].fields), ["action.url"]);
    new.clone_from(&old);
    new.actions.reverse();
    let found = differences((&old, &links), (&new, &links));
    assert_eq!(fields(&found.fields), ["actions"]);
}
