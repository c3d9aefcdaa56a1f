//! How much each field's difference matters to one binding.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Class, FieldChange, differences};
use crate::action::{ActionDefinition, ApiAction, OutputVariableSpec, Shape};
use crate::agent::{Binding, BindingTarget, Overrides};
use crate::mention::{Mention, Texts};
use crate::name::VariableName;
use crate::request::{Method, PathTemplate};

/// Compares two shapes of the action that a binding links.
pub fn compare(
    binding: &Binding,
    before: &Shape,
    after: &Shape,
    texts: &Texts<'_>,
) -> Vec<FieldChange> {
    let BindingTarget::Link { overrides, .. } = &binding.target else {
        return vec![];
    };
    let mut changes: Vec<_> = differences(before, after)
        .into_iter()
        .map(|(field, was, is)| {
            let (class, mentions) = match field.as_str() {
                "name" => called(texts.action(before.name.as_str())),
                "output_variables" => {
                    let (old, new) = (&before.definition, &after.definition);
                    outputs(old.output_variables(), new.output_variables(), texts)
                }
                field => (class(field, before, after, overrides), vec![]),
            };
            FieldChange {
                mentions,
                ..FieldChange::new(field, was, is, class)
            }
        })
        .collect();
    if let (ActionDefinition::Api(old), ActionDefinition::Api(new)) =
        (&before.definition, &after.definition)
    {
        changes.extend(gone(old, new, overrides));
    }
    changes
}

fn class(field: &str, before: &Shape, after: &Shape, overrides: &Overrides) -> Class {
    match (&before.definition, &after.definition) {
        (ActionDefinition::Api(old), ActionDefinition::Api(new)) => {
            class_of_api(field, old, new, overrides)
        }
        (ActionDefinition::Message(_), ActionDefinition::Message(_)) => match field {
            // What the model reads, and whom the message reaches.
            "description" | "recipient" => Class::Risky,
            _ => Class::Cosmetic,
        },
        _ => class_of_tool(field, after),
    }
}

/// What a model reads of a tool, and what the tool may do, is risky; a link sets nothing of it.
fn class_of_tool(field: &str, after: &Shape) -> Class {
    let reads_results = !after.definition.output_variables().is_empty();
    match field {
        "description" | "inputSchema" | "annotations" => Class::Risky,
        "outputSchema" if reads_results => Class::Risky,
        _ => Class::Cosmetic,
    }
}

/// The old name is no longer there for whoever mentions it.
fn called(mentions: Vec<Mention>) -> (Class, Vec<Mention>) {
    if mentions.is_empty() {
        (Class::Risky, mentions)
    } else {
        (Class::Breaking, mentions)
    }
}

/// Variables that are no longer set are missed by whoever mentions them; those that are taken from
/// elsewhere come to whoever mentions them with other values.
fn outputs(
    old: &[OutputVariableSpec],
    new: &[OutputVariableSpec],
    texts: &Texts<'_>,
) -> (Class, Vec<Mention>) {
    let path_now = |name: &VariableName| {
        let found = new.iter().find(|spec| spec.name == *name);
        found.map(|spec| &spec.path)
    };
    let (mut gone, mut other) = (vec![], vec![]);
    for spec in old {
        match path_now(&spec.name) {
            None => gone.extend(texts.variable(spec.name.as_str())),
            Some(path) if *path != spec.path => other.extend(texts.variable(spec.name.as_str())),
            Some(_) => {}
        }
    }
    match (gone.is_empty(), other.is_empty()) {
        (false, _) => (Class::Breaking, gone),
        (true, false) => (Class::Risky, other),
        (true, true) => (Class::Cosmetic, vec![]),
    }
}

fn class_of_api(field: &str, old: &ApiAction, new: &ApiAction, overrides: &Overrides) -> Class {
    let own_schema = overrides.parameters.as_ref();
    let own_body = has_text(overrides.body_template.as_deref());
    match (field, own_schema) {
        // A request without a body cannot take the agent's own.
        ("method", _) if new.method == Method::Get && own_body => Class::Breaking,
        // The agent's own schema gives the model no way to fill a new place.
        ("path", Some(schema)) => {
            let known = properties(schema);
            let filled = |name: &String| known.contains(name.as_str());
            let new_places = placeholders(&new.path);
            let all_filled = new_places.difference(&placeholders(&old.path)).all(filled);
            if all_filled {
                Class::Risky
            } else {
                Class::Breaking
            }
        }
        ("parameters", Some(schema)) => {
            let (was, is) = (required(old), required(new));
            let known = properties(schema);
            let asked: BTreeSet<&str> = names(schema, "required").into_iter().collect();
            let added = || is.difference(&was);
            if added().any(|name| !known.contains(name)) {
                Class::Breaking
            } else if added().any(|name| !asked.contains(name)) {
                Class::Risky
            } else {
                Class::Cosmetic
            }
        }
        // What is inherited, the agent follows; what it has of its own, it keeps.
        ("parameters" | "body_template", _) => Class::Cosmetic,
        _ => Class::Risky,
    }
}

/// The parameters that a link's own schema still offers while the action no longer has them.
fn gone(old: &ApiAction, new: &ApiAction, overrides: &Overrides) -> Option<FieldChange> {
    let schema = overrides.parameters.as_ref()?;
    let all = |api: &ApiAction| -> BTreeSet<String> {
        let declared = api.parameters.iter().flat_map(properties);
        declared
            .map(str::to_owned)
            .chain(placeholders(&api.path))
            .collect()
    };
    let now = all(new);
    let own = properties(schema);
    let gone: Vec<_> = all(old)
        .into_iter()
        .filter(|name| !now.contains(name) && own.contains(name.as_str()))
        .collect();
    (!gone.is_empty())
        .then(|| FieldChange::new("overrides.parameters", json!(gone), json!([]), Class::Risky))
}

fn has_text(template: Option<&str>) -> bool {
    template.is_some_and(|text| !text.trim().is_empty())
}

fn placeholders(path: &str) -> BTreeSet<String> {
    PathTemplate::parse(path)
        .map(|path| path.names().iter().cloned().collect())
        .unwrap_or_default()
}

fn properties(schema: &Value) -> BTreeSet<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(|members| members.keys().map(String::as_str))
        .collect()
}

fn required(api: &ApiAction) -> BTreeSet<&str> {
    let schema = api.parameters.as_ref();
    schema
        .map(|schema| names(schema, "required"))
        .unwrap_or_default()
        .into_iter()
        .collect()
}

/// The texts in a list that is a member of a schema.
fn names<'a>(schema: &'a Value, member: &str) -> Vec<&'a str> {
    let list = schema.get(member).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
