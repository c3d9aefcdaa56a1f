//! References within a schema: which lead where, which run in circles, and putting what they name
//! in their place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::merge::{is_annotation, merge};
use super::walk::{self, Place, is_definitions, place};
use crate::schema::{MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH};

/// How many references and levels lead to one place at most.
const MAX_CHAIN: usize = 2 * MAX_SCHEMA_DEPTH;

/// What a schema refers to.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Parts of the schema, by pointer, that contain no reference to themselves.
    plain: BTreeSet<String>,
    /// Parts that run in a circle.
    pub circular: BTreeSet<String>,
    /// Texts that lead out of the schema.
    pub remote: BTreeSet<String>,
    /// Texts that lead nowhere.
    pub broken: BTreeSet<String>,
    /// True where references are followed in ways that a copy would change.
    pub is_dynamic: bool,
}

impl References {
    /// True when a change that keeps what the schema and each definition at its top mean keeps
    /// what every reference means.
    pub(super) fn are_stable(&self) -> bool {
        let mut pointers = self.plain.iter().chain(&self.circular);
        !self.is_dynamic
            && self.broken.is_empty()
            && pointers.all(|to| to.is_empty() || definition(to).is_some())
    }

    /// True when the schema as a whole is referred to.
    pub(super) fn reach_the_top(&self) -> bool {
        self.is_dynamic || self.circular.contains("")
    }

    /// True when there are local references to plain parts.
    pub(super) fn has_plain(&self) -> bool {
        !self.plain.is_empty()
    }
}

/// The pointer that a reference names: `#/$defs/a` is `/$defs/a`.
fn pointer(reference: &str) -> Option<String> {
    let fragment = percent_encoding::percent_decode_str(reference.strip_prefix('#')?)
        .decode_utf8()
        .ok()?;
    (fragment.is_empty() || fragment.starts_with('/')).then(|| fragment.into_owned())
}

/// The pointer that a schema's own reference names.
fn local(schema: Option<&Map<String, Value>>) -> Option<String> {
    pointer(schema?.get("$ref")?.as_str()?)
}

/// A pointer to a definition at the top, as its two parts.
fn definition(pointer: &str) -> Option<(&str, &str)> {
    let (group, name) = pointer.strip_prefix('/')?.split_once('/')?;
    (is_definitions(group) && !name.contains('/')).then_some((group, name))
}

/// The references of a schema, those in definitions that nothing refers to left out.
pub(super) fn find(root: &Value) -> References {
    let mut found = References::default();
    walk::each(root, true, &mut |schema, at| {
        let has = |key: &str| schema.contains_key(key);
        found.is_dynamic |= ["$dynamicRef", "$dynamicAnchor", "$anchor", "$recursiveRef"]
            .into_iter()
            .any(has)
            || (!at.path.is_empty() && has("$id"));
    });
    let mut edges = Edges::new();
    let mut open: Vec<String> = out_of(root, root, &mut found).into_iter().collect();
    while let Some(next) = open.pop() {
        if edges.contains_key(&next) {
            continue;
        }
        let targets = root
            .pointer(&next)
            .map(|target| out_of(target, root, &mut found))
            .unwrap_or_default();
        open.extend(targets.iter().cloned());
        edges.insert(next, targets);
    }
    found.plain = edges.keys().cloned().collect();
    found.circular = circles(&edges);
    found
        .plain
        .retain(|target| !found.circular.contains(target));
    found
}

/// The pointers that a part refers to; what leads elsewhere is noted.
fn out_of(part: &Value, root: &Value, found: &mut References) -> BTreeSet<String> {
    let mut targets = BTreeSet::new();
    walk::each(part, false, &mut |schema, _| {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
            return;
        };
        match pointer(reference) {
            Some(pointer) if root.pointer(&pointer).is_some() => {
                targets.insert(pointer);
            }
            None if !reference.starts_with('#') => {
                found.remote.insert(reference.to_owned());
            }
            // An anchor; where there is one, the schema was found to be dynamic.
            None if found.is_dynamic => {}
            _ => {
                found.broken.insert(reference.to_owned());
            }
        }
    });
    targets
}

type Edges = BTreeMap<String, BTreeSet<String>>;

/// What lies on a circle or between two: all that leads to a circle and that a circle leads to.
fn circles(edges: &Edges) -> BTreeSet<String> {
    let leading = without_ends(edges);
    let mut back: Edges = leading
        .iter()
        .map(|name| (name.clone(), BTreeSet::new()))
        .collect();
    for name in &leading {
        for target in edges.get(name).into_iter().flatten() {
            if let Some(sources) = back.get_mut(target) {
                sources.insert(name.clone());
            }
        }
    }
    without_ends(&back)
}

/// Takes away what leads nowhere, until everything leads on.
fn without_ends(edges: &Edges) -> BTreeSet<String> {
    let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut ways: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, targets) in edges {
        ways.insert(name, targets.len());
        for target in targets {
            sources.entry(target).or_default().push(name);
        }
    }
    let mut ends: Vec<&str> = ways
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| *name)
        .collect();
    while let Some(end) = ends.pop() {
        ways.remove(end);
        for source in sources.get(end).into_iter().flatten() {
            if let Some(count) = ways.get_mut(source) {
                *count -= 1;
                if *count == 0 {
                    ends.push(source);
                }
            }
        }
    }
    ways.into_keys().map(str::to_owned).collect()
}

/// What came of putting parts in the place of their references.
pub(super) enum Inlined {
    /// There was nothing to do.
    Unchanged,
    /// The schema without them, as far as that goes.
    Schema(Value),
    /// They cannot be taken out, and why, to stand in a sentence.
    Kept(&'static str),
}

/// Puts what each reference names in its place. References into a circle stay.
pub(super) fn inline(root: &Value, found: &References) -> Inlined {
    if found.is_dynamic {
        return Inlined::Kept("it uses anchors, dynamic references or nested `$id`s");
    }
    // What is not there yet could be there after a change.
    if !found.broken.is_empty() {
        return Inlined::Unchanged;
    }
    // A definition that stands for the whole schema is put there even if it runs in a circle: a
    // provider looks at the top without following anything.
    let top = local(root.as_object());
    if found.plain.is_empty() && top.is_none_or(|to| !found.circular.contains(&to)) {
        return Inlined::Unchanged;
    }
    if found
        .circular
        .iter()
        .any(|to| !to.is_empty() && definition(to).is_none())
    {
        return Inlined::Kept("it refers to parts of itself that are not definitions");
    }
    let mut copy = Copy {
        root,
        found,
        left: MAX_SCHEMA_BYTES,
    };
    match copy.value(root, Place::Schema, 0) {
        Some(schema) if !walk::is_deeper(&schema, MAX_SCHEMA_DEPTH) => Inlined::Schema(schema),
        _ => Inlined::Kept("it would become too large or too deep"),
    }
}

struct Copy<'a> {
    root: &'a Value,
    found: &'a References,
    /// How many more bytes there may be.
    left: usize,
}

impl Copy<'_> {
    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }

    /// None when it became too much.
    fn value(&mut self, value: &Value, at: Place, chain: usize) -> Option<Value> {
        if chain > MAX_CHAIN {
            return None;
        }
        match (value, at) {
            (Value::Object(members), Place::Schema) => self.schema(members, chain),
            (Value::Object(members), Place::Schemas) => {
                self.members(members, chain, |_| Some(Place::Schema))
            }
            (Value::Array(items), Place::Schema) => {
                self.spend(2)?;
                let items = items.iter();
                let copied: Option<Vec<_>> =
                    items.map(|item| self.value(item, at, chain + 1)).collect();
                copied.map(Value::Array)
            }
            _ => {
                self.spend(walk::size(value))?;
                Some(value.clone())
            }
        }
    }

    /// What has no place is left out.
    fn members(
        &mut self,
        members: &Map<String, Value>,
        chain: usize,
        at: impl Fn(&str) -> Option<Place>,
    ) -> Option<Value> {
        self.spend(2)?;
        let mut copied = Map::new();
        for (key, member) in members {
            let Some(at) = at(key) else {
                continue;
            };
            self.spend(key.len() + 4)?;
            let member = self.value(member, at, chain + 1)?;
            copied.insert(key.clone(), member);
        }
        Some(Value::Object(copied))
    }

    fn schema(&mut self, members: &Map<String, Value>, chain: usize) -> Option<Value> {
        let target = local(Some(members))
            .filter(|to| {
                let is_top = chain == 0 && definition(to).is_some();
                self.found.plain.contains(to) || (is_top && self.found.circular.contains(to))
            })
            .and_then(|to| self.root.pointer(&to));
        // What stays refers to definitions at the top only.
        let drops_definitions = chain > 0 || self.found.circular.is_empty();
        let own = self.members(members, chain, |key| {
            let is_followed = key == "$ref" && target.is_some();
            let is_dropped = is_definitions(key) && drops_definitions;
            (!is_followed && !is_dropped).then(|| place(key))
        })?;
        match target {
            None => Some(own),
            Some(target) => {
                let target = self.value(target, Place::Schema, chain + 1)?;
                Some(both(own, target))
            }
        }
    }
}

/// What stood beside a reference, together with what it named.
fn both(own: Value, target: Value) -> Value {
    let Value::Object(mut own) = own else {
        return target;
    };
    let is_passive = |key: &String| is_annotation(key) || is_definitions(key);
    match target {
        target if own.is_empty() => target,
        Value::Object(mut target) if own.keys().all(is_passive) => {
            target.extend(own);
            Value::Object(target)
        }
        target => {
            if let Some(merged) = merge(&Value::Object(own.clone()), &target) {
                return merged;
            }
            match own.get_mut("allOf").and_then(Value::as_array_mut) {
                Some(all) => all.push(target),
                None => {
                    own.insert("allOf".to_owned(), json!([target]));
                }
            }
            Value::Object(own)
        }
    }
}

/// Takes definitions away that nothing refers to; true if there were some.
pub(super) fn drop_definitions(schema: &mut Value) -> bool {
    let found = find(schema);
    if found.is_dynamic {
        return false;
    }
    let is_used = |group: &str, name: &str| {
        let name = name.replace('~', "~0").replace('/', "~1");
        let start = format!("/{group}/{name}");
        [&found.plain, &found.circular].into_iter().any(|pointers| {
            pointers.iter().any(|pointer| {
                let rest = pointer.strip_prefix(&start);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    };
    let keeps_nested = !found.plain.is_empty() || !found.circular.is_empty();
    let mut dropped = false;
    if !keeps_nested {
        walk::each_mut(schema, Place::Schema, &mut |schema| {
            for group in ["$defs", "definitions"] {
                dropped |= schema.shift_remove(group).is_some();
            }
        });
        return dropped;
    }
    let Some(members) = schema.as_object_mut() else {
        return false;
    };
    for group in ["$defs", "definitions"] {
        if let Some(Value::Object(definitions)) = members.get_mut(group) {
            let before = definitions.len();
            definitions.retain(|name, _| is_used(group, name));
            dropped |= definitions.len() < before;
            if definitions.is_empty() {
                members.shift_remove(group);
            }
        }
    }
    dropped
}
