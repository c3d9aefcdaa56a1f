//! How two versions of an agent differ, part by part.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::agent::{AgentDocument, Binding, BindingTarget};
use crate::id::BindingId;
use crate::link::LinkedAction;
use crate::name::StateName;

/// A field that differs; what is not there is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    /// The field. What is inside an action or its overrides is named with a point:
    /// `overrides.body_template`.
    pub field: String,
    /// What it was.
    pub before: Value,
    /// What it is.
    pub after: Value,
}

/// What became of a state or an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed,
}

/// A state that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateDifference {
    /// Its name.
    pub name: StateName,
    /// What became of it.
    pub change: PartChange,
    /// The fields that differ, of one that is in both.
    pub fields: Vec<FieldDifference>,
}

/// A binding that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionDifference {
    /// The binding.
    pub binding_id: BindingId,
    /// The name of its action now.
    pub name: String,
    /// What became of it.
    pub change: PartChange,
    /// The fields that differ, of one that is in both.
    pub fields: Vec<FieldDifference>,
}

/// How a version differs from an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Differences {
    /// The fields of the version itself. `states` and `actions` stand there when their order is
    /// another.
    pub fields: Vec<FieldDifference>,
    /// Its states.
    pub states: Vec<StateDifference>,
    /// Its actions.
    pub actions: Vec<ActionDifference>,
}

impl Differences {
    /// True when there is none.
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.states.is_empty() && self.actions.is_empty()
    }
}

/// Compares two versions. The links name the actions of each.
pub fn differences(
    before: (&AgentDocument, &[LinkedAction]),
    after: (&AgentDocument, &[LinkedAction]),
) -> Differences {
    let ((old, old_links), (new, new_links)) = (before, after);
    let names: BTreeMap<BindingId, &str> = old_links
        .iter()
        .chain(new_links)
        .map(|link| (link.binding, link.now.shape.name.as_str()))
        .collect();
    let name = |binding: &Binding| match &binding.target {
        BindingTarget::Action { action, .. } => action.name.to_string(),
        BindingTarget::Link { link, .. } => names
            .get(&binding.id)
            .map_or_else(|| link.action_id.to_string(), ToString::to_string),
    };
    let states = parts(
        &old.states,
        &new.states,
        |state| &state.name,
        |state| members(json!(state)),
    );
    let actions = parts(
        &old.actions,
        &new.actions,
        |binding| &binding.id,
        |binding| flat(members(json!(binding))),
    );
    let mut found = Differences {
        fields: fields(&own_fields(old), &own_fields(new)),
        states: states
            .list
            .into_iter()
            .map(|(state, change, fields)| StateDifference {
                name: state.name.clone(),
                change,
                fields,
            })
            .collect(),
        actions: actions
            .list
            .into_iter()
            .map(|(binding, change, fields)| ActionDifference {
                binding_id: binding.id,
                name: name(binding),
                change,
                fields,
            })
            .collect(),
    };
    if let Some((before, after)) = states.order {
        let names = |list: Vec<&crate::agent::State>| {
            json!(list.iter().map(|state| &state.name).collect::<Vec<_>>())
        };
        found
            .fields
            .push(difference("states", names(before), names(after)));
    }
    if let Some((before, after)) = actions.order {
        let names = |list: Vec<&Binding>| json!(list.into_iter().map(name).collect::<Vec<_>>());
        found
            .fields
            .push(difference("actions", names(before), names(after)));
    }
    found
}

fn difference(field: &str, before: Value, after: Value) -> FieldDifference {
    FieldDifference {
        field: field.to_owned(),
        before,
        after,
    }
}

fn own_fields(document: &AgentDocument) -> Map<String, Value> {
    let mut all = members(json!(document));
    all.remove("states");
    all.remove("actions");
    all
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The members of an action and of overrides beside the binding's own.
fn flat(binding: Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in binding {
        match value {
            Value::Object(inner) if name == "action" || name == "overrides" => {
                let inner = inner.into_iter();
                all.extend(inner.map(|(field, value)| (format!("{name}.{field}"), value)));
            }
            value => {
                all.insert(name, value);
            }
        }
    }
    all
}

fn fields(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<FieldDifference> {
    let value = |of: &Map<String, Value>, field: &str| of.get(field).cloned().unwrap_or_default();
    let added = new.keys().filter(|field| !old.contains_key(*field));
    old.keys()
        .chain(added)
        .map(|field| difference(field, value(old, field), value(new, field)))
        .filter(|found| found.before != found.after)
        .collect()
}

/// The parts that differ, those of the new version first, and both orders where that is all that
/// makes the rest another.
struct Parts<'a, T> {
    list: Vec<(&'a T, PartChange, Vec<FieldDifference>)>,
    order: Option<(Vec<&'a T>, Vec<&'a T>)>,
}

fn parts<'a, T, K: Ord + 'a>(
    old: &'a [T],
    new: &'a [T],
    key: impl Fn(&'a T) -> &'a K,
    show: impl Fn(&T) -> Map<String, Value>,
) -> Parts<'a, T> {
    let by_key = |list: &'a [T]| -> BTreeMap<&'a K, &'a T> {
        list.iter().map(|part| (key(part), part)).collect()
    };
    let (before, after) = (by_key(old), by_key(new));
    let mut list = vec![];
    for part in new {
        match before.get(key(part)) {
            None => list.push((part, PartChange::Added, vec![])),
            Some(was) => {
                let found = fields(&show(was), &show(part));
                if !found.is_empty() {
                    list.push((part, PartChange::Changed, found));
                }
            }
        }
    }
    let removed = old.iter().filter(|part| !after.contains_key(key(part)));
    list.extend(removed.map(|part| (part, PartChange::Removed, vec![])));
    let kept_of = |list: &'a [T], other: &BTreeMap<&'a K, &'a T>| -> Vec<&'a T> {
        let kept = list.iter().filter(|part| other.contains_key(key(part)));
        kept.collect()
    };
    let (was, is) = (kept_of(old, &after), kept_of(new, &before));
    let is_same = was
        .iter()
        .map(|part| key(part))
        .eq(is.iter().map(|part| key(part)));
    Parts {
        list,
        order: (!is_same).then_some((was, is)),
    }
}
