//! Saying the same in the words a provider takes.

use serde_json::{Map, Value, json};

use super::merge::merge;
use super::refs::{self, Inlined};
use super::walk::{self, Place};
use super::{Notes, Provider, Severity};

/// Rewrites a schema for a provider, and notes what was changed. Arguments that were valid are
/// valid, and no others.
pub(super) fn rewrite(schema: &Map<String, Value>, notes: &mut Notes) -> Value {
    let was_empty = schema.is_empty();
    let mut root = Value::Object(schema.clone());
    if notes.provider == Provider::Mcp {
        // It takes all of JSON Schema, so all of it goes there.
        say_object(&mut root, was_empty, notes);
        return root;
    }
    let mut dropped = drop_identity(&mut root);
    inline(&mut root, notes);
    dropped |= refs::drop_definitions(&mut root);
    if dropped {
        notes.rewritten(
            "unused_members_dropped",
            "`$schema`, `$id` and definitions that nothing refers to are left out",
        );
    }
    say_object(&mut root, false, notes);
    if merge_top(&mut root) {
        notes.rewritten(
            "all_of_merged",
            "the schemas that `allOf` joins at the top are written as one",
        );
    }
    say_object(&mut root, true, notes);
    if notes.provider == Provider::OpenAi && say_items(&mut root) {
        notes.rewritten(
            "array_items_added",
            "arrays whose items may be anything say so with `\"items\": {}`",
        );
    }
    root
}

/// Takes away what only says which dialect and which document a schema is.
fn drop_identity(root: &mut Value) -> bool {
    let has_remote = !refs::find(root).remote.is_empty();
    let Some(members) = root.as_object_mut() else {
        return false;
    };
    let mut dropped = members.shift_remove("$schema").is_some();
    // A reference may be relative to the schema's own address.
    if !has_remote {
        dropped |= members.shift_remove("$id").is_some();
    }
    dropped
}

fn inline(root: &mut Value, notes: &mut Notes) {
    let found = refs::find(root);
    match refs::inline(root, &found) {
        Inlined::Schema(schema) => {
            *root = schema;
            notes.rewritten(
                "refs_inlined",
                "what a `$ref` refers to is written in its place",
            );
        }
        Inlined::Kept(why) if found.is_dynamic || found.has_plain() => notes.add(
            "ref_kept",
            Severity::Warning,
            format!("its schema keeps its references, which a model may not follow: {why}"),
        ),
        Inlined::Unchanged | Inlined::Kept(_) => {}
    }
}

/// Says that arguments are an object, which they always are. A schema that is meant for something
/// else, or whose meaning within itself would change, stays.
fn say_object(root: &mut Value, with_properties: bool, notes: &mut Notes) {
    let reach_the_top = refs::find(root).reach_the_top();
    let Some(members) = root.as_object_mut() else {
        return;
    };
    let is_missing = match members.get("type") {
        None => true,
        Some(Value::Array(types)) => types.contains(&json!("object")),
        Some(_) => false,
    };
    let mut changed = is_missing && !reach_the_top;
    if changed {
        let is_first = !members.contains_key("type");
        members.insert("type".to_owned(), json!("object"));
        if is_first {
            // Where a reader looks for it.
            let rest = std::mem::take(members);
            members.insert("type".to_owned(), json!("object"));
            members.extend(rest);
        }
    }
    let is_object = members.get("type").is_some_and(|kind| kind == "object");
    if with_properties && is_object && !members.contains_key("properties") {
        members.insert("properties".to_owned(), json!({}));
        changed = true;
    }
    if changed {
        notes.rewritten(
            "top_level_object",
            "its schema says at the top that arguments are an object",
        );
    }
}

/// Merges what is joined at the top: the parts of `allOf`, and a choice of one.
fn merge_top(root: &mut Value) -> bool {
    if !refs::find(root).are_stable() {
        return false;
    }
    let mut merged = root.clone();
    let mut changed = false;
    while let Some(members) = merged.as_object_mut() {
        let joined = ["allOf", "anyOf", "oneOf"].into_iter().find(|key| {
            let parts = members.get(*key).and_then(Value::as_array);
            parts.is_some_and(|parts| *key == "allOf" || parts.len() == 1)
        });
        let Some(Value::Array(parts)) = joined.and_then(|key| members.shift_remove(key)) else {
            break;
        };
        let definitions = ["$defs", "definitions"].map(|key| members.shift_remove_entry(key));
        let together = parts
            .iter()
            .try_fold(merged, |whole, part| merge(&whole, part));
        let Some(Value::Object(mut together)) = together else {
            return false;
        };
        together.extend(definitions.into_iter().flatten());
        merged = Value::Object(together);
        changed = true;
    }
    if changed {
        *root = merged;
    }
    changed
}

/// True for a schema of arrays that says nothing of their items.
pub(super) fn lacks_items(schema: &Map<String, Value>) -> bool {
    let is_array = match schema.get("type") {
        Some(Value::String(kind)) => kind == "array",
        Some(Value::Array(kinds)) => kinds.contains(&json!("array")),
        _ => false,
    };
    is_array && !schema.contains_key("items")
}

/// Adds the `items` that a provider asks for where they may be anything.
fn say_items(root: &mut Value) -> bool {
    let (mut lacks, mut looks_at_the_rest) = (false, false);
    walk::each(root, true, &mut |schema, _| {
        lacks |= lacks_items(schema);
        looks_at_the_rest |= schema.contains_key("unevaluatedItems");
    });
    // To such a schema, items that are anything are items that were dealt with.
    if !lacks || looks_at_the_rest {
        return false;
    }
    walk::each_mut(root, Place::Schema, &mut |schema| {
        if lacks_items(schema) {
            schema.insert("items".to_owned(), json!({}));
        }
    });
    true
}
